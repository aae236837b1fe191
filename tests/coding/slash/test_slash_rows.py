"""Rows of the tree and of the list of sessions, also of damaged sessions."""

import json
from typing import Any

from pi.coding.api.setup import SessionRow
from pi.coding.slash.session_list import rows as session_rows
from pi.coding.slash.session_list import threaded
from pi.coding.slash.tree_rows import nodes_of, rows, stand
from pi.coding.slash.words import age, count, dollars, first_line


def entry(id: str, parent: str | None, role: str = "user", **message: Any) -> bytes:
    said = {"role": role, "content": f"said {id}", **message}
    return json.dumps({"type": "message", "id": id, "parentId": parent, "message": said}).encode()


def labels(lines: list[bytes], leaf: str, mode: str = "default") -> list[str]:
    found = rows(nodes_of(lines), leaf, mode=mode, folded=set())
    return ["  " * choice.depth + choice.label for choice in found]


def test_forks_are_indented_and_hidden_entries_pass_their_children_on() -> None:
    lines = [
        entry("a", None),
        json.dumps({"type": "model_change", "id": "m", "parentId": "a", "modelId": "x"}).encode(),
        entry("b", "m", "assistant"),
        entry("c", "b"),
        entry("d", "b"),
        entry("e", "d", "assistant"),
    ]
    assert labels(lines, "e") == [
        "user: said a",
        "assistant: said b",
        "  user: said c",
        "  user: said d",
        "  assistant: said e",
    ]
    assert labels(lines, "e", "user-only") == ["user: said a", "  user: said c", "  user: said d"]
    shown = rows(nodes_of(lines), "e", mode="user-only", folded=set())
    assert stand(nodes_of(lines), "e", shown) == "d"


def test_circles_orphans_and_broken_lines_are_shown() -> None:
    lines = [entry("a", "b"), entry("b", "a"), entry("c", "nobody"), b"{broken", b"[" * 99_999]
    assert len(labels(lines, "a")) == 3
    assert stand(nodes_of(lines), "a", ()) == ""


def test_what_was_said_is_one_line() -> None:
    skill = '<skill name="x" location="/y">\nlong text\n</skill>\n\nwith arguments'
    lines = [
        entry("a", None, content=skill),
        entry("b", "a", "assistant", content=[], stopReason="aborted"),
        entry("c", "b", "bashExecution", command="ls\n-l", output="x"),
        entry("d", "c", content=[{"type": "text", "text": "evil\x1b[2J\x07 text"}]),
    ]
    assert labels(lines, "d") == [
        "user: /skill:x with arguments",
        "assistant: (aborted)",
        "bashExecution: ! ls -l",
        "user: evil text",
    ]


def test_answers_are_told_without_marks_and_without_what_escapes_leave() -> None:
    answer = "# The plan\n\nA **short** one with `code`, 2 ** 3 \x9b31mred"
    lines = [entry("a", None, content="# mine **stays**")]
    lines.append(entry("b", "a", "assistant", content=[{"type": "text", "text": answer}]))
    assert labels(lines, "b") == [
        "user: # mine **stays**",
        "assistant: The plan A short one with code, 2 ** 3 red",
    ]


def session(path: str, parent: str | None = None, **more: Any) -> SessionRow:
    about = {"id": path, "cwd": "/", "title": path, "name": None, "created": 0, "modified": 0}
    return SessionRow(path=path, parent_session=parent, message_count=1, **{**about, **more})


def test_forked_sessions_stand_under_what_they_were_forked_from() -> None:
    found = threaded(
        [session("c", "b"), session("a"), session("b", "a"), session("x", "y"), session("y", "x")]
    )
    assert [(row.path, depth) for row, depth in found] == [
        ("a", 0),
        ("b", 1),
        ("c", 2),
        ("x", 0),
        ("y", 0),
    ]


def test_sessions_as_rows() -> None:
    row = session("p", title="hello\nworld", name="n", current=True)
    choice = session_rows([row], threads=False, folders=True, said="")[0]
    assert choice.label == "hello world"
    assert choice.mark == "✓"
    assert not choice.why


def test_numbers_for_people() -> None:
    assert [count(n) for n in (950, 1200, 131072, 200_000, 1_000_000)] == [
        "950",
        "1.2K",
        "131K",
        "200K",
        "1M",
    ]
    assert [dollars(x) for x in (0, 0.00421, 1.254, 1234.5)] == [
        "$0",
        "$0.0042",
        "$1.25",
        "$1,234.50",
    ]
    assert [age(0, seconds) for seconds in (5, 300, 7200, 200_000)] == [
        "now",
        "5 min",
        "2 h",
        "2 d",
    ]
    assert first_line("a" * 200, 5) == "aaaa…"


def test_what_is_odd_in_a_line_costs_only_what_is_odd() -> None:
    lines = [
        entry("a", None, content=[None, 7, {"type": "text", "text": "among others"}]),
        b'{"type":"message","id":"b","parentId":"a","message":"no message"}',
        b'{"type":"message","id":"c","parentId":"b","message":{"role":"user","content":"h\\ud800"}}',
        entry("d", "c", "assistant", content={"type": "text"}, stopReason="error"),
        b'{"type":"custom_message","id":"e","parentId":"d","customType":"mine","content":"noted"}',
        b'{"type":"compaction","id":"f","parentId":"e","summary":"the story so far"}',
        b'{"type":"message","id":7}',
    ]
    assert labels(lines, "f") == [
        "user: among others",
        "message: ",
        "user: h?",
        "assistant: (error)",
        "mine: noted",
        "compaction: the story so far",
    ]


def test_a_line_of_much_indented_text_is_filled() -> None:
    text = "\n".join(" " * 40 + f"word{number}" for number in range(100))
    assert len(first_line(text, 60)) > 50
    assert first_line("x" * 61, 60) == "x" * 59 + "…"

"""Whatever happens to a file: it loads, it goes on, and no intact line is lost or changed."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from msgspec import structs
from session_data import HEADER, assistant, entry, lines, message, user, write

from pi.ai.messages import (
    AssistantMessage,
    TextContent,
    ToolCall,
    ToolResultMessage,
    Usage,
    UserMessage,
    to_json,
)
from pi.coding.session.entries import Unknown
from pi.coding.session.errors import SessionError
from pi.coding.session.lenient import decode_entry
from pi.coding.session.log import SessionLog

TIME_MS = 1738324800000
"""When all hand-written entries were made, in milliseconds."""

_CALL = {"type": "toolCall", "id": "c1", "name": "bash", "arguments": {"command": "ls"}}
_RESULT = {
    "role": "toolResult",
    "toolCallId": "c1",
    "toolName": "bash",
    "content": [{"type": "text", "text": "ünï\u2028\n"}],
    "isError": False,
    "timestamp": 3,
}
_SHELL = {"role": "bashExecution", "command": "ls", "output": "x", "exitCode": 0, "timestamp": 4}
_ITEMS: list[dict[str, Any]] = [
    HEADER,
    entry("model_change", "00000001", None, provider="p", modelId="m"),
    message("00000002", "00000001", user("one")),
    message("00000003", "00000002", assistant("two", content=[_CALL], stopReason="toolUse")),
    message("00000004", "00000003", _RESULT),
    message("00000005", "00000004", _SHELL),
    entry("custom", "00000006", "00000005", customType="x", data={"type": "message"}),
    entry("compaction", "00000007", "00000006", summary="S", firstKeptEntryId="00000004"),
    entry("label", "00000008", "00000007", targetId="00000002", label="mark"),
    message("00000009", "00000003", user("branch")),
    entry("branch_summary", "0000000a", "00000009", fromId="00000008", summary="B"),
    entry("context_edit", "0000000b", "0000000a", targetId="00000002", replacement=None),
    message("0000000c", "0000000b", assistant("end")),
]
_FILE = lines(*_ITEMS)
_LINES = [line + b"\n" for line in _FILE.splitlines()]

_spot = st.integers(0, len(_FILE))
_line = st.integers(0, len(_LINES) - 1)
_bytes_damage = st.one_of(
    st.tuples(st.just("cut"), _spot, st.just(len(_FILE))),
    st.tuples(st.just("remove"), _spot, st.integers(1, 400)),
    st.tuples(st.just("insert"), _spot, st.binary(max_size=6)),
    st.tuples(st.just("flip"), _spot, st.integers(1, 255)),
)
_line_damage = st.one_of(
    st.tuples(st.just("drop"), _line, _line),
    st.tuples(st.just("repeat"), _line, _line),
    st.tuples(st.just("swap"), _line, _line),
    st.tuples(st.just("glue"), _line, _line),
    st.tuples(st.just("again"), _line, _line),
)


def _harm_bytes(data: bytes, kind: str, at: int, what: Any) -> bytes:
    if kind == "flip" and at < len(data):
        return data[:at] + bytes([data[at] ^ what]) + data[at + 1 :]
    if kind == "insert":
        return data[:at] + what + data[at:]
    return data[:at] + data[at + what :] if isinstance(what, int) else data


def _harm_lines(parts: list[bytes], kind: str, one: int, other: int) -> list[bytes]:
    one, other = one % len(parts), other % len(parts)
    match kind:
        case "drop":
            return parts[:one] + parts[one + 1 :] or parts
        case "repeat":
            return [*parts[:other], parts[one], *parts[other:]]
        case "swap":
            parts[one], parts[other] = parts[other], parts[one]
        case "glue":
            parts[one] = parts[one].rstrip(b"\n")
        case "again":
            return parts + parts[one:]
    return parts


@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_line_damage, max_size=4), st.lists(_bytes_damage, max_size=3))
@example([], [("cut", 130, 2567), ("remove", 19, 1)])
def test_any_damage_loads_and_goes_on(
    tmp_path_factory: pytest.TempPathFactory, to_lines: list[Any], to_bytes: list[Any]
) -> None:
    parts = list(_LINES)
    for kind, one, other in to_lines:
        parts = _harm_lines(parts, kind, one, other)
    data = b"".join(parts)
    for kind, at, what in to_bytes:
        data = _harm_bytes(data, kind, at, what)
    path = tmp_path_factory.mktemp("s") / "s.jsonl"
    path.write_bytes(data)
    try:
        log = SessionLog.open(path, cwd="/p")
    except SessionError:
        # only what has neither its header nor one entry left may be refused
        assert not set(data.splitlines(keepends=True)) & set(_LINES)
        assert path.read_bytes() == data
        return
    assert path.read_bytes() == data
    for said in log.state.messages:
        assert isinstance(said, UserMessage | AssistantMessage | ToolResultMessage)
        json.loads(to_json(said))
    before = _untimed(log)
    log.append_message(UserMessage("going on", 5))
    after = SessionLog.open(path)
    assert path.read_bytes().startswith(data)
    assert _untimed(after) == _untimed(log) == [*before, UserMessage("going on", 0)]


def _untimed(log: SessionLog) -> list[Any]:
    """The messages without their times: one that lost its time gets that of the reading."""
    return [structs.replace(said, timestamp=0) for said in log.state.messages]


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_damage_to_some_lines_leaves_all_others(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    harmed = data.draw(st.sets(st.integers(1, len(_LINES) - 1), max_size=4))
    parts = list(_LINES)
    for number in harmed:
        cut = data.draw(st.integers(1, len(parts[number]) - 2))
        parts[number] = parts[number][:cut] + data.draw(st.sampled_from([b"\n", b""]))
    path = tmp_path_factory.mktemp("s") / "s.jsonl"
    path.write_bytes(b"".join(parts))
    log = SessionLog.open(path)
    expected = {item["id"] for n, item in enumerate(_ITEMS) if n and n not in harmed}
    assert {node.id for node in log.tree.nodes} == expected
    assert bool(log.notes) == bool(harmed)


@pytest.mark.parametrize("parent", ["b", "self", 7, [1]])
def test_circles_end(tmp_path: Path, parent: Any) -> None:
    ring = [
        message("a", "c", user("1")),
        message("b", "a", user("2")),
        message("c", "b", user("3")),
        message("self", "self", user("4")),
        message("d", "c", user("5")) | {"parentId": parent},
    ]
    log = SessionLog.open(write(tmp_path / "s.jsonl", HEADER, *ring))
    roots = log.tree.children(None)
    assert roots
    reached = 0
    waiting = list(roots)
    while waiting:
        reached += 1
        waiting += log.tree.children(waiting.pop())
    assert reached == len(log.tree.nodes) == 5
    assert any("followed themselves" in note for note in log.notes)


def test_entries_with_the_same_id_are_told_apart(tmp_path: Path) -> None:
    path = write(
        tmp_path / "s.jsonl",
        HEADER,
        message("a", None, user("1")),
        message("b", "a", user("2")),
        message("a", "b", user("3")),
        message("c", "a", user("4")),
    )
    log = SessionLog.open(path)
    assert [node.index for node in log.branch] == [0, 1, 2, 3]
    assert log.notes == []


def test_parent_that_comes_later_is_found(tmp_path: Path) -> None:
    path = write(
        tmp_path / "s.jsonl",
        HEADER,
        message("b", "a", user("2")),
        message("a", None, user("1")),
        message("c", "b", user("3")),
    )
    log = SessionLog.open(path)
    assert [node.id for node in log.branch] == ["a", "b", "c"]
    assert log.notes == []


def test_glued_lines_are_separated(tmp_path: Path) -> None:
    one, two = message("a", None, user("1")), message("b", "a", user("2"))
    torn = lines(message("x", "a", user("lost")))[:60]
    path = tmp_path / "s.jsonl"
    path.write_bytes(
        lines(HEADER)[:-1]
        + lines(one)[:-1]
        + lines(two)
        + torn
        + lines(message("c", "b", user("3")))
    )
    log = SessionLog.open(path)
    assert [node.id for node in log.branch] == ["a", "b", "c"]
    assert [json.loads(line)["id"] for line in log.raw(log.branch)] == ["a", "b", "c"]
    assert log.notes == [
        "entries without a newline between them were separated: line 1",
        "unreadable text was left out: line 2",
    ]


def test_many_bad_lines_make_one_note(tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", HEADER, *[b"?"] * 9, message("a", None, user("1")))
    assert SessionLog.open(path).notes == [
        "unreadable text was left out: lines 2, 3, 4, 5, 6 and 4 more"
    ]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"role": "user", "content": None, "timestamp": 1}, UserMessage((), 1)),
        ({"role": "user", "content": "x", "timestamp": 1.0}, UserMessage("x", 1)),
        ({"role": "user", "content": "x", "timestamp": "late"}, UserMessage("x", TIME_MS)),
        (
            {"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "new"}, 3]},
            UserMessage((TextContent("x"),), TIME_MS),
        ),
        (
            {"role": "toolResult", "content": "text", "isError": None},
            ToolResultMessage("", "", (TextContent("text"),), timestamp=TIME_MS),
        ),
        (
            {
                "role": "assistant",
                "content": [
                    {"type": "toolCall", "id": "1", "name": "a", "arguments": '{"x":1}'},
                    {"type": "toolCall", "id": "2", "name": "b", "arguments": "{"},
                    {"type": "toolCall", "id": "3", "name": "c", "arguments": None},
                    {"type": "toolCall", "name": "without id"},
                ],
                "usage": {"input": 5.0, "output": "many", "cost": None},
                "stopReason": "novel",
                "responseId": 7,
            },
            AssistantMessage(
                (ToolCall("1", "a", {"x": 1}), ToolCall("2", "b", {}), ToolCall("3", "c", {})),
                "", "", "", Usage(input=5), "stop", TIME_MS,
            ),
        ),
    ],
)  # fmt: skip
def test_messages_that_are_not_as_they_should_be(
    tmp_path: Path, said: dict[str, Any], expected: Any
) -> None:
    log = SessionLog.open(write(tmp_path / "s.jsonl", HEADER, message("a", None, said)))
    assert log.state.messages == (expected,)
    assert log.notes == ["entry a (message) can only be read in part"]


def test_wrong_bytes_and_half_pairs_become_replacement_characters(tmp_path: Path) -> None:
    bad = lines(message("a", None, user("1?")))[:-1].replace(b"?", b"\xff")
    half = lines(message("b", "a", user("2?")))[:-1].replace(b"?", rb"\ud800")
    log = SessionLog.open(write(tmp_path / "s.jsonl", HEADER, bad, half))
    assert [m.content for m in log.state.messages] == ["1\ufffd", "2\ufffd"]


def test_nesting_without_end_is_left_out(tmp_path: Path) -> None:
    deep = b'{"type":"message","id":"d","parentId":null,"x":' + b"[" * 90_000 + b"]" * 90_000 + b"}"
    log = SessionLog.open(write(tmp_path / "s.jsonl", HEADER, deep, message("a", None, user("1"))))
    assert len(log.state.messages) == 1
    assert decode_entry(deep, "message") == (Unknown("message"), False)


_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
)
_kind = st.sampled_from(["message", "compaction", "label", "usage", "custom_message", "nothing"])


@given(st.dictionaries(st.text(max_size=5), _json), _kind)
def test_no_entry_raises(data: dict[str, Any], kind: str) -> None:
    assume("type" not in data)
    decode_entry(json.dumps({"type": kind} | data).encode(), kind)
    decode_entry(json.dumps({"type": kind, "message": data}).encode(), kind)

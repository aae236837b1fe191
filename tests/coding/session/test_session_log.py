"""The log on disk: when the file comes, what one append does, and what happens when it cannot."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from session_data import HEADER, answer, lines, message, read, user, write

from pi.ai.messages import AssistantMessage, TextContent, ToolResultMessage, UserMessage, text_of
from pi.coding.session.entries import (
    BashExecution,
    BranchSummary,
    Compaction,
    Custom,
    CustomMessageEntry,
)
from pi.coding.session.errors import SessionError
from pi.coding.session.log import SessionLog


def texts(log: SessionLog) -> list[str]:
    return [
        m.text if isinstance(m, AssistantMessage) else text_of(m.content)
        for m in log.state.messages
    ]


def test_nothing_is_on_disk_before_the_first_prompt(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path / "sessions" / "--p--", "/p")
    log.append_model_change("provider", "model")
    log.append_thinking_level("high")
    assert not (tmp_path / "sessions").exists()
    assert log.path is not None
    assert not log.on_disk


def test_prompt_is_on_disk_with_all_before_it(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path / "a" / "b", "/p")
    log.append_model_change("provider", "model")
    log.append_message(UserMessage("do it"))
    assert log.path is not None
    header, change, prompt = read(log.path)
    assert header["type"] == "session"
    assert header["version"] == 3
    assert header["cwd"] == os.path.abspath("/p")  # noqa: PTH100
    assert (change["type"], change["parentId"], change["modelId"]) == (
        "model_change",
        None,
        "model",
    )
    assert prompt["parentId"] == change["id"]
    assert prompt["message"]["content"] == "do it"
    assert re.fullmatch(r"[0-9a-f]{8}", prompt["id"])
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z_[0-9a-f-]{36}\.jsonl", log.path.name
    )
    assert log.path.name.endswith(f"_{header['id']}.jsonl")
    assert list(prompt) == ["type", "id", "parentId", "timestamp", "message"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path / "a" / "b", "/p")
    log.append_message(UserMessage("x"))
    assert log.path is not None
    assert [p.stat().st_mode & 0o777 for p in (log.path.parent.parent, log.path.parent)] == [
        0o700
    ] * 2
    assert log.path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in log.path.parent.iterdir()] == [log.path.name]


def test_memory_session_leaves_nothing(tmp_path: Path) -> None:
    log = SessionLog.memory(tmp_path)
    log.append_message(UserMessage("x"))
    log.append_message(answer("y"))
    log.move(log.tree.nodes[0].id)
    assert log.path is None
    assert texts(log) == ["x"]
    assert list(tmp_path.iterdir()) == []
    assert [json.loads(line)["type"] for line in log.raw(log.tree.nodes)] == [
        "message",
        "message",
        "custom",
    ]


def test_reopened_session_says_the_same(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path, "/p")
    log.append_model_change("provider", "first")
    log.append_message(UserMessage("one"))
    log.append_message(answer("two", model="second"))
    log.append_message(ToolResultMessage("c", "bash", (TextContent("out"),), details={"n": [1]}))
    log.append_message(BashExecution("ls", "a\nb", 2))
    log.append(CustomMessageEntry("ext", "injected"))
    log.append_name("a  name\nof two lines")
    log.append_label(log.tree.nodes[1].id, "mark")
    assert log.path is not None
    again = SessionLog.open(log.path)
    assert again.notes == []
    assert again.state.messages == log.state.messages
    assert again.state.transcript[:4] == log.state.transcript[:4]
    assert again.state.model == log.state.model == ("provider", "first")
    assert again.state.name == log.state.name == "a name of two lines"
    assert again.state.labels == {log.tree.nodes[1].id: "mark"}
    assert again.leaf is not None
    assert again.leaf.id == log.leaf.id if log.leaf else False


def test_choices_are_recorded_once(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path, "/p")
    log.append_message(UserMessage("one"))
    for _ in range(3):
        log.append_model_change("p", "m")
        log.append_thinking_level("high")
    assert [node.type for node in log.tree.nodes] == [
        "message",
        "model_change",
        "thinking_level_change",
    ]


def test_file_that_is_no_session_is_refused_and_untouched(tmp_path: Path) -> None:
    contents = [
        b"Dear diary\n",
        b'{"name":"package","version":"1.0"}\n',
        b'{"type":"thing","id":"1"}\n{"type":"thing","id":"2"}\n',
        b"\n\n",
        bytes(range(256)),
        b"\0" * 4096,
        b"[1,2,3]\n",
        lines({"type": "other"}, HEADER),
        lines(HEADER, {"type": "agent_start"}, {"type": "turn_start"}),
        "übung".encode("utf-16"),
    ]
    for number, content in enumerate(contents):
        path = tmp_path / f"{number}.jsonl"
        path.write_bytes(content)
        with pytest.raises(SessionError, match=r"no session file; it was left alone"):
            SessionLog.open(path)
        assert path.read_bytes() == content
    with pytest.raises(SessionError, match="cannot be read"):
        SessionLog.open(tmp_path)
    with pytest.raises(SessionError, match="cannot be read"):
        SessionLog.open(tmp_path / "nothing.jsonl")


def test_empty_file_becomes_a_session(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.touch()
    log = SessionLog.open(path, cwd="/p")
    log.append_message(UserMessage("x"))
    assert log.path == path
    assert [line["type"] for line in read(path)] == ["session", "message"]


@pytest.mark.parametrize("torn", [b'{"type":"message","id":"b","par', b"\xff\xfe", b"\0\0\0"])
def test_torn_last_line_is_left_out_and_kept_apart(tmp_path: Path, torn: bytes) -> None:
    before = lines(HEADER, message("a", None, user("one"))) + torn
    path = tmp_path / "s.jsonl"
    path.write_bytes(before)
    log = SessionLog.open(path)
    assert log.notes == ["torn last line was left out: line 3"]
    assert path.read_bytes() == before
    node = log.append_message(UserMessage("two"))
    log.append_message(UserMessage("three"))
    assert path.read_bytes().startswith(before + b"\n{")
    assert node.parent_id == "a"
    assert texts(SessionLog.open(path)) == ["one", "two", "three"]


def test_missing_newline_is_written_before_the_next_entry(tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", HEADER, message("a", None, user("one")))
    path.write_bytes(path.read_bytes()[:-1])
    log = SessionLog.open(path)
    assert log.notes == []
    log.append_message(UserMessage("two"))
    assert b"\n\n" not in path.read_bytes()
    assert texts(SessionLog.open(path)) == ["one", "two"]


def test_line_torn_by_another_program_meanwhile_is_kept_apart(tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", HEADER, message("a", None, user("one")))
    log = SessionLog.open(path)
    with path.open("ab") as file:
        file.write(b'{"type":"message","id":"zz"')
    log.append_message(UserMessage("two"))
    again = SessionLog.open(path)
    assert texts(again) == ["one", "two"]
    assert again.notes == ["unreadable text was left out: line 3"]


def test_two_logs_on_one_file_keep_their_branches(tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", HEADER, message("a", None, user("one")))
    first, second = SessionLog.open(path), SessionLog.open(path)
    first.append_message(UserMessage("first"))
    second.append_message(UserMessage("second"))
    second.append_name("name of the second")
    first.append_message(UserMessage("first again"))
    assert texts(first) == ["one", "first", "first again"]
    assert texts(second) == ["one", "second"]
    assert first.notes == second.notes == ["another program is writing to this session too"]
    assert first.state.name == "name of the second"
    assert len(first.tree.nodes) == 5
    again = SessionLog.open(path)
    assert texts(again) == ["one", "first", "first again"]
    assert [len(again.tree.children(n)) for n in again.tree.nodes] == [2, 1, 1, 0, 0]
    assert again.notes == []


def test_processes_that_write_at_once_tear_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", HEADER, message("a", None, user("one")))
    script = """
import sys
from pi.ai.messages import ToolResultMessage, TextContent
from pi.coding.session.log import SessionLog
log = SessionLog.open(sys.argv[1])
for n in range(150):
    log.append_message(ToolResultMessage(sys.argv[2], str(n), (TextContent("x" * (n * 97)),)))
"""
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(path), name])
        for name in ("left", "right")
    ]
    assert [writer.wait(20) for writer in writers] == [0, 0]
    log = SessionLog.open(path)
    assert log.notes == []
    for name in ("left", "right"):
        found = [
            item["message"]["toolName"]
            for item in read(path)
            if item.get("message", {}).get("toolCallId") == name
        ]
        assert found == [str(n) for n in range(150)]
    assert len(log.tree.nodes) == 301


def test_killed_program_loses_nothing_that_was_accepted(tmp_path: Path) -> None:
    script = """
import sys
from pi.ai.messages import UserMessage
from pi.coding.session.log import SessionLog
log = SessionLog.create(sys.argv[1], "/p")
while True:
    print(log.append_message(UserMessage("x" * 3000)).id, flush=True)
"""
    arguments = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        accepted = [writer.stdout.readline().strip() for _ in range(10)]
        writer.kill()
        accepted += writer.stdout.read().split("\n")[:-1]
    (path,) = tmp_path.glob("*.jsonl")
    log = SessionLog.open(path)
    assert [node.id for node in log.branch][: len(accepted)] == accepted
    assert len(log.branch) <= len(accepted) + 1


@pytest.mark.skipif(os.name == "nt", reason="needs limits on file size")
def test_full_disk_is_told_and_the_entry_is_not_kept(tmp_path: Path) -> None:
    import resource

    log = SessionLog.create(tmp_path, "/p")
    log.append_message(UserMessage("one"))
    assert log.path is not None
    before, leaf = log.path.read_bytes(), log.leaf
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, hard))
    try:
        with pytest.raises(SessionError, match=r"cannot be written: File too large"):
            log.append_message(answer("x" * 5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert log.leaf is leaf
    assert texts(log) == ["one"]
    log.append_message(answer("two"))
    assert texts(log) == texts(SessionLog.open(log.path)) == ["one", "two"]
    assert log.path.read_bytes().startswith(before)


@pytest.mark.skipif(os.name == "nt", reason="needs limits on file size")
def test_first_prompt_that_cannot_be_written_leaves_no_file(tmp_path: Path) -> None:
    import resource

    log = SessionLog.create(tmp_path / "s", "/p")
    log.append_model_change("p", "m")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(SessionError, match="cannot be written"):
            log.append_message(UserMessage("one" * 100))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list((tmp_path / "s").iterdir()) == []
    assert log.state.messages == ()
    log.append_message(UserMessage("two"))
    assert log.path is not None
    assert [line["type"] for line in read(log.path)] == ["session", "model_change", "message"]


def test_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    log = SessionLog.create(tmp_path / "file" / "sub", "/p")
    with pytest.raises(SessionError, match="cannot be written"):
        log.append_message(UserMessage("one"))
    assert log.state.messages == ()


def test_removed_and_cut_files_are_told(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path, "/p")
    log.append_message(UserMessage("one"))
    assert log.path is not None
    data = log.path.read_bytes()
    log.path.write_bytes(data[:50])
    with pytest.raises(SessionError, match="cut or replaced"):
        log.append_message(answer())
    assert log.path.read_bytes() == data[:50]
    log.path.unlink()
    with pytest.raises(SessionError, match="cannot be written"):
        log.append_message(answer())
    assert texts(log) == ["one"]


def test_existing_file_of_that_name_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "taken.jsonl"
    log = SessionLog.create(tmp_path, "/p", path=path)
    path.write_bytes(b"mine")
    with pytest.raises(SessionError, match="exists already"):
        log.append_message(UserMessage("one"))
    assert path.read_bytes() == b"mine"


def test_new_files_that_were_never_finished_are_removed_in_time(tmp_path: Path) -> None:
    stale, fresh = (tmp_path / f".2025_{name}.jsonl.{name}.tmp" for name in ("123", "456"))
    stranger = tmp_path / ".notes.tmp"
    for path in (stale, fresh, stranger):
        path.write_bytes(b"half a file")
    for path in (stale, stranger):
        os.utime(path, (1, 1))
    log = SessionLog.create(tmp_path, "/p")
    log.append_message(UserMessage("one"))
    assert log.path is not None
    assert set(tmp_path.iterdir()) == {fresh, stranger, log.path}


def test_what_json_cannot_say_becomes_text(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path, "/p")
    log.append_message(UserMessage("half \ud800 and pair \ud83d\ude00"))
    log.append(Custom("ext", {"path": Path("a"), "number": float("nan")}))
    assert log.path is not None
    assert texts(log) == texts(SessionLog.open(log.path)) == ["half \ufffd and pair \U0001f600"]
    assert read(log.path)[2]["data"] == {"path": "a", "number": None}


def test_moves_are_kept_in_the_file(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path, "/p")
    first = log.append_message(UserMessage("one"))
    second = log.append_message(answer("two"))
    log.append_message(UserMessage("three"))
    log.move(second.id)
    assert log.path is not None
    assert log.leaf is second
    again = SessionLog.open(log.path)
    assert texts(log) == texts(again) == ["one", "two"]
    assert again.leaf is not None
    assert again.leaf.id == second.id
    node = again.append_message(UserMessage("other"))
    assert node.parent_id == second.id
    again.move(None)
    assert SessionLog.open(log.path).leaf is None
    assert SessionLog.open(log.path).state.messages == ()
    assert again.append_message(UserMessage("root")).parent_id is None
    size = log.path.stat().st_size
    again.move(again.leaf.id if again.leaf else None)
    assert log.path.stat().st_size == size
    with pytest.raises(SessionError, match="no entry 'nowhere'"):
        again.move("nowhere")
    assert first.id in {node.id for node in again.tree.nodes}


def test_branch_summary_stands_at_the_target(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path, "/p")
    first = log.append_message(UserMessage("one"))
    left = log.append_message(answer("two"))
    node = log.move_with_summary(first.id, BranchSummary("", "tried two"))
    assert log.path is not None
    assert node.parent_id == first.id
    assert read(log.path)[-1]["fromId"] == left.id
    assert len(log.state.messages) == 2
    assert "tried two" in texts(log)[1]
    root = log.move_with_summary(None, BranchSummary("", "from the start"))
    assert root.parent_id is None
    assert len(SessionLog.open(log.path).state.messages) == 1


def test_compaction_that_keeps_nothing_names_itself(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path, "/p")
    log.append_message(UserMessage("one"))
    node = log.append(Compaction("summary", tokens_before=9))
    log.append_message(UserMessage("two"))
    assert log.path is not None
    assert read(log.path)[2]["firstKeptEntryId"] == node.id
    assert len(log.state.messages) == len(SessionLog.open(log.path).state.messages) == 2


def test_lost_header_is_made_up(tmp_path: Path) -> None:
    path = tmp_path / "2025_abc.jsonl"
    write(path, b'{"type":"sess', message("a", None, user("one")))
    log = SessionLog.open(path, cwd="/p")
    assert log.header.id == "abc"
    assert log.header.cwd == "/p"
    assert log.notes[0] == "the first line with the session's id and folder is lost"
    assert texts(log) == ["one"]


def test_bom_and_windows_lines(tmp_path: Path) -> None:
    data = lines(HEADER, message("a", None, user("one"))).replace(b"\n", b"\r\n")
    path = tmp_path / "s.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + data)
    log = SessionLog.open(path)
    assert log.header.id == HEADER["id"]
    assert log.notes == []
    log.append_message(UserMessage("two"))
    assert texts(SessionLog.open(path)) == ["one", "two"]


def test_compacted_entries_do_not_stay_in_memory(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path, "/p")
    for n in range(5):
        log.append_message(UserMessage(str(n)))
    log.append(Compaction("summary", log.tree.nodes[4].id))
    assert [node.entry is None for node in log.tree.nodes] == [True] * 4 + [False] * 2
    assert log.entry(log.tree.nodes[0]).message.content == "0"  # type: ignore[union-attr]

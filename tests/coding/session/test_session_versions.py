"""Files of older and of newer versions: read as they are, and nothing in them is lost."""

import json
from pathlib import Path

from session_data import HEADER, assistant, entry, message, read, user, write

from pi.ai.messages import AssistantMessage, UserMessage, text_of
from pi.coding.session.entries import CustomMessage
from pi.coding.session.log import SessionLog


def texts(log: SessionLog) -> list[str]:
    return [
        m.text if isinstance(m, AssistantMessage) else text_of(m.content)
        for m in log.state.messages
    ]


def test_version_1_is_read_as_it_is_and_written_anew_when_it_goes_on(tmp_path: Path) -> None:
    old = {"type": "session", "id": "old", "timestamp": "2024-01-01T00:00:00Z", "cwd": "/p"}
    items = [
        {"type": "message", "timestamp": "t", "message": user("one"), "extra": {"kept": 1}},
        {"type": "message", "timestamp": "t", "message": assistant("two")},
        {"type": "message", "timestamp": "t", "message": user("three")},
        {
            "type": "compaction",
            "timestamp": "t",
            "summary": "S",
            "firstKeptEntryIndex": 3,
            "tokensBefore": 1,
        },
        {"type": "message", "timestamp": "t", "message": user("four")},
    ]
    path = write(tmp_path / "s.jsonl", old, *items)
    before = path.read_bytes()
    log = SessionLog.open(path)
    assert path.read_bytes() == before
    assert texts(log)[1:] == ["three", "four"]
    log.append_message(UserMessage("five"))
    assert texts(log)[1:] == ["three", "four", "five"]
    assert (tmp_path / "s.jsonl.v1").read_bytes() == before
    written = read(path)
    assert written[0] == old | {"version": 3}
    assert written[1]["extra"] == {"kept": 1}
    assert [item["parentId"] for item in written[1:]] == [None, *(w["id"] for w in written[1:-1])]
    assert written[4]["firstKeptEntryId"] == written[3]["id"]
    again = SessionLog.open(path)
    assert again.state.messages == log.state.messages
    assert again.entry(again.tree.nodes[1]) == log.entry(log.tree.nodes[1])
    log.append_message(UserMessage("six"))
    assert texts(SessionLog.open(path))[1:] == ["three", "four", "five", "six"]


def test_version_2_is_read_with_its_old_role(tmp_path: Path) -> None:
    hook = {"role": "hookMessage", "customType": "x", "content": "hi", "timestamp": 1}
    path = write(tmp_path / "s.jsonl", HEADER | {"version": 2}, message("a", None, hook))
    log = SessionLog.open(path)
    assert log.state.transcript == (CustomMessage("x", "hi", timestamp=1),)
    assert log.notes == []
    before = path.read_bytes()
    log.append_message(UserMessage("on"))
    assert path.read_bytes().startswith(before)
    assert texts(SessionLog.open(path)) == ["hi", "on"]


def test_unknown_version_types_and_fields_are_kept(tmp_path: Path) -> None:
    path = write(
        tmp_path / "s.jsonl",
        HEADER | {"version": 9, "extra": True},
        message("a", None, user("one")) | {"later": 1},
        entry("hologram", "b", "a", pixels=[1]),
        message("c", "b", {"role": "oracle", "text": "?"}),
        message("d", "c", user("two")),
    )
    before = path.read_bytes()
    log = SessionLog.open(path)
    assert log.notes == [
        "version 9 is newer than 3, read as far as known: line 1",
        "entry c (message) can only be read in part",
    ]
    assert texts(log) == ["one", "two"]
    log.append_message(UserMessage("three"))
    assert path.read_bytes().startswith(before)
    assert json.loads(next(log.raw([log.tree.nodes[1]])))["pixels"] == [1]

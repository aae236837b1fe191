"""Sessions of unusual size: a hundred megabytes, and a first line that is very long."""

import json
from pathlib import Path

from pi.ai.messages import UserMessage
from pi.coding.session.index import SessionIndex
from pi.coding.session.listing import read_header
from pi.coding.session.log import SessionLog

HEADER = {"type": "session", "version": 3, "id": "big", "timestamp": "2026-01-31T12:00:00.000Z"}


def line(data: object) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode() + b"\n"


def test_a_hundred_megabytes_load_and_go_on(tmp_path: Path) -> None:
    path = tmp_path / "big.jsonl"
    text = "words " * 35_000
    count = 500
    with path.open("wb") as file:
        file.write(line({**HEADER, "cwd": str(tmp_path)}))
        for number in range(count):
            place = {"id": f"{number:08x}", "parentId": f"{number - 1:08x}" if number else None}
            message = {"role": "user", "content": text, "timestamp": number}
            moment = {"timestamp": HEADER["timestamp"]}
            file.write(line({"type": "message", **place, **moment, "message": message}))
    assert path.stat().st_size > 100 * 1000 * 1000
    (info,) = SessionIndex().infos([str(path)])
    assert info.message_count == count
    log = SessionLog.open(path)
    assert (len(log.state.messages), log.notes) == (count, [])
    log.append_message(UserMessage("the last one"))
    again = SessionLog.open(path)
    assert len(again.state.messages) == count + 1
    path.unlink()


def test_a_first_line_of_a_megabyte(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    folder = "/deep" * 200_000
    path.write_bytes(line({**HEADER, "cwd": folder, "ours": ["x"] * 1000}))
    header = read_header(path)
    assert header is not None
    assert header.cwd == folder
    log = SessionLog.open(path)
    log.append_message(UserMessage("hello"))
    assert [message.content for message in SessionLog.open(path).state.messages] == ["hello"]
    (info,) = SessionIndex().infos([str(path)])
    assert (info.cwd, info.title) == (folder, "hello")

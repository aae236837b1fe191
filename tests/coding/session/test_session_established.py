"""Files that the established program has written, old and new, with every type of entry.

Each `established/VERSION.jsonl` comes from its own session manager, and `VERSION.context.json` is
what that makes of it for the model.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pi.ai.messages import UserMessage
from pi.coding.session.entries import ENTRY_TYPES
from pi.coding.session.log import SessionLog

FOLDER = Path(__file__).parent / "established"
VERSIONS = ["0.70.6", "1.5.2"]
NEW_TYPES = {"context_edit", "usage"}


def opened(folder: Path, version: str) -> SessionLog:
    path = folder / "session.jsonl"
    path.write_bytes((FOLDER / f"{version}.jsonl").read_bytes())
    return SessionLog.open(path)


def untimed(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without times, which a summary takes from its entry."""
    return [{k: v for k, v in message.items() if k != "timestamp"} for message in messages]


def told(log: SessionLog) -> list[dict[str, Any]]:
    messages = [item.message for item in log.state.projection]
    return untimed(json.loads(msgspec.json.encode(messages)))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_file_means_what_it_means_there(tmp_path: Path, version: str) -> None:
    log = opened(tmp_path, version)
    theirs = json.loads((FOLDER / f"{version}.context.json").read_text(encoding="utf-8"))
    assert log.notes == []
    assert told(log) == untimed(theirs["messages"])
    assert log.state.model == (theirs["model"]["provider"], theirs["model"]["modelId"])
    assert log.state.thinking_level == theirs["thinkingLevel"]
    assert log.state.name == "a name"
    assert list(log.state.labels.values()) == ["mark"]
    types = {node.type for node in log.tree.nodes}
    assert types == (ENTRY_TYPES.keys() - (set() if version > "1" else NEW_TYPES))


@pytest.mark.parametrize("version", VERSIONS)
def test_it_goes_on_and_no_byte_of_it_changes(tmp_path: Path, version: str) -> None:
    log = opened(tmp_path, version)
    before = told(log)
    log.append_message(UserMessage("going on", 9))
    assert log.path is not None
    assert log.path.read_bytes().startswith((FOLDER / f"{version}.jsonl").read_bytes())
    again = SessionLog.open(log.path)
    assert told(again) == [*before, {"role": "user", "content": "going on"}]
    assert again.branch[-1].parent_id == again.branch[-2].id

"""Any field of any entry may hold anything: the session loads, shows, counts and goes on."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pi.ai.messages import UserMessage, to_json
from pi.coding.session.export import export_html
from pi.coding.session.index import SessionIndex
from pi.coding.session.lines import tree_json
from pi.coding.session.listing import texts
from pi.coding.session.log import SessionLog
from pi.coding.session.stats import count

SOURCE = (Path(__file__).parent / "established" / "1.5.2.jsonl").read_text(encoding="utf-8")
HEADER, *ENTRIES = [json.loads(line) for line in SOURCE.split("\n") if line]
GONE = object()
VALUES = [GONE, None, True, -7, 1e300, "text", [], [None], ["text"], {}, {"type": "text"}]

Way = tuple[str | int, ...]


def ways(value: Any, way: Way = ()) -> Iterator[Way]:
    """The ways to all fields of a JSON value, however deep."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in inner:
        yield (*way, key)
        if isinstance(item, dict | list):
            yield from ways(item, (*way, key))


def harmed(data: Any, way: Way, value: Any) -> Any:
    """A copy with another value there, or without it."""
    data = copy.deepcopy(data)
    place = data
    for key in way[:-1]:
        place = place[key]
    if value is GONE:
        del place[way[-1]]
    else:
        place[way[-1]] = value
    return data


def write(path: Path, entries: list[Any]) -> Path:
    items = [json.dumps(item, ensure_ascii=False) + "\n" for item in (HEADER, *entries)]
    path.write_text("".join(items), encoding="utf-8")
    return path


@pytest.mark.parametrize("value", VALUES, ids=lambda v: "gone" if v is GONE else repr(v)[:12])
def test_a_wrong_field_costs_its_own_entry_at_most(tmp_path: Path, value: Any) -> None:
    """In every entry the same field by number, then the next, until all have had their turn."""
    fields = [list(ways(entry)) for entry in ENTRIES]
    for turn in range(max(map(len, fields))):
        entries = [
            harmed(entry, found[turn], value) if turn < len(found) else entry
            for entry, found in zip(ENTRIES, fields, strict=True)
        ]
        path = write(tmp_path / "s.jsonl", entries)
        before = path.read_bytes()
        log = SessionLog.open(path)
        log.append_message(UserMessage("going on", 9))
        assert path.read_bytes().startswith(before)
        again = SessionLog.open(path)
        assert again.state.messages[-1] == UserMessage("going on", 9)
        for message in again.state.messages:
            json.loads(to_json(message))
        json.loads(tree_json(again))
        count(again)
        list(texts(path))
        list(SessionIndex().infos([str(path)]))
        export_html(again, tmp_path / "s.html")


@pytest.mark.parametrize("number", range(len(ENTRIES)))
def test_no_wrong_field_costs_another_entry(tmp_path: Path, number: int) -> None:
    kept = {entry["id"] for n, entry in enumerate(ENTRIES) if n != number}
    for way in ways(ENTRIES[number]):
        for value in (GONE, [], 5):
            entries = list(ENTRIES)
            entries[number] = harmed(ENTRIES[number], way, value)
            log = SessionLog.open(write(tmp_path / "s.jsonl", entries))
            assert kept <= {node.id for node in log.tree.nodes}

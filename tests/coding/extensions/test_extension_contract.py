"""The contract with authors: what is public and documented, and that our own parts keep to it."""

import re
import sys
from pathlib import Path
from typing import get_args

import pytest

import pi.extensions
from pi.agent.events import AgentEvent
from pi.coding.api.events import SessionEvent
from pi.coding.extensions.events import EVENTS
from pi.coding.extensions.find import Found
from pi.coding.extensions.recorder import Recorder
from pi.coding.extensions.runtime import Runtime
from pi.coding.extensions.surface import Pi
from support.source import SRC, imports, inside

DOCS = SRC.parent / "docs" / "extensions.md"
EXAMPLES = SRC.parent / "examples" / "extensions"

OPEN = (
    "pi.agent",
    "pi.ai",
    "pi.coding.api",
    "pi.coding.extensions.surface",
    "pi.coding.extensions.events",
    "pi.coding.extensions.results",
)
"""What a built-in tool or command may import besides its own helpers: no more than a stranger."""

STANDARD = {name for name in sys.stdlib_module_names if not name.startswith("_")} | {"msgspec"}


def strangers(room: str) -> list[str]:
    """Imports of a room that an extension could not make."""
    found: list[str] = []
    for module in inside(room):
        for name, line in imports(module.tree):
            own = f"{name}.".startswith((f"{room}.", *(f"{allowed}." for allowed in OPEN)))
            if not own and name.partition(".")[0] not in STANDARD:
                found.append(f"{module.path}:{line} imports {name}")
    return found


ALLOWED = {"pi.coding.tools": {"PIL"}, "pi.coding.slash": {"pi"}}
"""Optional libraries, and the version."""


@pytest.mark.parametrize("room", ALLOWED)
def test_our_own_parts_use_the_same_door(room: str) -> None:
    found = [
        text
        for text in strangers(room)
        if text.rpartition(" ")[2].partition(".")[0] not in ALLOWED[room]
        or text.rpartition(" ")[2].startswith("pi.coding")
    ]
    assert not found


def test_the_check_finds_strangers() -> None:
    assert any("pi.coding.session" in text for text in strangers("pi.coding.handlers"))


def test_what_is_given_is_what_is_promised() -> None:
    promised = {name for name in vars(Pi) if not name.startswith("_")}
    given = {name for name in vars(Recorder) if not name.startswith("_")} - {"close"}
    assert given == promised


@pytest.mark.parametrize("name", pi.extensions.__all__)
def test_every_public_name_loads(name: str) -> None:
    assert getattr(pi.extensions, name) is not None


def test_the_stub_names_the_same() -> None:
    stub = (SRC / "pi" / "extensions.pyi").read_text()
    named = set(re.findall(r"import \w+ as ([A-Za-z]\w*)", stub))
    named |= set(re.findall(r"^(\w+) = _", stub, re.M))
    assert named == set(pi.extensions.__all__)


def test_all_that_modes_hear_can_be_heard() -> None:
    tags = {kind.__struct_config__.tag for kind in (*get_args(AgentEvent), *get_args(SessionEvent))}
    assert tags - EVENTS.keys() == {"extension_error"}


def test_every_event_is_documented_with_its_answer() -> None:
    text = DOCS.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]*) \|", text, re.MULTILINE))
    own = {name: kind for name, kind in EVENTS.items() if kind.returns}
    assert rows.keys() >= own.keys()
    for name, kind in own.items():
        assert rows[name].strip() == kind.returns
    assert all(f"`{name}`" in text for name in EVENTS)


def test_every_event_of_ours_and_every_registration_is_in_an_example() -> None:
    code = "".join(path.read_text() for path in EXAMPLES.glob("*.py"))
    text = DOCS.read_text(encoding="utf-8")
    told = {kind.__struct_config__.tag for kind in get_args(SessionEvent)}
    run = {kind.__struct_config__.tag for kind in get_args(AgentEvent)}
    silent = told - run - {"agent_settled", "session_info_changed"}
    for name in EVENTS.keys() - silent:
        assert f'"{name}"' in code, name
    for name in (name for name in vars(Pi) if name.startswith("register_")):
        assert f"{name}(" in code + text, name


def test_every_example_is_linked() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for path in EXAMPLES.glob("*.py"):
        assert f"examples/extensions/{path.name}" in text, path.name


async def test_the_first_extension_of_the_page_loads(tmp_path: Path) -> None:
    found = re.search(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    path = tmp_path / "hello.py"
    path.write_text(found[1])
    runtime = Runtime()
    await runtime.load([Found("hello", path, "user")])
    assert runtime.notes == []
    assert "how many sides" in str(runtime.tools.get("dice").parameters)
    assert runtime.shelf.hears("tool_call")

"""Built-in slash commands as a table: lazy, complete, and with no more reach than an extension."""

import subprocess
import sys
from importlib import import_module

import pytest

from pi.coding.slash import BUILT_IN
from support.source import SRC, imports, inside

ALLOWED = (
    "pi.coding.extensions.surface",
    "pi.coding.api",
    "pi.coding.slash",
    "pi.ai.messages",
    "pi.ai.events",
    "pi.ai.model",
    "pi.ai.errors",
    "msgspec",
)


def test_commands_reach_no_further_than_an_extension() -> None:
    strangers = [
        f"{module.path}:{line} imports {name}"
        for module in inside("pi.coding.slash")
        for name, line in imports(module.tree)
        if name.partition(".")[0] not in sys.stdlib_module_names
        and not any(f"{name}.".startswith(f"{allowed}.") for allowed in ALLOWED)
    ]
    assert not strangers
    assert len(list(inside("pi.coding.slash"))) > 25


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_every_command_of_the_table_is_there(name: str) -> None:
    row = BUILT_IN[name]
    module = import_module(row.module)
    assert callable(module.run)
    assert hasattr(module, "complete") == row.completes
    assert row.description
    assert not row.description.endswith(".")


def test_the_table_imports_no_command() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(SRC)!r})\n"
        "import pi.coding.slash as slash\n"
        "class P:\n"
        "    def register_command(self, name, handler, **about): self.last = name\n"
        "slash.register_all(P())\n"
        "print(*[n for n in sys.modules if n.startswith('pi.coding.slash.')])"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""

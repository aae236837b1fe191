"""Importing does nothing, and costs little: watched from inside new interpreters.

An audit hook is set before the code under test runs. It ends the interpreter at the first socket,
process or file opened to write, so nothing can swallow what it found.
"""

import os
import subprocess
import sys

import pytest

from support.source import SRC

GUARD = """
import os, sys

WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
FORBIDDEN = ("socket.", "subprocess.", "os.mkdir", "os.remove", "os.rename", "os.system",
             "os.exec", "os.posix_spawn", "os.fork", "os.chmod", "os.truncate", "shutil.")

def found(what):
    os.write(2, f"FOUND {what}".encode())
    os._exit(77)

def hook(event, args):
    if event == "open" and (args[2] or 0) & WRITE and args[0] != os.devnull:
        found(f"open to write: {args[0]}")
    if event.startswith(FORBIDDEN):
        found(f"{event} {args[:2]}")

sys.addaudithook(hook)
"""

REPORT = """
import sys
print()
print("LOADED", *sorted(sys.modules))
"""


COMMAND = """
from pi.coding.cli.main import main
try:
    status = main()
except SystemExit as exit:
    status = exit.code
assert not status, status
"""


def loaded(code: str, *argv: str) -> set[str]:
    """Run `code` in a new interpreter under guard; the names of the modules it has loaded."""
    key = {"OPENAI_API_KEY": "test-key"}  # nobody looks for local servers if there is one
    program = f"{GUARD}\nsys.argv[1:] = {list(argv)!r}\nsys.path.insert(0, {str(SRC)!r})\n{code}"
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-c", program + REPORT],
        capture_output=True,
        text=True,
        env=os.environ | key,
    )
    assert done.returncode == 0, done.stderr
    out, _, names = done.stdout.rpartition("LOADED ")
    assert out.strip() or code is not COMMAND, "the command has said nothing"
    return set(names.split())


HEAVY = {"asyncio", "ssl", "socket", "msgspec", "httptools", "logging", "subprocess", "inspect"}


@pytest.mark.parametrize(
    "code",
    [
        "open('x', 'w')",
        "import socket; socket.socket()",
        "import subprocess; subprocess.run(['true'])",
        "os.mkdir('x')",
    ],
)
def test_the_guard_bites(code: str) -> None:
    with pytest.raises(AssertionError, match="FOUND"):
        loaded(code)


def test_importing_the_library_does_nothing() -> None:
    names = loaded("import pi")
    assert {name for name in names if name.startswith("pi")} == {"pi", "pi._version"}
    assert not names & HEAVY


def test_using_the_library_opens_nothing_before_the_first_call() -> None:
    names = loaded("import pi\nfor name in pi.__all__: getattr(pi, name)")
    assert "pi.ai.client" in names
    assert not names & {"httptools", "openai", "anthropic", "botocore", "google.auth", "pydantic"}


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_options_that_only_print(option: str) -> None:
    names = loaded(COMMAND, option)
    assert not names & HEAVY
    ours = {name for name in names if name.startswith("pi.")}
    assert not {name for name in ours if name.startswith(("pi.ai", "pi.agent"))}


def test_the_list_of_models_reads_and_prints() -> None:
    assert not loaded(COMMAND, "--list-models") & {"asyncio", "ssl", "httptools", "subprocess"}


def test_every_module_can_be_imported_first() -> None:
    """None relies on another having been imported before, and none acts when it is imported."""
    names = [
        ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted(SRC.rglob("*.py"))
        if path.name != "__main__.py"
    ]
    code = f"""
from importlib import import_module
ours = lambda name: name == "pi" or name.startswith("pi.")
for name in {names!r}:
    for loaded in [n for n in sys.modules if ours(n)]:
        del sys.modules[loaded]
    import_module(name)
"""
    assert "pi" in loaded(code)

"""Finding and loading extensions: what is broken is named with file and line, the rest counts."""

import os
import sys
from pathlib import Path

import pytest

from pi.ai.errors import ConfigError
from pi.coding.extensions.find import Found, find_extensions, find_packages
from pi.coding.extensions.recorder import Outside, Recorder
from pi.coding.extensions.runtime import Runtime
from pi.coding.extensions.shelf import Owner, Shelf
from pi.coding.tools import extension as builtin_tools

GOOD = "def extension(pi):\n    pi.register_command('good', print)\n"


def write(path: Path, text: str = GOOD) -> Path:
    """A file, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


async def load(*paths: Path, patience: float = 10.0) -> Runtime:
    """A runtime with these files loaded."""
    runtime = Runtime()
    runtime.install(builtin_tools)
    found = [Found(path.stem, path, "user") for path in paths]
    await runtime.load(found, patience=patience)
    return runtime


BROKEN = {
    "raise": ("x = 1\nraise ValueError('boom')\n", "2: ValueError: boom"),
    "raise later": ("def extension(pi):\n    {}['a']\n", "2: KeyError: 'a'"),
    "syntax": ("def extension(pi)\n    pass\n", "1: SyntaxError: expected ':'"),
    "no function": ("a = 1\n", "1: it has no function `extension(pi)`"),
    "no callable": ("extension = 3\n", "1: `extension` is 3, and no function"),
    "arguments": ("\ndef extension():\n    pass\n", "2: extension() takes 0 positional"),
    "exit": ("import sys\nsys.exit(3)\n", "2: it called sys.exit"),
    "exit later": ("import sys\nasync def extension(pi):\n    sys.exit(3)\n", "3: it called sys"),
    "import": ("\nimport no_such_module_here\n", "2: ModuleNotFoundError: No module named"),
    "bytes": (b"\xff\xfe", "1: SyntaxError"),
    "null": (b"a\0b", "1: SyntaxError"),
    "recursion": ("def f():\n    f()\nf()\n", "RecursionError"),
    "tool": ("def extension(pi):\n    pi.register_tool(3)\n", "2: register_tool takes a Tool or a"),
    "tool class": (
        "from pi.extensions import Tool\ndef extension(pi):\n    pi.register_tool(Tool)\n",
        "3: register_tool takes a Tool, not its class: Tool()",
    ),
    "tool name": (
        "def extension(pi):\n    pi.register_tool(lambda: 1)\n",
        "2: '<lambda>' is no name for a tool",
    ),
    "event": ("def extension(pi):\n    pi.on('tool_cal', print)\n", "2: there is no event 'tool_c"),
    "handler": ("def extension(pi):\n    pi.on('input', 3)\n", "2: the handler of input is a func"),
    "command": (
        "def extension(pi):\n    pi.register_command('a b', print)\n",
        "2: 'a b' is no name",
    ),
    "flag": (
        "def extension(pi):\n    pi.register_flag('a', kind=int)\n",
        "2: register_flag('a'): kind is bool or str",
    ),
    "shortcut": (
        "def extension(pi):\n    pi.register_shortcut('', print)\n",
        "2: register_shortcut",
    ),
    "flag of others": ("def extension(pi):\n    pi.flag('x')\n", "2: --x is no flag of"),
}


@pytest.mark.parametrize("case", BROKEN)
async def test_a_broken_extension_is_named_and_skipped(case: str, tmp_path: Path) -> None:
    text, words = BROKEN[case]
    path = tmp_path / "broken.py"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    runtime = await load(path, write(tmp_path / "good.py"))
    assert len(runtime.notes) == 1
    assert runtime.notes[0].startswith(f"the extension broken is not used: {path}:")
    assert words in runtime.notes[0]
    assert "good" in runtime.shelf.commands.registry
    assert [bool(item.problem) for item in runtime.loaded] == [True, False]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("def extension(pi):\n    while True:\n        pass\n", "2"),
        ("import time\ntime.sleep(60)\n", "2"),
        ("import asyncio\nasync def extension(pi):\n    await asyncio.sleep(60)\n", "3"),
    ],
)
async def test_nobody_waits_for_ever(text: str, line: str, tmp_path: Path) -> None:
    path = write(tmp_path / "slow.py", text)
    runtime = await load(path, write(tmp_path / "good.py"), patience=0.3)
    assert "it did not finish within 0.3 s" in runtime.notes[0]
    assert f"{path}:" in runtime.notes[0]
    assert "good" in runtime.shelf.commands.registry


def test_what_is_given_up_registers_nothing(tmp_path: Path) -> None:
    shelf = Shelf()
    pi = Recorder(shelf, Owner("late", tmp_path / "late.py"), Outside())
    pi.close()
    with pytest.raises(ConfigError, match="the extension late was given up"):
        pi.register_command("late", print)
    with pytest.raises(ConfigError, match="was given up"):
        pi.on("input", print)
    assert "late" not in shelf.commands.registry


async def test_half_of_a_broken_extension_is_taken_back(tmp_path: Path) -> None:
    text = (
        "def extension(pi):\n    pi.register_command('half', print)\n"
        "    pi.on('input', print)\n    raise ValueError\n"
    )
    runtime = await load(write(tmp_path / "half.py", text))
    assert "half" not in runtime.shelf.commands.registry
    assert not runtime.shelf.handlers


async def test_output_while_loading_goes_to_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await load(write(tmp_path / "loud.py", "print('loud')\ndef extension(pi):\n    print('er')\n"))
    out, err = capsys.readouterr()
    assert (out, err) == ("", "loud\ner\n")


async def test_the_later_one_of_two_loses_and_is_told(tmp_path: Path) -> None:
    first = write(tmp_path / "first.py")
    second = write(tmp_path / "second.py", GOOD + "    pi.register_command('more', print)\n")
    runtime = await load(first, second)
    assert runtime.notes == [
        f"{second}:2: 'good' is not added: {first}:2 has a slash command of that name"
    ]
    assert runtime.shelf.commands.owner("good").path == first
    assert "more" in runtime.shelf.commands.registry


async def test_a_built_in_tool_is_replaced_only_on_purpose(tmp_path: Path) -> None:
    text = "def read(path: str) -> str:\n    'Reads.'\n    return path\ndef extension(pi):\n"
    by_chance = write(tmp_path / "chance.py", text + "    pi.register_tool(read)\n")
    on_purpose = write(tmp_path / "own.py", text + "    pi.register_tool(read, replace=True)\n")
    runtime = await load(by_chance, on_purpose)
    assert "pi has a tool of that name; replace=True stands for a built-in one" in runtime.notes[0]
    assert runtime.tools.get("read").description == "Reads."
    runtime.install(builtin_tools)  # settings have changed
    assert runtime.tools.get("read").description == "Reads."
    runtime.unload()
    assert runtime.tools.get("read").description != "Reads."
    assert list(runtime.tools) == ["bash", "edit", "write", "grep", "find", "ls", "read"]


async def test_loading_anew_takes_what_the_file_says_now(tmp_path: Path) -> None:
    path = write(tmp_path / "pack" / "__init__.py", "from .part import extension\n")
    write(tmp_path / "pack" / "part.py")
    runtime = Runtime()
    found = [Found("pack", path, "user")]
    await runtime.load(found)
    assert list(runtime.shelf.commands.registry) == ["good"]
    write(tmp_path / "pack" / "part.py", GOOD.replace("good", "nice"))
    runtime.unload()
    await runtime.load(found)
    assert list(runtime.shelf.commands.registry) == ["nice"]
    assert not (path.parent / "__pycache__").exists()


# -- finding ---------------------------------------------------------------------------------------


def names(found: list[Found]) -> list[tuple[str, str]]:
    """Names and scopes."""
    return [(item.name, item.scope) for item in found]


def test_where_extensions_are(tmp_path: Path) -> None:
    folder, cwd = tmp_path / "agent", tmp_path / "project"
    write(folder / "extensions" / "b.py")
    write(folder / "extensions" / "a" / "__init__.py")
    write(folder / "extensions" / "_helper.py")
    write(folder / "extensions" / "notes.txt")
    write(folder / "extensions" / "empty" / "other.py")
    write(cwd / ".pi" / "extensions" / "own.py")
    extra = write(tmp_path / "extra.py")
    write(tmp_path / "many" / "x.py")
    found = find_extensions(
        folder,
        cwd,
        flags=[str(extra), "../many"],
        trusted=True,
        entries=[str(write(tmp_path / "set.py")), str(extra)],
        packages=[write(tmp_path / "package" / "tool.py")],
    )
    assert names(found) == [
        ("extra", "flag"),
        ("x", "flag"),
        ("own", "project"),
        ("a", "user"),
        ("b", "user"),
        ("set", "user"),
        ("tool", "package"),
    ]
    assert ("own", "project") not in names(find_extensions(folder, cwd))
    only = find_extensions(folder, cwd, flags=[str(extra)], discover=False, trusted=True)
    assert names(only) == [("extra", "flag")]


def test_patterns(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write(tmp_path / "extensions" / f"{name}.py")
    found = find_extensions(tmp_path, tmp_path, entries=["!extensions/*", "+extensions/b.py"])
    assert names(found) == [("b", "user")]
    found = find_extensions(tmp_path, tmp_path, entries=["-b.py"])
    assert names(found) == [("a", "user"), ("c", "user")]


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--extension nowhere\.py: there is no such file"):
        find_extensions(tmp_path, tmp_path, flags=["nowhere.py"])


async def test_installed_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site-packages"
    write(site / "hello_pi.py", GOOD)
    points = "[console_scripts]\nx = y:z\n\n[pi.extensions]\nhello = hello_pi:extension\n"
    write(site / "hello_pi-1.0.dist-info" / "entry_points.txt", points)
    folder = tmp_path / "agent"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(site))
    found = find_packages(folder)
    assert names(found) == [("hello", "package")]
    assert (folder / "extension-packages.json").is_file()
    assert find_packages(folder) == found
    runtime = Runtime()
    await runtime.load(found)
    assert runtime.notes == []
    assert "good" in runtime.shelf.commands.registry
    runtime.unload()
    assert "hello_pi" not in sys.modules
    (site / "hello_pi-1.0.dist-info" / "entry_points.txt").unlink()
    (site / "hello_pi-1.0.dist-info").rmdir()
    os.utime(site, ns=(1, 1))
    assert find_packages(folder) == []

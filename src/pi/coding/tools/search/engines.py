"""The child processes that search, and reading what they find.

An engine is an argument list and an environment. Personal settings of the user (ripgrep's
configuration, global ignore files) are kept away from all of them, so that what is found depends on
the project alone.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from pi.agent.tools import ToolError
from pi.coding.tools.search.ignore import VCS_FOLDERS
from pi.coding.tools.shell.pump import Pump

__all__ = ["Command", "Engine", "Exit", "fd", "inside_repository", "ripgrep", "run", "worker"]

Engine = Literal["rg", "fd", "python"]

_MAX_RECORD = 64 * 1024 * 1024
_MAX_STDERR = 4096


class Command(Struct, frozen=True):
    """A process to start in `cwd`. Its records end with `separator`."""

    argv: list[str]
    cwd: str
    separator: bytes


class Exit(Struct, frozen=True):
    """How an engine ended. code: None if it was ended because enough was found."""

    code: int | None
    stderr: str


def ripgrep() -> str | None:
    """The path of ripgrep, or None."""
    from shutil import which

    return which("rg")


def fd() -> str | None:
    """The path of fd (Debian: fdfind), or None."""
    from shutil import which

    return which("fdfind") or which("fd")


def worker(request: dict[str, Any], separator: bytes) -> Command:
    """Our own engine with a request for `pi.coding.tools.search.worker`."""
    # -I: nothing of the searched project may be imported in place of a module of ours.
    paths = [path for path in sys.path if path]
    code = (
        f"import sys; sys.path[:] = {paths!r};"
        " from pi.coding.tools.search.worker import main; main()"
    )
    argv = [sys.executable, "-I", "-X", "utf8", "-c", code, json.dumps(request)]
    return Command(argv, request["root"], separator)


def inside_repository(root: str) -> bool:
    """Whether `root` lies in a git work tree."""
    path = Path(root)
    return any((folder / ".git").exists() for folder in (path, *path.parents))


def without_vcs(flag: str, mark: str = "") -> list[str]:
    """Arguments that leave out the folders of version control."""
    return [argument for name in sorted(VCS_FOLDERS) for argument in (flag, mark + name)]


async def run(command: Command, on_record: Callable[[bytes], bool]) -> Exit:
    """Run an engine. `on_record` is called for each record and returns whether to go on.

    Raises `ToolError` if it cannot be started.
    """
    records = _Records(command.separator, on_record)
    errors = _Errors()
    output, stderr = Pump(records.feed), Pump(errors.feed)
    child = None
    try:
        child = await asyncio.create_subprocess_exec(
            *command.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output.write_end,
            stderr=stderr.write_end,
            cwd=command.cwd,
            env=_environment(),
        )
        output.start()
        stderr.start()
        done = [records.enough, output.ended]
        await asyncio.wait(done, return_when=asyncio.FIRST_COMPLETED)
        if records.enough.done():
            return Exit(None, "")
        await stderr.ended
        return Exit(await child.wait(), errors.text())
    except OSError as error:
        raise ToolError(f"{command.argv[0]} could not be started: {error}") from None
    finally:
        output.close()
        stderr.close()
        if child is not None and child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            await asyncio.shield(child.wait())


class _Records:
    """Cuts a stream of bytes into records."""

    def __init__(self, separator: bytes, on_record: Callable[[bytes], bool]) -> None:
        self.enough = asyncio.get_running_loop().create_future()
        self._separator = separator
        self._on_record = on_record
        self._rest: list[bytes] = []
        self._rest_size = 0

    def feed(self, data: bytes) -> None:
        if self.enough.done():
            return
        *records, rest = data.split(self._separator)
        if records:
            records[0] = b"".join([*self._rest, records[0]])
            self._rest, self._rest_size = [], 0
        for record in records:
            if not self._on_record(record):
                self.enough.set_result(None)
                return
        self._rest_size += len(rest)
        if self._rest_size <= _MAX_RECORD:  # a longer one is of no use to anybody
            self._rest.append(rest)


class _Errors:
    """The beginning of what an engine says on standard error."""

    def __init__(self) -> None:
        self._data = b""

    def feed(self, data: bytes) -> None:
        self._data = (self._data + data)[:_MAX_STDERR]

    def text(self) -> str:
        return self._data.decode("utf-8", "replace").strip()


def _environment() -> dict[str, str]:
    """This process's environment without the user's personal settings for searching."""
    nowhere = os.devnull
    return {**os.environ, "HOME": nowhere, "XDG_CONFIG_HOME": nowhere, "RIPGREP_CONFIG_PATH": ""}

"""Running one shell command: its output as it comes, its end, and what it leaves behind.

The command gets its own session and no input. A time limit or a cancellation ends everything it
started. When the shell has exited, output of what it left in the background is read for as long as
it keeps coming, within bounds; after that such processes live on and their output is still taken
off their hands.
"""

import asyncio
import os
import sys
from asyncio.subprocess import Process as ChildProcess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal

from msgspec import Struct

from pi.agent.tools import ToolError
from pi.coding.tools.paths import printable
from pi.coding.tools.shell import watch
from pi.coding.tools.shell.groups import Process, group_exists, kill_group, members
from pi.coding.tools.shell.pump import Pump

__all__ = ["Ended", "find_shell", "kill_all", "run_command"]

_QUIET = 0.1
"""Seconds without output after which a background process is no longer waited for."""

_DRAIN_AT_MOST = 3.0
"""Seconds after the shell's end during which its background output still counts."""

_REAP_AT_MOST = 2.0
_MOMENT = 0.02

_live: set[int] = set()


class Ended(Struct, frozen=True):
    """How a command ended.

    exit_code: of the shell, negative for a signal; None if it could not be awaited.
    left: processes that still run in the background. held: some process outside of those still has
    the output open.
    """

    reason: Literal["exited", "timeout", "aborted"]
    exit_code: int | None
    left: list[Process] = []
    held: bool = False


def kill_all() -> None:
    """End every command that is running now. For a pi that is itself told to end."""
    for group in list(_live):
        kill_group(group)


def find_shell(configured: str | Path | None = None) -> str:
    """The shell to use: the one that is set, else bash, else sh. Raises `ToolError`."""
    from shutil import which

    if configured:
        path = str(Path(configured).expanduser())
        found = which(path)
        if found is None:
            raise ToolError(f"The shell {path} cannot be run. Correct the setting shellPath.")
        return found
    if sys.platform == "win32":
        # System32\bash.exe is the door to WSL, where the paths of this session mean nothing.
        for root in ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData"):
            path = Path(os.environ.get(root, "")) / "Git" / "bin" / "bash.exe"
            if path.is_file():
                return str(path)
        found = which("bash")
        if found and "system32" not in found.lower():
            return found
        raise ToolError("No bash was found. Install Git for Windows or set shellPath.")
    if os.access("/bin/bash", os.X_OK):
        return "/bin/bash"
    found = which("bash") or which("sh")
    if found is None:
        raise ToolError("Neither bash nor sh was found. Set shellPath.")
    return found


async def run_command(
    command: str,
    *,
    shell: str,
    cwd: Path,
    env: dict[str, str],
    on_output: Callable[[bytes], None],
    timeout: float | None = None,
) -> Ended:
    """Run `command` and report its output in the order in which it arrives.

    `env` is the whole environment. `on_output` may be called after the end, for processes left in
    the background. Cancellation is taken as a reason to end (`aborted`), so that the caller can
    keep the output; it then has to end soon itself. Raises `ToolError` if nothing could be started.
    """
    _require_folder(cwd)
    pump = Pump(on_output)
    try:
        child = await _start([shell, "-c", command], pump, cwd, env)
    except BaseException:
        pump.close()
        raise
    pump.start()
    _live.add(child.pid)
    watch.begun(child.pid)
    exited = asyncio.ensure_future(child.wait())
    reason: Literal["exited", "timeout", "aborted"] = "exited"
    left: list[Process] = []
    try:
        try:
            done, _ = await asyncio.wait([exited], timeout=timeout)
            if done:
                await _drain(pump)
                left = await _left_over(child.pid)
            else:
                reason = "timeout"
        except asyncio.CancelledError:
            reason = "aborted"
        if reason == "exited":
            pump.relax()
            return Ended(reason, child.returncode, left, held=not pump.ended.done())
        kill_group(child.pid)
        await _reap(exited, pump)
        return Ended(reason, child.returncode)
    finally:
        _live.discard(child.pid)
        watch.ended(child.pid)


def _require_folder(cwd: Path) -> None:
    if not cwd.is_dir():
        raise ToolError(f"The working folder {printable(cwd)} does not exist (any more).")


async def _start(argv: list[str], pump: Pump, cwd: Path, env: dict[str, str]) -> ChildProcess:
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=pump.write_end,
            stderr=pump.write_end,
            cwd=cwd,
            env=env,
            start_new_session=sys.platform != "win32",
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        # It may be running already: it has to be known to be ended.
        with suppress(OSError):
            child = await starting
            kill_group(child.pid)
            await child.wait()
        raise
    except OSError as error:
        raise ToolError(f"The shell {argv[0]} could not be started: {error}") from None
    except ValueError as error:  # a NUL in the command
        raise ToolError(f"The command cannot be run: {error}.") from None


async def _drain(pump: Pump) -> None:
    """Wait until all output has come, or those who are left are quiet, or it takes too long."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    while not pump.ended.done():
        pump.read_waiting()
        now = loop.time()
        wait = min(max(pump.last_data, start) + _QUIET, start + _DRAIN_AT_MOST) - now
        if wait <= 0:
            return
        await asyncio.wait([pump.ended], timeout=wait)


async def _left_over(group: int) -> list[Process]:
    """What the command left running. Looked at twice: some may just be about to end."""
    if not group_exists(group):
        return []
    pids = {process.pid for process in members(group)}
    if not pids:
        return []
    await asyncio.sleep(_MOMENT)
    return [process for process in members(group) if process.pid in pids]


async def _reap(exited: "asyncio.Future[int]", pump: Pump) -> None:
    """After a kill: take the exit code and the last output. Deaf to further cancellation."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _REAP_AT_MOST
    for future, seconds in ((exited, _REAP_AT_MOST), (pump.ended, _QUIET)):
        end = min(until, loop.time() + seconds)
        while not future.done() and loop.time() < end:
            try:
                await asyncio.wait([future], timeout=end - loop.time())
            except asyncio.CancelledError:
                continue
    pump.read_waiting()
    pump.close()

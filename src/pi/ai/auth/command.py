"""Keys that a shell command prints, such as `pass show work/api-key`.

A command runs in the default shell with no input, its error output thrown away, for ten seconds at
most; then it and everything it started is killed. A good result is kept for the process, a failure
only for a moment, so that unlocking a password store is enough to go on.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Mapping
from typing import Any

from pi.ai.errors import ConfigError

__all__ = ["Commands", "first_word"]

_FAILURE_SECONDS = 5.0
_LONGEST_OUTPUT = 1 << 16


class Commands:
    """Runs commands and remembers what they printed, by command line.

    timeout: seconds for one run. shell: program and arguments that go before the command line.
    """

    def __init__(self, *, timeout: float = 10.0, shell: tuple[str, ...] = ()) -> None:
        self._timeout = timeout
        self._shell = shell
        self._known: dict[str, str] = {}
        self._failed: dict[str, tuple[float, str]] = {}
        self._running: dict[str, asyncio.Task[tuple[str, str]]] = {}

    async def run(
        self, command: str, env: Mapping[str, str], *, what: str, remember: bool = True
    ) -> str:
        """What `command` prints, without surrounding white space.

        With `remember`, any number of callers share one run. Raises `ConfigError` when it fails,
        prints nothing or takes too long; the message never has its output.
        """
        if not remember:
            problem, text = await self._execute(command, env)
        else:
            problem, text = await self._remembered(command, env)
        if problem:
            raise ConfigError(f"{what}: {problem}")
        return text

    def forget(self) -> None:
        """Forget all results, for instance after a service refused a key."""
        self._known.clear()
        self._failed.clear()

    async def _remembered(self, command: str, env: Mapping[str, str]) -> tuple[str, str]:
        if command in self._known:
            return "", self._known[command]
        until, problem = self._failed.get(command, (0.0, ""))
        if time.monotonic() < until:
            return problem, ""
        task = self._running.get(command)
        if task is None or task.get_loop() is not asyncio.get_running_loop():
            task = self._running[command] = asyncio.create_task(self._first(command, env))
        return await asyncio.shield(task)  # who gives up must not take the answer from the others

    async def _first(self, command: str, env: Mapping[str, str]) -> tuple[str, str]:
        try:
            problem, text = await self._execute(command, env)
        finally:
            self._running.pop(command, None)
        if problem:
            self._failed[command] = time.monotonic() + _FAILURE_SECONDS, problem
        else:
            self._known[command] = text
        return problem, text

    async def _execute(self, command: str, env: Mapping[str, str]) -> tuple[str, str]:
        """A problem, or what the command printed."""
        name = f"the command `{first_word(command)}`"
        try:
            process = await self._start(command, env)
        except OSError as error:
            return f"{name} cannot be started: {error.strerror or error}", ""
        done = False
        try:
            async with asyncio.timeout(self._timeout):
                output = await _output(process)
                if output is None:
                    return f"{name} printed too much to be a key", ""
                await process.wait()
                done = True
        except TimeoutError:
            return f"{name} did not finish within {self._timeout:g} s", ""
        finally:
            if not done:
                await _kill(process)
        if process.returncode:
            return f"{name} failed with exit status {process.returncode}", ""
        text = output.decode("utf-8", "replace").strip()
        return ("", text) if text else (f"{name} printed nothing", "")

    async def _start(self, command: str, env: Mapping[str, str]) -> asyncio.subprocess.Process:
        options: dict[str, Any] = {
            "stdin": asyncio.subprocess.DEVNULL,
            "stdout": asyncio.subprocess.PIPE,
            "stderr": asyncio.subprocess.DEVNULL,
            "env": dict(env),
            # a group of its own, to be killed as a whole
            "start_new_session": os.name != "nt",
        }
        if self._shell:
            return await asyncio.create_subprocess_exec(*self._shell, command, **options)
        return await asyncio.create_subprocess_shell(command, **options)


def first_word(command: str) -> str:
    """The program of a command line: the rest may hold secrets."""
    words = command.split(maxsplit=1)
    return words[0] + (" …" if len(words) > 1 else "") if words else ""


async def _output(process: asyncio.subprocess.Process) -> bytes | None:
    """All output, or None if it is too long."""
    assert process.stdout is not None
    parts: list[bytes] = []
    size = 0
    while part := await process.stdout.read(65536):
        size += len(part)
        if size > _LONGEST_OUTPUT:
            return None
        parts.append(part)
    return b"".join(parts)


async def _kill(process: asyncio.subprocess.Process) -> None:
    """Kill a command and everything it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.name != "nt":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            killer = await asyncio.create_subprocess_exec(
                *("taskkill", "/T", "/F", "/PID", str(process.pid)),
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            await killer.wait()
    # A process that left the group may still hold the pipe, which would keep the transport open
    # for ever; asyncio has no public way to close it.
    inner: Any = process
    inner._transport.close()
    await process.wait()

"""bash: one shell command, with its output as it comes.

The model gets the end of the output as plain text; if it is long, all of it is in a private log.
A command that fails, runs out of time or is stopped is an error with the output so far.
"""

import asyncio
import os
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any, ClassVar

from msgspec import Struct

from pi.agent.tools import Tool, ToolContext, ToolError, ToolResult
from pi.coding.tools.prose import description
from pi.coding.tools.shell.logs import LogFilter
from pi.coding.tools.shell.output import Output
from pi.coding.tools.shell.run import Ended, find_shell, run_command
from pi.coding.tools.truncate import Truncation

__all__ = ["Bash", "Finished"]

_UPDATE_EVERY = 0.1
_MAX_TIMEOUT = 2_147_483  # seconds; about 24 days


class Finished(Struct, frozen=True):
    """A command that has ended.

    text: the end of its output, with notes in brackets on what is missing or still running.
    log_path: the file with all of the output, if that is longer.
    """

    ended: Ended
    text: str
    truncation: Truncation
    log_path: Path | None

    @property
    def details(self) -> dict[str, Any] | None:
        """For front ends, in the established form."""
        if self.log_path is None:
            return None
        details: dict[str, Any] = {"fullOutputPath": str(self.log_path)}
        if self.truncation.truncated:
            details["truncation"] = self.truncation.to_details()
        return details


class Bash(Tool):
    """Run shell commands.

    shell_path: the shell, if not the one found on this system. command_prefix: lines to run before
    every command (setting `shellCommandPrefix`). log_filter: makes what the bytes of a log go
    through, such as one that takes secrets out.
    """

    name: ClassVar[str] = "bash"
    parameters: ClassVar[dict[str, Any]] = {
        "type": "object",
        "properties": {
            "command": {"type": "string", "description": "The command to run"},
            "timeout": {
                "type": "number",
                "description": "Seconds after which the command is stopped (default: never)",
            },
        },
        "required": ["command"],
    }
    snippet: ClassVar[str] = "Run shell commands"

    def __init__(
        self,
        shell_path: str | Path | None = None,
        command_prefix: str | None = None,
        *,
        log_filter: Callable[[], LogFilter] | None = None,
    ) -> None:
        self.description = description(self.name)
        self.log_filter = log_filter
        self.shell_path = shell_path
        self.command_prefix = command_prefix

    async def execute(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Run `arguments["command"]`, at most `timeout` seconds."""
        timeout = _checked_timeout(arguments.get("timeout"))
        context.update(ToolResult(()))
        done = await self.run(arguments["command"], context, timeout=timeout)
        problem = _problem(done.ended, timeout)
        if problem:
            text = f"{done.text}\n\n{problem}" if done.text.strip() else problem
            raise ToolError(text, details=done.details)
        # Providers refuse results without a visible character.
        text = done.text if done.text.strip() else "(no output)"
        return ToolResult.of(text, details=done.details)

    async def run(
        self,
        command: str,
        context: ToolContext,
        *,
        timeout: float | None = None,
        listen: Callable[[bytes], None] | None = None,
    ) -> Finished:
        """Run a command for whoever asks. A cancellation ends it and is told in `ended`.

        listen: hears all output as it comes, also that of what is left in the background.
        """
        output = Output(self.log_filter() if self.log_filter else None)
        progress = _Progress(output, context.update)

        def on_output(data: bytes) -> None:
            output.feed(data)
            progress.changed()
            if listen is not None:
                listen(data)

        if self.command_prefix:
            command = f"{self.command_prefix}\n{command}"
        try:
            ended = await run_command(
                command,
                shell=find_shell(self.shell_path),
                cwd=context.cwd,
                env={**os.environ, "PI_CODING_AGENT": "true", **context.env},
                on_output=on_output,
                timeout=timeout,
            )
        finally:
            progress.stop()
        return _finish(output, ended)


class _Progress:
    """Reports the output so far, not too often."""

    def __init__(self, output: Output, report: Callable[[ToolResult], None]) -> None:
        self._output = output
        self._report = report
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0.0
        self._stopped = False

    def changed(self) -> None:
        if self._timer is None and not self._stopped:
            self._timer = self._loop.call_at(max(self._next, self._loop.time()), self._send)

    def stop(self) -> None:
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()

    def _send(self) -> None:
        self._timer = None
        self._next = self._loop.time() + _UPDATE_EVERY
        text, truncation = self._output.tail()
        details: dict[str, Any] | None = None
        if truncation.truncated:
            details = {"truncation": truncation.to_details()}
            if self._output.log:
                details["fullOutputPath"] = str(self._output.log.path)
        self._report(ToolResult.of(text, details=details))


def _checked_timeout(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isfinite(value) or not 0 < value <= _MAX_TIMEOUT:
        raise ToolError(
            f"timeout has to be a number of seconds above 0 and at most {_MAX_TIMEOUT}, not"
            f" {value}. Leave it out for no limit. The command was not run."
        )
    return float(value)


def _finish(output: Output, ended: Ended) -> Finished:
    if ended.held:
        output.start_log()
    output.finish()
    text, truncation = output.describe()
    note = _left_over(ended, output)
    if note:
        text = f"{text}\n\n{note}" if text.strip() else note
    log = output.log
    if log is not None and not truncation.truncated and not ended.held:
        log.remove()
        log = None
    elif log is not None and not ended.held:
        log.close()
    return Finished(ended, text, truncation, log.path if log else None)


def _left_over(ended: Ended, output: Output) -> str:
    """What the command left running, so that nothing runs on unnoticed."""
    if not ended.left and not ended.held:
        return ""
    if ended.left:
        which = ", ".join(f"{process.pid} ({process.name})" for process in ended.left[:10])
        more = f" and {len(ended.left) - 10} more" if len(ended.left) > 10 else ""
        text = f"Still running in the background: {which}{more}."
    else:
        text = "A process in the background still has the output of this command open."
    if ended.held and output.log:
        text += f" Further output goes to {output.log.path} as long as pi runs."
    return f"[{text}]"


def _problem(ended: Ended, timeout: float | None) -> str:
    """Why the command failed, or nothing."""
    if ended.reason == "aborted":
        return "The command was stopped by the user."
    if ended.reason == "timeout":
        return f"The command did not end within {timeout:g} seconds and was stopped."
    if not ended.exit_code:
        return ""
    if ended.exit_code > 0:
        return f"Command exited with code {ended.exit_code}."
    import signal  # only for its names

    try:
        name = signal.Signals(-ended.exit_code).name
    except ValueError:
        name = "unknown"
    return f"Command was ended by signal {-ended.exit_code} ({name})."

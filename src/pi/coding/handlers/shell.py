"""The user's own commands: run at once, recorded, and told to the model with the next prompt.

One at a time. While a run goes on, the result waits for its end, so that it cannot come between a
tool call and its result.
"""

import asyncio
import codecs

from msgspec import UNSET

from pi.agent.tools import ToolContext, ToolError
from pi.ai.errors import ConfigError
from pi.ai.messages import now_ms
from pi.coding.api.answers import BashResult
from pi.coding.api.commands import AbortBash, Bash
from pi.coding.api.events import BashExecutionUpdate
from pi.coding.extensions.results import Cancel
from pi.coding.handlers.desk import Desk
from pi.coding.session.entries import BashExecution

__all__ = ["abort_bash", "bash"]


async def bash(desk: Desk, command: Bash) -> BashResult:
    """Run it to its end, unless an extension does that or does not want it."""
    if desk.bash is not None:
        raise ConfigError("a command is running already: wait for it, or abort it")
    said = command.command
    fields = said, command.exclude_from_context, desk.services.cwd
    answer = await desk.bridge.first("user_bash", (str, BashResult, Cancel), *fields)
    if isinstance(answer, Cancel):
        raise ConfigError(answer.reason or "an extension does not want this command to run")
    if isinstance(answer, BashResult):
        _record(desk, command, said, answer)
        return answer
    said = answer or said
    task = asyncio.ensure_future(_run(desk, said))
    desk.bash = task
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait([task])
        raise
    finally:
        desk.bash = None
    if task.cancelled():  # before anything was started
        return BashResult("", cancelled=True)
    result = task.result()
    _record(desk, command, said, result)
    return result


def _record(desk: Desk, command: Bash, said: str, result: BashResult) -> None:
    desk.record(
        BashExecution(
            said,
            result.output,
            result.exit_code,
            result.cancelled,
            result.truncated,
            result.full_output_path,
            command.exclude_from_context or UNSET,
            now_ms(),
        )
    )


async def abort_bash(desk: Desk, command: AbortBash) -> None:
    """End it, and wait for its end."""
    if desk.bash is not None:
        desk.bash.cancel()
        await asyncio.wait([desk.bash])


async def _run(desk: Desk, command: str) -> BashResult:
    from pi.coding.tools.bash import Bash as BashTool  # only for those who use it

    services = desk.services
    tool = services.bash() if services.bash else BashTool()
    assert isinstance(tool, BashTool)
    teller = _Teller(desk)
    context = ToolContext(services.cwd, "", lambda partial: None, services.env)
    try:
        done = await tool.run(command, context, listen=teller.feed)
    except ToolError as error:
        raise ConfigError(error.message) from None
    teller.finish()
    code = done.ended.exit_code
    return BashResult(
        done.text,
        UNSET if code is None or done.ended.reason != "exited" else code,
        done.ended.reason == "aborted",
        done.truncation.truncated,
        UNSET if done.log_path is None else str(done.log_path),
    )


class _Teller:
    """Tells output as it comes, as plain text, whole lines at a time."""

    def __init__(self, desk: Desk) -> None:
        from pi.coding.tools.shell.plaintext import PlainText

        self._desk = desk
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._plain = PlainText()
        self._done = False

    def feed(self, data: bytes) -> None:
        if not self._done:  # what is left in the background goes on writing
            self._tell(self._plain.feed(self._decoder.decode(data)))

    def finish(self) -> None:
        self._tell(self._plain.feed(self._decoder.decode(b"", True)) + self._plain.line)
        self._done = True

    def _tell(self, text: str) -> None:
        if text:
            self._desk.tell(BashExecutionUpdate(text))

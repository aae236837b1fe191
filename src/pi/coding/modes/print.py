"""`pi -p`: answer the prompts one after the other, print the last answer's text, exit.

Standard output carries the answer and nothing else. What the agent does meanwhile is shown on
standard error, one short line a tool call, when somebody is there to read it.
"""

from collections.abc import Callable, Sequence
from typing import TextIO

from pi.agent.events import MessageEnd, ToolExecutionEnd, ToolExecutionStart
from pi.ai.messages import AssistantMessage, Message, TextContent
from pi.coding.api.commands import Prompt, Session
from pi.coding.api.events import (
    AutoRetryStart,
    CompactionEnd,
    ExtensionError,
    LimitReached,
    Notice,
    SessionEvent,
)
from pi.coding.modes.sanitize import printable

__all__ = ["run_print"]


async def run_print(
    session: Session, prompts: Sequence[Prompt], *, out: TextIO, err: TextIO, progress: bool
) -> int:
    """Run the prompts; gives the exit code."""
    heard = _Progress(err, show=progress)
    unsubscribe = session.subscribe(heard)
    try:
        code = 0
        answer: AssistantMessage | None = None
        for prompt in prompts:
            answer = await session.send(prompt)
            if heard.limit is not None:
                return heard.limit.exit_code
            code = _finish(answer, err)
            if code:
                break
        if answer is not None and answer.stop_reason not in ("error", "aborted"):
            for block in answer.content:
                if isinstance(block, TextContent) and block.text:
                    out.write(block.text.rstrip("\n") + "\n")
            out.flush()
        return code
    finally:
        unsubscribe()


def _finish(answer: AssistantMessage | None, err: TextIO) -> int:
    if answer is None:
        return 0
    match answer.stop_reason:
        case "error":
            err.write(f"Error: {printable(answer.error_message or 'unknown error')}\n")
            return 1
        case "aborted":
            err.write("Operation aborted\n")
            return 1
        case "length":
            err.write("Warning: the answer was cut off at the output limit\n")
            return 1
        case _:
            return 0


class _Progress:
    """Writes what happens, in words. `limit`: what has ended the run, if something has."""

    def __init__(self, err: TextIO, *, show: bool) -> None:
        self.limit: LimitReached | None = None
        self._err = err
        self._show = show
        self._dim: Callable[[str], str] = _dim if err.isatty() else str

    def __call__(self, event: SessionEvent) -> None:
        if isinstance(event, Notice):
            self._err.write(f"{event.level.capitalize()}: {printable(event.message)}\n")
        elif isinstance(event, ExtensionError):
            self._err.write(f"Warning: {printable(_words(event))}\n")
        elif isinstance(event, AutoRetryStart):
            self._err.write(
                f"Retry {event.attempt}/{event.max_attempts} in {event.delay_ms / 1000:.0f} s:"
                f" {printable(event.error_message)}\n"
            )
        elif isinstance(event, LimitReached):
            self.limit = event
            self._err.write(f"Stopped: {printable(event.message)}\n")
        elif isinstance(event, CompactionEnd) and event.error_message:
            self._err.write(f"Warning: {printable(event.error_message)}\n")
        elif not self._show:
            return
        elif isinstance(event, MessageEnd):
            self._say(event.message)
        elif isinstance(event, ToolExecutionStart):
            self._err.write(self._dim(f"  {event.tool_name} {_brief(event.args)}") + "\n")
        elif isinstance(event, ToolExecutionEnd) and event.is_error:
            text = next((b["text"] for b in event.result["content"] if "text" in b), "")
            lines = [line.strip() for line in printable(text).splitlines() if line.strip()]
            for line in lines[-2:]:
                self._err.write(self._dim(f"  ! {line[:160]}") + "\n")
        self._err.flush()

    def _say(self, message: Message) -> None:
        """What the model says between its tool calls; its last word goes to standard output."""
        if isinstance(message, AssistantMessage) and message.tool_calls and message.text.strip():
            self._err.write(printable(message.text).strip() + "\n")


def _words(event: ExtensionError) -> str:
    """What went wrong in an extension: its file is part of the error, unless it is ours to say."""
    known = event.extension_path in event.error
    where = "" if known else f"{event.extension_path}: "
    return f"{where}{event.error} (at {event.event})"


def _brief(arguments: dict[str, object]) -> str:
    """The argument that says most, on one line."""
    for name in ("command", "path", "pattern"):
        if isinstance(arguments.get(name), str):
            return printable(str(arguments[name])).replace("\n", " ")[:120]
    return printable(", ".join(map(str, arguments)))[:120]


def _dim(text: str) -> str:
    return f"\x1b[2m{text}\x1b[0m"

"""Says events in words, each change once: what a painter is for the screen."""

from collections.abc import Callable

from pi.agent.events import AgentEnd, MessageEnd, ToolExecutionStart
from pi.ai.messages import AssistantMessage
from pi.coding.api import events as s
from pi.coding.modes.interactive.fold import Fold
from pi.coding.modes.interactive.linear.words import Prose, say_block, say_call
from pi.coding.modes.interactive.view import (
    Block,
    CommandBlock,
    TextBlock,
    ThinkingBlock,
    ToolBlock,
    UserBlock,
)

__all__ = ["Teller"]


class Teller:
    """Hears events and says lines with `say`."""

    def __init__(self, say: Callable[[str], None], *, cwd: str = "", home: str = "") -> None:
        self.fold = Fold()
        self._say = say
        self._cwd = cwd
        self._home = home
        self._prose: dict[TextBlock, tuple[Prose, list[int]]] = {}
        self._ended: set[Block] = set()
        self._thinking = False
        self._command = ""
        self._failed = False

    def hear(self, event: s.SessionEvent) -> None:
        """Say what an event changes."""
        if isinstance(event, s.BashExecutionUpdate):
            *lines, self._command = (self._command + event.delta).split("\n")
            for line in lines:
                self._say(line)
            return
        known = set(map(id, self.fold.blocks))
        changed = self.fold.add(event)
        for block in tuple(self._prose):  # what has ended because something else began
            if not block.open and block not in changed:
                self._grown(block, new=False)
        for block in changed:
            if block not in self._ended:
                self._changed(block, event, new=id(block) not in known)
        if isinstance(event, MessageEnd):
            self._ended.clear()
        if isinstance(event, AgentEnd):
            answers = [m for m in event.messages if isinstance(m, AssistantMessage)]
            self._failed = bool(answers) and answers[-1].stop_reason == "error"
        told = _TOLD.get(type(event))
        if told is not None:
            self._say(told(event))
        elif isinstance(event, s.AgentSettled) and (event.aborted or not self._failed):
            self._say("Stopped." if event.aborted else "Done.")
        self.fold.blocks[:] = [block for block in self.fold.blocks if block.open]

    def _changed(self, block: Block, event: s.SessionEvent, *, new: bool) -> None:
        if isinstance(block, ThinkingBlock):
            if new and not self._thinking:
                self._say("Thinking.")
            self._thinking = True
            return
        self._thinking = False
        if isinstance(block, TextBlock):
            self._grown(block, new=new)
        elif isinstance(block, ToolBlock) and isinstance(event, ToolExecutionStart):
            self._say(say_call(block, cwd=self._cwd, home=self._home))
        elif not block.open and not isinstance(block, UserBlock | CommandBlock):
            for line in say_block(block):
                self._say(line)

    def _grown(self, block: TextBlock, *, new: bool) -> None:
        if new:
            self._say("Pi:")
        prose, told = self._prose.setdefault(block, (Prose(), [0]))
        text = block.text
        lines = prose.feed(text[told[0] :])
        told[0] = len(text)
        if not block.open:
            lines += prose.end()
            del self._prose[block]
            self._ended.add(block)
        for line in lines:
            self._say(line)


def _retry(event: s.AutoRetryStart | s.SummarizationRetryScheduled) -> str:
    reason = " ".join(event.error_message.split())
    seconds = event.delay_ms / 1000
    return (
        f"Trying again in {seconds:.0f} seconds, {event.attempt} of {event.max_attempts}: {reason}"
    )


def _compaction(event: s.CompactionStart) -> str:
    return "Summarising the conversation to make room."


_TOLD: dict[type, Callable[..., str]] = {
    s.AutoRetryStart: _retry,
    s.SummarizationRetryScheduled: _retry,
    s.CompactionStart: _compaction,
}
"""Events that are no block of the transcript."""

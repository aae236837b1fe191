"""What goes on right now, in one line, and what was noticed about the prompt cache. Pure.

`Activity` hears the events and says what the spinner's line reads at a moment.
"""

import time
from collections.abc import Callable

from pi.agent.events import (
    AgentStart,
    MessageEnd,
    MessageUpdate,
    ToolExecutionEnd,
    ToolExecutionStart,
)
from pi.ai.messages import AssistantMessage
from pi.ai.model import Model
from pi.coding.api import events as s

__all__ = ["Activity", "cache_miss", "elapsed"]

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_PLAIN_FRAMES = "|/-\\"
_MISSED_TOKENS = 2048
"""Fewer tokens than that are no miss worth a word: services cache in steps."""


def elapsed(seconds: float) -> str:
    """`4s`, `1m 05s`, `2h 03m`."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02}s"
    return f"{whole // 3600}h {whole % 3600 // 60:02}m"


class Activity:
    """What the program is doing. errand: something beside the session, and since when."""

    def __init__(self, now: Callable[[], float] = time.monotonic, *, unicode: bool = True) -> None:
        self._now = now
        self._frames = _FRAMES if unicode else _PLAIN_FRAMES
        self.started: float | None = None
        self.took = 0.0
        self.running: dict[str, str] = {}
        self.compacting: s.CompactionReason | None = None
        self.retry: tuple[s.AutoRetryStart | s.SummarizationRetryScheduled, float] | None = None
        self.command: float | None = None
        self.opening = ""
        self.errand: tuple[str, float] | None = None

    @property
    def busy(self) -> bool:
        """Whether the line moves."""
        return bool(self.opening or self.errand or self.command is not None or self.ends)

    @property
    def ends(self) -> bool:
        """Whether a run or a compaction goes on, which Esc would end."""
        return self.started is not None or self.compacting is not None

    def add(self, event: s.SessionEvent) -> None:
        """Hear an event."""
        match event:
            case AgentStart():
                self.begin()
            case ToolExecutionStart(call_id, name):
                self.running[call_id] = name
            case ToolExecutionEnd(call_id):
                self.running.pop(call_id, None)
            case s.AutoRetryStart() | s.SummarizationRetryScheduled():
                self.retry = (event, self._now())
            case MessageUpdate() | s.AutoRetryEnd() | s.SummarizationRetryAttemptStart():
                self.retry = None
            case s.CompactionStart(reason):
                self.compacting = reason
                self.begin()
            case s.CompactionEnd():
                self.compacting = self.retry = None
                if not self.running and event.reason == "manual":
                    self.settle()
            case s.AgentSettled():
                self.settle()
            case _:
                pass

    def aside(self, text: str) -> None:
        """Something goes on beside the session; with "" it is over."""
        self.errand = (text, self._now()) if text else None

    def begin(self) -> None:
        """Something goes on, if it did not already."""
        if self.started is None:
            self.started = self._now()

    def settle(self) -> None:
        """Nothing goes on any more."""
        self.took = 0.0 if self.started is None else self._now() - self.started
        self.started = self.retry = self.compacting = None
        self.running.clear()

    def line(self, key: str = "esc") -> tuple[str, str, str]:
        """Spinner, what goes on, and how to end it; empty texts if nothing does."""
        if not self.busy:
            return "", "", ""
        now = self._now()
        spinner = self._frames[int(now * 10) % len(self._frames)]
        if self.errand is not None:
            text, began = self.errand
            return spinner, f"{text} · {elapsed(now - began)}", f"{key} to cancel"
        if self.retry is not None:
            return spinner, self._waiting(now, key), ""
        if self.compacting is not None:
            why = {"overflow": ": the context is full", "threshold": ": the context is nearly full"}
            since = elapsed(now - (self.started or now))
            text = f"Summarising the conversation{why.get(self.compacting, '')} · {since}"
            return spinner, text, f"{key} to cancel"
        if self.started is not None:
            since = elapsed(now - self.started)
            if self.running:
                names = ", ".join(dict.fromkeys(self.running.values()))
                return spinner, f"Running {names} · {since}", f"{key} to stop"
            return spinner, f"Working · {since}", f"{key} to stop"
        if self.command is not None:
            return (
                spinner,
                f"Running your command · {elapsed(now - self.command)}",
                f"{key} to kill",
            )
        return spinner, self.opening, ""

    def _waiting(self, now: float, key: str) -> str:
        assert self.retry is not None
        event, since = self.retry
        left = max(0.0, event.delay_ms / 1000 - (now - since))
        reason = " ".join(event.error_message.split())[:120]
        end = f" · {key} to give up" if key else ""
        return f"Retry {event.attempt} of {event.max_attempts} in {left:.0f}s{end} · {reason}"


def cache_miss(before: AssistantMessage | None, event: MessageEnd, model: Model) -> str:
    """A line about a prompt that the service had cached and yet read anew; "" if there is none."""
    after = event.message
    if before is None or not isinstance(after, AssistantMessage):
        return ""
    if (before.provider, before.model) != (after.provider, after.model):
        return ""
    known = before.usage.cache_read + before.usage.cache_write
    missed = known - after.usage.cache_read
    if not after.usage.input or known < _MISSED_TOKENS or missed < max(_MISSED_TOKENS, known // 10):
        return ""
    extra = missed * (model.cost.input - model.cost.cache_read) / 1e6
    price = f", about ${extra:.3f} more" if extra >= 0.0005 else ""
    return f"Prompt cache missed: {missed:,} tokens were read anew{price}."

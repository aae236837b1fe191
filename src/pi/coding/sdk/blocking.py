"""Blocking twin of a session, for code without an event loop and for notebooks.

Every call is carried into the background loop of `pi.ai.blocking`; there is no second
implementation of anything. Calls may come from any thread.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Unpack

from pi.ai.blocking import iterate_blocking, run_blocking
from pi.ai.messages import AssistantMessage, ImageContent
from pi.ai.model import Model, ThinkingLevel
from pi.coding.api import commands as c
from pi.coding.api.answers import BashResult, Queued, SessionStats
from pi.coding.api.events import CompactionResult, SessionEvent
from pi.coding.sdk.options import SessionOptions
from pi.coding.sdk.session import AsyncSession
from pi.coding.session.entries import AgentMessage

__all__ = ["BlockingSession"]


class BlockingSession:
    """A `Session` whose methods wait. What each does is said there."""

    def __init__(self, model: str | Model | None = None, **options: Unpack[SessionOptions]) -> None:
        self.session = AsyncSession(model, **options)

    def prompt(self, text: str, *images: ImageContent) -> AssistantMessage:
        """Say something and wait for the last answer. Ctrl+C aborts the run."""
        return run_blocking(self.session.prompt(text, *images))

    def stream(self, text: str, *images: ImageContent) -> Iterator[SessionEvent]:
        """Say something and hear what happens. Leaving early aborts."""
        return iterate_blocking(self.session.stream(text, *images))

    def steer(self, text: str, *images: ImageContent) -> None:
        """Say something before the next request of the run that another thread waits for."""
        run_blocking(self.session.steer(text, *images))

    def follow_up(self, text: str, *images: ImageContent) -> None:
        """Say something when the run would otherwise end."""
        run_blocking(self.session.follow_up(text, *images))

    def abort(self) -> None:
        """End the run that another thread waits for."""
        run_blocking(self.session.abort())

    def clear_queue(self) -> Queued:
        """Take back what was queued."""
        return run_blocking(self.session.clear_queue())

    def bash(self, command: str, *, exclude_from_context: bool = False) -> BashResult:
        """Run a command yourself."""
        work = self.session.bash(command, exclude_from_context=exclude_from_context)
        return run_blocking(work)

    def subscribe(self, listener: Callable[[SessionEvent], None]) -> Callable[[], None]:
        """Hear all events, in the thread of the background loop."""
        return self.session.subscribe(listener)

    def send(self, command: c.Command) -> Any:
        """Any command there is."""
        return run_blocking(self.session.send(command))

    def set_model(self, model: str | Model) -> Model:
        """Go on with another model."""
        return run_blocking(self.session.set_model(model))

    def set_thinking(self, level: ThinkingLevel) -> ThinkingLevel:
        """Think more or less."""
        return run_blocking(self.session.set_thinking(level))

    def set_name(self, name: str) -> None:
        """Name the session."""
        run_blocking(self.session.set_name(name))

    def compact(self, instructions: str | None = None) -> CompactionResult:
        """Replace history by a summary now."""
        return run_blocking(self.session.compact(instructions))

    def new(self) -> None:
        """Begin another session."""
        run_blocking(self.session.new())

    def switch(self, path: str | Path) -> None:
        """Go on with the session in a file."""
        run_blocking(self.session.switch(path))

    def fork(self, entry_id: str) -> str:
        """Go on in a new session from before a prompt."""
        return run_blocking(self.session.fork(entry_id))

    def clone(self) -> None:
        """Go on in a copy of this session."""
        run_blocking(self.session.clone())

    def navigate(self, entry_id: str | None, *, summarize: bool = False) -> str | None:
        """Go on from another entry."""
        return run_blocking(self.session.navigate(entry_id, summarize=summarize))

    def open(self) -> "BlockingSession":
        """Read settings, credentials and the session now."""
        run_blocking(self.session.open())
        return self

    def stats(self) -> SessionStats:
        """Tokens and cost."""
        return run_blocking(self.session.stats())

    def export(self, path: str | Path) -> Path:
        """Write the session."""
        return run_blocking(self.session.export(path))

    @property
    def state(self) -> c.State:
        """How things stand."""
        return self.session.state

    @property
    def model(self) -> Model:
        """The model for the next request."""
        return self.session.model

    @property
    def messages(self) -> tuple[AgentMessage, ...]:
        """The conversation."""
        return self.session.messages

    @property
    def path(self) -> Path | None:
        """The session's file."""
        return self.session.path

    def close(self) -> None:
        """End what goes on, in order, and close connections."""
        run_blocking(self.session.aclose())

    def __enter__(self) -> "BlockingSession":
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return repr(self.session).replace("pi.Session", "pi.Session.blocking", 1)

    def _repr_markdown_(self) -> str:
        """What a notebook shows: the conversation."""
        return self.session._repr_markdown_()

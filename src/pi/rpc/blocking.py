"""Blocking twin of the client: the same methods, waited for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from pi.ai.blocking import iterate_blocking, run_blocking
from pi.ai.messages import AssistantMessage, ImageContent
from pi.ai.model import ThinkingLevel
from pi.coding.api import commands as c
from pi.coding.api.answers import BashResult, ModelInfo, Queued, SessionState, SessionStats
from pi.coding.api.events import CompactionResult, SessionEvent
from pi.coding.api.ui import UserInterface
from pi.rpc.client import AsyncClient, Listener
from pi.rpc.process import UnknownEvent

__all__ = ["BlockingClient"]


class BlockingClient:
    """A client whose methods wait. What each does is said at `Client`."""

    def __init__(
        self,
        args: Sequence[str] = (),
        *,
        cwd: str | Path | None = None,
        env: Mapping[str, str] | None = None,
        command: Sequence[str] = (),
        ui: UserInterface | None = None,
    ) -> None:
        self.client = AsyncClient(args, cwd=cwd, env=env, command=command, ui=ui)

    def prompt(self, text: str, *images: ImageContent) -> AssistantMessage | None:
        """Say something and wait for the last answer."""
        return run_blocking(self.client.prompt(text, *images))

    def stream(self, text: str, *images: ImageContent) -> Iterator[SessionEvent | UnknownEvent]:
        """Say something and hear what happens. Leaving early aborts."""
        return iterate_blocking(self.client.stream(text, *images))

    def steer(self, text: str, *images: ImageContent) -> None:
        """Say something before the next request of the run that another thread waits for."""
        run_blocking(self.client.steer(text, *images))

    def follow_up(self, text: str, *images: ImageContent) -> None:
        """Say something when the run would otherwise end."""
        run_blocking(self.client.follow_up(text, *images))

    def abort(self) -> None:
        """End the run."""
        run_blocking(self.client.abort())

    def clear_queue(self) -> Queued:
        """Take back what was queued."""
        return run_blocking(self.client.clear_queue())

    def bash(
        self,
        command: str,
        *,
        exclude_from_context: bool = False,
        listen: Callable[[str], None] | None = None,
    ) -> BashResult:
        """Run a command; `listen` hears its output in the thread of the background loop."""
        work = self.client.bash(command, exclude_from_context=exclude_from_context, listen=listen)
        return run_blocking(work)

    def submit(self, prompt: c.Prompt) -> c.Disposition:
        """Have a prompt taken, without waiting for its run."""
        return run_blocking(self.client.submit(prompt))

    def send(self, command: c.Command) -> Any:
        """Any command there is."""
        return run_blocking(self.client.send(command))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hear all events, in the thread of the background loop."""
        return self.client.subscribe(listener)

    def state(self) -> SessionState:
        """How things stand."""
        return run_blocking(self.client.state())

    def stats(self) -> SessionStats:
        """Tokens and cost."""
        return run_blocking(self.client.stats())

    def messages(self) -> list[Any]:
        """The conversation, as JSON data."""
        return run_blocking(self.client.messages())

    def entries(self, since: str | None = None) -> list[dict[str, Any]]:
        """The entries of the session, as JSON data."""
        return run_blocking(self.client.entries(since))

    def last_text(self) -> str | None:
        """The text of the last answer."""
        return run_blocking(self.client.last_text())

    def set_model(self, provider: str, model_id: str) -> ModelInfo:
        """Go on with another model."""
        return run_blocking(self.client.set_model(provider, model_id))

    def set_thinking(self, level: ThinkingLevel) -> None:
        """Think more or less."""
        run_blocking(self.client.set_thinking(level))

    def compact(self, instructions: str | None = None) -> CompactionResult:
        """Replace history by a summary now."""
        return run_blocking(self.client.compact(instructions))

    def export(self, path: str | Path | None = None) -> Path:
        """Write the session."""
        return run_blocking(self.client.export(path))

    @property
    def stderr(self) -> str:
        """The last of what the process wrote to its standard error."""
        return self.client.stderr

    def open(self) -> "BlockingClient":
        """Start the process, and wait until it answers."""
        run_blocking(self.client.open())
        return self

    def close(self) -> int | None:
        """End the process in order; gives its exit code."""
        return run_blocking(self.client.aclose())

    def __enter__(self) -> "BlockingClient":
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return repr(self.client).replace("pi.rpc.Client", "pi.rpc.Client.blocking", 1)

"""What came back for one request, as data that can be judged."""

from typing import Any

import msgspec
from msgspec import Struct

from pi.ai.errors import ErrorInfo
from pi.ai.events import Done, Event, Metadata, TextDelta, ThinkingDelta, ToolCallDelta, ToolCallEnd
from pi.ai.messages import ToolCall, Usage

__all__ = ["Answer", "silent"]


class Answer(Struct, frozen=True):
    """An answer. status 0: none came. body: its beginning. events: what pi made of a stream.

    failure: why there is no answer, or no good one. endless: we hung up, because it did not end in
    time or grew too large. silent: not one byte came in time.
    """

    status: int = 0
    headers: dict[str, str] = {}
    body: bytes = b""
    events: tuple[Event, ...] = ()
    failure: ErrorInfo | None = None
    endless: bool = False
    silent: bool = False

    @property
    def good(self) -> bool:
        """Whether it is a finished answer of a model."""
        return self.failure is None and any(isinstance(event, Done) for event in self.events)

    @property
    def refused(self) -> bool:
        """Whether the server understood the request and said no to it."""
        return 400 <= self.status < 500 and self.status not in (401, 403, 404, 408, 429)

    @property
    def media_type(self) -> str:
        """Such as `text/event-stream`."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def data(self) -> Any:
        """The body if it is JSON, else None."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None

    @property
    def text(self) -> str:
        """What the model said."""
        return "".join(event.delta for event in self.events if isinstance(event, TextDelta))

    @property
    def thinking(self) -> str:
        """What the model thought, where that is told apart."""
        return "".join(event.delta for event in self.events if isinstance(event, ThinkingDelta))

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tool calls that the model made."""
        return tuple(event.tool_call for event in self.events if isinstance(event, ToolCallEnd))

    @property
    def usage(self) -> Usage | None:
        """The tokens, as reported last."""
        found = [event.usage for event in self.events if isinstance(event, Metadata)]
        return next((usage for usage in reversed(found) if usage is not None), None)

    @property
    def prompt_tokens(self) -> int:
        """All input tokens, cached ones too; 0 if the server does not say."""
        usage = self.usage
        return usage.input + usage.cache_read + usage.cache_write if usage else 0

    @property
    def pieces(self) -> int:
        """In how many pieces the content came."""
        kinds = (TextDelta, ThinkingDelta, ToolCallDelta)
        return sum(isinstance(event, kinds) for event in self.events)

    @property
    def complaint(self) -> str:
        """What was wrong, in a line."""
        text = self.failure.message if self.failure else ""
        line = " ".join(text.split())
        line = line if len(line) <= 160 else f"{line[:157]}..."
        if self.status and not 200 <= self.status < 300 and str(self.status) not in line[:20]:
            return f"{self.status}: {line}" if line else str(self.status)
        return line or "no answer"


def silent(seconds: float) -> Answer:
    """The answer of a server that said nothing for so long."""
    info = ErrorInfo("transport", f"no answer within {seconds:g} s")
    return Answer(failure=info, silent=True)

"""What there is to see: blocks in the order in which they began, folded from events.

A block is open while it may grow and closed for good after that. Painters are told when one is
opened, has grown, and is closed; they look at its fields and keep nothing else. Texts are as models
and tools have written them: whoever paints makes them safe.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from pi.ai.messages import ImageContent, Usage

__all__ = [
    "ABSENT",
    "Block",
    "BlockPainter",
    "CommandBlock",
    "CustomBlock",
    "Look",
    "NoticeBlock",
    "SummaryBlock",
    "TextBlock",
    "ThinkingBlock",
    "ToolBlock",
    "UserBlock",
]


@dataclass(slots=True, eq=False)
class Block:
    """Something in the transcript. started, ended: `time.monotonic()` seconds; 0 if not known."""

    open: bool = True
    started: float = 0.0
    ended: float = 0.0


@dataclass(slots=True, eq=False)
class UserBlock(Block):
    """What the user said. `text` is what was typed (a skill or template by its name)."""

    text: str = ""
    images: tuple[ImageContent, ...] = ()


@dataclass(slots=True, eq=False)
class TextBlock(Block):
    """Markdown of an answer. `parts` are the deltas; `text` joins them."""

    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All of it so far."""
        if len(self.parts) > 1:
            self.parts[:] = ["".join(self.parts)]
        return self.parts[0] if self.parts else ""


@dataclass(slots=True, eq=False)
class ThinkingBlock(TextBlock):
    """Thinking of a model. `redacted`: there is nothing to read."""

    redacted: bool = False


@dataclass(slots=True, eq=False)
class ToolBlock(Block):
    """A tool call, from the first byte of its arguments to its result.

    state: `missing` is a call of a session that goes on, which has no result; `elsewhere` one whose
    result is on another branch of it.
    arguments: as far as they are written; complete once `state` is not `writing`. result, partial:
    content blocks as JSON data (`{"type": "text", "text": ...}` or images). details: what the tool
    tells people.
    """

    call_id: str = ""
    name: str = ""
    state: Literal["writing", "waiting", "running", "done", "failed", "missing", "elsewhere"] = (
        "writing"
    )
    arguments: dict[str, Any] = field(default_factory=dict)
    written: int = 0
    content: list[dict[str, Any]] = field(default_factory=list)
    details: Any = None
    duration_ms: int | None = None


ABSENT = {"missing": "it has no result", "elsewhere": "its result is on another branch"}
"""States of calls that are over without a result, in words."""


@dataclass(slots=True, eq=False)
class CommandBlock(Block):
    """A command of the user's (`!`, or `!!` when the model does not hear of it)."""

    command: str = ""
    excluded: bool = False
    output: list[str] = field(default_factory=list)
    exit_code: int | None = None
    cancelled: bool = False
    full_output_path: str | None = None


@dataclass(slots=True, eq=False)
class NoticeBlock(Block):
    """A line of the program. level: info, warning, error, success or dim. markdown: rich text."""

    level: str = "info"
    text: str = ""
    markdown: bool = False


@dataclass(slots=True, eq=False)
class SummaryBlock(Block):
    """History that was replaced by a summary. kind: compaction or branch."""

    kind: Literal["compaction", "branch"] = "compaction"
    text: str = ""
    tokens_before: int | None = None
    usage: Usage | None = None


@dataclass(slots=True, eq=False)
class CustomBlock(Block):
    """A message of an extension. entry: it is only data (`details`), seen as the extension draws
    it or not at all."""

    kind: str = ""
    text: str = ""
    details: Any = None
    entry: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """How things are to look. `style(token)` is a style of the theme, by the established names of
    its colours (accent, muted, dim, success, error, warning, toolTitle, mdHeading, ...).

    hidden_thinking: thinking is one line. expanded: tool output is shown whole. hyperlinks: OSC 8.
    images: the terminal's protocol. cwd, home: for short paths.
    """

    style: Callable[[str], str]
    cwd: str = ""
    home: str = ""
    hidden_thinking: bool = False
    expanded: bool = False
    hyperlinks: bool = False
    images: Literal["", "kitty", "iterm2"] = ""
    image_width: int = 60
    code_indent: str = "  "
    unicode: bool = True


class BlockPainter(Protocol):
    """Paints one block as it grows. What was settled is never painted again."""

    def settle(self, width: int) -> "list[list[tuple[str, str]]]":
        """The lines that will not change any more and were not given before.

        All that is left, when the block is closed. No line is wider than `width` cells.
        """
        ...

    def live(self, width: int, height: int) -> "list[list[tuple[str, str]]]":
        """The rest as it looks now: the last `height` lines of it. Called for every frame."""
        ...

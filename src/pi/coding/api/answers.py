"""What commands are answered with. The JSON form of an answer is the `data` of an RPC response.

`ANSWERS` says which type answers which command; None is a command that is only done.
"""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from pi.ai.messages import Usage
from pi.ai.model import Model, Price, ThinkingLevel
from pi.coding.api import commands as c
from pi.coding.api.base import Answer
from pi.coding.api.events import CompactionResult
from pi.coding.api.extending import EXTENDING_ANSWERS
from pi.coding.api.setup import SETUP_ANSWERS

__all__ = [
    "ANSWERS",
    "BashResult",
    "Cancelled",
    "CommandInfo",
    "Commands",
    "ContextUsage",
    "Entries",
    "ForkMessage",
    "ForkMessages",
    "Forked",
    "LastText",
    "Levels",
    "Messages",
    "ModelChoice",
    "ModelInfo",
    "ModelSpending",
    "Models",
    "Navigated",
    "Queued",
    "Rates",
    "SessionState",
    "SessionStats",
    "SourceInfo",
    "Taken",
    "ThinkingChoice",
    "TokenTotals",
    "Tree",
    "Written",
]


class Taken(Answer, frozen=True):
    """What became of a prompt."""

    disposition: c.Disposition


class Queued(Answer, frozen=True):
    """The texts that were waiting."""

    steering: tuple[str, ...] = ()
    follow_up: tuple[str, ...] = ()


class Cancelled(Answer, frozen=True):
    """Whether an extension has prevented it."""

    cancelled: bool = False


class Rates(Answer, frozen=True):
    """US dollars per million tokens."""

    input: float
    output: float
    cache_read: float
    cache_write: float


class ModelInfo(Answer, frozen=True):
    """A model, in full. Nothing secret is in it."""

    id: str
    name: str
    api: str
    provider: str
    base_url: str
    reasoning: bool
    input: tuple[str, ...]
    context_window: int
    max_tokens: int
    cost: Rates

    @staticmethod
    def of(model: Model) -> "ModelInfo":
        """What is told of a model."""
        price: Price = model.cost
        return ModelInfo(
            model.id,
            model.name,
            model.api,
            model.provider,
            model.base_url,
            model.reasoning,
            model.input,
            model.context_window,
            model.max_output_tokens,
            Rates(price.input, price.output, price.cache_read, price.cache_write),
        )


class SessionState(Answer, frozen=True, kw_only=True):
    """How things stand. `session_file` need not exist before the first prompt."""

    model: ModelInfo
    thinking_level: ThinkingLevel
    is_streaming: bool
    is_compacting: bool
    steering_mode: c.QueueMode
    follow_up_mode: c.QueueMode
    session_file: str | UnsetType = UNSET
    session_id: str
    session_name: str | UnsetType = UNSET
    auto_compaction_enabled: bool
    message_count: int
    pending_message_count: int


class Messages(Answer, frozen=True):
    """A conversation: messages of all roles, as JSON data when read from a pipe."""

    messages: tuple[Any, ...]


class Entries(Answer, frozen=True):
    """Lines of a session file. `leaf_id`: the entry that the next one follows."""

    entries: tuple[msgspec.Raw, ...]
    leaf_id: str | None


class Tree(Answer, frozen=True):
    """`tree`: nodes `{entry, children, label?, labelTimestamp?}`, nested as deep as the session."""

    tree: msgspec.Raw
    leaf_id: str | None


class ModelChoice(Answer, frozen=True):
    """The model that is used now. `is_scoped`: it was taken from the user's list."""

    model: ModelInfo
    thinking_level: ThinkingLevel
    is_scoped: bool


class Models(Answer, frozen=True):
    """Models that can be used."""

    models: tuple[ModelInfo, ...]


class ThinkingChoice(Answer, frozen=True):
    """The thinking level that is used now."""

    level: ThinkingLevel


class Levels(Answer, frozen=True):
    """Thinking levels, in order."""

    levels: tuple[ThinkingLevel, ...]


class BashResult(Answer, frozen=True):
    """A command that has ended. There is no exit code if it was ended by a signal.

    `full_output_path`: the file with all of the output, if `output` is only the end of it.
    """

    output: str
    exit_code: int | UnsetType = UNSET
    cancelled: bool = False
    truncated: bool = False
    full_output_path: str | UnsetType = UNSET


class TokenTotals(Answer, frozen=True):
    """Tokens of a whole session."""

    input: int
    output: int
    cache_read: int
    cache_write: int
    total: int


class ContextUsage(Answer, frozen=True):
    """How full the window is; unknown (None) between a compaction and the next answer."""

    tokens: int | None
    context_window: int
    percent: float | None


class ModelSpending(Answer, frozen=True):
    """What one model has used. Summaries and model work inside tools are without a model: ""."""

    provider: str
    model: str
    answers: int
    usage: Usage


class SessionStats(Answer, frozen=True, kw_only=True):
    """Numbers about the whole session, all branches. `cost` is in US dollars."""

    session_file: str | UnsetType = UNSET
    session_id: str
    user_messages: int
    assistant_messages: int
    tool_calls: int
    tool_results: int
    total_messages: int
    tokens: TokenTotals
    cost: float
    context_usage: ContextUsage | UnsetType = UNSET
    models: tuple[ModelSpending, ...] = ()


class Written(Answer, frozen=True):
    """The file that was written."""

    path: str


class Forked(Answer, frozen=True):
    """A session that begins before the prompt `text`."""

    text: str | UnsetType = UNSET
    cancelled: bool = False


class Navigated(Answer, frozen=True):
    """The place where the session goes on; `text` is that of the prompt that was left out."""

    leaf_id: str | None
    text: str | UnsetType = UNSET
    cancelled: bool = False


class ForkMessage(Answer, frozen=True):
    """A prompt and its entry."""

    entry_id: str
    text: str


class ForkMessages(Answer, frozen=True):
    """The prompts of a branch."""

    messages: tuple[ForkMessage, ...]


class LastText(Answer, frozen=True):
    """The text of the last answer, if there is one."""

    text: str | None


class SourceInfo(Answer, frozen=True, omit_defaults=True):
    """Where a command comes from.

    scope: `user`, `project` or `temporary`. source: how it was found, such as `auto` or `cli`.
    """

    path: str
    source: str
    scope: str
    origin: str
    base_dir: str | None = None


class CommandInfo(Answer, frozen=True, omit_defaults=True):
    """A slash command, without the slash. `source`: extension, prompt, skill, or builtin on a
    screen. `hint`: its arguments, for people."""

    name: str
    source: str
    source_info: SourceInfo = field(name="sourceInfo")
    description: str = ""
    hint: str = ""


class Commands(Answer, frozen=True):
    """The slash commands there are."""

    commands: tuple[CommandInfo, ...]


ANSWERS: dict[type[Struct], Any] = {
    c.Prompt: Taken,
    c.Steer: Taken,
    c.FollowUp: Taken,
    c.Abort: None,
    c.ClearQueue: Queued,
    c.SetSteeringMode: None,
    c.SetFollowUpMode: None,
    c.SetModel: ModelInfo,
    c.CycleModel: ModelChoice | None,
    c.GetAvailableModels: Models,
    c.SetThinkingLevel: None,
    c.CycleThinkingLevel: ThinkingChoice | None,
    c.GetAvailableThinkingLevels: Levels,
    c.Compact: CompactionResult,
    c.SetAutoCompaction: None,
    c.SetAutoRetry: None,
    c.AbortRetry: None,
    c.AbortExtensions: None,
    c.Bash: BashResult,
    c.AbortBash: None,
    c.GetCommands: Commands,
    c.GetState: SessionState,
    c.GetMessages: Messages,
    c.GetEntries: Entries,
    c.GetTree: Tree,
    c.GetSessionStats: SessionStats,
    c.GetForkMessages: ForkMessages,
    c.GetLastAssistantText: LastText,
    c.ExportHtml: Written,
    c.ExportJsonl: Written,
    c.SetName: None,
    c.SetLabel: None,
    c.NavigateTree: Navigated,
    c.NewSession: Cancelled,
    c.SwitchSession: Cancelled,
    c.ImportSession: Cancelled,
    c.Fork: Forked,
    c.Clone: Cancelled,
    **SETUP_ANSWERS,
    **EXTENDING_ANSWERS,
}
"""Type of the answer by type of the command."""

"""What a mode may hear: the events of a run, and those of the session around it.

The JSON form of every event is the established one, newest version; modes that write JSON encode
these structs as they are.
"""

from typing import Any, ClassVar, Literal

from msgspec import UNSET, Struct, UnsetType

from pi.agent.events import AgentEvent
from pi.ai.messages import Usage

__all__ = [
    "AgentSettled",
    "AutoRetryEnd",
    "AutoRetryStart",
    "BashExecutionUpdate",
    "CompactionEnd",
    "CompactionReason",
    "CompactionResult",
    "CompactionStart",
    "EntryAppended",
    "ExtensionError",
    "LimitReached",
    "Notice",
    "QueueUpdate",
    "SessionEvent",
    "SessionInfoChanged",
    "SessionStart",
    "SummarizationRetryAttemptStart",
    "SummarizationRetryFinished",
    "SummarizationRetryScheduled",
    "ThinkingLevelChanged",
]

CompactionReason = Literal["manual", "threshold", "overflow"]


class SessionStart(Struct, frozen=True, tag_field="type", tag="session", omit_defaults=True):
    """The header of the session, first line of `--mode json`."""

    version: int
    id: str
    timestamp: str
    cwd: str


class AgentSettled(Struct, frozen=True, tag_field="type", tag="agent_settled"):
    """Nothing goes on by itself any more: no retry, no queue, no compaction."""

    aborted: bool


class QueueUpdate(Struct, frozen=True, tag_field="type", tag="queue_update", rename="camel"):
    """The queues changed; both are given whole."""

    steering: tuple[str, ...]
    follow_up: tuple[str, ...]


class AutoRetryStart(Struct, frozen=True, tag_field="type", tag="auto_retry_start", rename="camel"):
    """A failed request will be sent again in `delay_ms`."""

    attempt: int
    max_attempts: int
    delay_ms: int
    error_message: str


class AutoRetryEnd(Struct, frozen=True, tag_field="type", tag="auto_retry_end", rename="camel"):
    """The retries are over."""

    success: bool
    attempt: int
    final_error: str | UnsetType = UNSET


class SessionInfoChanged(Struct, frozen=True, tag_field="type", tag="session_info_changed"):
    """The session's name changed; it is absent when it was cleared."""

    name: str | UnsetType = UNSET


class ThinkingLevelChanged(Struct, frozen=True, tag_field="type", tag="thinking_level_changed"):
    """The thinking level changed."""

    level: str


class CompactionResult(Struct, frozen=True, rename="camel"):
    """A compaction that was made. `estimated_tokens_after` is a rule of thumb, not a count.

    `usage` is what the summary itself has cost.
    """

    summary: str
    first_kept_entry_id: str
    tokens_before: int
    estimated_tokens_after: int | UnsetType = UNSET
    usage: Usage | UnsetType = UNSET
    details: Any = UNSET


class CompactionStart(Struct, frozen=True, tag_field="type", tag="compaction_start"):
    """History is about to be summarised."""

    reason: CompactionReason


class CompactionEnd(
    Struct, frozen=True, tag_field="type", tag="compaction_end", rename="camel", kw_only=True
):
    """The summary is made, or not: then `aborted` or `error_message` says why.

    `will_retry`: the request that did not fit is sent again.
    """

    reason: CompactionReason
    result: CompactionResult | UnsetType = UNSET
    aborted: bool = False
    will_retry: bool = False
    error_message: str | UnsetType = UNSET


class SummarizationRetryScheduled(
    Struct, frozen=True, tag_field="type", tag="summarization_retry_scheduled", rename="camel"
):
    """A summary that failed will be asked for again in `delay_ms`."""

    attempt: int
    max_attempts: int
    delay_ms: int
    error_message: str


class SummarizationRetryAttemptStart(
    Struct, frozen=True, tag_field="type", tag="summarization_retry_attempt_start"
):
    """A summary is asked for again. A branch summary has no `reason`."""

    source: Literal["compaction", "branchSummary"]
    reason: CompactionReason | UnsetType = UNSET


class SummarizationRetryFinished(
    Struct, frozen=True, tag_field="type", tag="summarization_retry_finished"
):
    """The retries of a summary are over."""


class EntryAppended(Struct, frozen=True, tag_field="type", tag="entry_appended"):
    """An extension added an entry to the session; `entry` is its line as JSON data."""

    entry: Any


class BashExecutionUpdate(Struct, frozen=True, tag_field="type", tag="bash_execution_update"):
    """Output of a command that the user runs. `id` is that of the command over RPC."""

    delta: str
    id: Any = UNSET


class ExtensionError(Struct, frozen=True, tag_field="type", tag="extension_error", rename="camel"):
    """An extension failed at `event`."""

    extension_path: str
    event: str
    error: str


class Notice(Struct, frozen=True, tag_field="type", tag="notice"):
    """Something a person should know. `level` is info, warning or error. Not part of any run."""

    level: str
    message: str


class LimitReached(Struct, frozen=True, tag_field="type", tag="limit_reached", rename="camel"):
    """A limit of the user's has ended the run before the model was done; `message` says which."""

    exit_code: ClassVar[int] = 3
    """What a program without a screen answers its shell with."""

    limit: Literal["cost", "turns"]
    message: str


SessionEvent = (
    AgentEvent
    | AgentSettled
    | QueueUpdate
    | AutoRetryStart
    | AutoRetryEnd
    | SessionInfoChanged
    | ThinkingLevelChanged
    | CompactionStart
    | CompactionEnd
    | SummarizationRetryScheduled
    | SummarizationRetryAttemptStart
    | SummarizationRetryFinished
    | EntryAppended
    | BashExecutionUpdate
    | ExtensionError
    | Notice
    | LimitReached
)

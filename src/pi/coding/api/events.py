"""What a mode may hear: the events of a run, and those of the session around it.

The JSON form of every event is the established one, newest version; modes that write JSON encode
these structs as they are.
"""

import msgspec
from msgspec import Struct

from pi.agent.events import AgentEvent

__all__ = [
    "AgentSettled",
    "AutoRetryEnd",
    "AutoRetryStart",
    "Notice",
    "QueueUpdate",
    "SessionEvent",
    "SessionInfoChanged",
    "SessionStart",
    "ThinkingLevelChanged",
]


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
    final_error: str | msgspec.UnsetType = msgspec.UNSET


class SessionInfoChanged(Struct, frozen=True, tag_field="type", tag="session_info_changed"):
    """The session's name changed; it is absent when it was cleared."""

    name: str | msgspec.UnsetType = msgspec.UNSET


class ThinkingLevelChanged(Struct, frozen=True, tag_field="type", tag="thinking_level_changed"):
    """The thinking level changed."""

    level: str


class Notice(Struct, frozen=True, tag_field="type", tag="notice"):
    """Something a person should know. `level` is info, warning or error. Not part of any run."""

    level: str
    message: str


SessionEvent = (
    AgentEvent
    | AgentSettled
    | QueueUpdate
    | AutoRetryStart
    | AutoRetryEnd
    | SessionInfoChanged
    | ThinkingLevelChanged
    | Notice
)

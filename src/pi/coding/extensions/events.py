"""The events that an extension can hear with `pi.on(name, handler)`, and what it may answer.

`EVENTS` is the table: the name, the type that the handler is given, and what may be returned. All
that a mode hears (`pi.coding.api.events`) can be heard too, under the name of its `type`; those
are only told, and what a handler returns is ignored. A handler that has nothing to say gives None.

So many types take milliseconds to make: whoever tells an event has the bridge make it, which loads
this module when somebody hears one.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from pi.agent.events import AgentEvent
from pi.ai.messages import ImageContent, Message, UserContent
from pi.ai.model import Model, ThinkingLevel
from pi.coding.api.events import CompactionReason, CompactionResult, SessionEvent
from pi.coding.extensions.results import (
    Cancel,
    Discovered,
    Handled,
    Note,
    Patch,
    StartWith,
    Summary,
)
from pi.coding.extensions.words import Reason

__all__ = [
    "EVENTS",
    "AfterProviderResponse",
    "BeforeAgentStart",
    "BeforeProviderHeaders",
    "BeforeProviderRequest",
    "Cancel",
    "ContextEvent",
    "Discovered",
    "EventKind",
    "Handled",
    "Input",
    "ModelSelect",
    "Note",
    "Patch",
    "ProjectTrust",
    "ProviderStreamEvent",
    "ResourcesDiscover",
    "SessionBeforeCompact",
    "SessionBeforeFork",
    "SessionBeforeSwitch",
    "SessionBeforeTree",
    "SessionCompact",
    "SessionShutdown",
    "SessionStart",
    "SessionTree",
    "StartWith",
    "Summary",
    "ThinkingLevelSelect",
    "ToolCallEvent",
    "ToolResultEvent",
    "UiPromptEnd",
    "UiPromptStart",
    "UserBash",
]

# -- the session -----------------------------------------------------------------------------------


class ResourcesDiscover(Struct, frozen=True):
    """Skills, prompt templates and themes are about to be looked for. The context is None."""

    cwd: Path
    reason: Literal["startup", "reload"] = "startup"


class ProjectTrust(Struct, frozen=True):
    """The project has settings or code of its own (`held_back`), and nobody has said whether it is
    trusted. The context is None."""

    cwd: Path
    held_back: tuple[str, ...] = ()


class SessionStart(Struct, frozen=True):
    """A session begins, or goes on. `previous_file`: of the one before."""

    reason: Reason
    previous_file: str | None = None


class SessionShutdown(Struct, frozen=True):
    """The session ends. `next_file`: of the one that follows."""

    reason: Reason
    next_file: str | None = None


class SessionBeforeSwitch(Struct, frozen=True):
    """Another session is about to begin or be opened. `path`: its file, if there is one."""

    reason: Literal["new", "resume"]
    path: str | None = None


class SessionBeforeFork(Struct, frozen=True):
    """A copy of the branch up to before a prompt, or of all of it (None), is about to be made."""

    entry_id: str | None


class SessionBeforeCompact(Struct, frozen=True):
    """History is about to be summarised. `messages`: what the summary will stand for."""

    reason: CompactionReason
    instructions: str | None
    messages: tuple[Any, ...]
    first_kept_entry_id: str
    tokens: int


class SessionCompact(Struct, frozen=True):
    """History was summarised."""

    result: CompactionResult
    from_extension: bool


class SessionBeforeTree(Struct, frozen=True):
    """The session is about to go on from another entry (None: from before all of them)."""

    entry_id: str | None
    summarize: bool
    instructions: str | None = None


class SessionTree(Struct, frozen=True):
    """The session goes on from another entry."""

    old_leaf: str | None
    new_leaf: str | None


# -- a run -----------------------------------------------------------------------------------------


class Input(Struct, frozen=True):
    """The user, or a program in their place, has said something. It is not recorded yet."""

    text: str
    images: tuple[ImageContent, ...] = ()
    source: Literal["user", "extension"] = "user"


class BeforeAgentStart(Struct, frozen=True):
    """A prompt is recorded, and nothing was asked of the model yet."""

    prompt: str
    images: tuple[ImageContent, ...]
    system_prompt: tuple[str, ...]


class ContextEvent(Struct, frozen=True):
    """The messages of the next request. Changing them changes nothing that is recorded."""

    messages: tuple[Message, ...]


class BeforeProviderRequest(Struct, frozen=True):
    """The body of the next request, as JSON data of the model's wire."""

    payload: dict[str, Any]
    model: Model


class BeforeProviderHeaders(Struct, frozen=True):
    """The headers of the next request, without those of the credential."""

    headers: Mapping[str, str]
    model: Model


class AfterProviderResponse(Struct, frozen=True):
    """The head of the response. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]


class ProviderStreamEvent(Struct, frozen=True):
    """A piece of the answer as the service sent it: the event's name, and its data."""

    name: str
    data: str


class ToolCallEvent(Struct, frozen=True):
    """The model calls a tool. `arguments` were checked."""

    name: str
    id: str
    arguments: dict[str, Any]


class ToolResultEvent(Struct, frozen=True):
    """A tool has answered."""

    name: str
    id: str
    arguments: dict[str, Any]
    content: tuple[UserContent, ...]
    details: Any
    is_error: bool


class UserBash(Struct, frozen=True):
    """The user runs a command of their own (`!`)."""

    command: str
    exclude_from_context: bool
    cwd: Path


class ModelSelect(Struct, frozen=True):
    """Another model answers from now on."""

    model: Model
    previous: Model


class ThinkingLevelSelect(Struct, frozen=True):
    """The model thinks more or less from now on."""

    level: ThinkingLevel
    previous: ThinkingLevel


class UiPromptStart(Struct, frozen=True):
    """The user is asked something. kind: `select`, `confirm`, `input`, `pick` or `editor`."""

    kind: str
    title: str


class UiPromptEnd(Struct, frozen=True):
    """The user has answered, or was not there."""

    kind: str
    title: str


# -- the table -------------------------------------------------------------------------------------


class EventKind(NamedTuple):
    """A row of the table. returns: what a handler may answer; "" if nobody asks."""

    type: Any
    returns: str = ""


EVENTS: dict[str, EventKind] = {
    "resources_discover": EventKind(ResourcesDiscover, "`Discovered`: more places to look"),
    "project_trust": EventKind(ProjectTrust, "True or False: the project is trusted, or not"),
    "session_start": EventKind(SessionStart),
    "session_shutdown": EventKind(SessionShutdown),
    "session_before_switch": EventKind(SessionBeforeSwitch, "`Cancel`"),
    "session_before_fork": EventKind(SessionBeforeFork, "`Cancel`"),
    "session_before_compact": EventKind(SessionBeforeCompact, "`Cancel`, or a `Summary`"),
    "session_compact": EventKind(SessionCompact),
    "session_before_tree": EventKind(SessionBeforeTree, "`Cancel`, or a `Summary`"),
    "session_tree": EventKind(SessionTree),
    "input": EventKind(Input, "a text instead, another `Input`, or `Handled`"),
    "before_agent_start": EventKind(BeforeAgentStart, "`StartWith`"),
    "context": EventKind(ContextEvent, "the messages to send instead"),
    "before_provider_request": EventKind(BeforeProviderRequest, "the payload to send instead"),
    "before_provider_headers": EventKind(
        BeforeProviderHeaders, "headers to set; None as value removes one"
    ),
    "after_provider_response": EventKind(AfterProviderResponse),
    "provider_stream_event": EventKind(ProviderStreamEvent),
    "tool_call": EventKind(ToolCallEvent, "`Block(reason)`, or other arguments (a dict)"),
    "tool_result": EventKind(ToolResultEvent, "a `Patch`, or a `ToolResult` instead"),
    "user_bash": EventKind(UserBash, "another command (a text), a `BashResult`, or `Cancel`"),
    "model_select": EventKind(ModelSelect),
    "thinking_level_select": EventKind(ThinkingLevelSelect),
    "ui_prompt_start": EventKind(UiPromptStart),
    "ui_prompt_end": EventKind(UiPromptEnd),
}
"""Name to type and answer. The events of modes are added below."""

for _type in (*AgentEvent.__args__, *SessionEvent.__args__):
    _tag = _type.__struct_config__.tag
    if _tag not in ("extension_error", "session"):
        EVENTS.setdefault(_tag, EventKind(_type))

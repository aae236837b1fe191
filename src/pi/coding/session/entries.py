"""What a session file says, line by line: the header and the entries of version 3.

An entry is here what it says; where it stands (id, parent, time) is its `Node` in the tree. The
line on disk is the truth: what these types do not name stays in the file, and what cannot be read
as the type it claims to be becomes `Unknown` and is never lost. The form is documented in
https://github.com/earendil-works/pi/blob/main/packages/coding-agent/docs/session-format.md
"""

from typing import Any, get_args

import msgspec
from msgspec import UNSET, Struct, UnsetType

from pi.ai.messages import (
    AssistantMessage,
    ToolResultMessage,
    Usage,
    UserContent,
    UserMessage,
)

__all__ = [
    "ENTRY_TYPES",
    "LEAF",
    "VERSION",
    "AgentMessage",
    "BashExecution",
    "BranchSummary",
    "BranchSummaryMessage",
    "Compaction",
    "CompactionSummaryMessage",
    "ContextEdit",
    "Custom",
    "CustomMessage",
    "CustomMessageEntry",
    "Entry",
    "Header",
    "Label",
    "MessageEntry",
    "ModelChange",
    "SessionInfo",
    "SystemMessage",
    "ThinkingLevelChange",
    "Unknown",
    "UsageEntry",
    "clean",
    "decode_strictly",
    "encode_line",
    "entry_type",
    "without_surrogates",
]

VERSION = 3
"""The version that is written."""

LEAF = "pi.leaf"
"""Custom type of the entry that records a move in the tree: its parent is the new leaf."""


class Header(Struct, frozen=True, tag_field="type", tag="session", rename="camel"):
    """The first line. `parent_session` is the path of the session that this one was forked from."""

    version: int
    id: str
    timestamp: str
    cwd: str
    parent_session: str | UnsetType = UNSET


# -- messages that are no LLM messages ------------------------------------------------------------


class SystemMessage(Struct, frozen=True, tag_field="role", tag="system", rename="camel"):
    """A system prompt that newer versions of the established program keep in the transcript."""

    content: Any = ""
    sections: dict[str, str | None] | UnsetType = UNSET
    timestamp: int = 0


class CustomMessage(Struct, frozen=True, tag_field="role", tag="custom", rename="camel"):
    """What an extension tells the model. `display`: whether people see it too."""

    custom_type: str
    content: str | tuple[UserContent, ...]
    display: bool = True
    details: Any = UNSET
    timestamp: int = 0


class BashExecution(Struct, frozen=True, tag_field="role", tag="bashExecution", rename="camel"):
    """A command that the user ran with `!`, or with `!!` (`exclude_from_context`)."""

    command: str
    output: str
    exit_code: int | UnsetType | None = UNSET
    cancelled: bool = False
    truncated: bool = False
    full_output_path: str | UnsetType | None = UNSET
    exclude_from_context: bool | UnsetType = UNSET
    timestamp: int = 0


class BranchSummaryMessage(
    Struct, frozen=True, tag_field="role", tag="branchSummary", rename="camel"
):
    """A `BranchSummary` entry as part of the conversation."""

    summary: str
    from_id: str | None
    timestamp: int = 0


class CompactionSummaryMessage(
    Struct, frozen=True, tag_field="role", tag="compactionSummary", rename="camel"
):
    """A `Compaction` entry as part of the conversation."""

    summary: str
    tokens_before: int
    timestamp: int = 0


AgentMessage = (
    UserMessage
    | AssistantMessage
    | ToolResultMessage
    | SystemMessage
    | CustomMessage
    | BashExecution
    | BranchSummaryMessage
    | CompactionSummaryMessage
)


# -- entries ---------------------------------------------------------------------------------------


class MessageEntry(Struct, frozen=True, tag_field="type", tag="message"):
    """Something that was said."""

    message: AgentMessage


class ModelChange(Struct, frozen=True, tag_field="type", tag="model_change", rename="camel"):
    """The model for what follows."""

    provider: str
    model_id: str


class ThinkingLevelChange(
    Struct, frozen=True, tag_field="type", tag="thinking_level_change", rename="camel"
):
    """The thinking level for what follows."""

    thinking_level: str


class Compaction(Struct, frozen=True, tag_field="type", tag="compaction", rename="camel"):
    """A summary instead of everything before `first_kept_entry_id`.

    `first_kept_entry_id` is the entry's own id when nothing is kept; empty means that when
    appending. `first_kept_entry_index` is what version 1 had instead.
    """

    summary: str
    first_kept_entry_id: str = ""
    tokens_before: int = 0
    details: Any = UNSET
    usage: Usage | UnsetType = UNSET
    from_hook: bool | UnsetType = UNSET
    system_message: Any = UNSET
    first_kept_entry_index: int | UnsetType = UNSET


class BranchSummary(Struct, frozen=True, tag_field="type", tag="branch_summary", rename="camel"):
    """What happened on the branch whose leaf was `from_id` (`root` if there was none)."""

    from_id: str
    summary: str
    details: Any = UNSET
    usage: Usage | UnsetType = UNSET
    from_hook: bool | UnsetType = UNSET


class Custom(Struct, frozen=True, tag_field="type", tag="custom", rename="camel"):
    """Something an extension remembers. The model does not see it."""

    custom_type: str
    data: Any = UNSET


class CustomMessageEntry(
    Struct, frozen=True, tag_field="type", tag="custom_message", rename="camel"
):
    """A `CustomMessage` of an extension."""

    custom_type: str
    content: str | tuple[UserContent, ...]
    display: bool = True
    details: Any = UNSET


class Label(Struct, frozen=True, tag_field="type", tag="label", rename="camel"):
    """A bookmark on the entry `target_id`; without `label` it is taken away."""

    target_id: str
    label: str | UnsetType | None = UNSET


class SessionInfo(Struct, frozen=True, tag_field="type", tag="session_info"):
    """The session's name; without `name` it is taken away."""

    name: str | UnsetType | None = UNSET


class ContextEdit(Struct, frozen=True, tag_field="type", tag="context_edit", rename="camel"):
    """Changes what the model sees of the earlier entry `target_id`, from here on.

    `replacement` is None to leave the entry out, or `{"content": …}` instead of its content.
    """

    target_id: str
    replacement: Any = None


class UsageEntry(Struct, frozen=True, tag_field="type", tag="usage"):
    """Tokens that were paid for without an answer in the transcript (`kind` says what for)."""

    kind: str
    provider: str
    model: str
    usage: Usage
    note: str | UnsetType = UNSET


class Unknown(Struct, frozen=True):
    """An entry of a type, role or form that is not known. Its line stays in the file."""

    type: str


Known = (
    MessageEntry
    | ModelChange
    | ThinkingLevelChange
    | Compaction
    | BranchSummary
    | Custom
    | CustomMessageEntry
    | Label
    | SessionInfo
    | ContextEdit
    | UsageEntry
)
Entry = Known | Unknown

ENTRY_TYPES: dict[str, type[Struct]] = {
    kind.__struct_config__.tag: kind for kind in get_args(Known)
}
"""The types of entries that are known, by the `type` of their lines."""

_decoder: "msgspec.json.Decoder[Any]" = msgspec.json.Decoder(Known)
_encoder = msgspec.json.Encoder(enc_hook=str)


def entry_type(entry: Entry) -> str:
    """The `type` of an entry's line."""
    return entry.type if isinstance(entry, Unknown) else str(entry.__struct_config__.tag)


def decode_strictly(line: bytes) -> Entry:
    """What a line says. Raises `ValueError` or `RecursionError` if it is not as it should be."""
    return _decoder.decode(line)


def encode_line(entry: Entry, entry_id: str, parent_id: str | None, timestamp: str) -> bytes:
    """The line of an entry, with its place in the tree, without the newline.

    Values that JSON does not know become text. Raises `UnicodeEncodeError` for half a surrogate
    pair: see `clean`.
    """
    body = _encoder.encode(entry)
    head = len(b'{"type":""') + len(entry_type(entry))
    place = _encoder.encode({"id": entry_id, "parentId": parent_id, "timestamp": timestamp})
    return b"".join((body[:head], b",", place[1:-1], body[head:]))


def clean(entry: Entry) -> Entry:
    """The entry as it can be written: with U+FFFD for half a surrogate pair."""
    return msgspec.convert(
        without_surrogates(msgspec.to_builtins(entry, enc_hook=str)), type(entry)
    )


def without_surrogates(value: Any) -> Any:
    """JSON data with pairs of surrogates joined and halves of pairs as U+FFFD."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, dict):
        return {without_surrogates(k): without_surrogates(v) for k, v in value.items()}
    if isinstance(value, list):
        return [without_surrogates(item) for item in value]
    return value

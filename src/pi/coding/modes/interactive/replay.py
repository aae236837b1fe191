"""Stored messages as blocks: what a session that goes on shows of its past.

Only the end of a conversation is made into blocks, from the back, so that a long session costs no
more than a short one.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from pi.ai.messages import (
    AssistantMessage,
    ImageContent,
    TextContent,
    ThinkingContent,
    ToolCall,
    ToolResultMessage,
    UserMessage,
    text_of,
)
from pi.coding.modes.interactive.view import (
    Block,
    CommandBlock,
    CustomBlock,
    NoticeBlock,
    SummaryBlock,
    TextBlock,
    ThinkingBlock,
    ToolBlock,
    UserBlock,
)

__all__ = [
    "CUT_OFF",
    "advice",
    "after_retries",
    "builtins",
    "custom",
    "data_blocks",
    "find_elsewhere",
    "in_words",
    "last_blocks",
    "typed",
]

_SKILL = re.compile(
    r'<skill name="([^"]+)" location="[^"]+">\n.*?\n</skill>(?:\n\n(.+))?', re.DOTALL
)
_ATTACHED = re.compile(
    r'^<file name="([^"\n]+)">(?:attached image|\n.*?\n)</file>$', re.DOTALL | re.M
)


def typed(text: str) -> str:
    """What the user typed: `/skill:name arguments` for an expanded skill, `@path` for a file that
    the command line has attached, all else as it is."""
    found = _SKILL.fullmatch(text) if text.startswith("<skill ") else None
    if found is None:
        return _ATTACHED.sub(r"@\1", text, 50)
    return f"/skill:{found[1]} {found[2] or ''}".rstrip()


def advice(kind: str | None, said: str = "") -> str:
    """What a person can do about an error of this kind, as the end of a line; nothing, if what is
    `said` ends with advice already."""
    if said.startswith("404"):
        return " (/model chooses another one)"
    return "" if said.endswith("?)") else _ADVICE.get(kind or "", "")


CUT_OFF = "(cut off, asked again)"
"""What is said of an answer that was cut, when the model is asked for it once more."""


def after_retries(count: int) -> str:
    """How an error begins."""
    if not count:
        return "Error"
    return f"Error after {count} {'retry' if count == 1 else 'retries'}"


def in_words(message: AssistantMessage, text: str = "") -> str:
    """Why there was no answer: whose words it is in, and what one can do about it.

    text: instead of the one in the message.
    """
    text = text or message.error_message or "the model gave no answer"
    whose = f"{message.provider}: " if _STATUS.match(text) else ""
    return f"{whose}{text}{advice(message.error_kind, text)}"


_STATUS = re.compile(r"[45]\d\d\b")

_ADVICE = {
    "auth": " (/login signs in or stores another key)",
    "quota": " (/model chooses another one, /login another account)",
    "transport": " (is the network up? Send the prompt again when it is)",
    "overflow": " (/model may find a larger window)",
}


def builtins(message: Any) -> dict[str, Any]:
    """A message of any role as JSON data."""
    return message if isinstance(message, dict) else msgspec.to_builtins(message, enc_hook=str)


class _Entry(msgspec.Struct, rename="camel"):
    """What is read of a line of a session file."""

    id: str = ""
    type: str = ""
    parent_id: str | None = None
    custom_type: str = ""


def data_blocks(
    entries: Sequence[bytes | msgspec.Raw], leaf: str | None, kinds: Collection[str], limit: int
) -> dict[int, list[Block]]:
    """Data of extensions among the last messages of a branch, by how many messages follow it.

    kinds: of which it is known how they look. limit: messages that are looked at.
    """
    known: dict[str, tuple[_Entry, bytes | msgspec.Raw]] = {}
    for line in entries:
        try:
            entry = msgspec.json.decode(line, type=_Entry)
        except msgspec.DecodeError:  # of a newer version
            continue
        known[entry.id] = entry, line
    found: dict[int, list[Block]] = {}
    count = 0
    while leaf is not None and count <= limit and (pair := known.pop(leaf, None)) is not None:
        entry, line = pair
        if entry.type in _SPOKEN:
            count += 1
        elif entry.type == "custom" and entry.custom_type in kinds:
            details = msgspec.json.decode(line).get("data")
            block = CustomBlock(False, kind=entry.custom_type, details=details, entry=True)
            found.setdefault(count, []).insert(0, block)
        leaf = entry.parent_id
    return found


_SPOKEN = frozenset({"message", "custom_message", "branch_summary"})


def last_blocks(
    messages: Sequence[Any], limit: int, data: Mapping[int, list[Block]] = MappingProxyType({})
) -> tuple[list[Block], int]:
    """The last blocks of a conversation, and how many messages before them are not shown.

    It begins with something that was said, never with the result of a call that is not shown.
    data: blocks between the messages, by how many messages follow them.
    """
    results: dict[str, ToolResultMessage] = {}
    turns: list[list[Block]] = []
    count = 0
    for index in range(len(messages) - 1, -1, -1):
        message = messages[index]
        turns.append(data.get(len(messages) - 1 - index, []))
        if isinstance(message, ToolResultMessage):
            results[message.tool_call_id] = message
            continue
        if isinstance(message, AssistantMessage):
            blocks = _answer(message, results) + _ended(messages, index)
        else:
            blocks = _blocks(message)
        turns.append(blocks)
        count += len(blocks)
        if count >= limit and not isinstance(message, AssistantMessage):
            return [block for turn in reversed(turns) for block in turn], index
    return [block for turn in reversed(turns) for block in turn], 0


class _Result(msgspec.Struct, rename="camel"):
    tool_call_id: str = ""


class _ResultEntry(msgspec.Struct):
    message: _Result


def find_elsewhere(blocks: Sequence[Block], entries: Sequence[bytes | msgspec.Raw]) -> None:
    """Tell calls without a result from those that have theirs on another branch of the session."""
    missing = {
        block.call_id: block
        for block in blocks
        if isinstance(block, ToolBlock) and block.state == "missing"
    }
    for line in entries if missing else ():
        if b'"toolCallId"' in bytes(line):
            try:
                call = msgspec.json.decode(line, type=_ResultEntry).message.tool_call_id
            except msgspec.DecodeError:
                continue
            if call in missing:
                missing[call].state = "elsewhere"


def _blocks(message: Any) -> list[Block]:
    if isinstance(message, UserMessage):
        content = message.content
        images = () if isinstance(content, str) else content
        pictures = tuple(image for image in images if isinstance(image, ImageContent))
        return [UserBlock(False, text=typed(text_of(content)), images=pictures)]
    data = builtins(message)
    maker = _OTHERS.get(data.get("role", ""))
    return maker(data) if maker is not None else []


def _answer(message: AssistantMessage, results: dict[str, ToolResultMessage]) -> list[Block]:
    found: list[Block] = []
    for content in message.content:
        if isinstance(content, TextContent):
            found.append(TextBlock(False, parts=[content.text]))
        elif isinstance(content, ThinkingContent):
            parts = [content.thinking]
            found.append(ThinkingBlock(False, parts=parts, redacted=content.redacted))
        else:
            block = _call(content, results.get(content.id))
            if block.state == "missing" and message.stop_reason in ("error", "aborted"):
                block.state = "failed"  # it was never made
            found.append(block)
    return found


def _ended(messages: Sequence[Any], index: int) -> list[Block]:
    """How an answer ended, in the words in which it was said then."""
    message = messages[index]
    if message.stop_reason == "aborted":
        return [NoticeBlock(False, level="error", text="Operation aborted")]
    if message.stop_reason != "error":
        return []
    following = messages[index + 1] if index + 1 < len(messages) else None
    if isinstance(following, AssistantMessage):
        cut = NoticeBlock(False, level="dim", text=CUT_OFF)
        return [cut] if message.content else []
    retries = 0
    for before in reversed(messages[:index]):
        if not isinstance(before, AssistantMessage) or before.stop_reason != "error":
            break
        retries += 1
    text = f"{after_retries(retries)}: {in_words(message)}"
    return [NoticeBlock(False, level="error", text=text)]


def _call(call: ToolCall, result: ToolResultMessage | None) -> ToolBlock:
    block = ToolBlock(False, call_id=call.id, name=call.name, arguments=call.arguments)
    if result is None:
        block.state = "missing"
        return block
    data = builtins(result)
    block.state = "failed" if result.is_error else "done"
    block.content, block.details = data.get("content") or [], data.get("details")
    return block


def _command(data: dict[str, Any]) -> list[Block]:
    return [
        CommandBlock(
            False,
            command=data.get("command", ""),
            excluded=bool(data.get("excludeFromContext")),
            output=[data.get("output", "")],
            exit_code=data.get("exitCode"),
            cancelled=bool(data.get("cancelled")),
            full_output_path=data.get("fullOutputPath"),
        )
    ]


def custom(data: dict[str, Any]) -> list[Block]:
    """A message of an extension, as JSON data; nothing if it is not to be seen."""
    if not data.get("display", True):
        return []
    content = data.get("content", "")
    if not isinstance(content, str):
        content = "\n".join(part.get("text", "") for part in content)
    kind = data.get("customType", "")
    return [CustomBlock(False, kind=kind, text=content, details=data.get("details"))]


def _compaction(data: dict[str, Any]) -> list[Block]:
    before = data.get("tokensBefore")
    return [SummaryBlock(False, text=data.get("summary", ""), tokens_before=before)]


def _branch(data: dict[str, Any]) -> list[Block]:
    return [SummaryBlock(False, kind="branch", text=data.get("summary", ""))]


_OTHERS = {
    "bashExecution": _command,
    "custom": custom,
    "compactionSummary": _compaction,
    "branchSummary": _branch,
}

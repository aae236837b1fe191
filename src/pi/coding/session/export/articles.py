"""One entry of a session as an article of the page, and as a row of its tree.

Each kind of message has a function that shows it, found in a table. Whatever comes from a session
is escaped here or rendered by `markdown`; nothing else may reach the page.
"""

import re
from collections.abc import Callable, Container
from html import escape
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from pi.ai.messages import (
    AssistantMessage,
    ImageContent,
    TextContent,
    ThinkingContent,
    ToolCall,
    ToolResultMessage,
    Usage,
    UserContent,
    UserMessage,
    text_of,
)
from pi.coding.session.display import one_line, typed_text
from pi.coding.session.entries import (
    BashExecution,
    BranchSummary,
    Compaction,
    CustomMessage,
    CustomMessageEntry,
    Entry,
    MessageEntry,
    ModelChange,
    SystemMessage,
    ThinkingLevelChange,
    Unknown,
)
from pi.coding.session.export.markdown import render

__all__ = ["Shown", "calls_of", "show"]

_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_OPEN_LINES = 12
_WHY = {"error": "error:", "aborted": "aborted", "length": "cut off at the output limit"}
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Shown(Struct, frozen=True):
    """An entry for people. kind: a CSS class. title: its row in the tree. body: HTML."""

    kind: str
    who: str
    title: str
    body: str


Calls = dict[str, ToolCall]
"""Tool calls by id, to show a result with what was asked."""


def calls_of(entry: Entry) -> tuple[ToolCall, ...]:
    """The tool calls that an entry makes."""
    message = entry.message if isinstance(entry, MessageEntry) else None
    return message.tool_calls if isinstance(message, AssistantMessage) else ()


def show(entry: Entry, calls: Calls, answered: Container[str] = ()) -> Shown | None:
    """The entry for people; None if there is nothing to see.

    calls: those made so far. answered: ids of calls whose results are shown in their place.
    """
    thing: Any = entry.message if isinstance(entry, MessageEntry) else entry
    if isinstance(thing, AssistantMessage):
        return _assistant(thing, answered)
    shower = _SHOWERS.get(type(thing))
    return None if shower is None else shower(thing, calls)


# -- messages --------------------------------------------------------------------------------------


def _user(message: UserMessage, calls: Calls) -> Shown:
    text = text_of(message.content)
    typed = typed_text(text)
    body = _plain(typed) + _pictures(message.content)
    if typed != text:
        body += _details("the whole text", _pre(text))
    return Shown("user", "You", one_line(typed) or "(pictures)", body)


def _assistant(message: AssistantMessage, answered: Container[str]) -> Shown:
    parts: list[str] = []
    for block in message.content:
        match block:
            case TextContent(text) if text.strip():
                parts.append(f'<div class="md">{render(text)}</div>')
            case ThinkingContent(thinking) if thinking.strip():
                inner = f'<div class="md">{render(thinking)}</div>'
                parts.append(_details("Thinking", inner, kind="thinking"))
            case ToolCall(call_id) if call_id not in answered:
                parts.append(f'<p class="call">{_call(block)}</p>')
            case _:
                pass
    if message.stop_reason in _WHY:
        why = " ".join(filter(None, (_WHY[message.stop_reason], message.error_message)))
        parts.append(f'<p class="problem">{escape(why)}</p>')
    parts.append(f'<p class="used">{escape(message.model)}{_used(message.usage)}</p>')
    title = one_line(message.text)
    kind = "assistant"
    if not title:
        kind = "assistant silent"
        names = ", ".join(call.name for call in message.tool_calls)
        title = f"→ {names}" if names else f"({message.stop_reason})"
    return Shown(kind, "Assistant", title, "".join(parts))


def _tool_result(message: ToolResultMessage, calls: Calls) -> Shown:
    call = calls.get(message.tool_call_id) or ToolCall("", message.tool_name, {})
    text = text_of(message.content)
    parts = [_arguments(call)]
    diff = message.details.get("diff") if isinstance(message.details, dict) else None
    if isinstance(diff, str) and diff:
        parts.append(_diff(diff))
    elif text.strip():
        parts.append(_pre(text))
    parts.append(_pictures(message.content))
    summary = _call(call) + (' <span class="problem">failed</span>' if message.is_error else "")
    short = message.is_error or text.count("\n") < _OPEN_LINES
    body = _details(summary, "".join(parts), open_=short, raw=True)
    kind = "tool failed" if message.is_error else "tool"
    return Shown(kind, "Tool", f"{call.name}: {_main_argument(call)}".rstrip(": "), body)


def _shell(message: BashExecution, calls: Calls) -> Shown:
    notes: list[str] = []
    if message.cancelled:
        notes.append("stopped")
    if isinstance(message.exit_code, int) and message.exit_code:
        notes.append(f"exit code {message.exit_code}")
    if message.exclude_from_context is True:
        notes.append("not told to the model")
    note = f'<p class="used">{escape(", ".join(notes))}</p>' if notes else ""
    body = f"<pre><code>$ {_clean(message.command)}</code></pre>{_pre(message.output)}{note}"
    return Shown("shell", "Command", f"! {one_line(message.command)}", body)


def _custom(message: CustomMessage | CustomMessageEntry, calls: Calls) -> Shown | None:
    if not message.display:
        return None
    text = text_of(message.content)
    body = f'<div class="md">{render(text)}</div>{_pictures(message.content)}'
    return Shown("custom", message.custom_type, one_line(text), body)


def _system(message: SystemMessage, calls: Calls) -> Shown:
    text = message.content if isinstance(message.content, str) else ""
    if message.sections is not UNSET:
        text = "\n\n".join([text, *(value for value in message.sections.values() if value)])
    return Shown("note", "System prompt", "system prompt", _details("System prompt", _pre(text)))


# -- other entries ---------------------------------------------------------------------------------


def _compaction(entry: Compaction, calls: Calls) -> Shown:
    lead = f'<p class="used">replaced about {entry.tokens_before:,} tokens</p>'
    body = lead + _details("Summary", f'<div class="md">{render(entry.summary)}</div>', open_=True)
    return Shown("summary", "Compaction", "compaction", body)


def _branch(entry: BranchSummary, calls: Calls) -> Shown:
    body = _details("What happened", f'<div class="md">{render(entry.summary)}</div>', open_=True)
    return Shown("summary", "Summary of a branch", f"branch: {one_line(entry.summary, 80)}", body)


def _model(entry: ModelChange, calls: Calls) -> Shown:
    text = f"model: {entry.provider}/{entry.model_id}"
    return Shown("note", "", text, f"<p>{escape(text)}</p>")


def _thinking(entry: ThinkingLevelChange, calls: Calls) -> Shown:
    text = f"thinking: {entry.thinking_level}"
    return Shown("note", "", text, f"<p>{escape(text)}</p>")


def _unknown(entry: Unknown, calls: Calls) -> Shown:
    text = f"an entry of type {entry.type!r}, which cannot be shown"
    return Shown("note", "", entry.type, f"<p>{escape(text)}</p>")


_SHOWERS: dict[type, Callable[[Any, Calls], Shown | None]] = {
    UserMessage: _user,
    ToolResultMessage: _tool_result,
    BashExecution: _shell,
    CustomMessage: _custom,
    CustomMessageEntry: _custom,
    SystemMessage: _system,
    Compaction: _compaction,
    BranchSummary: _branch,
    ModelChange: _model,
    ThinkingLevelChange: _thinking,
    Unknown: _unknown,
}


# -- pieces ----------------------------------------------------------------------------------------


def _clean(text: str) -> str:
    return escape(_CONTROL.sub("", text), quote=False)


def _plain(text: str) -> str:
    return f'<div class="plain">{_clean(text)}</div>' if text.strip() else ""


def _pre(text: str) -> str:
    return f"<pre><code>{_clean(text.rstrip())}</code></pre>" if text.strip() else ""


def _details(
    summary: str, inner: str, *, kind: str = "", open_: bool = False, raw: bool = False
) -> str:
    title = summary if raw else escape(summary)
    attributes = (f' class="{kind}"' if kind else "") + (" open" if open_ else "")
    return f"<details{attributes}><summary>{title}</summary>{inner}</details>"


def _call(call: ToolCall) -> str:
    return f"<b>{escape(call.name)}</b> <code>{_clean(_main_argument(call))}</code>"


def _main_argument(call: ToolCall) -> str:
    """The argument that says most, on one line."""
    for name in ("command", "path", "pattern", "query", "url"):
        value = call.arguments.get(name)
        if isinstance(value, str):
            return one_line(value, 160)
    return one_line(", ".join(map(str, call.arguments)), 160)


def _arguments(call: ToolCall) -> str:
    """What the summary line of a call does not show."""
    arguments = dict(call.arguments)
    for name in ("command", "path", "pattern", "query", "url"):
        value = arguments.get(name)
        if isinstance(value, str):
            if one_line(value, 160) == value:
                del arguments[name]
            break
    parts: list[str] = []
    for name, value in list(arguments.items()):
        if isinstance(value, str) and "\n" in value:
            parts.append(f'<p class="used">{escape(name)}</p>{_pre(value)}')
            del arguments[name]
    if arguments:
        try:
            text = msgspec.json.format(msgspec.json.encode(arguments, enc_hook=str)).decode()
        except UnicodeEncodeError:
            text = str(arguments)
        parts.insert(0, _pre(text))
    inner = "".join(parts)
    return _details("Arguments", inner) if inner else ""


def _diff(diff: str) -> str:
    rows: list[str] = []
    for line in _CONTROL.sub("", diff).split("\n"):
        kind = {"+": "added", "-": "removed"}.get(line[:1], "")
        text = escape(line, quote=False)
        rows.append(f'<span class="{kind}">{text}</span>' if kind else text)
    return f'<pre class="diff"><code>{chr(10).join(rows)}</code></pre>'


def _pictures(content: str | tuple[UserContent, ...]) -> str:
    if isinstance(content, str):
        return ""
    parts: list[str] = []
    for block in content:
        if isinstance(block, ImageContent):
            good = block.mime_type in _PICTURES and _BASE64.fullmatch(block.data)
            source = f"data:{block.mime_type};base64,{block.data}"
            parts.append(f'<img alt="picture" src="{source}">' if good else "<p>(a picture)</p>")
    return "".join(parts)


def _used(usage: Usage) -> str:
    tokens = usage.input + usage.output + usage.cache_read + usage.cache_write
    text = f" · {tokens:,} tokens" if tokens else ""
    return text + (f" · ${usage.cost.total:.4f}" if usage.cost.total else "")

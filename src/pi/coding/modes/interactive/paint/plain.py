"""Blocks in words alone: for the linear mode, for logs, and when a painter fails."""

from pi.coding.modes.interactive.paint.calls import TOOLS, edits_of, other
from pi.coding.modes.interactive.paint.clean import clean, one_line
from pi.coding.modes.interactive.paint.shapes import (
    MOST_LINES,
    images_of,
    mapping,
    plural,
    seconds,
    text_of,
)
from pi.coding.modes.interactive.view import (
    ABSENT,
    Block,
    CommandBlock,
    CustomBlock,
    Look,
    NoticeBlock,
    SummaryBlock,
    TextBlock,
    ThinkingBlock,
    ToolBlock,
    UserBlock,
)

__all__ = ["plain"]

_LOOK = Look(style=lambda _: "", unicode=False)


def plain(block: Block) -> list[str]:
    """The block as lines of any length, without styles and control characters. Never raises."""
    try:
        return [line.rstrip() for line in _lines(block)]
    except Exception:  # whatever a model has written, something is said about it
        return [f"({type(block).__name__} cannot be shown)"]


def _lines(block: Block) -> list[str]:
    match block:
        case ThinkingBlock():
            if block.redacted:
                return ["(thinking that the service keeps to itself)"]
            return _text(block.text)
        case TextBlock():
            return _text(block.text)
        case UserBlock():
            images = [f"({_kind(image.mime_type)} image)" for image in block.images]
            return [*_text(block.text), *images]
        case ToolBlock():
            return _tool(block)
        case CommandBlock():
            return [f"$ {one_line(block.command)}", *_bounded("".join(block.output)), *_end(block)]
        case SummaryBlock():
            return ["Summary of what came before:", *_text(block.text)]
        case CustomBlock():
            if block.entry:
                return []
            return [f"{one_line(block.kind)}:", *_text(block.text)]
        case NoticeBlock():
            word = {"error": "Error: ", "warning": "Warning: "}.get(block.level, "")
            first, *rest = _text(block.text) or [""]
            known = first.lower().startswith(word.lower()) if word else True
            return [first if known else word + first, *rest]
        case _:
            return []


def _text(text: object) -> list[str]:
    text = clean(text).strip("\n")
    return text.split("\n") if text else []


def _bounded(text: object) -> list[str]:
    lines = _text(text)
    left = len(lines) - MOST_LINES
    return [f"({left} earlier lines not shown)", *lines[left:]] if left > 0 else lines


def _kind(kind: object) -> str:
    return one_line(kind).removeprefix("image/") or "unknown"


def _end(block: CommandBlock) -> list[str]:
    if block.cancelled:
        return ["(cancelled)"]
    return [f"(exit {block.exit_code})"] if block.exit_code else []


def _tool(block: ToolBlock) -> list[str]:
    shown = TOOLS.get(block.name, other)(block, _LOOK, False)
    name = one_line(block.name) if shown.name is None else shown.name
    lines = [f"{name or 'tool'} {shown.head} {shown.dim}".rstrip()]
    if block.state in ("writing", "waiting"):
        return lines
    if block.state in ABSENT:
        return [*lines, f"({ABSENT[block.state]})"]
    diff = mapping(block.details).get("diff")
    if block.name == "edit" and isinstance(diff, str) and block.state == "done":
        lines += _bounded(diff)
    elif block.name == "edit" and block.state == "running":
        for old, new in edits_of(mapping(block.arguments)):
            lines += [f"- {line}" for line in _text(old)] + [f"+ {line}" for line in _text(new)]
    else:
        lines += _bounded(text_of(block.content))
    lines += [f"({_kind(kind)} image)" for kind, _ in images_of(block.content)]
    if block.state == "failed":
        lines.append("(failed)")
    if isinstance(block.duration_ms, int | float) and block.duration_ms >= 1000:
        lines.append(f"(took {seconds(block.duration_ms / 1000)})")
    return lines


def summary_line(block: SummaryBlock) -> str:
    """One line about a summary."""
    what = "Earlier conversation summarised" if block.kind == "compaction" else "Branch summarised"
    tokens = f" ({plural(block.tokens_before, 'token')})" if block.tokens_before else ""
    return what + tokens

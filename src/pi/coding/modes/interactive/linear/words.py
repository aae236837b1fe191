"""What happens, said once in words: for screen readers, for logs, for terminals without a cursor.

An answer is said by whole lines, with the marks of Markdown left out where they only look nice.
"""

import re
from typing import Any

from pi.coding.modes.interactive.footer import short_path
from pi.coding.modes.interactive.paint.calls import lines_read
from pi.coding.modes.interactive.paint.shapes import output_of, plural
from pi.coding.modes.interactive.status import elapsed
from pi.coding.modes.interactive.view import (
    ABSENT,
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

__all__ = ["Prose", "say_block", "say_call"]

_TAIL = 12
_LONG = 300

_MAIN_ARGUMENTS = ("command", "path", "pattern", "file_path", "url", "query", "name")


class Prose:
    """Markdown into lines to be said, as it is written. `feed` takes deltas, `end` the end."""

    def __init__(self) -> None:
        self._rest = ""
        self._fence = ""
        self._blank = False

    def feed(self, text: str) -> list[str]:
        """The lines that are complete now."""
        *lines, self._rest = (self._rest + text).split("\n")
        return [said for line in lines for said in self._line(line)]

    def end(self) -> list[str]:
        """What is left."""
        rest, self._rest = self._rest, ""
        said = self._line(rest) if rest else []
        return [*said, "End of code."] if self._fence else said

    def _line(self, line: str) -> list[str]:
        bare = line.strip()
        if self._fence:
            if bare.startswith(self._fence) and not bare.strip(self._fence[0]):
                self._fence = ""
                return ["End of code."]
            return [line]
        if bare.startswith(("```", "~~~")):
            self._fence = re.match(r"[`~]+", bare)[0]  # type: ignore[index]
            language = bare.strip("`~ ").split(" ")[0]
            return [f"Code, {language}:" if language else "Code:"]
        if not bare:
            blank, self._blank = self._blank, True
            return [] if blank else [""]
        self._blank = False
        if not bare.strip("-*_ |:=") and len(bare) > 2:
            return []  # a rule, or the line under the head of a table
        return [_plain(line)]


def _plain(line: str) -> str:
    line = re.sub(r"^(\s*)#{1,6}\s+(.*?)\s*#*$", r"\1\2", line)
    line = re.sub(r"!?\[([^\]]*)\]\((\S+?)(?: \"[^\"]*\")?\)", _link, line)
    line = re.sub(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", r"\2", line)
    line = re.sub(r"(?<![\w*])\*(?=\S)([^*]+?)(?<=\S)\*(?![\w*])", r"\1", line)
    return re.sub(r"`([^`]+)`", r"\1", line)


def _link(match: "re.Match[str]") -> str:
    text, target = match[1], match[2]
    return target if text in ("", target) else f"{text} ({target})"


def say_call(block: ToolBlock, *, cwd: str = "", home: str = "") -> str:
    """That a tool begins, and with what."""
    what = _main(block.arguments, cwd, home)
    return f"Running {block.name}: {what}" if what else f"Running {block.name}."


def _main(arguments: Any, cwd: str, home: str) -> str:
    if not isinstance(arguments, dict):
        return ""
    for name in _MAIN_ARGUMENTS:
        value = arguments.get(name)
        if isinstance(value, str) and value:
            value = short_path(value, home) if name.endswith("path") and home else value
            return _cut(" ".join(value.split()))
    return ""


def say_block(block: Block) -> list[str]:
    """All there is to say of a block that is closed; answers are said by `Prose` instead."""
    maker = _SAID.get(type(block))
    return maker(block) if maker is not None else []


def _user(block: UserBlock) -> list[str]:
    images = f" ({plural(len(block.images), 'image')})" if block.images else ""
    return [f"You: {block.text}{images}"]


def _text(block: TextBlock) -> list[str]:
    prose = Prose()
    return ["Pi:", *prose.feed(block.text), *prose.end()]


def _thinking(block: ThinkingBlock) -> list[str]:
    return []


def _tool(block: ToolBlock) -> list[str]:
    took = "" if block.duration_ms is None else f" after {elapsed(block.duration_ms / 1000)}"
    text = "\n".join(
        part.get("text", "")
        for part in block.content
        if isinstance(part, dict) and isinstance(part.get("text", ""), str)
    ).rstrip()
    images = sum(1 for part in block.content if isinstance(part, dict) and part.get("data"))
    if block.state in ABSENT:
        return [f"{block.name}: {ABSENT[block.state]}."]
    output, before, notes = output_of(text, block.details)
    said = [*_tail(output, before), *notes]
    if block.state == "failed":
        return [f"{block.name} failed{took}.", *said]
    changes = _changes(block.details)
    if changes:
        return [f"{block.name} done{took}: {changes}."]
    more = f" {plural(images, 'image')}." if images else ""
    if block.name == "read":
        lines = "" if images else lines_read(text)
        return [f"{block.name} done{took}{f': {lines}' if lines else ''}.{more}"]
    if block.name == "ls":
        count = len(list(filter(None, text.split("\n\n[")[0].split("\n"))))
        return [f"{block.name} done{took}: {plural(count, 'line')}.{more}"]
    return [f"{block.name} done{took}.{more}", *said]


def _changes(details: Any) -> str:
    diff = details.get("diff") if isinstance(details, dict) else None
    if not isinstance(diff, str):
        return ""
    added = sum(1 for line in diff.splitlines() if line.startswith("+"))
    removed = sum(1 for line in diff.splitlines() if line.startswith("-"))
    return f"{plural(added, 'line')} added, {removed} removed"


def _tail(text: str, before: int = 0) -> list[str]:
    """The end of a text. before: lines that are not even in it."""
    lines = text.splitlines()
    left = max(0, len(lines) - _TAIL) + before
    head = [f"{plural(left, 'line')} of output left out, then:"] if left else []
    return [*head, *map(_cut, lines[-_TAIL:])]


def _cut(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"


def _command(block: CommandBlock) -> list[str]:
    output = _tail("".join(block.output).rstrip())
    if block.cancelled:
        return [*output, "Your command was ended."]
    if block.exit_code not in (None, 0):
        return [*output, f"Your command ended with exit code {block.exit_code}."]
    return [*output, "Your command is done."]


def _notice(block: NoticeBlock) -> list[str]:
    if block.markdown:
        prose = Prose()
        return [*prose.feed(block.text), *prose.end()]
    word = {"error": "Error: ", "warning": "Warning: "}.get(block.level, "")
    text = block.text
    return [text if text.startswith(word) else f"{word}{text}"]


def _summary(block: SummaryBlock) -> list[str]:
    if block.kind == "branch":
        return ["The branch that was left is summarised for the model."]
    before = f" of {block.tokens_before:,} tokens" if block.tokens_before else ""
    return [f"The conversation{before} is replaced by a summary."]


def _custom(block: CustomBlock) -> list[str]:
    return [f"{block.kind}: {block.text}"]


_SAID: dict[type[Block], Any] = {
    UserBlock: _user,
    TextBlock: _text,
    ThinkingBlock: _thinking,
    ToolBlock: _tool,
    CommandBlock: _command,
    NoticeBlock: _notice,
    SummaryBlock: _summary,
    CustomBlock: _custom,
}

"""Prompt templates: Markdown files that become `/name` commands.

Arguments are put in once: what an argument or a default says is never looked at again, so text with
a `$` in it stays as it was typed.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from pi.coding.resources.frontmatter import FrontmatterError, parse_frontmatter
from pi.coding.resources.sources import (
    Place,
    Scope,
    files_of,
    first_of_each_name,
    read_text,
)

__all__ = [
    "Template",
    "Templates",
    "expand_template",
    "fill",
    "find_templates",
    "split_arguments",
]

_LONGEST_DESCRIPTION = 60
_VARIABLE = re.compile(
    r"\$\{(\d+|ARGUMENTS|@):-([^}]*)\}"
    r"|\$\{@:(\d+)(?::(\d+))?\}"
    r"|\$(ARGUMENTS|@|\d+)"
)


class Template(Struct, frozen=True):
    """A template. `hint` shows what arguments it takes."""

    name: str
    description: str
    hint: str
    body: str
    path: Path
    scope: Scope


class Templates(Struct, frozen=True):
    """The templates that were found, and what people should know about them."""

    templates: tuple[Template, ...] = ()
    notes: tuple[str, ...] = ()


def find_templates(places: Iterable[Place], entries: Sequence[str] = ()) -> Templates:
    """The templates at these places that the patterns of the `prompts` setting let in."""
    notes: list[str] = []
    files = ((place, path) for place in places for path in _files(place, notes))
    found = first_of_each_name(
        files,
        entries,
        lambda path, scope: _read(path, scope, notes),
        lambda name: f"prompt template /{name}",
        notes,
    )
    return Templates(found, tuple(notes))


def expand_template(text: str, templates: Iterable[Template]) -> str | None:
    """What `/name arguments` stands for; None if it is no call of a template."""
    match = re.fullmatch(r"/(\S+)(?:\s+(.*))?", text, re.DOTALL)
    if match is None:
        return None
    for template in templates:
        if template.name == match[1]:
            return fill(template.body, split_arguments(match[2] or ""))
    return None


def split_arguments(text: str) -> list[str]:
    """Words, as a shell splits them.

    Quotes count only at the beginning of a word and only if they are closed, so `don't` is a word;
    within them a backslash keeps the quote.
    """
    words: list[str] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        word, at = _word(text, at)
        words.append(word)
    return words


def fill(body: str, arguments: Sequence[str]) -> str:
    """The text with its variables replaced: $1, $@, $ARGUMENTS, ${1:-x}, ${@:-x}, ${@:2:3}."""
    everything = " ".join(arguments)

    def one(name: str) -> str:
        if not name.isdigit():
            return everything
        number = int(name)
        return arguments[number - 1] if 1 <= number <= len(arguments) else ""

    def replace(match: re.Match[str]) -> str:
        name, default, start, length, simple = match.groups()
        if name:
            return one(name) or default
        if start:
            first = max(int(start) - 1, 0)
            last = None if length is None else first + int(length)
            return " ".join(arguments[first:last])
        return one(simple)

    return _VARIABLE.sub(replace, body)


def _word(text: str, at: int) -> tuple[str, int]:
    """The word that begins at `at`, and where it ends."""
    word = ""
    quoted = re.compile(r'"((?:[^"\\]|\\.)*)"|' r"'((?:[^'\\]|\\.)*)'", re.DOTALL).match(text, at)
    if quoted:
        quote = text[at]
        word = (quoted[1] if quote == '"' else quoted[2]).replace("\\" + quote, quote)
        at = quoted.end()
    end = at
    while end < len(text) and not text[end].isspace():
        end += 1
    return word + text[at:end], end


def _files(place: Place, notes: list[str]) -> Iterator[Path]:
    for path in files_of(place, ".md", "prompt template", notes):
        if path.suffix == ".md":
            yield path


def _read(path: Path, scope: Scope, notes: list[str]) -> Template | None:
    text = read_text(path, notes)
    if text is None:
        return None
    try:
        head, body = parse_frontmatter(text)
    except FrontmatterError as error:
        notes.append(f"prompt template {path} is not loaded: {error}")
        return None
    description, hint = head.get("description"), head.get("argument-hint")
    if not isinstance(description, str) or not description.strip():
        description = next((line.strip() for line in body.splitlines() if line.strip()), "")
        if len(description) > _LONGEST_DESCRIPTION:
            description = description[: _LONGEST_DESCRIPTION - 1] + "…"
    if isinstance(hint, list):
        hint = f"[{', '.join(map(str, hint))}]"  # `[focus]` without quotes is a list to YAML
    return Template(
        path.stem, description.strip(), hint if isinstance(hint, str) else "", body, path, scope
    )

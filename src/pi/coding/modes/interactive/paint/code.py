"""Source text in colours, a few lines at a time: what was coloured once is not looked at again.

Lexers of pygments that keep a stack of states go on where they stopped; others begin anew with each
part. Parts end at blank lines where they can, and not within a comment or a long string.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from pi.coding.modes.interactive.lines import Line
from pi.coding.modes.interactive.paint.patterns import Pattern

__all__ = ["CodeBlock", "Highlighter", "colours", "language_of", "lexer_class"]

_LONGEST_LINE = 2000
"""Longer lines (minified files) are not coloured: a regular expression might not come back."""

_SHORT, _LONG, _COMMENT = 8, 24, 300
"""Lines of a part: at least; at most; at most within a comment."""

_SUFFIXES = {
    "c": "C",
    "cpp": "C++",
    "cs": "C#",
    "h": "C",
    "htm": "HTML",
    "html": "HTML",
    "ipynb": "JSON",
    "js": "JavaScript",
    "json": "JSON",
    "jsonl": "JSON",
    "jsx": "JavaScript",
    "m": "Objective-C",
    "md": "Markdown",
    "php": "PHP",
    "pl": "Perl",
    "ps1": "PowerShell",
    "pyi": "Python",
    "r": "S",
    "rs": "Rust",
    "s": "GAS",
    "sh": "Bash",
    "sql": "SQL",
    "ts": "TypeScript",
    "tsx": "TypeScript",
    "txt": "",
    "v": "verilog",
    "vue": "HTML",
    "xml": "XML",
}
_ALIASES = {
    "jsonc": "json",
    "json5": "json",
    "jsonl": "json",
    "mjs": "js",
    "cjs": "js",
    "jsx": "js",
    "tsx": "ts",
    "shellscript": "bash",
    "vue": "html",
    "svelte": "html",
    "py3": "python",
    "text": "",
    "txt": "",
    "plain": "",
    "plaintext": "",
    "output": "",
}
_NEVER_CLOSED = Pattern(r"/\*|\*/|<!--|-->|\(\*|\*\)")
_TOKENS = (
    # the first prefix that fits counts
    ("Token.Comment.Preproc", "syntaxKeyword"),
    ("Token.Comment", "syntaxComment"),
    ("Token.Keyword.Type", "syntaxType"),
    ("Token.Keyword.Constant", "syntaxNumber"),
    ("Token.Keyword", "syntaxKeyword"),
    ("Token.Operator.Word", "syntaxKeyword"),
    ("Token.Operator", "syntaxOperator"),
    ("Token.Punctuation", "syntaxPunctuation"),
    ("Token.Literal.Number", "syntaxNumber"),
    ("Token.Literal", "syntaxString"),
    ("Token.Name.Function", "syntaxFunction"),
    ("Token.Name.Decorator", "syntaxFunction"),
    ("Token.Name.Class", "syntaxType"),
    ("Token.Name.Namespace", "syntaxType"),
    ("Token.Name.Exception", "syntaxType"),
    ("Token.Name.Builtin.Pseudo", "syntaxVariable"),
    ("Token.Name.Builtin", "syntaxFunction"),
    ("Token.Name.Tag", "syntaxKeyword"),
    ("Token.Name.Attribute", "syntaxVariable"),
    ("Token.Name.Variable", "syntaxVariable"),
    ("Token.Name.Constant", "syntaxNumber"),
    ("Token.Generic.Deleted", "toolDiffRemoved"),
    ("Token.Generic.Inserted", "toolDiffAdded"),
    ("Token.Generic.Heading", "syntaxKeyword"),
    ("Token.Generic.Subheading", "syntaxFunction"),
    ("Token.Generic.Prompt", "syntaxComment"),
    ("Token.Generic.Output", "mdCodeBlock"),
)


@lru_cache(maxsize=1)
def _known() -> tuple[dict[str, str], dict[str, str]]:
    """Classes of lexers by alias and by suffix, without the plugins of other packages."""
    from pygments.lexers import LEXERS  # a table only, no lexer is loaded

    aliases: dict[str, str] = {}
    suffixes: dict[str, str] = {}
    names: dict[str, str] = {}
    for class_name, (_, name, short, patterns, _mime) in LEXERS.items():
        names[name] = class_name
        for alias in short:
            aliases.setdefault(alias.lower(), class_name)
        for pattern in patterns:
            if pattern.startswith("*.") and pattern[2:].isalnum():
                suffixes.setdefault(pattern[2:].lower(), class_name)
            else:
                suffixes.setdefault("/" + pattern.lower(), class_name)
        aliases.setdefault(name.lower(), class_name)
    suffixes.update({key: names.get(name, "") for key, name in _SUFFIXES.items()})
    return aliases, suffixes


@lru_cache(maxsize=64)
def lexer_class(language: str) -> Any:
    """The lexer of a language by name or alias, or None."""
    language = _ALIASES.get(language.lower(), language.lower())
    if not language or len(language) > 40:
        return None
    import pygments.lexers

    name = _known()[0].get(language)
    return getattr(pygments.lexers, name) if name and not name.startswith("Text") else None


def language_of(path: str) -> str:
    """The language of a file by its name, or ""."""
    name = path.replace("\\", "/").rsplit("/", 1)[-1].lower()
    suffix = name.rsplit(".", 1)[-1] if "." in name else ""
    suffixes = _known()[1]
    found = suffixes.get("/" + name) or suffixes.get(suffix, "")
    if not found:
        return ""
    from pygments.lexers import LEXERS

    return LEXERS[found][1]


class Highlighter:
    """Colours the parts of one text, one after the other."""

    def __init__(self, language: str, style: Callable[[str], str], plain: str = "") -> None:
        self._style = style
        self._plain = plain
        self._stack: tuple[str, ...] = ("root",)
        self._styles: dict[Any, str] = {}
        self._carries = False
        self._lexer: Any = None
        kind = lexer_class(language) if language else None
        if kind is not None:
            from pygments.lexer import RegexLexer

            self._lexer = kind()
            self._carries = (
                isinstance(self._lexer, RegexLexer)
                and kind.get_tokens_unprocessed is RegexLexer.get_tokens_unprocessed
            )

    def fork(self) -> "Highlighter":
        """A copy that goes on by itself."""
        other = object.__new__(Highlighter)
        other.__dict__.update(self.__dict__)
        return other

    def lines(self, texts: list[str]) -> list[Line]:
        """The lines in colours; they have no control characters and no line breaks in them."""
        if self._lexer is None or any(len(text) > _LONGEST_LINE for text in texts):
            return [[(self._plain, text)] if text else [] for text in texts]
        if not texts:
            return []
        lines: list[Line] = [[]]
        for token, text in self._tokens("\n".join(texts) + "\n"):
            style = self._styles.get(token)
            if style is None:
                style = self._styles[token] = self._style_of(token)
            first, *rest = text.split("\n") if "\n" in text else (text,)
            if first:
                _add(lines[-1], style, first)
            for part in rest:
                lines.append([(style, part)] if part else [])
        return lines[: len(texts)]

    def _tokens(self, text: str) -> list[tuple[Any, str]]:
        if not self._carries:
            return [(kind, part) for _, kind, part in self._lexer.get_tokens_unprocessed(text)]
        tokens = self._lexer.get_tokens_unprocessed(text, self._stack)
        found: list[tuple[Any, str]] = []
        stack: Any = None
        for _, kind, part in tokens:
            if "\n" in part and tokens.gi_frame is not None:
                stack = tokens.gi_frame.f_locals.get("statestack")
            found.append((kind, part))
        # pygments does not tell in which state it ends, so its own list of states is kept
        if isinstance(stack, list) and stack and len(stack) <= 200:
            self._stack = tuple(stack)
        return found

    def _style_of(self, token: Any) -> str:
        name = str(token)
        for prefix, ours in _TOKENS:
            if name.startswith(prefix):
                return self._style(ours) or self._plain
        return self._plain


def _add(line: Line, style: str, text: str) -> None:
    if line and line[-1][0] == style:
        line[-1] = (style, line[-1][1] + text)
    else:
        line.append((style, text))


class _Draft:
    """How the lines that wait look for now: coloured one by one, each once."""

    def __init__(self, highlighter: Highlighter) -> None:
        self.highlighter = highlighter
        self.lines: list[Line] = []


class CodeBlock:
    """Lines of code that arrive one by one and are coloured in parts."""

    def __init__(self, language: str, style: Callable[[str], str], plain: str) -> None:
        self._make = (language, style, plain)
        self._highlighter: Highlighter | None = None
        self._waiting: list[str] = []
        self._comment = 0
        self._draft: _Draft | None = None
        self._drafted = -1

    def fork(self) -> "CodeBlock":
        """A copy to look at what is there; it may colour lines in a simpler way."""
        other = CodeBlock(*self._make)
        highlighter = self._known()
        if self._draft is None:
            self._draft = _Draft(highlighter.fork())
        other._highlighter = highlighter
        other._waiting = [*self._waiting]
        other._comment = self._comment
        other._draft = self._draft
        other._drafted = len(self._waiting)
        return other

    def add(self, text: str) -> list[Line]:
        """Another line. Gives the lines whose colours are final now."""
        self._waiting.append(text)
        for mark in _NEVER_CLOSED.findall(text) if len(text) <= _LONGEST_LINE else ():
            self._comment = 1 if mark in ("/*", "<!--", "(*") else 0
        count = len(self._waiting)
        ends = (not text.strip() and count >= _SHORT) or count >= _LONG
        if (ends and not self._comment) or count >= _COMMENT or len(text) > _LONGEST_LINE:
            return self.close()
        return []

    def close(self) -> list[Line]:
        """All that is left."""
        waiting, self._waiting, self._comment = self._waiting, [], 0
        draft, self._draft = self._draft, None
        if not waiting:
            return []
        if draft is not None and self._drafted >= 0:
            done = len(draft.lines)
            draft.lines += draft.highlighter.lines(waiting[done : self._drafted])
            rest = draft.highlighter.fork().lines(waiting[self._drafted :])
            self._drafted = -1
            return [*draft.lines, *rest]
        highlighter = self._known()
        if len(waiting[-1]) > _LONGEST_LINE:
            return highlighter.lines(waiting[:-1]) + highlighter.lines(waiting[-1:])
        return highlighter.lines(waiting)

    def _known(self) -> Highlighter:
        if self._highlighter is None:
            self._highlighter = Highlighter(*self._make)
        return self._highlighter


def colours(text: str, language: str, style: Callable[[str], str], plain: str) -> list[Line]:
    """A whole text in colours."""
    block = CodeBlock(language, style, plain)
    lines: list[Line] = []
    for line in text.split("\n"):
        lines += block.add(line)
    return lines + block.close()

"""Shell patterns as regular expressions.

`*` and `?` stop at a slash, `**` as a whole path part goes over any number of folders. Matching is
done on whole relative paths with forward slashes.
"""

import re

__all__ = ["POSIX_CLASSES", "translate"]


def translate(pattern: str, *, braces: bool = True) -> str:
    """The regular expression (for `fullmatch`) of a pattern. `braces`: understand `{a,b}`."""
    out: list[str] = []
    depth = 0
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "*":
            piece, at = _stars(pattern, at)
            out.append(piece)
            continue
        at += 1
        if char == "?":
            out.append("[^/]")
        elif char == "[":
            piece, at = _char_class(pattern, at)
            out.append(piece)
        elif char == "\\" and at < len(pattern):
            out.append(re.escape(pattern[at]))
            at += 1
        elif braces and char == "{" and _closes(pattern, at):
            out.append("(?:")
            depth += 1
        elif depth and char == ",":
            out.append("|")
        elif depth and char == "}":
            out.append(")")
            depth -= 1
        else:
            out.append(re.escape(char))
    return "".join(out)


def _stars(pattern: str, at: int) -> tuple[str, int]:
    """The expression for the stars at `at`, and where the pattern goes on."""
    end = at
    while end < len(pattern) and pattern[end] == "*":
        end += 1
    starts_part = at == 0 or pattern[at - 1] == "/"
    if end - at >= 2 and starts_part:
        if pattern[end : end + 1] == "/":
            return "(?:[^/]+/)*", end + 1
        if end == len(pattern):
            # `a/**` is what lies in `a`, not `a` itself.
            return (".+" if at else ".*"), end
    return "[^/]*", end


def _char_class(pattern: str, at: int) -> tuple[str, int]:
    """The expression for a class whose `[` lies before `at`; a literal `[` if it has no end."""
    start = at
    negated = pattern[at : at + 1] in ("!", "^")
    at += negated
    items: list[str] = []
    first = True
    while at < len(pattern) and (first or pattern[at] != "]"):
        first = False
        if pattern.startswith("[:", at):
            end = pattern.find(":]", at)
            name = pattern[at + 2 : end] if end > 0 else ""
            if name in POSIX_CLASSES:
                items.append(POSIX_CLASSES[name])
                at = end + 2
                continue
        char, at = _class_char(pattern, at)
        if pattern[at : at + 1] == "-" and pattern[at + 1 : at + 2] not in ("", "]"):
            last, at = _class_char(pattern, at + 1)
            if char <= last:
                items.append(f"{re.escape(char)}-{re.escape(last)}")
            continue
        items.append(re.escape(char))
    if at >= len(pattern):
        return re.escape("["), start
    if not items:
        return "(?!)" if not negated else "[^/]", at + 1
    body = "".join(items)
    return (f"[^/{body}]" if negated else f"(?!/)[{body}]"), at + 1


def _class_char(pattern: str, at: int) -> tuple[str, int]:
    if pattern[at] == "\\" and at + 1 < len(pattern):
        at += 1
    return pattern[at], at + 1


def _closes(pattern: str, at: int) -> bool:
    """Whether the brace before `at` has its other half."""
    depth = 1
    while at < len(pattern):
        if pattern[at] == "\\":
            at += 1
        elif pattern[at] == "{":
            depth += 1
        elif pattern[at] == "}":
            depth -= 1
            if not depth:
                return True
        at += 1
    return False


POSIX_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "ascii": r"\x00-\x7f",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\s",
    "upper": "A-Z",
    "word": r"\w",
    "xdigit": "0-9A-Fa-f",
}
"""Classes such as `[:alpha:]`, as they are written inside a class of `re`."""

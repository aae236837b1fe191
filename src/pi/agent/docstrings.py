"""What a docstring says: about the function, and about each parameter.

The three usual styles are read: `Args:` with indented `name: text` (Google), `:param name: text`
(Sphinx), and `Parameters` underlined with dashes (NumPy).
"""

import re

__all__ = ["parse_docstring"]

_SECTION = re.compile(
    r"(Args|Arguments|Parameters|Params|Returns?|Raises|Yields?|Examples?|Notes?)\s*:?\s*$"
)
_ARGS = ("Args", "Arguments", "Parameters", "Params")
_ENTRY = re.compile(r"(\*{0,2}\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)$")
_SPHINX = re.compile(r":param(?:\s+[^:\s]+)?\s+(\w+):\s*(.*)$")
_FIELD = re.compile(r":(?:returns?|rtype|raises?|type|yields?)\b")


def parse_docstring(text: str) -> tuple[str, dict[str, str]]:
    """The description, and texts by parameter. `text` is already without indentation."""
    about: list[str] = []
    found: dict[str, str] = {}
    section, current, lines = "", "", text.splitlines()
    for number, line in enumerate(lines):
        stripped = line.strip()
        below = lines[number + 1].strip() if number + 1 < len(lines) else ""
        underlined = len(below) > 2 and set(below) == {"-"}
        heading = _SECTION.match(stripped) if not line[:1].isspace() else None
        if heading and (stripped.endswith(":") or underlined):
            section, current = heading[1], ""
        elif sphinx := _SPHINX.match(stripped):
            section, current = "fields", sphinx[1]
            found[current] = sphinx[2]
        elif _FIELD.match(stripped):
            section, current = "fields", ""
        elif not section:
            about.append(line.rstrip())
        elif set(stripped) == {"-"}:
            continue
        elif section in _ARGS or section == "fields":
            current = _parameter(line, section, current, found)
    return "\n".join(about).strip(), {name: " ".join(t.split()) for name, t in found.items()}


def _parameter(line: str, section: str, current: str, found: dict[str, str]) -> str:
    """Take a line about parameters; the parameter that the next line may go on about."""
    stripped = line.strip()
    if not stripped:
        return current
    entry = _ENTRY.match(stripped)
    indent = len(line) - len(line.lstrip())
    numpy = re.match(r"(\w+)(?:\s*:.*)?$", stripped) if indent == 0 else None
    if section == "fields":
        entry = numpy = None
    if numpy:
        found[numpy[1]] = ""
        return numpy[1]
    if entry and (not current or indent <= 4):
        name = entry[1].lstrip("*")
        found[name] = entry[2]
        return name
    if current:
        found[current] += f" {stripped}"
    return current

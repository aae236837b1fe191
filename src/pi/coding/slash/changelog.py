"""`/changelog`: what is new."""

import re
from pathlib import Path

from pi.ai.errors import ConfigError
from pi.coding.extensions.surface import Context
from pi.coding.slash.words import show

__all__ = ["run"]

_PACKAGE = Path(__file__).parents[2]
_VERSIONS = 3


async def run(arguments: str, context: Context) -> None:
    """The last versions, or all of them."""
    for file in (_PACKAGE / "CHANGELOG.md", _PACKAGE.parents[1] / "CHANGELOG.md"):
        try:
            text = file.read_text(encoding="utf-8")
        except OSError:
            continue
        show(context, text if arguments.lower() == "all" else _newest(text))
        return
    raise ConfigError("CHANGELOG.md is not part of this installation")


def _newest(text: str) -> str:
    starts = [found.start() for found in re.finditer(r"^## ", text, re.MULTILINE)]
    if len(starts) <= _VERSIONS:
        return text
    return text[starts[0] : starts[_VERSIONS]].rstrip() + "\n\n`/changelog all` shows the rest."

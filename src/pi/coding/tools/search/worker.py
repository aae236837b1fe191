"""Our own search engine, run as a child process.

It is a process and not a thread because a regular expression of Python cannot be interrupted: one
that takes for ever would hold the whole program. The request comes as JSON in the last argument;
found paths go out with a NUL after each, matching lines as events of `rg --json`.
"""

import json
import os
import sys
from re import error as RegexError  # noqa: N812
from typing import Any

from pi.coding.tools.search.lookup import compile_pattern, required_literal, search_file
from pi.coding.tools.search.select import choice, matcher, normalised
from pi.coding.tools.search.walk import walk

__all__ = ["BAD_PATTERN", "main"]

BAD_PATTERN = 3
"""Exit code: the pattern is no regular expression; the reason is on standard error."""


def main() -> None:
    """Do what the last argument asks for."""
    request = json.loads(sys.argv[-1])
    try:
        {"find": _find, "grep": _grep}[request["mode"]](request)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os._exit(0)  # nobody listens any more


def _find(request: dict[str, Any]) -> None:
    write = sys.stdout.buffer.write
    wanted = matcher(normalised(request["pattern"], request["root"]))
    left = request["limit"]
    for entry in walk(request["root"]):
        if wanted(entry.path, entry.is_folder):
            write(os.fsencode(entry.path) + (b"/\0" if entry.is_folder else b"\0"))
            left -= 1
            if not left:
                return


class _Enough(Exception):
    """As many matches as were asked for."""


def _grep(request: dict[str, Any]) -> None:
    how = {"literal": request["literal"], "ignore_case": request["ignoreCase"]}
    try:
        pattern = compile_pattern(request["pattern"], **how)
    except (RegexError, RecursionError, OverflowError) as error:
        sys.stderr.write(str(error))
        sys.exit(BAD_PATTERN)
    needed = required_literal(request["pattern"], **how)
    left = request["limit"]

    def emit(event: dict[str, Any]) -> None:
        nonlocal left
        sys.stdout.buffer.write(json.dumps(event).encode() + b"\n")
        if event["type"] == "match":
            left -= 1
            if not left:
                raise _Enough

    root: str = request["root"]
    names = [request["file"]] if request["file"] else _files(root, request["glob"])
    for name in names:
        try:
            with open(os.path.join(root, name), "rb") as file:  # noqa: PTH118, PTH123
                shown = os.fsencode(name).decode("utf-8", "replace")
                search_file(file, shown, pattern, request["context"], needed, emit)
        except _Enough:
            return
        except BrokenPipeError:
            raise
        except OSError:
            continue


def _files(root: str, glob: str | None) -> Any:
    for entry in walk(root, choice(glob) if glob else None):
        if entry.is_file:
            yield entry.path


if __name__ == "__main__":
    main()

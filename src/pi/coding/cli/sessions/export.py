"""`pi sessions export SESSION [FILE]`: a session as a page, or its branch as a session file."""

from pi.coding.cli.export import write_export
from pi.coding.cli.sessions.shelf import Shelf

__all__ = ["run"]


def run(shelf: Shelf) -> int:
    """Write it; gives the exit code."""
    ref, *name = shelf.args.prompts
    path = shelf.session(ref).path
    target = write_export(shelf.home, path, name[0] if name else None)
    shelf.answer(str(target), {"path": str(target)})
    return 0

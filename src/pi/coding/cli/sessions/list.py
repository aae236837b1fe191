"""`pi sessions list`: the sessions of this folder, or of all."""

from pi.coding.cli.sessions.shelf import Shelf

__all__ = ["run"]


def run(shelf: Shelf) -> int:
    """Print them; gives the exit code."""
    hint = "" if shelf.args.flag("all") else " of this folder; --all lists those of all folders"
    shelf.show(shelf.sessions(), f"There are no sessions{hint}")
    return 0

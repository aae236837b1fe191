"""`pi sessions rename SESSION NAME`: name a session, as `/name` would."""

from pi.coding.cli.sessions.shelf import Shelf, as_data
from pi.coding.session.log import SessionLog

__all__ = ["run"]


def run(shelf: Shelf) -> int:
    """Append the name; gives the exit code."""
    ref, *words = shelf.args.prompts
    info = shelf.session(ref)
    SessionLog.open(info.path).append_name(" ".join(words))
    named = shelf.session(str(info.path))
    text = f"{named.id} is now {named.name!r}" if named.name else f"{named.id} has no name now"
    shelf.answer(text, as_data(named))
    return 0

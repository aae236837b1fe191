"""`pi sessions search WORDS`: the sessions in which that was said."""

from pi.coding.cli.sessions.shelf import Shelf
from pi.coding.session.search import search

__all__ = ["run"]


def run(shelf: Shelf) -> int:
    """Print them; gives the exit code."""
    words = shelf.args.prompts
    query = words[0] if len(words) == 1 else " ".join(map(_quoted, words))
    fits = search(query)
    found = [info for info in shelf.sessions() if fits(info)]
    return 0 if shelf.show(found, f"No session has {query}") else 1


def _quoted(word: str) -> str:
    """A word with spaces was one word for the shell too."""
    return f'"{word}"' if " " in word and '"' not in word else word

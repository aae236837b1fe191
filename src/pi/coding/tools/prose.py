"""What a model is told about a tool lies as prose in `x.md` beside `x.py`; here it is read."""

from pathlib import Path

__all__ = ["description"]


def description(name: str) -> str:
    """The text of `<name>.md` in this folder."""
    return Path(__file__).with_name(f"{name}.md").read_text(encoding="utf-8").strip()

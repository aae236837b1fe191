"""A key of the screen, entries that the session remembers, and how they look."""

from collections.abc import Sequence
from typing import Any

from pi.extensions import Context, Pi


def extension(pi: Pi) -> None:
    async def note(context: Context) -> None:
        text = await context.ui.input("Note", placeholder="what to remember")
        if text:
            context.append_entry("note", {"text": text})
            context.ui.set_widget("notes", [f"{len(context.entries('note'))} notes"])

    def show(arguments: str, context: Context) -> None:
        notes = [entry["text"] for entry in context.entries("note")]
        context.ui.notify("\n".join(notes) or "no notes yet")

    def draw(content: Any, details: Any, expanded: bool) -> Sequence[str]:
        return [f"Note: {content['text']}"]

    pi.register_shortcut("ctrl+alt+n", note, help="write a note")
    pi.register_command("notes", show, description="shows the notes of this branch")
    pi.register_renderer("note", draw)

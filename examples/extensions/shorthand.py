"""Hears what the user says before anybody else: changes it, answers it, or leaves it."""

from pi.extensions import Context, Handled, Input, Pi


def extension(pi: Pi) -> None:
    @pi.on("input")
    def expand(event: Input, context: Context) -> Handled | str | None:
        if event.text == "ping":
            context.ui.notify("pong")
            return Handled()
        if event.text.startswith("?"):
            return f"Answer in one sentence: {event.text[1:].strip()}"
        return None

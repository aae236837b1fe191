"""`/name`: name this session."""

from pi.coding.api.answers import SessionState
from pi.coding.api.commands import GetState, SetName
from pi.coding.extensions.surface import Context
from pi.coding.slash.words import first_line, unquoted

__all__ = ["run"]


async def run(arguments: str, context: Context) -> None:
    """Without a name it is asked for; `""` takes the name away."""
    state: SessionState = await context.send(GetState())
    before = state.session_name if isinstance(state.session_name, str) else ""
    typed: str | None = arguments
    if not arguments:
        title = "Name of this session" + (f", now {before!r}" if before else "")
        typed = await context.ui.input(title, placeholder=before or "what it is about")
        if not typed or not typed.strip():
            return
    name = first_line(unquoted((typed or "").strip()), 200)
    await context.send(SetName(name))
    context.ui.notify(f"This session is called {name!r}" if name else "The session has no name now")

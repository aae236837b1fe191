"""What extensions bring to the screen: keys of their own, and how their things look.

They are asked through the session, like everything else. Drawing is asked for in the middle of a
frame: the answer has to be there at once, and is left out if it is not.
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from prompt_toolkit.key_binding import KeyBindings

from pi.ai.errors import PiError
from pi.coding.api.answers import Entries
from pi.coding.api.commands import GetEntries, Session
from pi.coding.api.extending import GetShortcuts, Looks, Render, RunShortcut, Shortcuts
from pi.coding.modes.interactive.keymap import sequence
from pi.coding.modes.interactive.replay import data_blocks
from pi.coding.modes.interactive.view import Block

__all__ = ["Strangers"]


class Strangers:
    """Keys and looks of extensions, as they were listed last. run: sends a command for a key."""

    def __init__(self, run: Callable[[RunShortcut], None]) -> None:
        self.bindings = KeyBindings()
        self.renderers: Any = None
        self._run = run

    async def learn(self, session: Session) -> None:
        """List them anew."""
        try:
            listed: Shortcuts = await session.send(GetShortcuts())
        except PiError:
            return
        self.bindings = KeyBindings()
        for shortcut in listed.shortcuts:
            keys = sequence(shortcut.key)
            if keys:
                self.bindings.add(*keys)(self._pressing(shortcut.key))
        self.renderers = None
        if listed.messages or listed.tool_calls or listed.tool_results:
            self.renderers = _renderers(session, listed)

    async def data_blocks(self, session: Session, limit: int) -> dict[int, list[Block]]:
        """What they have kept in the session among its last messages, see `replay`."""
        kinds = () if self.renderers is None else tuple(self.renderers.messages)
        if not kinds:
            return {}
        found: Entries = await session.send(GetEntries())
        return data_blocks(found.entries, found.leaf_id, kinds, limit)

    def _pressing(self, key: str) -> Callable[[Any], None]:
        return lambda event: self._run(RunShortcut(key))


def _renderers(session: Session, listed: Shortcuts) -> Any:
    from pi.coding.modes.interactive.paint import Renderers

    def call(tool: str) -> Callable[..., Sequence[str]]:
        return lambda arguments: _drawn(session, Render("tool_call", tool, arguments))

    def result(tool: str) -> Callable[..., Sequence[str]]:
        return lambda text, details, is_error, expanded: _drawn(
            session, Render("tool_result", tool, text, details, is_error, expanded)
        )

    def message(kind: str) -> Callable[..., Sequence[str]]:
        return lambda text, details, expanded: _drawn(
            session, Render("message", kind, text, details, expanded=expanded)
        )

    return Renderers(
        calls={tool: call(tool) for tool in listed.tool_calls},
        results={tool: result(tool) for tool in listed.tool_results},
        messages={kind: message(kind) for kind in listed.messages},
    )


def _drawn(session: Session, command: Render) -> Sequence[str]:
    """What was drawn. Raises if there is nothing, so that the usual look is shown."""
    asked: Coroutine[Any, Any, Looks] = session.send(command)
    try:
        asked.send(None)
    except StopIteration as done:
        looks: Looks = done.value
        if looks.lines is not None:
            return looks.lines
    else:
        asked.close()
    raise LookupError("nothing was drawn")

"""What the screen's keys do: actions of the keymap, each a small function."""

import time
from collections.abc import Callable
from typing import Any

from pi.coding.api import commands as c
from pi.coding.api.answers import ModelChoice, ThinkingChoice
from pi.coding.modes.interactive.keymap import Do
from pi.coding.modes.interactive.screen.shell import Screen

__all__ = ["ScreenKeys"]

TWICE = 0.5
"""Seconds in which a key has to be pressed again to count as twice."""
BACK = 4.0
"""Seconds in which Ctrl+O goes on to earlier outputs; the hint is shown as long."""


class ScreenKeys:
    """The actions of a screen. leave: ends the program. suspend: stops it for a while."""

    def __init__(
        self, screen: Screen, *, leave: Callable[[], None], suspend: Callable[[], None]
    ) -> None:
        self._screen = screen
        self._leave = leave
        self._suspend = suspend
        self._pressed: dict[str, float] = {}
        self._back = 0, 0.0

    def actions(self) -> dict[str, Do]:
        """Action ids and what they do."""
        slash = self._slash
        return {
            "tui.input.submit": lambda: self._submit(later=False),
            "app.message.followUp": lambda: self._submit(later=True),
            "app.message.dequeue": self._screen.talk.take_back,
            "app.interrupt": self._escape,
            "app.clear": self._clear,
            "app.exit": self._exit,
            "app.suspend": self._suspend,
            "app.model.cycleForward": lambda: self._cycle_model(backward=False),
            "app.model.cycleBackward": lambda: self._cycle_model(backward=True),
            "app.thinking.cycle": self._cycle_thinking,
            "app.thinking.toggle": self._toggle_thinking,
            "app.tools.expand": self._expand,
            "app.model.select": slash("/model"),
            "app.message.copy": slash("/copy"),
            "app.session.new": slash("/new"),
            "app.session.tree": slash("/tree"),
            "app.session.fork": slash("/fork"),
            "app.session.resume": slash("/resume"),
        }

    def _twice(self, action: str) -> bool:
        now = time.monotonic()
        again = now - self._pressed.get(action, float("-inf")) < TWICE
        self._pressed[action] = float("-inf") if again else now
        return again

    def _slash(self, text: str) -> Callable[[], None]:
        return lambda: self._screen.talk.submit(text)

    def _submit(self, *, later: bool) -> None:
        screen, editor = self._screen, self._screen.editor
        if not editor.text.strip() and not editor.images:
            return
        text, images = editor.take()
        screen.talk.submit(text, images, later=later)
        screen.redraw()

    def _escape(self) -> None:
        screen = self._screen
        if screen.parts.dismiss():
            return
        if screen.talk.escape():
            self._pressed.pop("escape", None)
        elif screen.editor.empty and self._twice("escape"):
            action = screen.settings.get("doubleEscapeAction", "tree")
            if action in ("tree", "fork"):
                screen.talk.submit(f"/{action}")

    def _clear(self) -> None:
        screen = self._screen
        if self._twice("clear"):
            self._leave()
            return
        if not screen.editor.empty:
            screen.editor.clear()
        key = screen.keymap.label("app.clear").lower()
        screen.hint(f"{key} again quits", TWICE)

    def _exit(self) -> Any:
        if not self._screen.editor.empty:
            return False
        self._leave()
        return None

    def _cycle_model(self, *, backward: bool) -> None:
        screen = self._screen

        def then(choice: ModelChoice | None) -> None:
            if choice is None:
                screen.hint("there is no other model to switch to (/model, /scoped-models)")
            else:
                screen.hint(f"{choice.model.name} ({choice.model.provider})")
            screen.learn()

        screen.talk.send(c.CycleModel(backward), then)

    def _cycle_thinking(self) -> None:
        screen = self._screen

        def then(choice: ThinkingChoice | None) -> None:
            screen.hint(
                "this model has no other thinking level"
                if choice is None
                else f"thinking: {choice.level}"
            )
            screen.learn()

        screen.talk.send(c.CycleThinkingLevel(), then)

    def _toggle_thinking(self) -> None:
        screen = self._screen
        hidden = not screen.looks.look.hidden_thinking
        screen.looks.change(hidden_thinking=hidden)
        screen.look_changed()
        screen.hint("thinking is hidden" if hidden else "thinking is shown")
        if not hidden:
            screen.rethink()

    def _expand(self) -> None:
        screen = self._screen
        if self._goes_back():
            return
        expanded = not screen.looks.look.expanded
        screen.looks.change(expanded=expanded)
        screen.look_changed()
        key = screen.keymap.label("app.tools.expand").lower()
        if not expanded:
            screen.hint("output is short from here on")
        elif screen.again():
            self._went_back(0)
            screen.hint(f"the last output, whole; so is what follows · {key}: the one before", BACK)
        else:
            screen.hint(f"output is whole from here on · {key} for short again")

    def _went_back(self, steps: int) -> None:
        self._back = steps, time.monotonic() + BACK

    def _goes_back(self) -> bool:
        """Whether an earlier output is shown, because the last one was just now."""
        screen, (steps, until) = self._screen, self._back
        if time.monotonic() >= until:
            return False
        key = screen.keymap.label("app.tools.expand").lower()
        if screen.again(steps + 1):
            self._went_back(steps + 1)
            screen.hint(f"the output before that, whole · {key}: the one before", BACK)
        else:
            self._back = 0, 0.0
            screen.hint(f"no earlier output was cut · {key} for short again")
        return True

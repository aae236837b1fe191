"""The user interface of extensions: its questions are told, and their time is not counted."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, get_args

from pi.ai.errors import ConfigError
from pi.coding.api.picking import Picked, PickList
from pi.coding.api.ui import NoticeLevel, UserInterface, WidgetPlacement
from pi.coding.extensions.given import check_texts, near
from pi.coding.extensions.waiting import uncounted

__all__ = ["WatchedUI"]


class WatchedUI:
    """Passes everything on, also what only a `Front` has.

    tell: is told the name of an event, and its fields.
    """

    def __init__(self, ui: UserInterface, tell: Callable[..., None]) -> None:
        self._ui = ui
        self._tell = tell

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ui, name)

    @contextmanager
    def _asking(self, kind: str, title: str) -> Iterator[None]:
        self._tell("ui_prompt_start", kind, title)
        try:
            with uncounted():
                yield
        finally:
            self._tell("ui_prompt_end", kind, title)

    async def select(
        self, title: str, options: Sequence[str], *, timeout: float | None = None
    ) -> str | None:
        """One of the options."""
        _lines("select", options=options)
        with self._asking("select", title):
            return await self._ui.select(title, options, timeout=timeout)

    async def confirm(self, title: str, message: str, *, timeout: float | None = None) -> bool:
        """Yes or no."""
        check_texts("confirm", title=title, message=message)
        with self._asking("confirm", title):
            return await self._ui.confirm(title, message, timeout=timeout)

    async def input(
        self,
        title: str,
        *,
        placeholder: str = "",
        secret: bool = False,
        timeout: float | None = None,
    ) -> str | None:
        """A line of text."""
        check_texts("input", title=title, placeholder=placeholder)
        with self._asking("input", title):
            return await self._ui.input(
                title, placeholder=placeholder, secret=secret, timeout=timeout
            )

    async def pick(self, picklist: PickList) -> Picked | None:
        """A row of a list."""
        with self._asking("pick", picklist.title):
            return await self._ui.pick(picklist)

    def open_url(self, url: str) -> bool:
        """Open an address in a browser."""
        return self._ui.open_url(url)

    async def editor(self, title: str, *, prefill: str = "") -> str | None:
        """A text of many lines."""
        check_texts("editor", title=title, prefill=prefill)
        with self._asking("editor", title):
            return await self._ui.editor(title, prefill=prefill)

    def notify(self, message: str, level: NoticeLevel = "info") -> None:
        """Say something."""
        check_texts("notify", message=message)
        _one_of("notify: there is no level", level, NoticeLevel)
        self._ui.notify(message, level)

    def set_status(self, key: str, text: str | None) -> None:
        """Show a short text as long as it holds."""
        check_texts("set_status", key=key, text=text or "")
        self._ui.set_status(key, text)

    def set_widget(
        self,
        key: str,
        lines: Sequence[str] | None,
        placement: WidgetPlacement = "aboveEditor",
    ) -> None:
        """Show some lines beside the editor."""
        _lines("set_widget", lines=lines or ())
        _one_of("set_widget: there is no placement", placement, WidgetPlacement)
        self._ui.set_widget(key, lines, placement)

    def set_title(self, title: str) -> None:
        """Name the window."""
        check_texts("set_title", title=title)
        self._ui.set_title(title)

    def set_editor_text(self, text: str) -> None:
        """Put a text where the person writes."""
        check_texts("set_editor_text", text=text)
        self._ui.set_editor_text(text)


def _lines(call: str, **given: Any) -> None:
    """Raise `ConfigError` for what is no list of texts."""
    for name, value in given.items():
        listed = isinstance(value, Sequence) and not isinstance(value, str)
        if not listed or not all(isinstance(item, str) for item in value):
            raise ConfigError(f"{call}: {name} is a list of texts, not {value!r}")


def _one_of(what: str, value: Any, allowed: Any) -> None:
    if value not in get_args(allowed):
        raise ConfigError(f"{what} {value!r}{near(value, get_args(allowed))}")

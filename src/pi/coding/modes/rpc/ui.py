"""The user interface of RPC mode: dialogs are questions to the client, the rest it is told.

A dialog ends with the client's answer, with its time-out, or with the connection; nobody waits for
a client that has left.
"""

import asyncio
import os
from collections.abc import Callable, Sequence

from msgspec import UNSET, UnsetType

from pi.coding.api.picking import Picked, PickList
from pi.coding.api.ui import NoticeLevel, WidgetPlacement
from pi.coding.api.ui_records import (
    UiConfirm,
    UiEditor,
    UiEditorText,
    UiInput,
    UiNotify,
    UiRequest,
    UiResponse,
    UiSelect,
    UiStatus,
    UiTitle,
    UiWidget,
)

__all__ = ["RpcUI"]


class RpcUI:
    """A `UserInterface`. `write` sends a request; `answered` takes what comes back."""

    def __init__(self, write: Callable[[UiRequest], None]) -> None:
        self._write = write
        self._open: dict[str, tuple[UiRequest, asyncio.Future[UiResponse | None]]] = {}
        self._closed = False

    def answered(self, response: UiResponse) -> str:
        """Take an answer; one that nobody waits for any more is ignored.

        Gives what is wrong with it, if something is: then the dialog is cancelled.
        """
        request, waiting = self._open.get(response.id, (None, None))
        if request is None or waiting is None or waiting.done():
            return ""
        problem = _problem(request, response)
        waiting.set_result(None if problem else response)
        return problem

    def cancel(self, dialog: bytes) -> None:
        """End a dialog that was answered with nonsense. dialog: its id as JSON."""
        for known, (_, waiting) in self._open.items():
            if dialog == f'"{known}"'.encode() and not waiting.done():
                waiting.set_result(None)

    def close(self) -> None:
        """Nobody will answer any more."""
        self._closed = True
        for _, waiting in self._open.values():
            if not waiting.done():
                waiting.set_result(None)

    async def select(
        self, title: str, options: Sequence[str], *, timeout: float | None = None
    ) -> str | None:
        """One of the options; None if nothing was chosen."""
        request = UiSelect(id=_new_id(), title=title, options=tuple(options), timeout=_ms(timeout))
        return await self._value(request, timeout)

    async def confirm(self, title: str, message: str, *, timeout: float | None = None) -> bool:
        """Yes or no; no if nothing was answered."""
        request = UiConfirm(id=_new_id(), title=title, message=message, timeout=_ms(timeout))
        response = await self._ask(request, timeout)
        return response is not None and response.confirmed is True

    async def input(
        self,
        title: str,
        *,
        placeholder: str = "",
        secret: bool = False,
        timeout: float | None = None,
    ) -> str | None:
        """A line of text; None if nothing was answered."""
        request = UiInput(
            id=_new_id(),
            title=title,
            placeholder=placeholder or UNSET,
            secret=secret or UNSET,
            timeout=_ms(timeout),
        )
        return await self._value(request, timeout)

    async def pick(self, picklist: PickList) -> Picked | None:
        """A row, asked for with a plain `select`; None if nothing was chosen."""
        rows = [choice for choice in picklist.choices if not choice.why]
        labels = {f"{'  ' * row.depth}{'  '.join((row.label, *row.cells))}": row for row in rows}
        if len(labels) < len(rows):  # two rows look alike
            labels = {f"{number}. {row.label}": row for number, row in enumerate(rows, 1)}
        chosen = await self.select(picklist.title, tuple(labels))
        return None if chosen is None else Picked(labels[chosen].key, keys=(labels[chosen].key,))

    def open_url(self, url: str) -> bool:
        """Tell the address: who is at the other end may have a browser."""
        self.notify(url)
        return False

    async def editor(self, title: str, *, prefill: str = "") -> str | None:
        """A text of many lines; None if it was given up."""
        return await self._value(
            UiEditor(id=_new_id(), title=title, prefill=prefill or UNSET), None
        )

    def notify(self, message: str, level: NoticeLevel = "info") -> None:
        """Say something."""
        self._write(UiNotify(id=_new_id(), message=message, notify_type=level))

    def set_status(self, key: str, text: str | None) -> None:
        """Show a short text as long as it holds; None takes it away."""
        shown = UNSET if text is None else text
        self._write(UiStatus(id=_new_id(), status_key=key, status_text=shown))

    def set_widget(
        self,
        key: str,
        lines: Sequence[str] | None,
        placement: WidgetPlacement = "aboveEditor",
    ) -> None:
        """Show some lines beside the editor; None takes them away."""
        shown = UNSET if lines is None else tuple(lines)
        self._write(
            UiWidget(id=_new_id(), widget_key=key, widget_lines=shown, widget_placement=placement)
        )

    def set_title(self, title: str) -> None:
        """Name the window."""
        self._write(UiTitle(id=_new_id(), title=title))

    def set_editor_text(self, text: str) -> None:
        """Put a text where the person writes."""
        self._write(UiEditorText(id=_new_id(), text=text))

    async def _value(self, request: UiRequest, timeout: float | None) -> str | None:
        response = await self._ask(request, timeout)
        if response is None or response.cancelled is True or response.value is UNSET:
            return None
        return response.value

    async def _ask(self, request: UiRequest, timeout: float | None) -> UiResponse | None:
        if self._closed:
            return None
        waiting: asyncio.Future[UiResponse | None] = asyncio.get_running_loop().create_future()
        self._open[request.id] = (request, waiting)
        try:
            self._write(request)
            async with asyncio.timeout(timeout):
                return await waiting
        except TimeoutError:
            return None
        finally:
            del self._open[request.id]


def _problem(request: UiRequest, response: UiResponse) -> str:
    """Why that is no answer to the question; "" if it is one."""
    if response.cancelled is True:
        return ""
    if isinstance(request, UiConfirm):
        return "" if response.confirmed is not UNSET else "a confirm is answered with `confirmed`"
    if response.value is UNSET:
        return f"{_article(request)} is answered with `value`"
    if isinstance(request, UiSelect) and response.value not in request.options:
        options = ", ".join(map(repr, request.options))
        return f"{response.value!r} is none of the options: {options}"
    return ""


def _article(request: UiRequest) -> str:
    method = str(request.__struct_config__.tag)
    return f"{'an' if method[0] in 'aeiou' else 'a'} {method}"


def _new_id() -> str:
    return os.urandom(8).hex()


def _ms(seconds: float | None) -> int | UnsetType:
    return UNSET if seconds is None else round(seconds * 1000)

"""What comes from outside: pastes, files that are dragged in, and the clipboard."""

import asyncio
from collections.abc import Callable
from pathlib import PurePath

from pi.coding.modes.interactive.editor.drag import load_image, paths_of
from pi.coding.modes.interactive.editor.page import Page

__all__ = ["Incoming"]


class Incoming:
    """Puts it into the page."""

    def __init__(
        self, page: Page, home: str, say: Callable[[str, str], None], redraw: Callable[[], None]
    ) -> None:
        self._page, self._home = page, home
        self._say, self._redraw = say, redraw
        self._tasks: set[asyncio.Task[None]] = set()

    def paste(self, text: str) -> None:
        """A paste: literally, whatever is in it. A path of an image may become the image."""
        paths = paths_of(text, self._home)
        if not paths:
            self._page.text.insert(self._page.marks.insertable(text))
            return
        marks = [self._page.marks.pending(path) for path in paths]
        if not all(marks):
            self._page.text.insert(self._page.marks.insertable(text))
            return
        self._page.text.insert(" ".join(marks))
        task = asyncio.get_running_loop().create_task(self._load(marks, paths))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def from_clipboard(self) -> None:
        """Put in the image of the clipboard, or else its text."""
        from pi.coding.modes.interactive.clipboard_image import read_image, read_text

        image = await read_image()
        if image is not None:
            self._page.text.insert(self._page.marks.image(image, ""))
        else:
            text = await read_text()
            if text:
                self.paste(text)
            else:
                self._say("warning", "the clipboard has no image and no text, or cannot be read")
        self._redraw()

    async def settle(self) -> None:
        """Wait for files that are being read."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _load(self, marks: list[str], paths: list[str]) -> None:
        for mark, path in zip(marks, paths, strict=True):
            image = await asyncio.to_thread(load_image, path)
            if image is not None:
                self._page.marks.become_image(mark, image, PurePath(path).name)
            else:
                self._plain(mark, path)
        self._page.relabel()
        self._redraw()

    def _plain(self, mark: str, path: str) -> None:
        """It is no image: the path stays, as text like any other."""
        text = self._page.text
        at = text.text.find(mark)
        if at >= 0:
            cursor = text.cursor + (len(path) - 1 if text.cursor > at else 0)
            text.replace(mark, path, cursor)

"""The text of a page in another program, and back."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

from pi.coding.modes.interactive.editor.page import Page

__all__ = ["Elsewhere"]


class Elsewhere:
    """chosen: the setting. free: a context in which another program may use the terminal."""

    def __init__(
        self,
        page: Page,
        env: Mapping[str, str],
        chosen: Callable[[], str | None],
        free: Callable[[], AbstractAsyncContextManager[None]],
        say: Callable[[str, str], None],
        redraw: Callable[[], None],
    ) -> None:
        self._page, self._env, self._chosen = page, env, chosen
        self._free, self._say, self._redraw = free, say, redraw

    async def edit(self) -> None:
        """Have the text edited. When that fails it stays as it is, and it is told why."""
        from pi.coding.modes.interactive.editor.external import edit, editor_command

        text, marks = self._page.text, self._page.marks
        marked = text.text
        try:
            command = editor_command(self._chosen(), self._env)
            async with self._free():
                edited = await edit(marks.expand(marked), command, self._env)
        except Exception as error:
            self._say("error", str(error))
        else:
            # what came meanwhile (a queue that was given back) is not lost
            before, _, after = text.text.partition(marked) if marked else ("", "", text.text)
            if before + marked + after == text.text:
                text.set(before + marks.restore(edited, marked) + after)
            else:
                text.set(text.text + "\n\n" + marks.restore(edited, marked))
        self._redraw()

"""Somebody who types into the editor: real key bytes in, a real screen out."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pyte
from prompt_toolkit.application import Application
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.key_binding import KeyBindings, merge_key_bindings
from prompt_toolkit.layout import HSplit, Layout
from prompt_toolkit.output.vt100 import Vt100_Output

from pi.coding.modes.interactive.editor.decode import use_keys
from pi.coding.modes.interactive.editor.editor import Editor
from pi.coding.modes.interactive.editor.keys import code
from pi.coding.modes.interactive.keymap import Keymap

DONE = "\x1b[34~"
"""A key (F20) that nobody has, after which everything before it is done."""

ESCAPE = "\x1b[27u"


class Terminal:
    """What the program writes, on a screen of pyte."""

    encoding = "utf-8"

    def __init__(self, columns: int, rows: int) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self.screen)

    def write(self, data: str) -> None:
        self._stream.feed(data)

    def flush(self) -> None:
        """Nothing is held."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise OSError("there is no file")


class Typist:
    """The editor in an application, and what is on its screen."""

    def __init__(self, editor: Editor, pipe: PipeInput, columns: int, rows: int) -> None:
        self.editor = editor
        self.terminal = Terminal(columns, rows)
        self._pipe = pipe
        self._heard, self._drawn = asyncio.Event(), asyncio.Event()
        mine = KeyBindings()
        mine.add(code("f20"))(lambda event: self._heard.set())
        use_keys(pipe)
        self.app: Application[None] = Application(
            layout=Layout(HSplit([editor.container]), focused_element=editor.window),
            key_bindings=merge_key_bindings([mine, editor.key_bindings]),
            input=pipe,
            output=Vt100_Output(
                self.terminal,  # type: ignore[arg-type]
                lambda: Size(rows=rows, columns=columns),
                term="xterm-256color",
                enable_cpr=False,
            ),
            after_render=lambda app: self._drawn.set(),
        )

    async def type(self, text: str) -> None:
        """Type it, and wait until it is carried out and drawn."""
        self._heard.clear()
        self._pipe.send_text(text + DONE)
        await asyncio.wait_for(self._heard.wait(), 20)
        await self.draw()

    def send(self, text: str) -> None:
        """Type it, and wait for nothing."""
        self._pipe.send_text(text)

    async def draw(self) -> None:
        self._drawn.clear()
        self.app.invalidate()
        await asyncio.wait_for(self._drawn.wait(), 20)

    async def until(self, holds: Callable[[], Any]) -> None:
        """Wait until something has happened by itself."""
        async with asyncio.timeout(20):
            while not holds():  # noqa: ASYNC110 - what changes tells nobody
                await asyncio.sleep(0.005)
        await self.draw()

    async def completes(self) -> None:
        """Wait for the list."""
        await self.editor.completing.settle()
        await self.draw()

    @property
    def lines(self) -> list[str]:
        """What is seen, without blanks at the ends."""
        shown = [line.rstrip() for line in self.terminal.screen.display]
        while shown and not shown[-1]:
            shown.pop()
        return shown

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and row of the cursor."""
        return self.terminal.screen.cursor.x, self.terminal.screen.cursor.y


@asynccontextmanager
async def typing(
    columns: int = 40, rows: int = 20, keymap: Keymap | None = None, **more: Any
) -> AsyncIterator[Typist]:
    """An editor that runs, with nothing written yet."""
    with create_pipe_input() as pipe:
        editor = Editor(keymap or Keymap(), **more)
        typist = Typist(editor, pipe, columns, rows)
        running = asyncio.create_task(typist.app.run_async())
        try:
            await typist.type("")
            yield typist
        finally:
            typist.editor.completing.close()
            typist.app.exit()
            await running

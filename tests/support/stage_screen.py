"""A real small stage: an application of prompt_toolkit on a pipe and a virtual terminal."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pyte
from prompt_toolkit.application import Application
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.key_binding import DynamicKeyBindings, KeyBindings
from prompt_toolkit.layout import DynamicContainer, Layout, Window
from prompt_toolkit.layout.controls import FormattedTextControl
from prompt_toolkit.output.vt100 import Vt100_Output

from pi.coding.modes.interactive.editor.decode import ESCAPE_TIMEOUT, use_keys
from pi.coding.modes.interactive.keymap import Keymap
from pi.coding.modes.interactive.stage import Pane

STYLES = {"accent": "fg:#5fafff", "selectedBg": "bg:#303030", "warning": "fg:#ffaf00"}

KEYS = {
    "enter": "\r",
    "esc": "\x1b",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "alt+up": "\x1b[1;3A",
    "alt+down": "\x1b[1;3B",
    "tab": "\t",
    "backspace": "\x7f",
}


class Wire:
    """What an application writes to, as a file: bytes go to the virtual terminal."""

    encoding = "utf-8"

    def __init__(self, terminal: pyte.Stream) -> None:
        self.terminal = terminal
        self.written: list[str] = []

    def write(self, data: str) -> int:
        self.written.append(data)
        self.terminal.feed(data)
        return len(data)

    def flush(self) -> None:
        """It is there already."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise OSError("no file")


class StageScreen:
    """A `Stage`. `lines()` is what a person sees."""

    def __init__(self, pipe: PipeInput, columns: int, rows: int) -> None:
        self.size = (columns, rows)
        self.screen = pyte.Screen(columns, rows)
        self.wire = Wire(pyte.Stream(self.screen))
        self.pipe = pipe
        self.keymap = Keymap()
        self._pane: Pane | None = None
        self._turn = asyncio.Lock()
        self._empty = Window(FormattedTextControl(""))
        output = Vt100_Output(
            self.wire,  # type: ignore[arg-type]
            lambda: Size(rows=self.size[1], columns=self.size[0]),
            enable_cpr=False,
        )
        self.app: Application[None] = Application(
            Layout(DynamicContainer(lambda: self._pane.container if self._pane else self._empty)),
            key_bindings=DynamicKeyBindings(
                lambda: self._pane.keys if self._pane else KeyBindings()
            ),
            input=pipe,
            output=output,
        )
        use_keys(pipe)
        self.app.ttimeoutlen = ESCAPE_TIMEOUT

    async def show(self, pane: Pane) -> Any:
        async with self._turn:
            self._pane = pane
            if pane.focus is not None:
                self.app.layout.focus(pane.focus)
            self.app.invalidate()
            try:
                return await pane.result
            finally:
                self._pane = None
                self.app.layout.reset()
                self.app.invalidate()

    def style(self, token: str) -> str:
        return STYLES.get(token, "")

    def keys(self, action: str) -> tuple[tuple[str, ...], ...]:
        return self.keymap.keys(action)

    @property
    def columns(self) -> int:
        return self.size[0]

    @property
    def rows(self) -> int:
        return self.size[1]

    def redraw(self) -> None:
        self.app.invalidate()

    # -- for tests ----------------------------------------------------------------------------

    def lines(self) -> list[str]:
        """What is seen, without empty lines at the end."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip().split("\n")

    def text(self) -> str:
        """What is seen."""
        return "\n".join(self.lines())

    async def sees(self, condition: str | Callable[[], object]) -> None:
        """Wait until a text is there, or something holds."""

        def holds() -> object:
            return condition in self.text() if isinstance(condition, str) else condition()

        try:
            async with asyncio.timeout(5):
                while not holds():  # noqa: ASYNC110 (conditions of all kinds)
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise AssertionError(f"{condition!r} was not seen:\n{self.text()}") from None

    def press(self, *keys: str) -> None:
        """Press keys, by name or as they are typed; `ctrl+x` is known."""
        for key in keys:
            if key.startswith("ctrl+") and len(key) == 6:
                self.pipe.send_text(chr(ord(key[5].upper()) & 0x1F))
            else:
                self.pipe.send_text(KEYS.get(key, key))

    def paste(self, text: str) -> None:
        """Paste it, as terminals do."""
        self.pipe.send_text(f"\x1b[200~{text}\x1b[201~")


@contextmanager
def piped() -> Iterator[PipeInput]:
    """Where keys come from."""
    with create_pipe_input() as pipe:
        yield pipe


class on_stage:  # noqa: N801 (used as a function)
    """`async with on_stage(100, 30) as stage:` runs the application meanwhile."""

    def __init__(self, columns: int = 100, rows: int = 30) -> None:
        self.size = (columns, rows)

    async def __aenter__(self) -> StageScreen:
        self._piped = piped()
        self.stage = StageScreen(self._piped.__enter__(), *self.size)
        self._running = asyncio.ensure_future(self.stage.app.run_async())
        await self.stage.sees(lambda: self.stage.app.is_running)
        return self.stage

    async def __aexit__(self, *_: object) -> None:
        self.stage.app.exit()
        await self._running
        self._piped.__exit__(None, None, None)

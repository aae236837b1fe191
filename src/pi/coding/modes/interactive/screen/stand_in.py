"""A plain editor."""

from collections.abc import Sequence

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.layout.containers import HSplit, Window
from prompt_toolkit.layout.controls import BufferControl
from prompt_toolkit.layout.dimension import Dimension

from pi.ai.messages import ImageContent


class Editor:
    """A buffer."""

    def __init__(self) -> None:
        self.buffer = Buffer(multiline=True)
        self.window = Window(
            BufferControl(self.buffer),
            height=lambda: Dimension(min=1, max=10),
            wrap_lines=True,
            dont_extend_height=True,
        )
        self.container = HSplit(
            [Window(height=1, char="─"), self.window, Window(height=1, char="─")]
        )
        self.key_bindings = KeyBindings()
        self.images: Sequence[ImageContent] = ()

    @property
    def text(self) -> str:
        return self.buffer.text

    @property
    def empty(self) -> bool:
        return not self.buffer.text

    def set_text(self, text: str) -> None:
        self.buffer.text = text
        self.buffer.cursor_position = len(text)

    def clear(self) -> None:
        self.buffer.text = ""

    def submitted(self) -> None:
        self.clear()

    def add_images(self, images: Sequence[ImageContent]) -> None:
        self.images = (*self.images, *images)

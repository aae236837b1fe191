"""What painting costs: the import, a streamed answer by its length, and lines as bytes.

A streamed answer is read in pieces of 20 characters; between them the open end is painted as often
as a screen would at 200 tokens a second and 30 frames. The floor of an answer of 200 KB is the cost
per byte of one of 20 KB: beside it, 1x is linear.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator

from bench.common import PYTHON, Row, cpu_of, environment, in_turn, new_home

from pi.coding.modes.interactive.paint import painter_of, to_ansi
from pi.coding.modes.interactive.themes import load_theme
from pi.coding.modes.interactive.view import Look, TextBlock

_PIECE = 20
_FRAME = 30  # characters between two frames: 200 tokens/s of 4.5 characters, 30 frames/s

_MIXED = """## Part of an answer

Some **bold** words, `code` and a [link](https://example.com/a) in a paragraph that is long enough
to be wrapped once or twice in a window of the usual width.

- one item with *emphasis*
- another one
  - and one below

```python
def answer(question: str) -> int:
    # think about it
    return len(question) * 42
```

| name | value |
|------|------:|
| a    | 1     |
| b    | 2     |

> a quote of a sentence

"""
_TEXTS = {
    "a mixed answer": _MIXED,
    "one block of code": "    result = compute(value, 42)  # a comment\n",
    "one paragraph": "A sentence of *several* words with `code` in it. ",
    "one paragraph without an end": "words and **more words and ",
    "one list": "- an item of a list with some words\n",
    "one table": "| a cell | another `cell` | 42 |\n",
    "nested quotes": "> > > a line that is quoted more than once\n",
}
_BEFORE = {
    "one block of code": "```python\n",
    "one table": "| a | b | c |\n|---|---|---|\n",
}


def _streamed(name: str, size: int) -> Callable[[], float]:
    """CPU nanoseconds a byte for an answer of `size` characters."""
    unit = _TEXTS[name]
    text = (_BEFORE.get(name, "") + unit * (size // len(unit) + 1))[:size]
    look = Look(style=load_theme("dark").style)

    def run() -> float:
        block = TextBlock()
        painter = painter_of(block, look)
        next_frame = 0
        begin = time.process_time()
        for at in range(0, len(text), _PIECE):
            block.parts.append(text[at : at + _PIECE])
            if at >= next_frame:
                next_frame = at + _FRAME
                to_ansi(painter.settle(100))
                painter.live(100, 40)
        block.open = False
        to_ansi(painter.settle(100))
        return (time.process_time() - begin) * 1e9 / len(text)

    return run


def _ansi() -> float:
    """CPU milliseconds for 10,000 lines of four styles."""
    line = [("fg:#86b1e3 bold", "name"), ("", " = "), ("fg:#9cc283", "'value'"), ("dim", " # x")]
    lines = [line] * 10_000
    begin = time.process_time()
    to_ansi(lines)
    return (time.process_time() - begin) * 1e3


def run(runs: int) -> Iterator[Row]:
    """The rows of the table."""
    with new_home() as home:
        env = {**environment(home), "PYTHONPATH": os.pathsep.join(sys.path)}
        view = "import pi.coding.modes.interactive.view"
        paint = f"{view}, pi.coding.modes.interactive.paint, pi.coding.modes.interactive.themes"
        times = in_turn(
            {
                "view": cpu_of([PYTHON, "-c", view], env),
                "paint": cpu_of([PYTHON, "-c", paint], env),
            },
            runs,
        )
        what = "import of painting, with the blocks it paints"
        yield Row(what, times["paint"], "ms", 1.3, times["view"], "the blocks alone")
    for name in _TEXTS:
        short, long = _streamed(name, 20_000), _streamed(name, 200_000)
        costs = in_turn({"short": short, "long": long}, min(runs, 3))
        yield Row(f"{name}, 200 KB", costs["long"], "ns/B", 2, costs["short"], "20 KB")
    yield Row("10,000 lines as bytes", in_turn({"ansi": _ansi}, runs)["ansi"], "ms", 50)

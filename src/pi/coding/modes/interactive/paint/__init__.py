"""Painting: blocks of the transcript become lines, and lines become bytes for the terminal.

`painter_of` gives the painter of a block, `plain` its words alone, `to_ansi` what a terminal is
sent for lines. Importing this loads no terminal library; the first block of code loads pygments.
"""

from pi.coding.modes.interactive.paint.ansi import Depth, to_ansi
from pi.coding.modes.interactive.paint.painters import Renderers, painter_of
from pi.coding.modes.interactive.paint.plain import plain

__all__ = ["Depth", "Renderers", "painter_of", "plain", "to_ansi"]

"""The screen: a live area at the bottom of the normal scrollback, and finished lines above it.

Finished lines are written once. A frame is one write: the live area erased, new lines, the live
area drawn again, inside synchronized output. Nothing else is ever erased.
"""

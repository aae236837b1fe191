"""The terminal: a screen, or line by line. The only room that knows terminal libraries.

`view` is what there is to see, folded from events; `paint` makes lines of it; `screen` and `linear`
put lines on a terminal. Nothing here reaches further than `pi.coding.api`.
"""

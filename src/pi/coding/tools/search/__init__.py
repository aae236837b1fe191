"""Searching folders: by ripgrep and fd where they are installed, else by a worker of our own.

All engines are child processes that are read as they go and killed when nobody wants more, so a
search never blocks the event loop, whatever the pattern or the size of the tree, and can always be
stopped. They give the same results in the same order.
"""

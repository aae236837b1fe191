"""Dialogs: each one awaitable file that shows a pane on the stage and gives what was chosen.

`numbered` has the same questions for a terminal that only writes lines.
"""

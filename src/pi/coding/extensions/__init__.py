"""Extensions: one Python file that adds tools, commands, providers, hooks and more.

`surface` is all that anyone may touch, ours and strangers' alike.
"""

"""What painting makes: lines of fragments, the form that prompt_toolkit uses.

A fragment is a style and a text. A style is a prompt_toolkit style string without classes, such as
`fg:#5fafff bold`; `""` is the terminal's own look. The style `[ZeroWidthEscape]` marks a text that
is sent raw and takes no room (hyperlinks, images). No other text has control characters in it.
"""

__all__ = ["ESCAPE", "Fragment", "Line"]

Fragment = tuple[str, str]
Line = list[Fragment]

ESCAPE = "[ZeroWidthEscape]"

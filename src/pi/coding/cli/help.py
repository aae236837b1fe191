"""The help text, made from the table of options."""

from pi.coding.cli.options import OPTIONS

__all__ = ["help_text"]

_HEAD = """\
Pi: a terminal coding agent. One person, every model.

Usage: pi [options] [@file ...] [prompt ...]

  pi -p "What does this project do?"     answer one prompt and exit
  git diff | pi -p "Review this"         standard input goes before the prompt
  pi -p @notes.md "Summarise"            files and images are attached
  pi --list-models sonnet                models you can use
  pi --model demo -p "Show me"           a demonstration without key and network
  pi models update                       newer models and prices; `pi models --help` has more
  pi auth login                          sign in, or store a key; `pi auth --help` has more

Options:
"""

_TAIL = """
Keys come from --api-key, then ~/.pi/agent/auth.json, then environment variables (ANTHROPIC_API_KEY,
OPENAI_API_KEY, GEMINI_API_KEY, ...), then models.json; `pi auth explain PROVIDER` says which one it
is. PI_CODING_AGENT_DIR moves ~/.pi/agent.
Exit codes: 0 answered, 1 failed or cut off, 130 interrupted, 129/143 ended by SIGHUP/SIGTERM.
"""


def help_text() -> str:
    """The whole text of `pi --help`."""
    lines: list[str] = []
    for option in OPTIONS:
        value = f"[{option.value}]" if option.optional else option.value
        left = f"--{option.name} {value}".rstrip()
        if option.short:
            left = f"{option.short}, {left}"
        text = option.help + (" (not built yet)" if option.later else "")
        lines.append(f"  {left:<30} {text}" if len(left) <= 30 else f"  {left}\n{'':<33}{text}")
    return _HEAD + "\n".join(lines) + "\n" + _TAIL

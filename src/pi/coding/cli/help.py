"""The help text, made from the table of options."""

from collections.abc import Iterable, Sequence

from pi.coding.cli.options import OPTIONS, Option

__all__ = ["help_text"]

_HEAD = """\
Pi: a terminal coding agent. One person, every model.

Usage: pi [options] [@file ...] [prompt ...]

  pi                                     talk in the terminal; /login signs in, / lists commands
  pi -p "What does this project do?"     answer one prompt and exit
  git diff | pi -p "Review this"         standard input goes before the prompt
  pi -p @notes.md "Summarise"            files and images are attached
  pi --list-models sonnet                models you can use
  pi --model demo -p "Show me"           a demonstration without key and network
  pi models update                       newer models and prices; `pi models --help` has more
  pi sessions search WORDS               find a session; `pi sessions --help` has more
  pi auth login                          sign in, or store a key; `pi auth --help` has more
  pi probe URL                           what a server speaks, and an entry for it in models.json
  pi install SOURCE                      skills, prompts, themes and extensions of others

Options:
"""

_TAIL = """
Keys come from --api-key, then ~/.pi/agent/auth.json, then environment variables (ANTHROPIC_API_KEY,
OPENAI_API_KEY, GEMINI_API_KEY, ...), then models.json; `pi auth explain PROVIDER` says which one it
is. PI_CODING_AGENT_DIR moves ~/.pi/agent.
Exit codes: 0 answered, 1 failed or cut off, 3 ended by a limit, 130 interrupted, 129/143 ended by
SIGHUP/SIGTERM.
"""


def help_text(more: Sequence[tuple[Option, str]] = ()) -> str:
    """The whole text of `pi --help`. more: options of extensions, with their names."""
    lines = _lines(OPTIONS)
    if more:
        lines += ["", "Options of extensions:"]
        lines += _lines([option._replace(help=f"{option.help} ({who})") for option, who in more])
    return _HEAD + "\n".join(lines) + "\n" + _TAIL


def _lines(options: Iterable[Option]) -> list[str]:
    lines: list[str] = []
    for option in options:
        value = f"[{option.value}]" if option.optional else option.value
        left = f"--{option.name} {value}".rstrip()
        if option.short:
            left = f"{option.short}, {left}"
        text = option.help
        lines.append(f"  {left:<30} {text}" if len(left) <= 30 else f"  {left}\n{'':<33}{text}")
    return lines

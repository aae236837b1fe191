"""Reads the command line: options in any place, `@file`s, prompts, and `--` to end the options."""

from typing import Any

from pi.coding.cli.options import LATER_COMMANDS, MODES, OPTIONS, Option

__all__ = ["Arguments", "UsageError", "parse"]

_LONG = {f"--{option.name}": option for option in OPTIONS}
_SHORT = {option.short: option for option in OPTIONS if option.short}


class UsageError(Exception):
    """The command line makes no sense; the text says what to do."""


class Arguments:
    """What the command line says. `given[name]` is True, a text, or a list of texts."""

    __slots__ = ("files", "given", "prompts")

    def __init__(self) -> None:
        self.given: dict[str, Any] = {}
        self.files: list[str] = []
        self.prompts: list[str] = []

    def flag(self, name: str) -> bool:
        """Whether a switch was given."""
        return name in self.given

    def text(self, name: str) -> str | None:
        """The text of an option, the last one if it was given twice."""
        return self.given.get(name)

    def texts(self, name: str) -> list[str]:
        """All texts of an option that may be repeated."""
        return self.given.get(name, [])

    def names(self, name: str) -> list[str]:
        """The items of a comma-separated list."""
        return [item.strip() for item in (self.text(name) or "").split(",") if item.strip()]


def parse(argv: list[str]) -> Arguments:
    """Raises `UsageError` for what it cannot make sense of."""
    args = Arguments()
    if argv and argv[0] in LATER_COMMANDS:
        raise UsageError(f"`pi {argv[0]}` is not built yet in this version")
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        if word == "--":
            args.prompts.extend(rest)
            break
        if word.startswith("@") and len(word) > 1:
            args.files.append(word[1:])
        elif word.startswith("-") and word != "-":
            _option(word, rest, args)
        else:
            args.prompts.append(word)
    mode = args.text("mode")
    if mode is not None and mode not in MODES:
        raise UsageError(f"--mode {mode}: expected one of {', '.join(MODES)}")
    if mode == "rpc" and (args.files or args.prompts):
        raise UsageError("--mode rpc takes no prompts and files: send `prompt` commands")
    if args.flag("fork"):
        for other in ("session", "continue", "resume", "no-session"):
            if args.flag(other):
                raise UsageError(f"--fork and --{other} exclude one another")
    return args


def _option(word: str, rest: list[str], args: Arguments) -> None:
    name, equals, inline = word.partition("=")
    option = _LONG.get(name) or (_SHORT.get(word) if not equals else None)
    if option is None:
        raise UsageError(f"unknown option {name}{_near(name)}; `pi --help` lists all")
    if option.later:
        raise UsageError(f"--{option.name} is not built yet in this version")
    if not option.value:
        if equals:
            raise UsageError(f"{name} takes no value")
        args.given[option.name] = True
        return
    value = inline if equals else _value(option, rest)
    if value is None:
        raise UsageError(f"{name} needs a value: {name} {option.value}")
    if option.repeat:
        args.given.setdefault(option.name, []).append(value)
    else:
        args.given[option.name] = value


def _value(option: Option, rest: list[str]) -> str | None:
    if option.optional:
        return rest.pop(0) if rest and not rest[0].startswith(("-", "@")) else ""
    if not rest or (rest[0].startswith("--") and rest[0] in _LONG):
        return None
    return rest.pop(0)


def _near(name: str) -> str:
    from difflib import get_close_matches  # costs 3 ms, needed only for this message

    near = get_close_matches(name, [*_LONG, *_SHORT], n=2)
    return f" (did you mean {' or '.join(near)}?)" if near else ""

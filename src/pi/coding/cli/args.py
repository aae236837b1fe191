"""Reads the command line: options in any place, `@file`s, prompts, and `--` to end the options."""

from collections.abc import Iterable, Sequence
from typing import Any

from pi.coding.cli.options import LATER_COMMANDS, MODES, OPTIONS, Option

__all__ = ["Arguments", "UsageError", "parse", "read", "refuse_unknown"]


class UsageError(Exception):
    """The command line makes no sense; the text says what to do."""


class Arguments:
    """What the command line says. `given[name]` is True, a text, or a list of texts.

    argv: its words. unknown: options that an extension may claim.
    """

    __slots__ = ("argv", "files", "given", "prompts", "unknown")

    def __init__(self) -> None:
        self.argv: list[str] = []
        self.unknown: list[str] = []
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


def parse(argv: list[str], more: Sequence[Option] | None = None) -> Arguments:
    """Raises `UsageError` for what it cannot make sense of.

    more: the options of extensions; as long as they are not known, others may be theirs.
    """
    if argv and argv[0] in LATER_COMMANDS:
        raise UsageError(f"`pi {argv[0]}` is not built yet in this version")
    args = read(argv, (*OPTIONS, *(more or ())), lenient=more is None)
    args.argv = argv
    mode = args.text("mode")
    if mode is not None and mode not in MODES:
        raise UsageError(f"--mode {mode}: expected one of {', '.join(MODES)}")
    if mode == "rpc" and (args.files or args.prompts) and not args.unknown:
        raise UsageError("--mode rpc takes no prompts and files: send `prompt` commands")
    if args.flag("fork"):
        for other in ("session", "continue", "resume", "no-session"):
            if args.flag(other):
                raise UsageError(f"--fork and --{other} exclude one another")
    return args


def refuse_unknown(args: Arguments) -> None:
    """Raise `UsageError` if there are options that nobody claims."""
    if args.unknown:
        raise _unknown(args.unknown[0], (f"--{option.name}" for option in OPTIONS), "pi")


def read(
    argv: Iterable[str],
    options: Iterable[Option],
    command: str = "pi",
    *,
    lenient: bool = False,
) -> Arguments:
    """The words of a command line with these options. Raises `UsageError`.

    command: whose `--help` lists them. lenient: keep long options that are not known.
    """
    table = {f"--{option.name}": option for option in options}
    table |= {option.short: option for option in table.values() if option.short}
    args = Arguments()
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        if word == "--":
            args.prompts.extend(rest)
            break
        if word.startswith("@") and len(word) > 1:
            args.files.append(word[1:])
        elif word.startswith("-") and word != "-":
            name, equals, inline = word.partition("=")
            option = table.get(name)
            if option is None and lenient and _may_be_claimed(name):
                args.unknown.append(name)
                continue
            if option is None or (equals and name == option.short):
                raise _unknown(name, table, command)
            _take(option, name, inline if equals else None, rest, args, table)
        else:
            args.prompts.append(word)
    return args


def _take(
    option: Option,
    name: str,
    inline: str | None,
    rest: list[str],
    args: Arguments,
    table: dict[str, Option],
) -> None:
    """Put an option into `args`, with its value if it takes one."""
    if not option.value:
        if inline is not None:
            raise UsageError(f"{name} takes no value")
        args.given[option.name] = True
        return
    value = _value(option, rest, table) if inline is None else inline
    if value is None:
        raise UsageError(f"{name} needs a value: {name} {option.value}")
    if option.repeat:
        args.given.setdefault(option.name, []).append(value)
    else:
        args.given[option.name] = value


def _value(option: Option, rest: list[str], table: dict[str, Option]) -> str | None:
    if option.optional:
        return rest.pop(0) if rest and not rest[0].startswith(("-", "@")) else ""
    if not rest or (rest[0].startswith("--") and rest[0] in table):
        return None
    return rest.pop(0)


def _may_be_claimed(name: str) -> bool:
    return name.startswith("--") and name[2:3].isalnum()


def _unknown(name: str, known: Iterable[str], command: str) -> UsageError:
    return UsageError(f"unknown option {name}{_near(name, known)}; `{command} --help` lists all")


def _near(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # costs 3 ms, needed only for this message

    near = get_close_matches(name, list(known), n=2)
    return f" (did you mean {' or '.join(near)}?)" if near else ""

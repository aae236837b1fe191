"""`pi config`: which extensions, skills, prompts and themes are used."""

import sys
from pathlib import Path

import pi.coding
from pi.coding.cli.args import UsageError
from pi.coding.cli.options import Option
from pi.coding.cli.packages.call import LOCAL, Call, start
from pi.coding.packages.switches import Switch, find_switch, switch, switches

__all__ = ["run"]

_ENABLE = Option("enable", "", "PATH", "use this one", repeat=True)
_DISABLE = Option("disable", "", "PATH", "do not use this one", repeat=True)
_SCHEMAS = Option("schemas", "", "", "print the folder of the JSON Schemas of your files")
_TEXT = """\
Lists all resources of your folders and packages with [x] where they are used. In a terminal, type
numbers to switch them, and Enter to end. PATH is a path or a name from the list."""


def run(argv: list[str]) -> int:
    """Run `pi config`. Raises `UsageError`."""
    usage = "pi config [-l] [--enable PATH] [--disable PATH]"
    return start(argv, usage, _TEXT, (LOCAL, _ENABLE, _DISABLE, _SCHEMAS), _configure)


def _configure(call: Call) -> int:
    if call.args.flag("schemas"):
        call.say(str(Path(pi.coding.__file__).with_name("schemas")))
        return 0
    wanted = dict.fromkeys(call.args.texts("enable"), True)
    wanted |= dict.fromkeys(call.args.texts("disable"), False)
    for text, on in wanted.items():
        item = find_switch(switches(call.shelf), text, call.cwd)
        switch(call.shelf, item, on)
        call.say(f"{'On' if on else 'Off'}: {item.label}")
    if not wanted:
        _show(call)
        if sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty():
            _ask(call)
    return 0


def _show(call: Call) -> list[Switch]:
    found = switches(call.shelf)
    for number, item in enumerate(found, 1):
        call.say(f"{number:4} [{'x' if item.on else ' '}] {item.label}")
    if not found:
        call.say(f"There is nothing in {call.shelf.root} and its packages.")
    return found


def _ask(call: Call) -> None:
    while True:
        sys.stdout.write("Switch which? (numbers; Enter ends) ")
        sys.stdout.flush()
        words = sys.stdin.readline().replace(",", " ").split()
        if not words:
            return
        found = switches(call.shelf)
        for word in words:
            if not word.isdecimal() or not 1 <= int(word) <= len(found):
                raise UsageError(f"{word} is no number of the list")
        for number in sorted({int(word) for word in words}):
            # what was saved for one may be in the same entry as another
            item = switches(call.shelf)[number - 1]
            switch(call.shelf, item, not item.on)
        _show(call)

"""`pi probe URL`: what a server speaks, and the entry of `models.json` that works with it."""

import os
import re
import sys
from typing import Any

from pi.coding.cli.args import Arguments, UsageError, read
from pi.coding.cli.options import Option

__all__ = ["help_text", "run"]

OPTIONS = (
    Option("key", "", "KEY", "the key: a variable's NAME, $NAME, !command, or the key itself"),
    Option("header", "", "NAME: VALUE", "send this header too (may be repeated)", repeat=True),
    Option("model", "", "ID", "ask this model instead of the first one listed"),
    Option("api", "", "LIST", "try these wires only (comma separated)"),
    Option("name", "", "ID", "name of the entry in models.json"),
    Option("timeout", "", "SECONDS", "longest wait for one answer (30)"),
    Option("deep", "", "", "also find the context limit by a request that is too long"),
    Option("write", "", "", "put the entry into models.json, after showing the difference"),
    Option("yes", "-y", "", "do not ask"),
    Option("json", "", "", "print everything as JSON"),
    Option("help", "-h", "", "show this help"),
)

_HEAD = """\
Usage: pi probe URL [options]

Finds out which wires a server speaks, which models it has and what works there, and shows the
entry for models.json. A server elsewhere is asked only after the costs were named.

  pi probe http://localhost:8080
  pi probe https://gateway.example.com --key GATEWAY_KEY --model big-one --write

Options:
"""
_TAIL = """
Exit codes: 0 a model answers, 1 nothing that is a model answers, 2 wrong usage, 130 interrupted.
"""


def help_text() -> str:
    """The text of `pi probe --help`."""
    rows: list[str] = []
    for option in OPTIONS:
        left = f"--{option.name} {option.value}".rstrip()
        left = f"{option.short}, {left}" if option.short else left
        rows.append(f"  {left:<24} {option.help}")
    return _HEAD + "\n".join(rows) + "\n" + _TAIL


def run(argv: list[str]) -> int:
    """Run `pi probe` with these words; gives the exit code."""
    from pi.ai.errors import AbortedError, ConfigError, PiError
    from pi.coding.modes.sanitize import printable

    try:
        args = read(argv, OPTIONS, "pi probe")
        if args.flag("help"):
            sys.stdout.write(help_text())
            return 0
        return _run(args)
    except (UsageError, ConfigError) as error:
        sys.stderr.write(f"Error: {printable(str(error))}\n")
        return 2
    except AbortedError as error:
        sys.stderr.write(f"{printable(error.message)}\n")
        return 1
    except PiError as error:
        sys.stderr.write(f"Error: {printable(error.message)}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped; nothing was written.\n")
        return 130


def _run(args: Arguments) -> int:
    from pi.coding.cli.auth.running import run_async
    from pi.coding.cli.probe_run import Job
    from pi.coding.home import open_home

    url, apis, timeout = _url(args), _apis(args), _timeout(args)
    name = args.text("name") or ""
    if name and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise UsageError(f"--name {name}: use letters, digits, dots and dashes")
    home = open_home(os.environ)
    for note in home.notes:
        sys.stderr.write(f"Warning: {note}\n")
    job = Job(home, args, url, apis, timeout, _headers(args))
    return run_async(job.run)


def _url(args: Arguments) -> str:
    from pi.coding.probe.address import checked_url

    if len(args.prompts) != 1 or args.files or not args.prompts[0].strip():
        raise UsageError("one URL is needed: pi probe http://localhost:8080 (--help has more)")
    return checked_url(args.prompts[0].strip())


def _apis(args: Arguments) -> tuple[str, ...]:
    from pi.coding.probe.address import WIRES

    names = args.names("api")
    for name in names:
        if name not in WIRES:
            raise UsageError(f"--api {name}: expected {', '.join(WIRES)}")
    if args.flag("api") and not names:
        raise UsageError(f"--api: expected {', '.join(WIRES)}")
    return tuple(name for name in WIRES if name in names) or WIRES


def _timeout(args: Arguments) -> float:
    text = args.text("timeout")
    if text is None:
        return 30.0
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise UsageError(f"--timeout {text}: expected seconds, from 0.1 to 3600")
    return seconds


def _headers(args: Arguments) -> dict[str, Any]:
    found: dict[str, str] = {}
    for item in args.texts("header"):
        name, colon, value = item.partition(":")
        if not colon or not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name.strip()):
            raise UsageError("--header: write it as 'Name: value'")
        found[name.strip()] = value.strip()
    return found

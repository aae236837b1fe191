"""`pi remove SOURCE`, also `pi uninstall`: take a package out of the settings."""

from pi.coding.cli.packages.call import LOCAL, Call, start

__all__ = ["run"]

_TEXT = """\
The source as `pi list` shows it, with or without its @ref. The clone of a git repository is removed
too, unless somebody changed files in it; a folder of your own is never touched."""


def run(argv: list[str]) -> int:
    """Run `pi remove`. Raises `UsageError`."""
    return start(argv, "pi remove SOURCE [-l]", _TEXT, (LOCAL,), _remove, words=(1, 1))


def _remove(call: Call) -> int:
    package, kept = call.shelf.remove(call.args.prompts[0], call.cwd)
    call.say(f"Removed {package.source.text} from {call.shelf.file}.")
    if kept:
        call.warn(f"{package.folder} has changed files and was kept")
    return 0

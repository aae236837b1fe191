"""`pi update [SOURCE]`: renew packages that come from git and are not pinned."""

from pi.ai.errors import ConfigError
from pi.coding.cli.packages.call import Call, start

__all__ = ["run"]

_TEXT = """\
Without a source, all packages of yours, and those of this project if you trust it. One that is
pinned with @ref stays where it is, one that is missing is fetched, and one that cannot be renewed
stays as it was. (Pi itself: use the tool that installed it; models: `pi models update`.)"""

_WORDS = {"new": "renewed", "same": "up to date", "pinned": "pinned", "local": "a folder"}


def run(argv: list[str]) -> int:
    """Run `pi update`. Raises `UsageError`."""
    return start(argv, "pi update [SOURCE]", _TEXT, (), _update, words=(0, 1))


def _update(call: Call) -> int:
    shelves = [call.mine]
    if call.ours.packages():
        from pi.coding.trust import is_trusted

        if is_trusted(call.folder, call.cwd):
            shelves.append(call.ours)
        else:
            call.warn(f"the packages of {call.ours.file} are left out: the project is not trusted")
    todo = [(shelf, package) for shelf in shelves for package in shelf.packages()]
    if call.args.prompts:
        text = call.args.prompts[0]
        meant = {item.source.text for shelf in shelves if (item := shelf.find(text, call.cwd))}
        todo = [(shelf, package) for shelf, package in todo if package.source.text in meant]
        if not todo:
            raise ConfigError(f"{text} is not installed; `pi list` shows what is")
    failed = 0
    for shelf, package in todo:
        updated = shelf.update(package)
        if updated.state == "failed":
            failed += 1
            call.warn(f"{updated.why}; what was there stays")
        else:
            why = f" ({updated.why})" if updated.why else ""
            call.say(f"{package.source.text}: {_WORDS[updated.state]}{why}")
    if not todo:
        call.say("There are no packages; `pi install SOURCE` adds one.")
    return 1 if failed else 0

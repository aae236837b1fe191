"""`pi list`: the packages of the user and of the project, and how they are."""

import sys

import msgspec

from pi.coding.cli.options import Option
from pi.coding.cli.packages.call import Call, brief, start
from pi.coding.packages.git import commit_of
from pi.coding.packages.manifest import KINDS, Contents
from pi.coding.packages.paths import Package, contents_of

__all__ = ["run"]

_JSON = Option("json", "", "", "as JSON")


def run(argv: list[str]) -> int:
    """Run `pi list`. Raises `UsageError`."""
    text = "All packages, yours and this project's, with what they bring."
    return start(argv, "pi list [--json]", text, (_JSON,), _list)


def _list(call: Call) -> int:
    rows = [(p, _contents(p)) for shelf in (call.mine, call.ours) for p in shelf.packages()]
    if call.args.flag("json"):
        data = [_data(call, package, brought) for package, brought in rows]
        text = msgspec.json.format(msgspec.json.encode(data), indent=2).decode()
        sys.stdout.write(text + "\n")
        return 0
    if not rows:
        call.say("There are no packages; `pi install SOURCE` adds one.")
    for package, brought in rows:
        scope = " (project)" if package.scope == "project" else ""
        pinned = f", pinned to {package.source.ref}" if package.source.ref else ""
        commit = commit_of(package.folder, call.mine.env)[:12] if package.there else ""
        state = f"{brief(brought) or 'nothing'}{f', {commit}' if commit else ''}{pinned}"
        call.say(f"{package.source.text}{scope}")
        call.say(f"  {package.folder}")
        call.say(f"  {state if package.there else 'NOT THERE: pi update fetches it'}")
        for note in brought.notes:
            call.warn(note)
    return 0


def _contents(package: Package) -> Contents:
    return contents_of(package) if package.there else Contents()


def _data(call: Call, package: Package, brought: Contents) -> dict[str, object]:
    return {
        "source": package.source.text,
        "scope": package.scope,
        "path": str(package.folder),
        "there": package.there,
        "pinned": package.source.ref or None,
        "commit": commit_of(package.folder, call.mine.env) or None,
        **{kind: [str(path) for path in brought.of(kind)] for kind in KINDS},
        "notes": list(brought.notes),
    }

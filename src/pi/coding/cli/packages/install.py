"""`pi install SOURCE`: fetch a package and note it in the settings."""

from pi.coding.cli.packages.call import LOCAL, Call, brief, start

__all__ = ["run"]

_TEXT = """\
A source is a folder, git:host/user/repo, a URL or git@host:user/repo; @ref at the end pins a tag, a
branch or a commit. Nothing of a package runs while it is installed; its extensions run with your
rights from the next start on, so look at them first."""


def run(argv: list[str]) -> int:
    """Run `pi install`. Raises `UsageError`."""
    return start(argv, "pi install SOURCE [-l]", _TEXT, (LOCAL,), _install, words=(1, 1))


def _install(call: Call) -> int:
    package, brought = call.shelf.install(call.args.prompts[0], call.cwd)
    for note in brought.notes:
        call.warn(note)
    call.say(f"Installed {package.source.text}: {brief(brought) or 'nothing that is used'}.")
    call.say(f"It is in {package.folder}, and in {call.shelf.file}.")
    if brought.requires and brought.extensions:
        call.say(f"It needs these Python packages beside pi: {', '.join(brought.requires)}.")
    if call.args.flag("local"):
        from pi.coding.trust import is_trusted

        if not is_trusted(call.folder, call.cwd):
            call.say("It is used once you trust this project (--approve for one run).")
    return 0

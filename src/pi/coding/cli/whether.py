"""Whether a start here would load extensions, found out without importing anything of ours."""

import os

from pi.coding.cli.args import Arguments

__all__ = ["may_have_extensions"]


def may_have_extensions(args: Arguments) -> bool:
    """False only if there certainly are none."""
    if args.flag("extension"):
        return True
    if args.flag("no-extensions"):
        return False
    agent = os.path.expanduser(os.environ.get("PI_CODING_AGENT_DIR") or "~/.pi/agent")  # noqa: PTH111
    own = os.path.join(".pi", "extensions")  # noqa: PTH118
    if any(map(os.path.isdir, (f"{agent}/extensions", own))):
        return True
    settings = (f"{agent}/settings.json", os.path.join(".pi", "settings.json"))  # noqa: PTH118
    if any(_says(path, (b'"extensions"', b'"packages"')) for path in settings):
        return True
    return _says(f"{agent}/extension-packages.json", (b'"found":[[',))


def _says(path: str, words: tuple[bytes, ...]) -> bool:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 (pathlib costs more than the look)
            text = file.read()
    except OSError:
        return False
    return any(word in text for word in words)

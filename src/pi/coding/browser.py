"""Opening an address in the browser of this machine, if there is one.

The program is started with the address as one argument of its own, never through a shell, and its
output goes nowhere. A browser that would take over the terminal is none.
"""

import os
import shlex
import shutil
import sys
from collections.abc import Mapping

__all__ = ["browser_command", "open_browser"]

_OPENERS = ("wslview", "xdg-open", "termux-open-url")


def open_browser(url: str, env: Mapping[str, str]) -> bool:
    """Open `url`. Returns at once; False if there is no browser here."""
    if os.name == "nt":
        try:
            os.startfile(url)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
    command = browser_command(env, sys.platform)
    if not command:
        return False
    import subprocess

    try:
        subprocess.Popen(
            [*command, url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    return True


def browser_command(env: Mapping[str, str], platform: str) -> list[str]:
    """What opens an address, without the address; empty if there is nothing, as over SSH."""
    remote = env.get("SSH_CONNECTION") or env.get("SSH_TTY")
    if platform == "darwin":
        return [] if remote else ["open"]
    own = env.get("BROWSER", "").split(os.pathsep)[0]
    if own and "%" not in own:
        return shlex.split(own)
    screen = env.get("DISPLAY") or env.get("WAYLAND_DISPLAY")
    wsl = env.get("WSL_DISTRO_NAME")
    if not (screen or wsl or env.get("TERMUX_VERSION")):
        return []
    found = (shutil.which(name, path=env.get("PATH")) for name in _OPENERS)
    return next(([path] for path in found if path), [])

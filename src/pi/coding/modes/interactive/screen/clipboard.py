"""Putting a text into the clipboard: with the system's program where there is one, and through the
terminal. What is told is what was seen to work."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping

__all__ = ["copy_with_program"]

_PATIENCE = 3.0


def copy_with_program(text: str, env: Mapping[str, str] = os.environ) -> str:
    """The name of the program that has taken the text; "" if there is none that could."""
    for argv in _programs(env):
        if shutil.which(argv[0], path=env.get("PATH")) is None:
            continue
        try:
            done = subprocess.run(
                argv,
                input=text.encode("utf-8", "replace"),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_PATIENCE,
                start_new_session=True,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return argv[0]
    return ""


def _programs(env: Mapping[str, str]) -> list[list[str]]:
    if sys.platform == "darwin":
        return [["pbcopy"]]
    found: list[list[str]] = []
    if env.get("WAYLAND_DISPLAY"):
        found.append(["wl-copy"])
    if env.get("DISPLAY"):
        found += [["xclip", "-selection", "clipboard"], ["xsel", "--clipboard", "--input"]]
    if env.get("WSL_DISTRO_NAME"):
        found.append(["clip.exe"])
    if env.get("TERMUX_VERSION"):
        found.append(["termux-clipboard-set"])
    return found

"""Where a user's credentials and models are: the folder of the established program."""

from collections.abc import Mapping
from pathlib import Path

__all__ = ["agent_dir", "expand"]


def expand(path: str, env: Mapping[str, str]) -> str:
    """The path with a leading `~` replaced by the home folder of that environment."""
    if path != "~" and not path.startswith(("~/", "~\\")):
        return path
    home = env.get("HOME") or env.get("USERPROFILE") or str(Path.home())
    return home + path[1:]


def agent_dir(env: Mapping[str, str]) -> Path:
    """By default `~/.pi/agent`; `PI_CODING_AGENT_DIR` moves it."""
    return Path(expand(env.get("PI_CODING_AGENT_DIR") or "~/.pi/agent", env))

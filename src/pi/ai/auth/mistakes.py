"""What is said when the code of a login flow, which may be a stranger's, fails in its own way."""

import traceback
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from pi.ai.auth.base import UnfinishedRefresh
from pi.ai.errors import ConfigError, PiError

__all__ = ["flow_called"]

_OURS = Path(__file__).parents[2]


@contextmanager
def flow_called(name: str) -> Generator[None]:
    """Around a call of the code of login flow `name`: a mistake in it is one line that names it.

    Errors of ours mean something and go through; any other becomes a `ConfigError`.
    """
    try:
        yield
    except (PiError, UnfinishedRefresh):
        raise
    except Exception as error:
        what = f"{type(error).__name__}: {error}".removesuffix(": ")
        raise ConfigError(f"the login flow {name} failed: {what}{_place(error)}") from error


def _place(error: Exception) -> str:
    """The line of the flow's own code that is nearest to the mistake."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if _OURS not in Path(frame.filename).parents]
    frame = (theirs or frames)[-1]
    return f" ({Path(frame.filename).name} line {frame.lineno})"

"""What every test stands on: no key, no proxy and no home of the person who runs the tests."""

import contextlib
import os
import signal

import pytest
from hypothesis import settings

# Times are measured in bench/; here a busy machine would only make a test fail that is right.
settings.register_profile("pi", deadline=None)
settings.load_profile("pi")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Whoever starts the tests in the background of a shell has Ctrl+C ignored, and every program
    # that a test starts would inherit that.
    with contextlib.suppress(ValueError):  # not the main thread
        signal.signal(signal.SIGINT, signal.default_int_handler)

_KEPT = {"PATH", "LANG", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "COMSPEC", "PATHEXT", "TZ"}
_KEPT_PREFIXES = ("LC_", "PYTHON", "COV", "PYTEST", "HYPOTHESIS")


@pytest.fixture(autouse=True)
def _clean_environment(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment like that of a new user: an empty home and nothing set."""
    for name in list(os.environ):
        if name.upper() not in _KEPT and not name.upper().startswith(_KEPT_PREFIXES):
            monkeypatch.delenv(name)
    home = str(tmp_path_factory.mktemp("home"))
    monkeypatch.setenv("HOME", home)
    monkeypatch.setenv("USERPROFILE", home)

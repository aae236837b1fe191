"""What goes on beside the session, and can be stopped like a run."""

from collections.abc import Sequence
from typing import Any

from pi.ai.messages import ImageContent
from pi.coding.api.answers import BashResult
from pi.coding.modes.interactive.status import Activity
from pi.coding.modes.interactive.talk import Talk


class Nobody:
    """A place where nothing is typed and nobody reads."""

    def give_back(self, text: str, images: Sequence[ImageContent] = ()) -> None:
        """Nothing comes back."""

    def say(self, level: str, text: str) -> None:
        """Nobody hears it."""

    def queued(self, held: Sequence[str], steering: Sequence[str], later: Sequence[str]) -> None:
        """Nothing waits."""

    def command_began(self, command: str, *, excluded: bool) -> Any:
        """There are no commands."""

    def command_ended(self, shown: Any, result: BashResult | None) -> None:
        """There are no commands."""


def test_esc_stops_the_last_errand_and_nothing_when_there_is_none() -> None:
    talk, stopped = Talk(Nobody()), list[str]()
    with talk.errand(lambda: stopped.append("first")):
        with talk.errand(lambda: stopped.append("second")):
            assert talk.stops
            assert talk.escape()
        assert talk.escape()
    assert stopped == ["second", "first"]
    assert not talk.stops
    assert not talk.escape()


def test_an_errand_is_told_with_its_clock() -> None:
    clock = [10.0]
    activity = Activity(lambda: clock[0])
    activity.aside("Signing in to Somebody")
    clock[0] = 13.2
    assert activity.busy
    assert not activity.ends
    assert activity.line()[1:] == ("Signing in to Somebody · 3s", "esc to cancel")
    activity.aside("")
    assert not activity.busy
    assert activity.line() == ("", "", "")

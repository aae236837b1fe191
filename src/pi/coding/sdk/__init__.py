"""Sessions for Python programs: the same sessions that the program `pi` has, without a screen."""

from typing import Unpack

from pi.ai.model import Model
from pi.coding.sdk.blocking import BlockingSession
from pi.coding.sdk.options import SessionOptions
from pi.coding.sdk.session import AsyncSession

__all__ = ["BlockingSession", "Session", "SessionOptions"]


class Session(AsyncSession):
    """A session, as `AsyncSession` describes it, with a twin for code without an event loop."""

    @staticmethod
    def blocking(
        model: str | Model | None = None, **options: Unpack[SessionOptions]
    ) -> BlockingSession:
        """A session for code without an event loop: `with pi.Session.blocking(...) as session`."""
        return BlockingSession(model, **options)

"""What the user says while a run is going on.

Steering goes in before the next request, a follow-up when the run would otherwise end. Each is
delivered once; what was not delivered can be taken back.
"""

from typing import Literal

from pi.ai.messages import UserMessage

__all__ = ["Inbox", "QueueMode"]

QueueMode = Literal["one-at-a-time", "all"]


class Inbox:
    """The two queues of a run."""

    def __init__(
        self,
        *,
        steering_mode: QueueMode = "one-at-a-time",
        follow_up_mode: QueueMode = "one-at-a-time",
    ) -> None:
        self.steering_mode: QueueMode = steering_mode
        self.follow_up_mode: QueueMode = follow_up_mode
        self.steering: list[UserMessage] = []
        self.follow_up: list[UserMessage] = []

    @property
    def waiting(self) -> bool:
        """Whether anything was not delivered yet."""
        return bool(self.steering or self.follow_up)

    def take_steering(self) -> list[UserMessage]:
        """The messages to deliver before the next request."""
        return _take(self.steering, self.steering_mode)

    def take_follow_up(self) -> list[UserMessage]:
        """The messages to deliver instead of ending."""
        return _take(self.follow_up, self.follow_up_mode)

    def take_back(self) -> list[UserMessage]:
        """Everything that was not delivered, steering first; the queues are empty after it."""
        messages = [*self.steering, *self.follow_up]
        self.steering.clear()
        self.follow_up.clear()
        return messages


def _take(queue: list[UserMessage], mode: QueueMode) -> list[UserMessage]:
    count = len(queue) if mode == "all" else 1
    taken = queue[:count]
    del queue[:count]
    return taken

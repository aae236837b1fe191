"""The few words that all parts share: how the program runs, and why a session begins or ends."""

from typing import Literal

__all__ = ["Deliver", "Mode", "Reason"]

Mode = Literal["interactive", "print", "json", "rpc", "sdk"]
"""How the program runs."""

Reason = Literal["startup", "reload", "new", "resume", "fork", "quit"]
"""Why a session begins or ends."""

Deliver = Literal["now", "steer", "follow_up", "next_turn"]
"""When a message goes to the model."""

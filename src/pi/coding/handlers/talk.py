"""What is said while a run goes on: steering, follow-ups, and taking them back."""

from pi.ai.errors import ConfigError
from pi.ai.messages import ImageContent, TextContent, UserContent, UserMessage, text_of
from pi.coding.api.answers import Queued, Taken
from pi.coding.api.commands import (
    Abort,
    AbortExtensions,
    ClearQueue,
    FollowUp,
    SetFollowUpMode,
    SetSteeringMode,
    Steer,
)
from pi.coding.handlers.desk import Desk

__all__ = [
    "abort",
    "abort_extensions",
    "clear_queue",
    "follow_up",
    "set_follow_up_mode",
    "set_steering_mode",
    "steer",
    "user_message",
]


def user_message(desk: Desk, text: str, images: tuple[ImageContent, ...]) -> UserMessage:
    """What the user says, with skills and templates put in.

    Raises `ConfigError` if that is nothing, and what a policy has against it.
    """
    if not text.strip() and not images:
        raise ConfigError("there is nothing to say: the message is empty")
    text = desk.services.expand(text)
    content: str | tuple[UserContent, ...] = text
    if images:
        content = (TextContent(text), *images) if text else images
    message = UserMessage(content)
    for hook in (*desk.bridge.hooks, *desk.hooks):
        hook.accept(message)
    return message


async def steer(desk: Desk, command: Steer) -> Taken:
    """Queue it for the next request."""
    desk.inbox.steering.append(user_message(desk, command.text, command.images))
    desk.queue_changed()
    return Taken("queued")


async def follow_up(desk: Desk, command: FollowUp) -> Taken:
    """Queue it for the end of the run."""
    desk.inbox.follow_up.append(user_message(desk, command.text, command.images))
    desk.queue_changed()
    return Taken("queued")


async def abort(desk: Desk, command: Abort) -> None:
    """End what goes on."""
    desk.bridge.give_up(commands=not (desk.busy or desk.compacting))
    await desk.abort()


async def abort_extensions(desk: Desk, command: AbortExtensions) -> None:
    """Wait for no extension any longer."""
    desk.bridge.give_up(commands=True)


async def clear_queue(desk: Desk, command: ClearQueue) -> Queued:
    """Take back what was queued."""
    inbox = desk.inbox
    steering = tuple(text_of(message.content) for message in inbox.steering)
    later = tuple(text_of(message.content) for message in inbox.follow_up)
    if inbox.take_back():
        desk.queue_changed()
    return Queued(steering, later)


async def set_steering_mode(desk: Desk, command: SetSteeringMode) -> None:
    """From the next delivery on."""
    desk.inbox.steering_mode = command.mode


async def set_follow_up_mode(desk: Desk, command: SetFollowUpMode) -> None:
    """From the next delivery on."""
    desk.inbox.follow_up_mode = command.mode

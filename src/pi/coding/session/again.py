"""A prompt that got nothing but errors and is said again, word for word.

It takes the place of the failed one, so that a model reads it once. The failed one stays in the
file, on a branch of its own.
"""

from pi.ai.messages import AssistantMessage, UserMessage
from pi.coding.session.entries import MessageEntry, ModelChange, ThinkingLevelChange
from pi.coding.session.log import SessionLog

__all__ = ["take_again"]


def take_again(log: SessionLog, message: UserMessage) -> None:
    """Stand before the failed prompt, if `message` is it again. Model and thinking level stay."""
    index = _failed(log, message)
    if index is None:
        return
    model, level = log.state.model, log.state.thinking_level
    log.move(log.branch[index - 1].id if index else None)
    if model is not None:
        log.append_model_change(*model)
    if level is not None:
        log.append_thinking_level(level)


def _failed(log: SessionLog, message: UserMessage) -> int | None:
    """Where in the branch the same prompt stands with nothing but errors and choices after it."""
    failed = False
    for index in range(len(log.branch) - 1, -1, -1):
        match log.entry(log.branch[index]):
            case MessageEntry(AssistantMessage(stop_reason="error", content=())):
                failed = True
            case ModelChange() | ThinkingLevelChange():
                pass  # chosen for the next try
            case MessageEntry(UserMessage(content=said)):
                return index if failed and said == message.content else None
            case _:
                return None
    return None

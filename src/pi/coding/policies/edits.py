"""Taking an answer out of the conversation: it stays in the session, but no model is told it."""

from pi.ai.messages import AssistantMessage
from pi.coding.session.entries import ContextEdit
from pi.coding.session.log import SessionLog
from pi.coding.session.scan import Node

__all__ = ["leave_out", "node_of"]


def node_of(log: SessionLog, message: AssistantMessage) -> Node | None:
    """The entry of an answer that was just recorded.

    It is looked up by its time: an answer with half a surrogate pair is recorded without it.
    """
    for item in reversed(log.state.items):
        said = item.message
        if isinstance(said, AssistantMessage) and said.timestamp == message.timestamp:
            return item.node
    return None


def leave_out(log: SessionLog, node: Node | None) -> None:
    """Leave an answer out of all requests from here on."""
    if node is not None:
        log.append(ContextEdit(node.id, None))

"""A summary of the branch that a user leaves in the tree, for whoever goes on elsewhere.

It tells of what lies between the two places' common ancestor and the leaf that is left, the newest
first as far as there is room, without what tools returned.
"""

import asyncio
from collections.abc import Sequence

from msgspec import UNSET

from pi.ai.errors import PiError
from pi.coding.policies.files import Files, files_in, files_of
from pi.coding.policies.host import PolicyHost
from pi.coding.policies.retry import Sleep
from pi.coding.policies.size import limits, tokens_of, tokens_used
from pi.coding.policies.summarize import Summarizer
from pi.coding.session.context import edited, message_of
from pi.coding.session.entries import (
    AgentMessage,
    BranchSummary,
    Compaction,
    ContextEdit,
    Entry,
)
from pi.coding.session.log import SessionLog
from pi.coding.session.scan import Node

__all__ = ["left_behind", "summarize_branch"]


def left_behind(log: SessionLog, target_id: str | None) -> list[Node]:
    """The entries from the leaf back to what it shares with the entry `target_id`, oldest first.

    None stands for the place before all entries. An unknown id shares nothing.
    """
    target = None if target_id is None else log.tree.get(target_id)
    shared = {node.index for node in log.tree.path(target)}
    return [node for node in log.branch if node.index not in shared]


async def summarize_branch(
    host: PolicyHost,
    target_id: str | None,
    *,
    focus: str | None = None,
    sleep: Sleep = asyncio.sleep,
) -> BranchSummary | None:
    """What happened on the branch of the leaf, for going on at `target_id`.

    The result is for `SessionLog.move_with_summary`; None if nothing was said there. Raises
    `PiError` if no summary came of it; what that cost is recorded. focus: what the user wants the
    summary to pay attention to.
    """
    log = host.log
    nodes = left_behind(log, target_id)
    found = list(log.entries(nodes))
    messages = _messages(found)
    room = limits(host.settings.compaction, host.model).hard
    room -= min(host.settings.branch_summary.reserve_tokens, room // 2)
    kept = _newest(messages, room)
    if not kept:
        return None
    summarizer = Summarizer(host, sleep=sleep)
    try:
        text = await summarizer.ask("branch", kept, focus=focus, results=False)
    except (PiError, asyncio.CancelledError) as error:
        summarizer.book("branch_summary", str(error) or "aborted")
        raise
    files = files_in(messages)
    for _, entry in found:
        if isinstance(entry, BranchSummary | Compaction) and entry.from_hook is not True:
            files |= files_of(entry.details)
    return BranchSummary(
        log.leaf.id if log.leaf else "root",
        _with_files(text, files),
        files.details,
        summarizer.usage if tokens_used(summarizer.usage) else UNSET,
    )


def _messages(found: Sequence[tuple[Node, Entry]]) -> list[AgentMessage]:
    """What was said, after context edits."""
    edits = {e.target_id: e.replacement for _, e in found if isinstance(e, ContextEdit)}
    messages: list[AgentMessage] = []
    for node, entry in found:
        message = message_of(entry, node.timestamp)
        if message is not None and node.id in edits:
            message = edited(message, edits[node.id])
        if message is not None:
            messages.append(message)
    return messages


def _newest(messages: Sequence[AgentMessage], room: int) -> list[AgentMessage]:
    """As many messages from the end as have `room` tokens, at least one."""
    kept: list[AgentMessage] = []
    for message in reversed(messages):
        room -= tokens_of(message)
        if kept and room < 0:
            break
        kept.append(message)
    return kept[::-1]


def _with_files(text: str, files: Files) -> str:
    return "\n\n".join(filter(None, (text, files.text)))

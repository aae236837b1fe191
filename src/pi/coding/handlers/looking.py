"""What a session holds, for whoever wants to look. Nothing is changed here.

Entries are given as the lines of the file, so nothing that we do not know is lost on the way.
"""

import msgspec
from msgspec import UNSET

from pi.ai.messages import AssistantMessage, UserMessage, text_of
from pi.coding.api.answers import (
    CommandInfo,
    Commands,
    ContextUsage,
    Entries,
    ForkMessage,
    ForkMessages,
    LastText,
    Messages,
    ModelInfo,
    ModelSpending,
    SessionState,
    SessionStats,
    SourceInfo,
    TokenTotals,
    Tree,
)
from pi.coding.api.commands import (
    GetCommands,
    GetEntries,
    GetForkMessages,
    GetLastAssistantText,
    GetMessages,
    GetSessionStats,
    GetState,
    GetTree,
)
from pi.coding.extensions.shelf import Owner
from pi.coding.handlers.desk import Desk
from pi.coding.handlers.policies import auto_compaction
from pi.coding.policies.beside import beside
from pi.coding.policies.size import measure
from pi.coding.session.display import typed_text
from pi.coding.session.entries import MessageEntry
from pi.coding.session.errors import SessionError
from pi.coding.session.lines import lines, tree_json
from pi.coding.session.stats import count, is_counted

__all__ = [
    "get_commands",
    "get_entries",
    "get_fork_messages",
    "get_last_assistant_text",
    "get_messages",
    "get_session_stats",
    "get_state",
    "get_tree",
]


async def get_state(desk: Desk, command: GetState) -> SessionState:
    """How things stand."""
    log, inbox = desk.log, desk.inbox
    return SessionState(
        model=ModelInfo.of(desk.model),
        thinking_level=desk.thinking,
        is_streaming=desk.busy,
        is_compacting=desk.compacting,
        steering_mode=inbox.steering_mode,
        follow_up_mode=inbox.follow_up_mode,
        session_file=str(log.path) if log.path else UNSET,
        session_id=log.header.id,
        session_name=log.state.name or UNSET,
        auto_compaction_enabled=auto_compaction(desk),
        message_count=len(log.state.items),
        pending_message_count=len(inbox.steering) + len(inbox.follow_up),
    )


async def get_messages(desk: Desk, command: GetMessages) -> Messages:
    """The conversation."""
    return Messages(desk.log.state.transcript)


async def get_entries(desk: Desk, command: GetEntries) -> Entries:
    """The lines of the file."""
    log = desk.log
    nodes = log.tree.nodes
    if command.since is not None:
        last = log.tree.get(command.since)
        if last is None:
            raise SessionError(f"there is no entry {command.since!r} in this session")
        nodes = nodes[last.index + 1 :]
    return Entries(tuple(map(msgspec.Raw, lines(log, nodes))), log.leaf.id if log.leaf else None)


async def get_tree(desk: Desk, command: GetTree) -> Tree:
    """The lines of the file, one in the other."""
    log = desk.log
    return Tree(msgspec.Raw(tree_json(log)), log.leaf.id if log.leaf else None)


async def get_session_stats(desk: Desk, command: GetSessionStats) -> SessionStats:
    """Counted anew: some milliseconds for each MB of the session, in a thread if it is long."""
    log, model = desk.log, desk.model
    counts = await beside(lambda nodes: count(log), log.tree.nodes)
    usage = counts.usage
    window = model.context_window
    context = desk.turn().context
    tokens = None
    if is_counted(log.state):
        tokens = (await beside(measure, log.state.projection, context)).tokens
    percent = None if tokens is None else tokens * 100 / window
    return SessionStats(
        session_file=str(log.path) if log.path else UNSET,
        session_id=log.header.id,
        user_messages=counts.user,
        assistant_messages=counts.assistant,
        tool_calls=counts.tool_calls,
        tool_results=counts.tool_results,
        total_messages=counts.messages,
        tokens=TokenTotals(
            usage.input,
            usage.output,
            usage.cache_read,
            usage.cache_write,
            usage.input + usage.output + usage.cache_read + usage.cache_write,
        ),
        cost=usage.cost.total,
        context_usage=ContextUsage(tokens, window, percent) if window else UNSET,
        models=tuple(
            ModelSpending(found.provider, found.model, found.answers, found.usage)
            for found in counts.models.values()
        ),
    )


async def get_fork_messages(desk: Desk, command: GetForkMessages) -> ForkMessages:
    """The prompts of the active branch, also those before a compaction."""
    log = desk.log
    found: list[ForkMessage] = []
    nodes = [node for node in log.branch if node.type == "message"]
    for node, entry in log.entries(nodes):
        if isinstance(entry, MessageEntry) and isinstance(entry.message, UserMessage):
            text = text_of(entry.message.content)
            if text:
                found.append(ForkMessage(node.id, typed_text(text)))
    return ForkMessages(tuple(found))


async def get_last_assistant_text(desk: Desk, command: GetLastAssistantText) -> LastText:
    """The text of the last answer that has one; an aborted one without content does not count."""
    for message in reversed(desk.log.state.transcript):
        if isinstance(message, AssistantMessage):
            if message.stop_reason == "aborted" and not message.content:
                continue
            return LastText(message.text.strip() or None)
    return LastText(None)


async def get_commands(desk: Desk, command: GetCommands) -> Commands:
    """What prompts may begin with: commands of extensions first, as they are looked up."""
    own = [
        CommandInfo(
            row.name,
            "builtin" if row.owner.scope == "pi" else "extension",
            _source(row.owner),
            row.description,
            row.hint,
        )
        for row in desk.bridge.shelf.commands.values()
    ]
    return Commands((*own, *desk.services.commands()))


def _source(owner: Owner) -> SourceInfo:
    if owner.scope == "flag":
        return SourceInfo(str(owner.path), "cli", "temporary", "top-level")
    scope = "project" if owner.scope == "project" else "user"
    return SourceInfo(
        str(owner.path), "auto", scope, "package" if owner.scope == "package" else "top-level"
    )

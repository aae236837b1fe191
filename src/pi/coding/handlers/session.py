"""The session as a whole: its name, its bookmarks, the place where it goes on, copies on disk."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from msgspec import UNSET, UnsetType

from pi.ai.errors import ConfigError
from pi.ai.messages import UserMessage, text_of
from pi.coding.api.answers import Navigated, Written
from pi.coding.api.commands import ExportHtml, ExportJsonl, NavigateTree, SetLabel, SetName
from pi.coding.api.events import SessionInfoChanged
from pi.coding.extensions.results import Cancel, Summary
from pi.coding.handlers.desk import Desk
from pi.coding.handlers.policies import summarising
from pi.coding.session.display import typed_text
from pi.coding.session.entries import BranchSummary, CustomMessageEntry, MessageEntry
from pi.coding.session.errors import SessionError
from pi.coding.session.log import SessionLog
from pi.coding.session.scan import Node

__all__ = ["export_html", "export_jsonl", "navigate_tree", "set_label", "set_name"]


async def set_name(desk: Desk, command: SetName) -> None:
    """Name the session."""
    desk.log.append_name(command.name)
    desk.tell(SessionInfoChanged(desk.log.state.name or UNSET))


async def set_label(desk: Desk, command: SetLabel) -> None:
    """Put a bookmark."""
    if desk.log.tree.get(command.entry_id) is None:
        raise SessionError(f"there is no entry {command.entry_id!r} in this session")
    desk.log.append_label(command.entry_id, command.label)


async def navigate_tree(desk: Desk, command: NavigateTree) -> Navigated:
    """Go to another place; what was said there by a person is taken back to be said anew."""
    log = desk.log
    target: Node | None = None
    text: str | UnsetType = UNSET
    if command.entry_id is not None:
        target = log.tree.get(command.entry_id)
        if target is None:
            raise SessionError(f"there is no entry {command.entry_id!r} in this session")
        target, text = _before(desk, target)
    place = target.id if target else None
    fields = command.entry_id, command.summarize, command.custom_instructions
    answer = await desk.bridge.first("session_before_tree", (Cancel, Summary), *fields)
    if isinstance(answer, Cancel):
        raise ConfigError(answer.reason or "an extension does not want to leave this branch")
    await desk.abort()
    left = log.leaf.id if log.leaf else None
    try:
        summary = None
        if isinstance(answer, Summary):
            details = UNSET if answer.details is None else answer.details
            summary = BranchSummary(left or "root", answer.text, details, UNSET, True)
        elif command.summarize:
            from pi.coding.policies.branch_summary import summarize_branch  # calls a model

            focus = command.custom_instructions
            summary = await summarising(desk, lambda: summarize_branch(desk, place, focus=focus))
        if summary is None:
            log.move(place)
        else:
            log.move_with_summary(place, summary)
        desk.bridge.restore_tools()
        desk.bridge.tell("session_tree", left, log.leaf.id if log.leaf else None)
    finally:
        desk.go_on()  # what was said meanwhile is not lost when there is no summary
    return Navigated(log.leaf.id if log.leaf else None, text)


async def export_html(desk: Desk, command: ExportHtml) -> Written:
    """Write one page."""
    from pi.coding.session.export import export_html as write  # not needed before

    target, mask = _target(desk, command.output_path, ".html"), _mask(desk)
    return Written(str(await _apart(desk.log, lambda log: write(log, target, mask))))


async def export_jsonl(desk: Desk, command: ExportJsonl) -> Written:
    """Write the active branch."""
    from pi.coding.session.export import export_jsonl as write

    target, mask = _target(desk, command.output_path, ".jsonl"), _mask(desk)
    return Written(str(await _apart(desk.log, lambda log: write(log, target, mask))))


async def _apart(log: SessionLog, work: Callable[[SessionLog], Path]) -> Path:
    """Do what takes long in a thread, with a log of its own: the session may go on meanwhile."""
    path = _file_of(log)
    if path is None:
        return work(log)

    def with_own() -> Path:
        own = SessionLog.open(path)
        own.header = log.header
        return work(own)

    return await asyncio.to_thread(with_own)


def _file_of(log: SessionLog) -> Path | None:
    """The file of a session, if there is one already."""
    return log.path if log.path is not None and log.path.exists() else None


def _mask(desk: Desk) -> Callable[[bytes], bytes]:
    return desk.services.mask or bytes


def _target(desk: Desk, path: str | None, suffix: str) -> Path:
    if path is None:
        log = desk.log
        stem = log.path.stem if log.path else log.header.id
        return desk.services.cwd / f"pi-session-{stem}{suffix}"
    return desk.services.cwd / Path(path).expanduser()


def _before(desk: Desk, node: Node) -> tuple[Node | None, str | UnsetType]:
    """The place of an entry; for what a person said, the place before it and its text."""
    entry = desk.log.entry(node)
    content = None
    if isinstance(entry, MessageEntry) and isinstance(entry.message, UserMessage):
        content = entry.message.content
    elif isinstance(entry, CustomMessageEntry):
        content = entry.content
    if content is None:
        return node, UNSET
    return desk.log.tree.parent(node), typed_text(text_of(content))

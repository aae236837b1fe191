"""One compaction: the summaries are made, and the entry that puts them in the place of history.

A compaction that fails is told and changes nothing but the account. One that succeeds is one entry;
what it replaces stays in the file.
"""

import asyncio

from msgspec import UNSET

from pi.ai.errors import ConfigError, PiError
from pi.ai.messages import UserMessage, text_of
from pi.coding.api.events import (
    CompactionEnd,
    CompactionReason,
    CompactionResult,
    CompactionStart,
)
from pi.coding.extensions.results import Cancel, Summary
from pi.coding.policies.edits import leave_out
from pi.coding.policies.files import files_in, files_of, without_lists
from pi.coding.policies.host import PolicyHost
from pi.coding.policies.plan import Plan
from pi.coding.policies.retry import Sleep
from pi.coding.policies.size import tokens_of, tokens_used
from pi.coding.policies.summarize import Summarizer
from pi.coding.policies.written import shorten
from pi.coding.session.entries import Compaction
from pi.coding.session.scan import Node

__all__ = ["carry_out"]

_QUOTED = 4000
"""Characters of the user's own words that a split turn keeps; less in a small window."""


async def carry_out(
    host: PolicyHost,
    planned: Plan,
    reason: CompactionReason,
    tokens: int,
    *,
    focus: str | None = None,
    without: Node | None = None,
    sleep: Sleep = asyncio.sleep,
) -> CompactionResult:
    """Make the summary and the entry, and tell of it. Raises what went wrong.

    tokens: of the conversation before. focus: what the user wants the summary to pay attention
    to. without: an entry to leave out of the conversation, because it is asked for again.
    """
    summarizer = Summarizer(host, reason=reason, scale=planned.scale, sleep=sleep)
    host.tell(CompactionStart(reason))
    own: Summary | None = None
    try:
        own = await _asked(host, planned, reason, tokens, focus)
        if own is not None:
            summary, details = own.text, own.details
        else:
            summary, details = await _summary(host, planned, summarizer, focus)
        if without is not None:
            leave_out(host.log, without)
        used = summarizer.usage if tokens_used(summarizer.usage) else UNSET
        details = UNSET if details is None else details
        entry = Compaction(
            summary, planned.first_kept, tokens, details, used, UNSET if own is None else True
        )
        node = host.log.append(entry)
    except asyncio.CancelledError:
        host.tell(CompactionEnd(reason=reason, aborted=True))
        summarizer.book("compaction", "aborted")
        raise
    except Exception as error:
        text = error.message if isinstance(error, PiError) else f"{error!r}"
        host.tell(CompactionEnd(reason=reason, error_message=f"no summary was made: {text}"))
        summarizer.book("compaction", text)
        raise
    after = sum(tokens_of(item.message) for item in host.log.state.projection)
    first_kept = planned.first_kept or node.id
    result = CompactionResult(summary, first_kept, tokens, after, used, details)
    host.tell(CompactionEnd(reason=reason, result=result, will_retry=reason == "overflow"))
    host.bridge.tell("session_compact", result, own is not None)
    return result


async def _asked(
    host: PolicyHost, planned: Plan, reason: CompactionReason, tokens: int, focus: str | None
) -> Summary | None:
    """The summary of an extension, if one has it. Raises `ConfigError` if one wants none."""
    messages = (*planned.history, *planned.prefix)
    fields = reason, focus, messages, planned.first_kept, tokens
    answer = await host.bridge.first("session_before_compact", (Cancel, Summary), *fields)
    if isinstance(answer, Cancel):
        raise ConfigError(answer.reason or "an extension does not want it")
    return answer


async def _summary(
    host: PolicyHost, planned: Plan, summarizer: Summarizer, focus: str | None
) -> tuple[str, dict[str, list[str]]]:
    """The text that stands for what is replaced, and the files it speaks of."""
    earlier = host.log.state.compaction
    previous = without_lists(earlier.summary) if earlier else ""
    files = files_in((*planned.history, *planned.prefix))
    if earlier is not None and earlier.from_hook is not True:
        files |= files_of(earlier.details)
    parts: list[str] = [previous] if previous else []
    if planned.history:
        task = "update" if previous else "fresh"
        history = await summarizer.ask(task, planned.history, previous=previous, focus=focus)
        parts = [history]
    if planned.prefix:
        parts += [
            *(["---"] if parts else []),
            "# The work that is going on",
            *_request_of(planned),
            await summarizer.ask("prefix", planned.prefix, focus=focus),
        ]
    if files.text:
        parts.append(files.text)
    return "\n\n".join(parts), files.details


def _request_of(planned: Plan) -> list[str]:
    """What the user asked for, in their own words, so that no summary can lose it."""
    first = planned.prefix[0]
    if not isinstance(first, UserMessage) or not text_of(first.content).strip():
        return []
    words = shorten(text_of(first.content).strip(), min(_QUOTED, planned.most // 2))
    return ["The user asked for it in these words:", "\n".join(f"> {w}" for w in words.split("\n"))]

"""One summary of a part of a conversation, made by the model that is in use.

The request holds the conversation as text, trimmed to what fits. An answer that is empty or was cut
off is no summary. Failures that pass are tried again; what they cost counts like everything else.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from pi.ai.errors import RETRYABLE, AbortedError, ErrorInfo, PiError, ProtocolError, to_exception
from pi.ai.messages import AssistantMessage, Context, Usage, UserMessage
from pi.coding.api.events import (
    CompactionReason,
    SummarizationRetryAttemptStart,
    SummarizationRetryFinished,
    SummarizationRetryScheduled,
)
from pi.coding.policies.beside import beside
from pi.coding.policies.host import PolicyHost
from pi.coding.policies.retry import Sleep, delay_before
from pi.coding.policies.size import limits, tokens_used
from pi.coding.policies.written import write_down
from pi.coding.session.entries import AgentMessage, UsageEntry
from pi.coding.session.usage import add_usage

__all__ = ["Summarizer", "prompt_text"]

_CHARS = 4
_PROMPT = 1000
_SMALLEST_ROOM = 4000


def prompt_text(name: str) -> str:
    """The text of `prompts/<name>.md`."""
    return (Path(__file__).parent / "prompts" / f"{name}.md").read_text(encoding="utf-8").strip()


class Summarizer:
    """Makes the summaries of one compaction or one branch. `usage`: of all its requests so far.

    reason: why history is compacted; none for a branch. scale: tokens of the service for one that
    is estimated.
    """

    def __init__(
        self,
        host: PolicyHost,
        *,
        reason: CompactionReason | UnsetType = UNSET,
        scale: float = 1.0,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._host = host
        self._turn = host.turn()
        self._reason: CompactionReason | UnsetType = reason
        self._scale = scale
        self._sleep = sleep
        self.usage = Usage()

    async def ask(
        self,
        task: str,
        messages: Sequence[AgentMessage],
        *,
        previous: str = "",
        focus: str | None = None,
        results: bool = True,
    ) -> str:
        """A summary of `messages`. Raises `PiError`: then there is none, but `usage` counts.

        task: name of the prompt. previous: a summary to bring up to date. focus: what the user
        wants it to be about. results: with what tools returned.
        """
        room = self._room()
        while True:
            written = await beside(write_down, messages, room, results=results)
            text = _request(task, written, previous, focus)
            try:
                return _checked(await self._answer(text))
            except PiError as error:
                if error.kind != "overflow" or room <= _SMALLEST_ROOM:
                    raise
                room = max(_SMALLEST_ROOM, room // 4)  # the window is smaller than it is said to be

    def book(self, kind: str, note: str) -> None:
        """Record what was paid for without a summary coming of it."""
        if tokens_used(self.usage):
            model = self._turn.model
            self._host.log.append(UsageEntry(kind, model.provider, model.id, self.usage, note))

    # -- inside ---------------------------------------------------------------------------------

    def _room(self) -> int:
        """Characters of conversation that fit into a request, beside the summary itself."""
        model = self._turn.model
        found = limits(self._host.settings.compaction, model)
        reserve = max(found.reserve, min(model.max_output_tokens, found.hard // 4))
        tokens = (found.hard - reserve - _PROMPT) / self._scale
        return max(_SMALLEST_ROOM, int(tokens * _CHARS))

    async def _answer(self, text: str) -> AssistantMessage:
        """The answer to a request, after as many attempts as the settings allow."""
        settings = self._host.settings.retry
        left = settings.max_retries if settings.enabled else settings.provider.max_retries
        attempt = 0
        try:
            while True:
                answer = await self._once(text)
                failed = answer.stop_reason == "error"
                if not failed or answer.error_kind not in RETRYABLE or attempt >= left:
                    return answer
                attempt += 1
                delay = delay_before(settings, attempt, answer.retry_after)
                if delay is None:
                    return answer
                message = answer.error_message or "unknown error"
                self._host.tell(
                    SummarizationRetryScheduled(attempt, left, round(delay * 1000), message)
                )
                await self._sleep(delay)
                self._host.tell(_attempt_start(self._reason))
        finally:
            if attempt:
                self._host.tell(SummarizationRetryFinished())

    async def _once(self, text: str) -> AssistantMessage:
        options = replace(
            self._turn.options,
            cache_retention="none",
            max_retries=0,
            on_retry=None,
            before_retry=None,
        )
        context = Context((UserMessage(text),), (prompt_text("system"),))
        async with self._host.client.stream(self._turn.model, context, options) as stream:
            try:
                return await stream.message()
            finally:
                self.usage = add_usage(self.usage, stream.fold.usage)


def _attempt_start(reason: CompactionReason | UnsetType) -> SummarizationRetryAttemptStart:
    if reason is UNSET:
        return SummarizationRetryAttemptStart("branchSummary")
    return SummarizationRetryAttemptStart("compaction", reason)


def _request(task: str, conversation: str, previous: str, focus: str | None) -> str:
    parts = [f"<transcript>\n{conversation or '(nothing was said)'}\n</transcript>"]
    if previous:
        parts.append(f"<previous-summary>\n{previous}\n</previous-summary>")
    parts.append(prompt_text(task))
    if focus and focus.strip():
        parts.append(f"The user wants the notes to pay attention to this: {focus.strip()}")
    return "\n\n".join(parts)


def _checked(answer: AssistantMessage) -> str:
    """The summary. Raises `PiError` if it is none."""
    match answer.stop_reason:
        case "error":
            kind, message = answer.error_kind or "protocol", answer.error_message or "unknown error"
            info = ErrorInfo(kind, message, None, answer.retry_after)
            raise to_exception(info)
        case "aborted":
            raise AbortedError("the summary was aborted")
        case "length":
            raise ProtocolError("the summary was cut off at the output limit")
    text = answer.text.strip()
    if not text:
        raise ProtocolError("the model wrote no summary")
    return text

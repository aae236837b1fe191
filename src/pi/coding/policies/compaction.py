"""Keeps a conversation inside its model's window by replacing old parts of it by a summary.

It is looked after before every request, so also between two turns of one run, and when a service
says that a request does not fit. A compaction that fails is told and changes nothing. One that
succeeds is one entry in the log; what it replaces stays in the file.
"""

import asyncio
from collections.abc import Callable

from msgspec import UNSET, Struct

from pi.agent.hooks import Hooks
from pi.ai.errors import ConfigError, PiError
from pi.ai.messages import AssistantMessage, UserMessage, text_of
from pi.coding.api.events import (
    CompactionEnd,
    CompactionReason,
    CompactionResult,
    CompactionStart,
)
from pi.coding.policies.edits import leave_out, node_of
from pi.coding.policies.files import files_in, files_of, without_lists
from pi.coding.policies.host import PolicyHost
from pi.coding.policies.plan import Plan, Refusal, plan, too_large
from pi.coding.policies.retry import Sleep
from pi.coding.policies.size import Limits, Size, limits, measure, tokens_of, tokens_used
from pi.coding.policies.summarize import Summarizer
from pi.coding.policies.written import shorten
from pi.coding.session.entries import Compaction
from pi.coding.session.scan import Node
from pi.coding.session.state import Item

__all__ = ["Compactor"]

_SMALLEST_WINDOW = 4000
_QUOTED = 4000
"""Characters of the user's own words that a split turn keeps."""


class _Look(Struct, frozen=True):
    """The conversation as the model is told it, and what that takes of the window."""

    items: tuple[Item, ...]
    size: Size
    limits: Limits


class Compactor(Hooks):
    """The policy. `auto_compaction`: whether it acts by itself; `compact` works all the same.

    eager: compact when a run ends, so that the next prompt need not wait; pointless if there may be
    no next prompt. may_spend: whether there is money for more than what was asked for.
    """

    def __init__(
        self,
        host: PolicyHost,
        *,
        eager: bool = False,
        may_spend: Callable[[], bool] | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.auto_compaction = host.settings.compaction.enabled
        self._host = host
        self._eager = eager
        self._may_spend = may_spend
        self._sleep = sleep
        self._lock = asyncio.Lock()
        self._failed = False
        self._recovered: str | None = None
        self._windows: dict[str, int] = {}

    @property
    def busy(self) -> bool:
        """Whether a summary is being made."""
        return self._lock.locked()

    async def compact(self, instructions: str | None = None) -> CompactionResult:
        """Compact now; `instructions` say what the summary is to pay attention to.

        Raises `PiError` with the reason if there is nothing to compact or no summary came of it.
        Cancelling the caller cancels the compaction.
        """
        if self._lock.locked():
            raise ConfigError("a summary is being made already")
        async with self._lock:
            look = self._look()
            planned = plan(look.items, look.size, look.limits, "manual")
            if isinstance(planned, Refusal):
                raise ConfigError(f"nothing to compact: {planned.message}")
            return await self._carry_out(planned, "manual", look.size, focus=instructions)

    # -- on the loop ----------------------------------------------------------------------------

    def on_run_start(self) -> None:
        """What failed in another run may work now."""
        self._failed = False

    async def before_turn(self) -> str | None:
        """Make room for the next request."""
        async with self._lock:
            await self._make_room()
        return None

    async def before_end(self) -> None:
        """Make room for the next prompt, while the user reads."""
        if self._eager and (self._may_spend is None or self._may_spend()):
            async with self._lock:
                await self._make_room()

    async def after_answer(self, message: AssistantMessage) -> bool:
        """Ask again if the answer suffered from a window that was full, though nobody said so."""
        if message.tool_calls or not self.auto_compaction or not self._same_model(message):
            return False
        look = self._look()
        usage = message.usage
        overfull = usage.input + usage.cache_read > look.limits.hard
        squeezed = (
            message.stop_reason == "length"
            and look.size.tokens > look.limits.threshold
            and usage.output < self._host.model.max_output_tokens * 0.9
        )
        return (overfull or squeezed) and await self._recover(message, silent=True)

    async def after_error(self, message: AssistantMessage) -> bool:
        """Have a request that did not fit sent again, smaller."""
        if message.error_kind != "overflow" or not self.auto_compaction:
            return False
        return self._same_model(message) and await self._recover(message, silent=False)

    # -- when -----------------------------------------------------------------------------------

    async def _make_room(self) -> None:
        """Compact if the next request would be too large and something comes of it."""
        if not self.auto_compaction or self._failed:
            return
        look = self._look()
        if look.size.tokens <= look.limits.threshold:
            return
        planned = plan(look.items, look.size, look.limits, "threshold")
        if isinstance(planned, Plan):
            await self._try(planned, "threshold", look.size)

    async def _recover(self, message: AssistantMessage, *, silent: bool) -> bool:
        """Compact because a request did not fit; whether it is to be sent again.

        silent: the service said nothing, so neither do we if nothing can be done.
        """
        async with self._lock:
            failed = node_of(self._host.log, message)
            look = self._look(without=failed)
            if not silent:
                self._learn(look)
            planned = plan(look.items, look.size, look.limits, "overflow")
            prompt = self._last_prompt()
            problem = ""
            if prompt is not None and prompt == self._recovered:
                problem = "the request does not fit, although history was compacted for it already"
            elif isinstance(planned, Refusal):
                problem = too_large(look.items, look.size, look.limits, self._host.model)
            if problem or isinstance(planned, Refusal):
                if not silent:
                    self._host.tell(CompactionStart("overflow"))
                    self._host.tell(CompactionEnd(reason="overflow", error_message=problem))
                return False
            self._recovered = prompt
            return await self._try(planned, "overflow", look.size, without=failed)

    async def _try(
        self,
        planned: Plan,
        reason: CompactionReason,
        size: Size,
        *,
        without: Node | None = None,
    ) -> bool:
        """Compact; a failure is told and not tried again in this run."""
        try:
            await self._carry_out(planned, reason, size, without=without)
        except Exception:  # it was told; the run goes on without
            self._failed = True
            return False
        return True

    # -- how ------------------------------------------------------------------------------------

    async def _carry_out(
        self,
        planned: Plan,
        reason: CompactionReason,
        size: Size,
        *,
        focus: str | None = None,
        without: Node | None = None,
    ) -> CompactionResult:
        """Make the summary and the entry, and tell of it. Raises what went wrong."""
        host = self._host
        summarizer = Summarizer(host, reason=reason, scale=size.scale, sleep=self._sleep)
        host.tell(CompactionStart(reason))
        try:
            summary, details = await self._summary(planned, summarizer, focus)
            if without is not None:
                leave_out(host.log, without)
            used = summarizer.usage if tokens_used(summarizer.usage) else UNSET
            entry = Compaction(summary, planned.first_kept, size.tokens, details, used)
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
        result = CompactionResult(summary, first_kept, size.tokens, after, used, details)
        host.tell(CompactionEnd(reason=reason, result=result, will_retry=without is not None))
        return result

    async def _summary(
        self, planned: Plan, summarizer: Summarizer, focus: str | None
    ) -> tuple[str, dict[str, list[str]]]:
        """The text that stands for what is replaced, and the files it speaks of."""
        earlier = self._host.log.state.compaction
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

    # -- what there is --------------------------------------------------------------------------

    def _look(self, *, without: Node | None = None) -> _Look:
        """How large the next request would be, an entry left out of it, and how large it may be."""
        host = self._host
        turn = host.turn()
        items = tuple(item for item in host.log.state.projection if item.node is not without)
        window = self._windows.get(turn.model.key)
        found = limits(host.settings.compaction, turn.model, window=window)
        return _Look(items, measure(items, turn.context), found)

    def _learn(self, look: _Look) -> None:
        """Remember that a window is smaller than the catalog says; local servers often have one."""
        if look.size.tokens < look.limits.hard:
            self._windows[self._host.model.key] = max(look.size.tokens, _SMALLEST_WINDOW)

    def _same_model(self, message: AssistantMessage) -> bool:
        model = self._host.model
        return (message.provider, message.model) == (model.provider, model.id)

    def _last_prompt(self) -> str | None:
        """The entry of what the user said last."""
        for item in reversed(self._host.log.state.items):
            if isinstance(item.message, UserMessage):
                return item.node.id
        return None


def _request_of(planned: Plan) -> list[str]:
    """What the user asked for, in their own words, so that no summary can lose it."""
    first = planned.prefix[0]
    if not isinstance(first, UserMessage) or not text_of(first.content).strip():
        return []
    words = shorten(text_of(first.content).strip(), _QUOTED)
    return ["The user asked for it in these words:", "\n".join(f"> {w}" for w in words.split("\n"))]

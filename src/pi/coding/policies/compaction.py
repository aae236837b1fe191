"""Keeps a conversation inside its model's window by replacing old parts of it by a summary.

It is looked after before every request, so also between two turns of one run, and when a service
says that a request does not fit. This is when it happens; `plan` says what becomes a summary, and
`carry_out` makes it.
"""

import asyncio
from collections.abc import Callable

from msgspec import Struct

from pi.agent.hooks import Hooks
from pi.ai.errors import ConfigError
from pi.ai.messages import AssistantMessage, UserMessage
from pi.ai.model import Model
from pi.coding.api.events import (
    CompactionEnd,
    CompactionReason,
    CompactionResult,
    CompactionStart,
)
from pi.coding.policies.beside import beside
from pi.coding.policies.edits import leave_out, node_of
from pi.coding.policies.host import PolicyHost
from pi.coding.policies.plan import Plan, plan
from pi.coding.policies.retry import Sleep
from pi.coding.policies.size import Limits, Size, limits, measure, tokens_used
from pi.coding.policies.too_large import HEAVY, culprit, image_bytes, may_not, too_large
from pi.coding.session.scan import Node
from pi.coding.session.state import Item

__all__ = ["Compactor"]

_SMALLEST_WINDOW = 1000


class _Look(Struct, frozen=True):
    """The conversation as the model is told it, and what that takes of the window."""

    items: tuple[Item, ...]
    size: Size
    limits: Limits

    async def plan(self, reason: CompactionReason) -> Plan | str:
        """What a compaction would do, or why it would be no use."""
        return await beside(plan, self.items, self.size, self.limits, reason)


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
        self._suspected: int | None = None
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
            look = await self._look()
            planned = await look.plan("manual")
            if isinstance(planned, str):
                raise ConfigError(f"nothing to compact: {planned}")
            return await self._carry_out(planned, "manual", look, focus=instructions)

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
        self._learn()
        if message.tool_calls or not self.auto_compaction or self._failed:
            return False
        host, usage = self._host, message.usage
        found = self._limits(host.model)
        overfull = usage.input + usage.cache_read > found.hard
        squeezed = (
            message.stop_reason == "length"
            and tokens_used(usage) > found.threshold
            and usage.output < host.model.max_output_tokens * 0.9
        )
        if not (overfull or squeezed) or not self._same_model(message):
            return False
        return await self._recover(message, silent=True)

    async def after_error(self, message: AssistantMessage) -> bool:
        """Have a request that did not fit sent again, smaller."""
        if message.error_kind != "overflow" or not self._same_model(message):
            return False
        return await self._recover(message, silent=False)

    # -- when -----------------------------------------------------------------------------------

    async def _make_room(self) -> None:
        """Compact if the next request would be too large and something comes of it."""
        if not self.auto_compaction or self._failed:
            return
        look = await self._look()
        if look.size.tokens <= look.limits.threshold:
            return
        planned = await look.plan("threshold")
        if not isinstance(planned, str) and await self._try(planned, "threshold", look):
            left = await self._look()
            self._failed = left.size.tokens >= look.size.tokens  # no use trying again in this run

    async def _recover(self, message: AssistantMessage, *, silent: bool) -> bool:
        """Compact because a request did not fit; whether it is to be sent again.

        silent: the service said nothing, so neither do we if nothing can be done.
        """
        async with self._lock:
            self._suspected = None
            failed = node_of(self._host.log, message)
            look = await self._look(without=failed)
            planned = await look.plan("overflow")
            prompt = self._last_prompt() or self._recovered or "-"
            problem = ""
            if prompt == self._recovered:
                problem = "the request does not fit, although history was compacted for it already"
            elif isinstance(planned, str):
                problem = "" if silent else self._given_up(look)
            elif not self.auto_compaction:
                problem = may_not(look.items, look.size)
            if problem or isinstance(planned, str):
                if not silent:
                    self._host.tell(CompactionStart("overflow"))
                    self._host.tell(CompactionEnd(reason="overflow", error_message=problem))
                return False
            self._recovered = prompt
            heavy = sum(image_bytes(item.message) for item in look.items) >= HEAVY
            self._suspected = None if silent or heavy else look.size.tokens
            return await self._try(planned, "overflow", look, without=failed)

    def _given_up(self, look: _Look) -> str:
        """Why nothing can be done. What alone is too large is left out, so that others get by."""
        problem = too_large(look.items, look.size, look.limits, self._host.model)
        found = culprit(look.items, look.size)
        if found is None:
            return problem
        leave_out(self._host.log, found.node)
        return f"{problem} It is left out of what the model is told from here on."

    async def _try(
        self, planned: Plan, reason: CompactionReason, look: _Look, *, without: Node | None = None
    ) -> bool:
        """Compact; a failure is told and not tried again in this run."""
        try:
            await self._carry_out(planned, reason, look, without=without)
        except Exception:  # it was told; the run goes on without
            self._failed = True
            return False
        return True

    async def _carry_out(
        self,
        planned: Plan,
        reason: CompactionReason,
        look: _Look,
        *,
        focus: str | None = None,
        without: Node | None = None,
    ) -> CompactionResult:
        from pi.coding.policies.carry_out import carry_out  # loaded with the first compaction

        return await carry_out(
            self._host,
            planned,
            reason,
            look.size.tokens,
            focus=focus,
            without=without,
            sleep=self._sleep,
        )

    # -- what there is --------------------------------------------------------------------------

    async def _look(self, *, without: Node | None = None) -> _Look:
        """How large the next request would be, an entry left out of it, and how large it may be."""
        host = self._host
        turn = host.turn()
        items = host.log.state.projection
        if without is not None:
            items = tuple(item for item in items if item.node is not without)
        size = await beside(measure, items, turn.context)
        return _Look(items, size, self._limits(turn.model))

    def _limits(self, model: Model) -> Limits:
        return limits(self._host.settings.compaction, model, window=self._windows.get(model.key))

    def _learn(self) -> None:
        """Remember that a window is smaller than the catalog says; local servers often have one.

        An overflow shows it if less did fit afterwards.
        """
        suspected, self._suspected = self._suspected, None
        if suspected is not None:
            self._windows[self._host.model.key] = max(suspected, _SMALLEST_WINDOW)

    def _same_model(self, message: AssistantMessage) -> bool:
        model = self._host.model
        return (message.provider, message.model) == (model.provider, model.id)

    def _last_prompt(self) -> str | None:
        """The entry of what the user said last."""
        for item in reversed(self._host.log.state.items):
            if isinstance(item.message, UserMessage):
                return item.node.id
        return None

"""A message that is by itself too large for its model: refused before it costs anything.

Nothing of it is recorded, and whoever said it still has it. What comes another way (an extension
has written it, or the model was changed after it was queued) is in the session by then; it stays
there, but no model is told it: else every later request would fail for it too.
"""

from pi.agent.hooks import Hooks
from pi.ai.errors import ContextOverflowError
from pi.ai.messages import Context, UserMessage
from pi.ai.options import estimate_tokens
from pi.coding.api.events import Notice
from pi.coding.policies.cutpoint import unanswered
from pi.coding.policies.edits import leave_out
from pi.coding.policies.host import PolicyHost
from pi.coding.policies.size import Limits, limits, tokens_of
from pi.coding.policies.too_large import remedy, too_much

__all__ = ["Oversize"]


class Oversize(Hooks):
    """The policy. It goes by what the model is said to take, not by what was learnt of it."""

    def __init__(self, host: PolicyHost) -> None:
        self._host = host

    def accept(self, message: UserMessage) -> None:
        """Refuse what does not fit. Raises `ContextOverflowError` with what to do about it."""
        tokens = tokens_of(message)
        found = self._limits
        if tokens <= found.least_room:
            return
        host, overhead = self._host, self._overhead
        room = found.room(overhead)
        if tokens <= room:
            return
        said = too_much(message, tokens, room, found, host.model)
        todo = remedy(
            message,
            tokens,
            overhead,
            host.settings.compaction,
            host.available(),
            host.model,
        )
        raise ContextOverflowError(f"{said}: nothing was sent. {todo}.")

    async def before_turn(self) -> str | None:
        """Leave out what does not fit and nobody has answered; raises if nothing else was said."""
        host = self._host
        items = host.log.state.projection
        tail = items[unanswered([item.message for item in items]) :]
        sizes = [tokens_of(item.message) for item in tail]
        found = self._limits
        if max(sizes, default=0) <= found.least_room:
            return None
        room = found.room(self._overhead)
        large = [pair for pair in zip(tail, sizes, strict=True) if pair[1] > room]
        for item, tokens in large:
            leave_out(host.log, item.node)
            said = too_much(item.message, tokens, room, found, host.model)
            said += ": it is left out of what the model is told"
            if len(large) == sum(map(bool, sizes)):
                raise ContextOverflowError(said)
            host.tell(Notice("warning", said))
        return None

    @property
    def _limits(self) -> Limits:
        return limits(self._host.settings.compaction, self._host.model)

    @property
    def _overhead(self) -> int:
        """Tokens of the system prompt and the tools."""
        prompt = self._host.turn().context
        return estimate_tokens(Context((), prompt.system, prompt.tools))

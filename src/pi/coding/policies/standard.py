"""The policies that a session has, in the order in which the loop asks them."""

from collections.abc import Sequence

from pi.agent.hooks import Hooks
from pi.coding.policies.budget import Budget, Caps, Spent
from pi.coding.policies.compaction import Compactor
from pi.coding.policies.host import Policies, PolicyHost
from pi.coding.policies.ledger import Ledger
from pi.coding.policies.max_turns import MaxTurns
from pi.coding.policies.oversize import Oversize
from pi.coding.policies.retry import Retry

__all__ = ["standard"]

_NO_CAPS = Caps()


def standard(
    *,
    ledger: Ledger,
    caps: Caps = _NO_CAPS,
    spent: Spent | None = None,
    max_turns: int | None = None,
    eager: bool = False,
) -> Policies:
    """Limits, compaction, what is too large, and retries.

    spent: what the program has spent so far, if it had other sessions before. eager: there may be a
    next prompt, see `Compactor`.
    """

    def policies(host: PolicyHost) -> Sequence[Hooks]:
        hooks: list[Hooks] = [MaxTurns(host, max_turns)] if max_turns is not None else []
        budget = Budget(host, caps, ledger, spent) if caps != _NO_CAPS else None
        if budget is not None:
            hooks.append(budget)
        may_spend = None if budget is None else lambda: budget.may_spend
        compactor = Compactor(host, eager=eager, may_spend=may_spend)
        return (*hooks, Oversize(host), compactor, Retry(host))

    return policies

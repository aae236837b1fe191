"""Spending limits: for one start of the program, a session, a day, a project.

Everything that has a price counts when it is recorded: answers, failed ones too, summaries, model
work inside tools. Limits are looked at before every request, so one is passed by no more than the
request under way. Then the user is asked; where there is nobody to ask, the run ends in order.
"""

from collections.abc import Callable, Iterator

from msgspec import Struct

from pi.agent.hooks import Hooks
from pi.coding.api.events import LimitReached, Notice
from pi.coding.policies.host import PolicyHost
from pi.coding.policies.ledger import Ledger
from pi.coding.session.entries import Entry
from pi.coding.session.stats import count
from pi.coding.session.usage import usage_in

__all__ = ["Budget", "Caps", "Spent"]

_PATIENCE = 300.0
"""Seconds for an answer; a program at the other end may have nobody to give one."""

_PRICELESS = frozenset({"unknown", "subscription-unpriced"})


class Caps(Struct, frozen=True):
    """Dollars; None is no limit. `run`: since the program was started (`--max-cost`)."""

    run: float | None = None
    session: float | None = None
    day: float | None = None
    project: float | None = None


class Spent(Struct):
    """What a program has spent since it was started, over all its sessions.

    agreed: dollars that the user has agreed to, by limit, where that is more than was set.
    """

    dollars: float = 0.0
    agreed: dict[str, float] = {}


class _Cap(Struct, frozen=True):
    """One limit. It grows by `limit` whenever the user agrees to go on; `key` stands for that."""

    what: str
    where: str
    limit: float
    spent: Callable[[], float]
    key: str


class Budget(Hooks):
    """The policy."""

    def __init__(
        self, host: PolicyHost, caps: Caps, ledger: Ledger, spent: Spent | None = None
    ) -> None:
        self._host = host
        self._ledger = ledger
        self._spent = spent or Spent()
        self._here = 0.0
        self._earlier: float | None = None
        self._told: set[str] = set()
        self._shared = caps.day is not None or caps.project is not None
        self._caps = list(self._limits(caps))
        host.log.on_append = self._book

    @property
    def may_spend(self) -> bool:
        """Whether no limit is reached."""
        return all(cap.spent() < self._allowed(cap) for cap in self._caps)

    async def before_turn(self) -> str | None:
        """Ask, or end the run, when a limit is reached."""
        self._warn_of_unknown_prices()
        for cap in self._caps:
            while (spent := cap.spent()) >= (allowed := self._allowed(cap)):
                said = f"{cap.what} has cost ${spent:.2f} of the ${allowed:.2f} in {cap.where}"
                more = spent + cap.limit
                question = f"{said}. Go on and spend up to ${more:.2f}?"
                title = "Spending limit reached"
                if not await self._host.ui.confirm(title, question, timeout=_PATIENCE):
                    self._host.tell(LimitReached("cost", f"{said}: the run was ended"))
                    return said
                self._spent.agreed[cap.key] = more
        return None

    # -- inside ---------------------------------------------------------------------------------

    def _limits(self, caps: Caps) -> Iterator[_Cap]:
        session = f"session {self._host.log.header.id}"
        rows = (
            ("run", "--max-cost", caps.run, lambda: self._spent.dollars),
            ("session", "budget.session", caps.session, self._of_session),
            ("day", "budget.day", caps.day, lambda: self._ledger.today.total),
            ("project", "budget.project", caps.project, lambda: self._ledger.project.total),
        )
        for what, where, limit, spent in rows:
            if limit is not None:
                key = session if what == "session" else what
                yield _Cap(f"this {what}", where, limit, spent, key)

    def _allowed(self, cap: _Cap) -> float:
        return max(cap.limit, self._spent.agreed.get(cap.key, 0.0))

    def _of_session(self) -> float:
        if self._earlier is None:  # reads the whole file, and only once
            self._earlier = count(self._host.log).usage.cost.total - self._here
        return self._earlier + self._here

    def _book(self, entry: Entry) -> None:
        """Count what an entry of this process has cost."""
        usage = usage_in(entry)
        cost = 0.0 if usage is None else usage.cost.total
        if cost <= 0:
            return
        self._here += cost
        self._spent.dollars += cost
        if not self._shared:
            return
        try:
            self._ledger.add(cost, self._host.log.header.id)
        except OSError as error:
            why = f"spending cannot be recorded ({error.strerror or error})"
            self._once(f"{why}: limits of day and project see only this process")

    def _warn_of_unknown_prices(self) -> None:
        model = self._host.model
        if model.cost_basis in _PRICELESS:
            self._once(f"the price of {model.key} is not known: spending limits cannot count it")

    def _once(self, message: str) -> None:
        if message not in self._told:
            self._told.add(message)
            self._host.tell(Notice("warning", message))

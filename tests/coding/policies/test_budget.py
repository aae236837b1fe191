"""Spending limits and turn limits, over the ordinary road, and the ledger they share."""

import asyncio
import os
import stat
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from coding.policies.policy_session import SYSTEM, Clock, Work
from conformance.said import Said, model_for, wire
from pi.agent.hooks import Hooks
from pi.ai.faux import Answer, fail, faux_model, text, tool
from pi.ai.messages import Context, Usage
from pi.ai.model import Model, Price
from pi.coding.api.commands import Abort, Compact, FollowUp, NavigateTree, Prompt
from pi.coding.api.events import CompactionStart, LimitReached, Notice
from pi.coding.api.ui import NoUser
from pi.coding.policies.budget import Budget, Caps, Spent
from pi.coding.policies.compaction import Compactor
from pi.coding.policies.host import PolicyHost
from pi.coding.policies.ledger import Account, Ledger
from pi.coding.policies.max_turns import MaxTurns
from pi.coding.policies.retry import Retry
from pi.coding.session.entries import UsageEntry
from pi.coding.session.log import SessionLog
from pi.coding.session.stats import count
from support.server import CUT, Reply, Server

DOLLAR = 1_000_000.0 / 100  # a price at which 100 tokens are a dollar
MODEL = faux_model(cost=Price(0.0, DOLLAR), cost_basis="metered")
NINETY = "w" * 360  # an answer for 90 cents
CALL: Answer = [text(NINETY), tool("big", {})]


class Person(NoUser):
    """Answers questions as told."""

    def __init__(self, *answers: bool) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def confirm(self, title: str, message: str, *, timeout: float | None = None) -> bool:
        self.asked.append(message)
        return self.answers.pop(0)


def work_with(
    tmp_path: Path,
    script: Any,
    caps: Caps,
    *,
    model: Model = MODEL,
    clock: Any = lambda: 1_790_000_000.0,
    spent: Spent | None = None,
    log: SessionLog | None = None,
    project: Path = Path("/project"),
    **more: Any,
) -> Work:
    sleep = Clock()

    def policies(host: PolicyHost) -> Sequence[Hooks]:
        ledger = Ledger(tmp_path / "spending", project, clock=clock)
        budget = Budget(host, caps, ledger, spent)
        may = lambda: budget.may_spend  # noqa: E731
        return (
            budget,
            Compactor(host, eager=True, may_spend=may, sleep=sleep),
            Retry(host, sleep=sleep),
        )

    return Work(script, model=model, policies=policies, log=log, **more)


async def test_a_run_ends_in_order_when_its_limit_is_reached(tmp_path: Path) -> None:
    work = work_with(tmp_path, [CALL, CALL, CALL, [text("never")]], Caps(run=1.5))
    answer = await work.ask()
    assert len(work.asked) == 2, "90 cents, then 1.80"
    assert answer.tool_calls
    (limit,) = work.heard(LimitReached)
    assert limit.limit == "cost"
    assert "this run has cost $1.8" in limit.message
    assert "of the $1.50 in --max-cost" in limit.message
    assert limit.exit_code == 3
    assert work.types[-3:] == ["limit_reached", "agent_end", "agent_settled"]
    assert work.log.state.messages[-1].__struct_config__.tag == "toolResult"  # type: ignore[misc]


async def test_a_model_that_is_done_reaches_no_limit(tmp_path: Path) -> None:
    work = work_with(tmp_path, [[text(NINETY)]], Caps(run=0.5))
    assert (await work.ask()).text == NINETY
    assert not work.heard(LimitReached)
    await work.ask("more")
    assert len(work.asked) == 1, "but the next prompt costs nothing"
    assert work.heard(LimitReached)
    assert work.log.state.messages[-1].content == "more", "and is not lost"


async def test_an_answer_that_broke_off_counts_and_is_not_repeated(tmp_path: Path) -> None:
    said = wire("openai-completions").write(Said(text="x", usage=Usage(0, 90, 0, 0, 90)))
    cut = Reply([*said[:-3], said[-2], CUT])  # usage has come, the end of the answer has not
    price = Price(0.0, DOLLAR)
    async with Server([cut]) as server:
        model = model_for("openai-completions", server.url, cost=price, cost_basis="metered")
        work = work_with(tmp_path, None, Caps(run=0.8), model=model)
        await work.session.send(Prompt("go"))
        await work.client.aclose()
    assert len(server.requests) == 1
    assert "cost $0.90" in work.heard(LimitReached)[0].message


async def test_the_user_is_asked_and_may_go_on(tmp_path: Path) -> None:
    work = work_with(tmp_path, [CALL] * 6, Caps(run=1.5))
    person = Person(True, False)
    work.session.use_ui(person)
    await work.ask()
    assert len(person.asked) == 2
    assert "Go on and spend up to $3.3" in person.asked[0]
    assert len(work.asked) == 4, "1.80 + 1.50 = 3.30, reached with the fourth"
    assert len(work.heard(LimitReached)) == 1


async def test_abort_while_the_user_is_asked(tmp_path: Path) -> None:
    class Silent(NoUser):
        def __init__(self) -> None:
            self.asked = asyncio.Event()

        async def confirm(self, title: str, message: str, *, timeout: float | None = None) -> bool:
            self.asked.set()
            await asyncio.sleep(60)
            return True

    work = work_with(tmp_path, [CALL] * 3, Caps(run=0.5))
    person = Silent()
    work.session.use_ui(person)
    running = asyncio.ensure_future(work.session.send(Prompt("go")))
    await person.asked.wait()
    await work.session.send(Abort())
    await running
    assert work.types[-1] == "agent_settled"
    assert len(work.asked) == 1


async def test_what_is_queued_waits_when_a_limit_ends_the_run(tmp_path: Path) -> None:
    work = work_with(tmp_path, [CALL, [text("x")]], Caps(run=0.5))
    work.tool.gate = asyncio.Event()
    running = asyncio.ensure_future(work.session.send(Prompt("go")))
    await work.tool.running.wait()
    await work.session.send(FollowUp("f"))
    work.tool.gate.set()
    await running
    assert [m.content for m in work.session.inbox.follow_up] == ["f"]


async def test_a_session_counts_what_it_has_cost_before(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path / "s", tmp_path)
    first = work_with(tmp_path, [[text(NINETY)]], Caps(), log=log)
    await first.ask()
    assert log.path is not None
    again = work_with(tmp_path, [CALL, CALL], Caps(session=1.0), log=SessionLog.open(log.path))
    await again.ask()
    assert len(again.asked) == 1
    assert "this session has cost $1.8" in again.heard(LimitReached)[0].message
    other = work_with(tmp_path, [CALL, [text("x")]], Caps(session=1.0))
    await other.ask()
    assert len(other.asked) == 2, "another session has its own"


async def test_max_cost_counts_from_the_start_of_the_program(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path / "s", tmp_path)
    await work_with(tmp_path, [[text(NINETY)]], Caps(), log=log).ask()
    assert log.path is not None
    spent = Spent()
    work = work_with(
        tmp_path, [CALL, [text("x")]], Caps(run=1.0), log=SessionLog.open(log.path), spent=spent
    )
    await work.ask()
    assert len(work.asked) == 2, "what the session has cost before is not the run's"
    following = work_with(tmp_path, [CALL, [text("x")]], Caps(run=1.0), spent=spent)
    await following.ask()
    assert len(following.asked) == 1, "a second session of the same program goes on counting"


async def test_summaries_and_usage_entries_count(tmp_path: Path) -> None:
    work = work_with(tmp_path, [[text("x")], CALL, [text("y")]], Caps(run=2.0))
    usage = MODEL.cost.of(Usage(0, 150, 0, 0, 150))
    await work.ask()
    work.log.append(UsageEntry("extension", "faux", "faux", usage))
    await work.ask()
    assert len(work.asked) == 2, "1.50 for something else and 90 cents"


async def test_a_summary_by_hand_counts_wherever_one_goes_after_it(tmp_path: Path) -> None:
    """Its branch is left at once: it was paid for all the same."""

    def answer(context: Context) -> Answer:
        return [text(NINETY)] if context.system == (SYSTEM,) else [text("notes " * 60)]

    spent = Spent()
    settings = {"compaction": {"keepRecentTokens": 100}}
    caps = Caps(run=1000.0, day=1000.0)
    work = work_with(tmp_path, answer, caps, spent=spent, settings=settings)
    for _ in range(3):
        await work.ask()
    before = spent.dollars
    await work.session.send(Compact())
    (made,) = work.compactions
    await work.session.send(NavigateTree(work.log.branch[1].id))
    assert made.usage is not UNSET
    assert spent.dollars - before == pytest.approx(made.usage.cost.total) != 0
    ledger = Ledger(tmp_path / "spending", Path("/project"), clock=lambda: 1_790_000_000.0)
    assert ledger.today.total == pytest.approx(spent.dollars)
    assert spent.dollars == pytest.approx(count(work.log).usage.cost.total)


async def test_no_money_for_a_summary_that_nobody_asked_for(tmp_path: Path) -> None:
    long = faux_model(
        context_window=20_000, max_output_tokens=8000, cost=Price(0.0, 100.0), cost_basis="metered"
    )
    answers = [[text("w" * 12_000)] for _ in range(6)]
    settings = {"compaction": {"keepRecentTokens": 2000}}
    work = work_with(tmp_path, answers, Caps(run=1.4), model=long, settings=settings)
    for _ in range(5):
        await work.ask()
    assert not work.heard(LimitReached)
    assert not work.heard(CompactionStart), "1.50 were spent: the end of the run is not used"


async def test_a_day_and_a_project_over_sessions_and_processes(tmp_path: Path) -> None:
    now = [1_790_000_000.0]
    clock = lambda: now[0]  # noqa: E731
    first = work_with(tmp_path, [[text(NINETY)]], Caps(day=1.5, project=3.0), clock=clock)
    await first.ask()
    second = work_with(tmp_path, [CALL, CALL], Caps(day=1.5, project=3.0), clock=clock)
    await second.ask()
    assert "this day has cost $1.8" in second.heard(LimitReached)[0].message
    now[0] += 86_400
    third = work_with(tmp_path, [CALL, CALL, CALL], Caps(day=1.5, project=3.0), clock=clock)
    await third.ask()
    assert "this day" in third.heard(LimitReached)[0].message
    now[0] += 86_400
    fourth = work_with(tmp_path, [CALL], Caps(day=1.5, project=3.0), clock=clock)
    await fourth.session.send(Prompt("go"))
    assert "this project has cost $3.6" in fourth.heard(LimitReached)[0].message
    assert not fourth.asked
    elsewhere = work_with(
        tmp_path, [[text("x")]], Caps(day=1.5, project=3.0), clock=clock, project=Path("/other")
    )
    assert (await elsewhere.ask()).text == "x"


async def test_nothing_is_written_without_a_limit_of_day_or_project(tmp_path: Path) -> None:
    work = work_with(tmp_path, [[text(NINETY)]], Caps(run=5.0, session=5.0))
    await work.ask()
    assert not (tmp_path / "spending").exists()


async def test_a_ledger_that_cannot_be_written_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "spending").write_text("in the way")
    work = work_with(tmp_path, [CALL, CALL, CALL], Caps(day=1.5))
    await work.ask()
    assert len(work.asked) == 2, "what this process has spent counts all the same"
    assert [n.message.split(":")[0] for n in work.heard(Notice)] == [
        "spending cannot be recorded (Not a directory)"
    ]


@pytest.mark.parametrize(("basis", "told"), [("unknown", 1), ("free", 0), ("metered", 0)])
async def test_a_price_that_is_not_known_is_told(tmp_path: Path, basis: str, told: int) -> None:
    model = faux_model(cost_basis=basis)
    work = work_with(tmp_path, [[tool("big", {})], [text("x")]], Caps(run=1.0), model=model)
    await work.ask()
    notices = work.heard(Notice)
    assert len(notices) == told
    assert all("the price of faux/faux is not known" in n.message for n in notices)


async def test_the_sum_is_that_of_the_session(tmp_path: Path) -> None:
    spent = Spent()
    work = work_with(tmp_path, [CALL, CALL, [text(NINETY)]], Caps(run=99.0), spent=spent)
    await work.ask()
    assert spent.dollars == pytest.approx(count(work.log).usage.cost.total)
    assert spent.dollars > 2.7


# -- the ledger ------------------------------------------------------------------------------------


def test_an_account_is_private_and_survives_bad_lines(tmp_path: Path) -> None:
    account = Account(tmp_path / "a" / "day.jsonl")
    assert account.total == 0
    account.add(1.25, at=1)
    assert stat.S_IMODE(account.path.stat().st_mode) == 0o600 or os.name == "nt"
    assert stat.S_IMODE(account.path.parent.stat().st_mode) == 0o700 or os.name == "nt"
    with account.path.open("ab") as file:
        file.write(b'nonsense\n{"cost":"2"}\n{"cost":-5}\n[1]\n{"cost":0.75}\n{"cost":9')
    assert account.total == 2.0, "a line that is not complete yet does not count yet"
    with account.path.open("ab") as file:
        file.write(b"9}\n")
    assert account.total == 101.0
    assert Account(account.path).total == 101.0


def test_many_writers(tmp_path: Path) -> None:
    def spend(_: int) -> None:
        account = Account(tmp_path / "day.jsonl")
        for _ in range(50):
            account.add(0.01)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(spend, range(8)))
    assert Account(tmp_path / "day.jsonl").total == pytest.approx(4.0)
    assert len((tmp_path / "day.jsonl").read_bytes().splitlines()) == 400


def test_projects_of_one_name_are_told_apart(tmp_path: Path) -> None:
    one, other = Ledger(tmp_path, Path("/a/app")), Ledger(tmp_path, Path("/b/app"))
    assert one.project.path != other.project.path
    assert one.project.path.name.startswith("app-")
    assert Ledger(tmp_path, Path("/")).project.path.name.startswith("root-")


# -- turns -----------------------------------------------------------------------------------------


def turns(most: int) -> Any:
    return lambda host: (MaxTurns(host, most), Retry(host, sleep=Clock()))


async def test_a_run_ends_after_so_many_turns() -> None:
    work = Work([[tool("big", {})]] * 5, policies=turns(2))
    await work.ask()
    assert len(work.asked) == 2
    (limit,) = work.heard(LimitReached)
    assert limit.limit == "turns"
    assert limit.message.startswith("the run was ended after 2 turns (--max-turns)")
    await work.ask("go on")
    assert len(work.asked) == 4, "the next run has its own"


async def test_failures_are_no_turns_and_a_model_that_is_done_reaches_no_limit() -> None:
    broken = [text("x"), fail("transport", "gone")]
    work = Work([broken, [tool("big", {})], broken, [text("done")]], policies=turns(2))
    assert (await work.ask()).text == "done"
    assert not work.heard(LimitReached)

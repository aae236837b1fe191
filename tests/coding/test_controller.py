"""The controller by itself: one run at a time, everything recorded, everybody told."""

import asyncio
from pathlib import Path

import pytest

from pi.agent.events import AgentEnd, MessageEnd
from pi.agent.functions import tool as make_tool
from pi.agent.hooks import Hooks
from pi.ai.errors import AbortedError, ConfigError
from pi.ai.faux import fail, text, tool, wait
from pi.ai.messages import AssistantMessage, Usage, UserMessage
from pi.coding.api import commands as c
from pi.coding.api.events import (
    AgentSettled,
    CompactionEnd,
    CompactionResult,
    CompactionStart,
    Notice,
    QueueUpdate,
    ThinkingLevelChanged,
)
from pi.coding.session.entries import ModelChange
from pi.coding.session.errors import SessionError
from pi.coding.session.log import SessionLog
from support.controller_session import talking, until


async def test_a_prompt_is_waited_for_and_a_submission_is_not(tmp_path: Path) -> None:
    with talking([[text("one")], [text("two")]], tmp_path) as talk:
        answer = await talk.controller.send(c.Prompt("a"))
        assert answer.text == "one"
        assert await talk.controller.submit(c.Prompt("b")) == "started"
        assert talk.controller.busy
        await until(lambda: not talk.controller.busy)
        assert talk.roles() == ["user", "assistant", "user", "assistant"]
        assert talk.events[-1] == AgentSettled(False)


async def test_settled_is_the_last_event_of_a_run_that_fails_to_write(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    log = SessionLog.create(tmp_path, tmp_path, path=path)
    with talking([[text("one")], [wait(0.05), text("two")]], tmp_path, log=log) as talk:
        await talk.controller.send(c.Prompt("a"))
        await talk.controller.submit(c.Prompt("b"))
        await asyncio.sleep(0)
        path.write_bytes(b"")  # somebody else spoils the file
        await until(lambda: not talk.controller.busy)
        notice, settled = talk.events[-2:]
        assert isinstance(notice, Notice)
        assert "s.jsonl" in notice.message
        assert settled == AgentSettled(False)
        with pytest.raises(SessionError):
            await talk.controller.send(c.Prompt("c"))
        assert talk.events[-1] == AgentSettled(False)


async def test_who_waits_and_is_cancelled_ends_the_run_in_order(tmp_path: Path) -> None:
    with talking([[text("slow " * 50)]], tmp_path, pause=0.02) as talk:
        waiting = asyncio.ensure_future(talk.controller.send(c.Prompt("a")))
        await until(lambda: talk.told(MessageEnd))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert talk.controller.state.last_answer.stop_reason == "aborted"
        assert talk.events[-1] == AgentSettled(True)
        assert not talk.controller.busy


async def test_abort_when_nothing_goes_on_drops_what_was_queued(tmp_path: Path) -> None:
    with talking([[text("one")]], tmp_path) as talk:
        await talk.controller.send(c.Steer("x"))
        await talk.controller.send(c.FollowUp("y"))
        await talk.controller.send(c.Abort())
        assert [len(q.steering) + len(q.follow_up) for q in talk.told(QueueUpdate)] == [1, 2, 0]
        await talk.controller.send(c.Prompt("a"))
        assert len(talk.transport.contexts[0].messages) == 1


async def test_what_is_taken_back_is_given_back(tmp_path: Path) -> None:
    with talking([], tmp_path) as talk:
        await talk.controller.send(c.Steer("x"))
        await talk.controller.send(c.FollowUp("y"))
        queued = await talk.controller.send(c.ClearQueue())
        assert (queued.steering, queued.follow_up) == (("x",), ("y",))
        assert talk.events[-1] == QueueUpdate((), ())
        told = len(talk.events)
        await talk.controller.send(c.ClearQueue())
        assert len(talk.events) == told


@pytest.mark.parametrize("command", [c.Prompt(" \n"), c.Steer(""), c.FollowUp("")])
async def test_nothing_is_no_message(tmp_path: Path, command: c.Command) -> None:
    with talking([], tmp_path) as talk, pytest.raises(ConfigError, match="empty"):
        await talk.controller.send(command)


async def test_queue_modes_count_from_the_next_delivery(tmp_path: Path) -> None:
    with talking([[text("one")], [text("two")]], tmp_path) as talk:
        await talk.controller.send(c.SetFollowUpMode("all"))
        for word in "xyz":
            await talk.controller.send(c.FollowUp(word))
        await talk.controller.send(c.Prompt("a"))
        assert talk.roles() == ["user", "assistant", "user", "user", "user", "assistant"]


async def test_an_abort_inside_a_tool_does_not_wait_for_itself(tmp_path: Path) -> None:
    with talking([[tool("stop", {})], [text("never")]], tmp_path) as talk:

        @make_tool
        async def stop() -> str:
            await talk.controller.send(c.Abort())
            return "ended"

        talk.controller.services.tools["stop"] = stop  # type: ignore[index]
        async with asyncio.timeout(5):
            await talk.controller.send(c.Prompt("a"))
        assert talk.events[-1] == AgentSettled(True)
        assert talk.roles() == ["user", "assistant", "toolResult"]


async def test_the_choice_is_written_with_the_first_prompt(tmp_path: Path) -> None:
    with talking([[text("one")]], tmp_path) as talk:
        assert not talk.controller.log.tree.nodes
        await talk.controller.send(c.SetModel("faux", "other"))
        assert talk.controller.model.id == "other"
        await talk.controller.send(c.Prompt("a"))
        changes = [e for _, e in talk.controller.log.entries() if isinstance(e, ModelChange)]
        assert changes == [ModelChange("faux", "other")]


async def test_a_choice_by_flag_gives_way_to_a_later_one(tmp_path: Path) -> None:
    log = SessionLog.memory(tmp_path)
    log.append_model_change("faux", "gone")
    with talking([[text("one")]], tmp_path, log=log, pinned=True) as talk:
        assert talk.controller.model.id == "faux"
        await talk.controller.send(c.SetModel("faux", "other"))
        assert talk.controller.model.id == "other"
    log = SessionLog.memory(tmp_path)
    log.append_model_change("faux", "other")
    with talking([[text("one")]], tmp_path, log=log, pinned=True) as talk:
        await talk.controller.send(c.SetThinkingLevel("off"))
        assert talk.controller.model.id == "faux"


async def test_a_model_without_a_credential_is_not_taken(tmp_path: Path) -> None:
    with talking([], tmp_path) as talk:
        with pytest.raises(ConfigError):
            await talk.controller.send(c.SetModel("faux", "unknown"))
        assert not talk.told(ThinkingLevelChanged)
        assert talk.controller.model.id == "faux"


class Summary(Hooks):
    """A policy that takes its time."""

    def __init__(self, host: object) -> None:
        self.auto_compaction = True
        self._host = host
        self.gate = asyncio.Event()
        self.instructions: list[str | None] = []

    async def compact(self, instructions: str | None) -> CompactionResult:
        self.instructions.append(instructions)
        self._host.tell(CompactionStart("manual"))
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self._host.tell(CompactionEnd(reason="manual", aborted=True))
            raise
        result = CompactionResult("short", "1", 10)
        self._host.tell(CompactionEnd(reason="manual", result=result))
        return result


async def test_what_is_said_during_a_compaction_is_said_after_it(tmp_path: Path) -> None:
    script = [[text("one")], [text("two")]]
    with talking(script, tmp_path, hooks=lambda host: (Summary(host),)) as talk:
        policy = talk.controller.hooks[0]
        await talk.controller.send(c.Prompt("a"))
        compacting = asyncio.ensure_future(talk.controller.send(c.Compact("the tests")))
        await until(lambda: talk.told(CompactionStart))
        assert talk.controller.compacting
        assert await talk.controller.submit(c.Prompt("b")) == "queued"
        with pytest.raises(ConfigError, match="already"):
            await talk.controller.send(c.Compact())
        policy.gate.set()
        assert (await compacting).summary == "short"
        assert policy.instructions == ["the tests"]
        await until(lambda: not talk.controller.busy)
        assert talk.controller.state.last_answer.text == "two"
        assert not talk.controller.compacting


async def test_an_abort_ends_a_compaction(tmp_path: Path) -> None:
    with talking([[text("one")]], tmp_path, hooks=lambda host: (Summary(host),)) as talk:
        compacting = asyncio.ensure_future(talk.controller.send(c.Compact()))
        await until(lambda: talk.told(CompactionStart))
        await talk.controller.send(c.Steer("left over"))
        await talk.controller.send(c.Abort())
        with pytest.raises(AbortedError):
            await compacting
        assert talk.told(CompactionEnd)[0].aborted
        assert not talk.controller.busy
        assert not talk.controller.inbox.waiting


async def test_a_session_without_compaction_says_so(tmp_path: Path) -> None:
    with talking([], tmp_path) as talk:
        for command in (c.Compact(), c.SetAutoCompaction(True)):
            with pytest.raises(ConfigError, match="no compaction"):
                await talk.controller.send(command)
        state = await talk.controller.send(c.GetState())
        assert state.auto_compaction_enabled is False


async def test_stats_count_all_branches_and_every_model(tmp_path: Path) -> None:
    def answer(model: str, cost: int) -> AssistantMessage:
        usage = Usage(cost, 1, 0, 0, cost + 1)
        return AssistantMessage((), "faux", "faux", model, usage, "stop", 0)

    with talking([[text("one")]], tmp_path) as talk:
        log = talk.controller.log
        await talk.controller.send(c.Prompt("a"))
        first = log.leaf
        log.append_message(answer("other", 100))
        log.move(first.id)
        log.append_message(answer("other", 1000))
        stats = await talk.controller.send(c.GetSessionStats())
        assert [(m.model, m.answers) for m in stats.models] == [("faux", 1), ("other", 2)]
        assert stats.models[1].usage.input == 1100
        assert stats.context_usage.tokens == 1001
        assert stats.tokens.total == sum(m.usage.input + m.usage.output for m in stats.models)


async def test_an_answer_that_failed_is_the_last_answer(tmp_path: Path) -> None:
    with talking([[fail("auth", "no")]], tmp_path) as talk:
        answer = await talk.controller.send(c.Prompt("a"))
        assert (answer.stop_reason, answer.error_kind) == ("error", "auth")
        assert len(talk.told(AgentEnd)) == 1


async def test_a_failed_prompt_that_is_said_again_is_read_once(tmp_path: Path) -> None:
    script = [[text("hi")], [fail("auth", "401 no")], [fail("auth", "401 no")]]
    with talking([*script, [text("there")]], tmp_path) as talk:
        log = talk.controller.log
        await talk.controller.send(c.Prompt("hello"))
        for _ in range(3):
            await talk.controller.send(c.Prompt("Go"))
        said = [m.content for m in log.state.messages if isinstance(m, UserMessage)]
        assert said == ["hello", "Go"]
        assert len(talk.transport.contexts[-1].messages) == 3
        assert talk.roles() == ["user", "assistant", "user", "assistant"]


async def test_another_prompt_after_a_failed_one_leaves_it_where_it_is(tmp_path: Path) -> None:
    script = [[fail("auth", "401 no")], [text("half "), fail("auth", "cut")], [text("there")]]
    with talking(script, tmp_path) as talk:
        for prompt in ("Go", "Go on", "Go on"):  # the second was answered in part
            await talk.controller.send(c.Prompt(prompt))
        messages = talk.controller.log.state.messages
        said = [m.content for m in messages if isinstance(m, UserMessage)]
        assert said == ["Go", "Go on", "Go on"]

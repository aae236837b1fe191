"""Long conversations are gone through beside the event loop, short ones where they are."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from coding.policies.policy_session import SYSTEM, Work
from pi.ai.faux import Answer, faux_model, text
from pi.ai.messages import AssistantMessage, Context, TextContent, Usage, UserMessage
from pi.coding.policies.beside import beside

SMALL = faux_model(context_window=20_000, max_output_tokens=4000)


def where(said: Sequence[int], more: str) -> tuple[int, int, str]:
    return threading.get_ident(), len(said), more


@pytest.mark.parametrize(("count", "here"), [(0, True), (500, True), (501, False)])
async def test_only_what_is_long_goes_to_a_thread(count: int, here: bool) -> None:
    thread, length, more = await beside(where, range(count), "words")
    assert (thread == threading.get_ident()) == here
    assert (length, more) == (count, "words")


async def test_a_conversation_of_many_messages_is_compacted_like_any_other() -> None:
    def answer(context: Context) -> Answer:
        return [text("fine" if context.system == (SYSTEM,) else "## Goal\nAll of it.")]

    work = Work(answer, model=SMALL)
    said: Any = (TextContent("answer " + "a" * 200),)
    for number in range(700):
        work.log.append_message(UserMessage(f"question {number}", number))
        work.log.append_message(
            AssistantMessage(said, "faux", "faux", "faux", Usage(), "stop", number)
        )
    assert (await work.ask("and now?")).text == "fine"
    (entry,) = work.compactions
    assert entry.summary == "## Goal\nAll of it."
    (summarised,) = work.summarised
    assert "question 0" in summarised
    assert "question 699" not in summarised

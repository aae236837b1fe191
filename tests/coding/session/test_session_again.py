"""A failed prompt that is said again takes the place of the first, and what was chosen stays."""

from pathlib import Path

import pytest

from pi.ai.messages import AssistantMessage, ImageContent, TextContent, Usage, UserMessage
from pi.coding.session.again import take_again
from pi.coding.session.log import SessionLog

IMAGE = (TextContent("look"), ImageContent("aGk=", "image/png"))


def failure(*content: TextContent) -> AssistantMessage:
    return AssistantMessage(content, "a", "p", "m", Usage(), "error", 1, error_message="401")


@pytest.mark.parametrize("content", ["Go", IMAGE])
@pytest.mark.parametrize("first", [True, False])
def test_it_takes_the_place_of_the_failed_one(tmp_path: Path, content: object, first: bool) -> None:
    log = SessionLog.create(tmp_path, tmp_path, path=tmp_path / "s.jsonl")
    log.append_model_change("p", "old")
    if not first:
        log.append_message(UserMessage("before"))
    log.append_message(UserMessage(content))  # type: ignore[arg-type]
    log.append_message(failure())
    log.append_message(failure())
    log.append_model_change("q", "new")
    log.append_thinking_level("high")
    again = UserMessage(content)  # type: ignore[arg-type]
    take_again(log, again)
    log.append_message(again)
    for state in (log.state, SessionLog.open(tmp_path / "s.jsonl").state):
        said = [m.content for m in state.messages if isinstance(m, UserMessage)]
        assert said == ([content] if first else ["before", content])
        assert (state.model, state.thinking_level) == (("q", "new"), "high")
    lines = (tmp_path / "s.jsonl").read_text().splitlines()
    assert sum('"error"' in line for line in lines) == 2, "the failed one is still in the file"


@pytest.mark.parametrize(
    "after",
    [
        [],
        [failure(TextContent("half"))],
        [failure(), UserMessage("other"), failure()],
    ],
)
def test_anything_else_changes_nothing(
    tmp_path: Path, after: list[AssistantMessage | UserMessage]
) -> None:
    log = SessionLog.memory(tmp_path)
    for message in (UserMessage("Go"), *after):
        log.append_message(message)
    leaf = log.leaf
    take_again(log, UserMessage("Go"))
    assert log.leaf is leaf
    take_again(SessionLog.memory(tmp_path), UserMessage("Go"))  # nothing to look at

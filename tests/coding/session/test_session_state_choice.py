"""Which model a session goes on with."""

from pathlib import Path

from pi.ai.messages import AssistantMessage, TextContent, Usage, UserMessage
from pi.coding.session.log import SessionLog


def answer(model: str) -> AssistantMessage:
    return AssistantMessage((TextContent("x"),), "faux", "p", model, Usage(), "stop", 1)


def test_a_switch_while_an_answer_is_written_is_not_lost(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path, tmp_path)
    log.append_model_change("p", "one")
    log.append_message(UserMessage("hi", 1))
    log.append_model_change("p", "two")
    log.append_message(answer("one"))
    assert log.state.model == ("p", "two")
    assert log.path is not None
    assert SessionLog.open(log.path).state.model == ("p", "two")


def test_without_any_choice_the_last_answer_says_it(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path, tmp_path)
    log.append_message(UserMessage("hi", 1))
    for model in ("one", "two"):
        log.append_message(answer(model))
    assert log.state.model == ("p", "two")
    assert log.path is not None
    assert SessionLog.open(log.path).state.model == ("p", "two")

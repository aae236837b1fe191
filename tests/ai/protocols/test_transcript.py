"""What of a conversation is sent to a model: the mended transcript."""

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi.ai.messages import (
    AssistantMessage,
    ImageContent,
    Message,
    TextContent,
    ThinkingContent,
    ToolCall,
    ToolResultMessage,
    Usage,
    UserMessage,
)
from pi.ai.model import Model
from pi.ai.protocols.ids import charset_id, exact_id
from pi.ai.protocols.transcript import is_blank, prepare

MODEL = Model(
    id="m", name="M", provider="p", api="a", base_url="http://localhost", input=("text", "image")
)
BLIND = msgspec.structs.replace(MODEL, input=("text",))
PICTURE = ImageContent("aGk=", "image/png")
HERE = ("p", "a", "m")
ELSEWHERE = ("q", "b", "n")


def said(*content: Any, origin: tuple[str, str, str] = HERE, stop: Any = "stop") -> Message:
    provider, api, model = origin
    return AssistantMessage(content, api, provider, model, Usage(), stop, 1)


def user(content: Any = "go on") -> UserMessage:
    return UserMessage(content, 1)


def result(call_id: str, *content: Any, error: bool = False) -> ToolResultMessage:
    blocks = content or (TextContent(f"result of {call_id}"),)
    return ToolResultMessage(call_id, "read", blocks, error, timestamp=1)


def call(call_id: str = "c1", **more: Any) -> ToolCall:
    return ToolCall(call_id, "read", {"path": "x"}, **more)


# -- one rule after the other --------------------------------------------------------------------


def test_own_messages_are_the_same_objects() -> None:
    messages = [
        user(),
        said(ThinkingContent("hm", "sig"), TextContent("a", "sig"), call(thought_signature="s")),
        result("c1"),
        said(TextContent("done")),
    ]
    prepared = prepare(messages, MODEL, call_id=exact_id(9))
    assert all(new is old for new, old in zip(prepared, messages, strict=True))


@pytest.mark.parametrize(
    "origin", [("q", "a", "m"), ("p", "b", "m"), ("p", "a", "n")], ids=["provider", "api", "model"]
)
def test_foreign_reasoning_and_signatures_are_dropped(origin: tuple[str, str, str]) -> None:
    message = said(
        ThinkingContent("hm", "sig"),
        ThinkingContent("unsigned"),
        ThinkingContent("", "data", redacted=True),
        TextContent("answer", "sig"),
        TextContent(" \n", "sig"),
        call(thought_signature="sig"),
        origin=origin,
    )
    turn, _ = prepare([message, result("c1")], MODEL)
    assert turn.content == (TextContent("answer"), call())


def test_own_reasoning_is_kept_if_it_says_or_signs_anything() -> None:
    kept = (
        ThinkingContent("unsigned"),
        ThinkingContent("", "sig"),
        ThinkingContent("", "data", redacted=True),
    )
    (message,) = prepare([said(ThinkingContent(" "), *kept, ThinkingContent("\ud800"))], MODEL)
    assert message.content == kept


@pytest.mark.parametrize("content", ["", " \n", (), (TextContent(" "),), "\ud800"])
def test_an_empty_user_message_is_dropped(content: Any) -> None:
    assert prepare([user(content), user("hello")], MODEL) == [user("hello")]


def test_an_answer_of_which_nothing_is_left_is_dropped() -> None:
    messages = [user(), said(ThinkingContent("hm", "sig"), origin=ELSEWHERE), user("more"), said()]
    assert prepare(messages, MODEL) == [user(), user("more")]


@pytest.mark.parametrize("stop", ["error", "aborted", "pending"])
def test_an_answer_that_broke_off_goes_with_its_results(stop: str) -> None:
    messages = [user(), said(TextContent("I"), call("c1"), call("c2"), stop=stop), result("c1")]
    assert prepare([*messages, user("again")], MODEL) == [user(), user("again")]


def test_results_of_a_broken_answer_do_not_go_to_an_earlier_call() -> None:
    messages = [said(call()), said(call(), stop="aborted"), result("c1"), user()]
    prepared = prepare(messages, MODEL)
    assert [type(m) for m in prepared] == [AssistantMessage, ToolResultMessage, UserMessage]
    assert prepared[1].is_error


def test_a_call_without_a_result_gets_one() -> None:
    prepared = prepare([user(), said(call("c1"), call("c2")), result("c2"), user("stop")], MODEL)
    _, _, invented, real, last = prepared
    assert (invented.tool_call_id, invented.tool_name, invented.is_error) == ("c1", "read", True)
    assert "no result" in invented.content[0].text
    assert (real, last) == (result("c2"), user("stop"))


@pytest.mark.parametrize("after", [[], [user()], [said(TextContent("b"))]])
def test_wherever_the_conversation_goes_on(after: list[Message]) -> None:
    prepared = prepare([user(), said(call()), *after], MODEL)
    assert prepared[2].is_error
    assert prepared[3:] == after


def test_a_late_result_moves_to_its_call() -> None:
    messages = [user(), said(call("c1"), call("c2")), result("c2"), user("?"), result("c1")]
    assert prepare(messages, MODEL) == [*messages[:2], result("c1"), result("c2"), user("?")]


def test_of_two_results_the_first_real_one_counts() -> None:
    first, second = result("c1", TextContent("1")), result("c1", TextContent("2"))
    assert prepare([said(call()), first, second], MODEL)[1:] == [first]
    invented = prepare([said(call())], MODEL)[1]
    assert prepare([said(call()), invented, user(), second], MODEL)[1:] == [second, user()]


def test_a_result_without_a_call_is_dropped() -> None:
    assert prepare([result("c1"), user(), result("c2"), said(call("c2"))], MODEL)[0] == user()


def test_calls_with_broken_arguments_are_replayed_without_any() -> None:
    broken = ToolCall("c1", "read", {"path": "hal"}, arguments_error="cut off")
    turn, _ = prepare([said(broken), result("c1")], MODEL)
    assert turn.content[0].arguments == {}


def test_foreign_ids_are_normalised_and_results_follow() -> None:
    long = "call_1|fc_" + "x" * 400
    messages = [said(call(long), origin=ELSEWHERE), result(long)]
    turn, answer = prepare(messages, MODEL, call_id=charset_id())
    assert turn.content[0].id == answer.tool_call_id == "call_1_fc_" + "x" * 54


def test_ids_that_normalise_alike_stay_different() -> None:
    messages = [
        said(call("a.b"), call("a:b"), call("a/b"), origin=ELSEWHERE),
        *(result(name, TextContent(name)) for name in ("a:b", "a.b", "a/b")),
    ]
    turn, *answers = prepare(messages, MODEL, call_id=charset_id(16))
    ids = [block.id for block in turn.content]
    assert ids[0] == "a_b"
    assert all(re.fullmatch("a_b_[0-9a-z]{8}", name) for name in ids[1:])
    assert len(set(ids)) == 3
    assert [(m.tool_call_id, m.content[0].text) for m in answers] == list(
        zip(ids, ["a.b", "a:b", "a/b"], strict=True)
    )
    again = prepare([*messages, user()], MODEL, call_id=charset_id(16))
    assert again[:-1] == [turn, *answers]


def test_a_suffix_keeps_to_the_length_of_the_rule() -> None:
    ids = ["x" * 64 + "1", "x" * 64 + "2"]
    turn, *_ = prepare([said(*map(call, ids), origin=ELSEWHERE)], MODEL, call_id=charset_id())
    first, second = (block.id for block in turn.content)
    assert first == "x" * 64
    assert re.fullmatch("x{55}_[0-9a-z]{8}", second)


def test_an_id_used_again_in_a_later_turn_is_made_another() -> None:
    messages = [said(call()), result("c1"), user(), said(call()), result("c1", TextContent("2"))]
    prepared = prepare(messages, MODEL)
    assert prepared[:3] == messages[:3]
    assert prepared[3].content[0].id == prepared[4].tool_call_id != "c1"
    assert prepared[4].content == (TextContent("2"),)


def test_equal_ids_in_one_turn_share_the_results_in_order() -> None:
    results = [result("c1", TextContent(text)) for text in "12"]
    turn, *answers = prepare([said(call(), call()), *results], MODEL)
    assert [m.tool_call_id for m in answers] == [block.id for block in turn.content]
    assert [m.content[0].text for m in answers] == ["1", "2"]
    assert len({m.tool_call_id for m in answers}) == 2


def test_ids_are_equal_if_they_are_so_before_the_bar() -> None:
    turn, *_ = prepare([said(call("c1|fc_1"), call("c1|fc_2"))], MODEL)
    first, second = (block.id for block in turn.content)
    assert first == "c1|fc_1"
    assert re.fullmatch("c1_[0-9a-z]{8}", second)


def test_a_rule_that_makes_one_of_all_ids_ends() -> None:
    turn, *_ = prepare([said(call("a"), call("b"), origin=ELSEWHERE)], MODEL, call_id=lambda _: "x")
    assert len({block.id for block in turn.content}) == 2


# -- names, and who begins -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("read", "read"),
        ("default_api:read", "default_api_read"),
        ("ß 🌍", "___"),
        ("", "unknown"),
        ("x" * 80, "x" * 64),
    ],
)
@pytest.mark.parametrize("origin", [HERE, ELSEWHERE])
def test_names_that_a_model_made_up_are_made_valid(name: str, sent: str, origin: Any) -> None:
    made_up = ToolCall("c1", name, {})
    answered = ToolResultMessage("c1", "something else", (TextContent("ok"),), timestamp=1)
    turn, answer = prepare([said(made_up, origin=origin), answered], MODEL)
    assert (turn.content[0].name, answer.tool_name) == (sent, sent)


def test_a_wire_has_its_own_rule_for_names() -> None:
    rule = charset_id(64, "[a-z:]")
    turn, answer = prepare([said(ToolCall("c1", "a:b.c", {})), result("c1")], MODEL, call_name=rule)
    assert turn.content[0].name == answer.tool_name == "a:b_c"


def test_the_user_begins_where_a_wire_wants_it() -> None:
    messages = [user(" "), said(TextContent("hello")), user("hi")]
    assert len(prepare(messages, MODEL)) == 2
    first, *rest = prepare(messages, MODEL, user_first=True)
    assert isinstance(first, UserMessage)
    assert rest == messages[1:]
    assert prepare([first, *rest], MODEL, user_first=True) == [first, *rest]
    assert prepare([], MODEL, user_first=True) == []


# -- images --------------------------------------------------------------------------------------


def test_runs_of_images_become_one_note_each() -> None:
    mixed = (PICTURE, PICTURE, TextContent("a"), PICTURE)
    asked, _, answered = prepare([user(mixed), said(call()), result("c1", *mixed)], BLIND)
    for message, who in ((asked, "user"), (answered, "tool")):
        note, text, again = message.content
        assert note == again
        assert who in note.text
        assert text == TextContent("a")


def test_images_of_results_follow_in_a_user_message() -> None:
    messages = [
        said(call("c1"), call("c2")),
        result("c1", TextContent("see"), PICTURE, PICTURE),
        user("what?"),
        result("c2"),
    ]
    _, first, second, images, last = prepare(messages, MODEL, keep_images_in_results=False)
    assert first.content[0] == TextContent("see")
    assert len(first.content) == 2
    assert second == result("c2")
    assert images.content == (TextContent("Returned by the tool read:"), PICTURE, PICTURE)
    assert last == user("what?")


def test_images_stay_where_they_may() -> None:
    messages = [user((PICTURE,)), said(call()), result("c1", PICTURE)]
    assert prepare(messages, MODEL) == messages


@pytest.mark.parametrize(("text", "blank"), [("", True), ("\u3000\t", True), ("\ud800 ", True)])
def test_blank(text: str, blank: bool) -> None:
    assert is_blank(text) is blank
    assert not is_blank(text + "é")


# -- any conversation ----------------------------------------------------------------------------

TEXTS = st.text(st.characters(codec=None), max_size=6)
IDS = st.one_of(
    st.sampled_from(["", "c1", "c2", "a.b", "a:b", "c|1", "c|2", "x" * 400, "x" * 399 + "y"]),
    TEXTS,
)
TEXT_BLOCKS = st.builds(TextContent, TEXTS, st.none() | TEXTS)
IMAGES = st.just(PICTURE)
CALLS = st.builds(
    ToolCall,
    IDS,
    TEXTS,
    st.dictionaries(TEXTS, st.integers(), max_size=2),
    st.none() | TEXTS,
    st.none() | st.just("broken"),
)
ANSWERS = st.builds(
    lambda content, origin, stop: said(*content, origin=origin, stop=stop),
    st.lists(
        TEXT_BLOCKS
        | st.builds(ThinkingContent, TEXTS, st.none() | TEXTS, st.booleans())
        | CALLS
        | CALLS,
        max_size=4,
    ),
    st.sampled_from([HERE, ELSEWHERE]),
    st.sampled_from(["stop", "toolUse", "toolUse", "length", "error", "aborted", "pending"]),
)
CONTENT = st.lists(TEXT_BLOCKS | IMAGES, max_size=3).map(tuple)
RESULTS = st.builds(
    lambda call_id, content, error: ToolResultMessage(call_id, "read", content, error, timestamp=1),
    IDS,
    CONTENT,
    st.booleans(),
)
CONVERSATIONS = st.lists(
    st.builds(user, TEXTS | CONTENT) | ANSWERS | ANSWERS | RESULTS | RESULTS, max_size=14
)
RULES = st.sampled_from([None, charset_id(), charset_id(40, hashed=True), exact_id(9)])
MODELS = st.sampled_from([MODEL, BLIND])


@settings(max_examples=250)
@given(CONVERSATIONS, MODELS, RULES, st.booleans())
def test_invariants(messages: list[Message], model: Model, rule: Any, keep: bool) -> None:
    before = repr(messages)
    prepared = prepare(messages, model, call_id=rule, keep_images_in_results=keep)
    assert repr(messages) == before
    assert prepare(iter(prepared), model, call_id=rule, keep_images_in_results=keep) == prepared

    seen: list[str] = []
    waiting: list[str] = []
    for message in prepared:
        if isinstance(message, ToolResultMessage):
            assert message.tool_call_id == waiting.pop(0)
            if not keep or not model.sees_images:
                assert PICTURE not in message.content
            continue
        assert not waiting
        assert message.content
        if isinstance(message, AssistantMessage):
            same = message.provider == "p"
            waiting = [block.id for block in message.tool_calls]
            seen += waiting
            _check_answer(message, same)
        elif not model.sees_images:
            assert PICTURE not in tuple(message.content)
    assert not waiting
    assert len(set(seen)) == len(seen)
    assert "" not in seen


def _check_answer(message: AssistantMessage, same: bool) -> None:
    assert message.stop_reason in ("stop", "toolUse", "length")
    for block in message.content:
        if isinstance(block, ToolCall) and block.arguments_error:
            assert block.arguments == {}
        if not same:
            assert not isinstance(block, ThinkingContent)
            if isinstance(block, TextContent):
                assert block.text_signature is None
                assert not is_blank(block.text)
            else:
                assert block.thought_signature is None


@settings(max_examples=150)
@given(CONVERSATIONS, RULES)
def test_foreign_ids_keep_to_the_rule(messages: list[Message], rule: Any) -> None:
    prepared = prepare(messages, MODEL, call_id=rule)
    for message in prepared:
        if rule and isinstance(message, AssistantMessage) and message.provider == "q":
            assert all(rule(block.id) == block.id for block in message.tool_calls)


@settings(max_examples=150)
@given(CONVERSATIONS)
def test_what_the_same_model_said_is_untouched(messages: list[Message]) -> None:
    kept = [
        message
        for message in messages
        if not isinstance(message, AssistantMessage) or message.provider == "p"
    ]
    texts = [
        block
        for message in kept
        if isinstance(message, AssistantMessage)
        and message.stop_reason in ("stop", "toolUse", "length")
        for block in message.content
        if isinstance(block, TextContent)
        or (isinstance(block, ThinkingContent) and block.thinking_signature)
    ]
    prepared = prepare(kept, MODEL, call_id=exact_id(9))
    assert texts == [
        block
        for message in prepared
        if isinstance(message, AssistantMessage)
        for block in message.content
        if isinstance(block, TextContent)
        or (isinstance(block, ThinkingContent) and block.thinking_signature)
    ]

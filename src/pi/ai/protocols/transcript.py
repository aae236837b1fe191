"""The conversation as one request carries it: what may be sent of it to a given model.

Sessions store what was said; vendors accept less. `prepare` mends everything that a vendor would
reject for good (foreign signatures and ids, calls without a result, results without a call, answers
that broke off) and leaves alone what the same model said itself. It is pure, gives the same
messages for the same input, and does nothing to messages that it has already prepared.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from pi.ai.messages import (
    AssistantContent,
    AssistantMessage,
    ImageContent,
    Message,
    TextContent,
    ThinkingContent,
    ToolCall,
    ToolResultMessage,
    UserContent,
    UserMessage,
)
from pi.ai.model import Model
from pi.ai.protocols.ids import charset_id, short_hash
from pi.ai.request import without_surrogates

__all__ = ["is_blank", "prepare"]

_LEFT_OUT = frozenset({"error", "aborted", "pending"})
_UNSEEN_BY_USER = TextContent("[The user sent an image here, which this model cannot see.]")
_UNSEEN_BY_TOOL = TextContent("[The tool returned an image here, which this model cannot see.]")
_MOVED = TextContent("[The image follows after the tool results.]")
_ATTEMPTS = 20
_NO_RESULT = (TextContent("There is no result: the call was interrupted."),)
_BEFORE = "[The conversation begins with the following answer.]"
_NO_NAME = "unknown"
_plain_name = charset_id(64)


def prepare(
    messages: Iterable[Message],
    model: Model,
    *,
    call_id: Callable[[str], str] | None = None,
    call_name: Callable[[str], str] = _plain_name,
    keep_images_in_results: bool = True,
    user_first: bool = False,
) -> list[Message]:
    """The messages to send to `model`, in order; `messages` are not changed.

    call_id: makes the id of a call by another model one that the wire accepts (see `ids`); ids are
    unique in the result, and those of the same model stay as they are unless two are equal.
    call_name: makes the name in a call one that the wire accepts; models make names up.
    keep_images_in_results: False for wires that take text only in tool results; the images then
    follow in a user message. user_first: the user begins, if need be with a note.

    Every call is followed directly by its one result, in the order of the calls; a call without
    one gets an error result. Results without a call, empty user messages and answers that ended in
    an error are left out. Images are replaced by a note if the model sees none.
    """
    ids = _Ids(call_id)
    turns: list[UserMessage | _Turn] = []
    open_calls: dict[str, _Open] = {}
    for message in messages:
        match message:
            case UserMessage():
                if _says_something(message):
                    turns.append(_seen_user(message, model))
            case ToolResultMessage():
                if message.tool_call_id in open_calls:
                    _answer(open_calls[message.tool_call_id], message)
            case AssistantMessage():
                # What comes later under the same id belongs to the later call, kept or not.
                open_calls.update({call.id: _Open() for call in message.tool_calls})
                turn = _turn(message, model, ids, call_name)
                if turn is None:
                    continue
                turns.append(turn)
                for slot in turn.slots:
                    open_calls[slot.original.id].waiting.append(slot)
    if user_first and turns and isinstance(turns[0], _Turn):
        turns.insert(0, UserMessage(_BEFORE, turns[0].message.timestamp))
    return list(_in_order(turns, model, keep_images_in_results))


def is_blank(text: str) -> bool:
    """Whether nothing but white space would reach a service, which drops lone surrogates."""
    text = text.strip()
    return not text or (not text.isascii() and not without_surrogates(text).strip())


class _Slot(Struct):
    """A place for one result: the call as it was made, as it is sent, and what answers it."""

    original: ToolCall
    sent: ToolCall
    result: ToolResultMessage | None = None


class _Open:
    """The places for results under one id, in the order of the calls.

    invented: those that hold no more than a note that there is no result.
    """

    def __init__(self) -> None:
        self.waiting: deque[_Slot] = deque()
        self.invented: deque[_Slot] = deque()


class _Turn(Struct):
    message: AssistantMessage
    slots: list[_Slot]


class _Ids:
    """Hands out the ids of one request, each once.

    Two ids are equal if they are so before a `|`: what follows it is a second id, of the item that
    holds the call, and does not connect a call with its result.
    """

    def __init__(self, normalise: Callable[[str], str] | None) -> None:
        self._normalise = normalise or str
        self._taken = {""}
        self._attempts: dict[tuple[str, bool], int] = {}

    def take(self, call_id: str, *, foreign: bool) -> str:
        """The id under which to send the next call, whose id was `call_id`."""
        wanted = self._normalise(call_id) if foreign else call_id
        head = wanted.partition("|")[0]
        attempt = self._attempts.get((call_id, foreign), 0)  # those before are taken by its equals
        while wanted.partition("|")[0] in self._taken:
            suffix = short_hash(f"{call_id}#{attempt}")
            wanted = self._ending(head or "call", suffix)
            attempt += 1
            if attempt > _ATTEMPTS:  # the rule makes one of all: an invalid id beats an equal one
                wanted = f"{wanted}_{suffix}"
        if attempt:
            self._attempts[call_id, foreign] = attempt
        self._taken.add(wanted.partition("|")[0])
        return wanted

    def _ending(self, head: str, suffix: str) -> str:
        """An allowed id that ends in `suffix`, if the rule has room for that."""
        candidate = self._normalise(f"{head}_{suffix}")
        if candidate.endswith(suffix):
            return candidate
        return self._normalise(f"{head[: max(0, len(candidate) - len(suffix) - 1)]}_{suffix}")


def _says_something(message: UserMessage) -> bool:
    content = message.content
    if isinstance(content, str):
        return not is_blank(content)
    return any(isinstance(block, ImageContent) or not is_blank(block.text) for block in content)


# -- assistant messages --------------------------------------------------------------------------


def _turn(
    message: AssistantMessage, model: Model, ids: _Ids, call_name: Callable[[str], str]
) -> _Turn | None:
    """What `model` may see of an answer; None if that is nothing."""
    if message.stop_reason in _LEFT_OUT:
        return None
    same = (message.provider, message.api, message.model) == (model.provider, model.api, model.id)
    content: list[AssistantContent] = []
    slots: list[_Slot] = []
    for block in message.content:
        if isinstance(block, ToolCall):
            name = call_name(block.name) or _NO_NAME
            sent = _call(block, ids.take(block.id, foreign=not same), name, same)
            slots.append(_Slot(block, sent))
            content.append(sent)
        elif same:
            if not isinstance(block, ThinkingContent) or _worth_replaying(block):
                content.append(block)
        elif isinstance(block, TextContent) and not is_blank(block.text):
            content.append(
                replace(block, text_signature=None) if block.text_signature is not None else block
            )
    if not content:
        return None
    blocks = tuple(content)
    return _Turn(message if blocks == message.content else replace(message, content=blocks), slots)


def _worth_replaying(block: ThinkingContent) -> bool:
    return bool(block.thinking_signature) or not is_blank(block.thinking)


def _call(call: ToolCall, call_id: str, name: str, same: bool) -> ToolCall:
    signature = call.thought_signature if same else None
    arguments = {} if call.arguments_error else call.arguments
    before = (call.id, call.name, call.thought_signature)
    if before == (call_id, name, signature) and call.arguments is arguments:
        return call
    return replace(call, id=call_id, name=name, thought_signature=signature, arguments=arguments)


# -- results -------------------------------------------------------------------------------------


def _answer(calls: _Open, result: ToolResultMessage) -> None:
    """Put a result where it belongs: the first wins, but any real one over an invented one."""
    invented = result.content == _NO_RESULT
    if calls.waiting:
        slot = calls.waiting.popleft()
        slot.result = result
        if invented:
            calls.invented.append(slot)
    elif calls.invented and not invented:
        calls.invented.popleft().result = result


def _in_order(
    turns: list[UserMessage | _Turn], model: Model, keep_images: bool
) -> Iterator[Message]:
    for turn in turns:
        if isinstance(turn, UserMessage):
            yield turn
            continue
        yield turn.message
        images: list[UserContent] = []
        for slot in turn.slots:
            result = _result(slot, turn.message.timestamp)
            if not model.sees_images:
                result = _without_images(result, _UNSEEN_BY_TOOL)
            elif not keep_images:
                images += _captioned(result)
                result = _without_images(result, _MOVED)
            yield result
        if images:
            yield UserMessage(tuple(images), turn.message.timestamp)


def _result(slot: _Slot, timestamp: int) -> ToolResultMessage:
    call, result = slot.sent, slot.result
    if result is None:
        return ToolResultMessage(call.id, call.name, _NO_RESULT, True, timestamp=timestamp)
    if (result.tool_call_id, result.tool_name) == (call.id, call.name):
        return result
    return replace(result, tool_call_id=call.id, tool_name=call.name)


# -- images --------------------------------------------------------------------------------------


def _seen_user(message: UserMessage, model: Model) -> UserMessage:
    content = message.content
    if model.sees_images or isinstance(content, str) or not _has_image(content):
        return message
    return replace(message, content=_noted(content, _UNSEEN_BY_USER))


def _without_images(result: ToolResultMessage, note: TextContent) -> ToolResultMessage:
    if not _has_image(result.content):
        return result
    return replace(result, content=_noted(result.content, note))


def _captioned(result: ToolResultMessage) -> list[UserContent]:
    images = [block for block in result.content if isinstance(block, ImageContent)]
    if not images:
        return []
    return [TextContent(f"Returned by the tool {result.tool_name}:"), *images]


def _has_image(content: tuple[UserContent, ...]) -> bool:
    return any(isinstance(block, ImageContent) for block in content)


def _noted(content: tuple[UserContent, ...], note: TextContent) -> tuple[UserContent, ...]:
    """`content` with `note` in the place of each run of images."""
    kept: list[UserContent] = []
    for block in content:
        if not isinstance(block, ImageContent):
            kept.append(block)
        elif not kept or kept[-1] is not note:
            kept.append(note)
    return tuple(kept)

"""Tool calls that arrive in pieces: which piece belongs to which call.

By the book a piece names its call by `index`. In the field the index is missing, or 0 for every
call; ids come late, change on the way or are empty; arguments are an object instead of text. A
piece starts a new call only where it cannot be part of the one that it points to.
"""

from typing import Any

import msgspec

from pi.ai.protocols.base import Block, Decoder
from pi.ai.request import encode_json

__all__ = ["Calls"]


class Calls:
    """The tool calls of one answer. Opens and writes their blocks through the decoder."""

    __slots__ = ("_by_id", "_by_index", "_decoder", "blocks")

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._by_index: dict[Any, Block] = {}
        self._by_id: dict[str, Block] = {}
        self.blocks: list[Block] = []

    def add(self, pieces: list[dict[str, Any]]) -> None:
        """Take the pieces of one chunk."""
        for piece in pieces:
            function: dict[str, Any] = piece.get("function") or {}
            call_id, name = _word(piece.get("id")), _word(function.get("name"))
            arguments = function.get("arguments")
            text = arguments if isinstance(arguments, str) else _encoded(arguments)
            block = self._by_index.get(piece.get("index"))
            if block is None or call_id or name:  # else it plainly goes on with its call
                block = self._block(piece.get("index"), call_id, name, text)
                if block is None:
                    continue
            if piece.get("extra_content"):
                block.signature = _encoded({"extra_content": piece["extra_content"]})
            if text is arguments or not block.parts:  # a whole object comes once, or again
                self._decoder.delta(block, text)

    def finish(self, response_id: str, *, cut_off: bool) -> None:
        """Close all calls. `cut_off`: the answer hit its limit, perhaps within the last call."""
        for number, block in enumerate(self.blocks):
            if not block.id:
                block.id = f"call_{response_id or _random()}_{number}"
            # A call that was cut off before its arguments is not one without arguments.
            unwritten = cut_off and block is self.blocks[-1] and not block.text.strip()
            self._decoder.end(block, "{" if unwritten else None)

    def _block(self, index: Any, call_id: str, name: str, text: str) -> Block | None:
        """The call of a piece; None for a piece that says nothing."""
        block = self._by_index.get(index)
        new_index = index is not None and block is None
        if block is None and call_id:
            block = self._by_id.get(call_id)
        if block is None and index is None and not call_id and self.blocks:
            block = self.blocks[-1]
        if block is None or (name and _starts_anew(block, call_id, name, text, new_index)):
            if not (call_id or name or text):
                return None
            block = self._decoder.open_tool(call_id, name)
            self.blocks.append(block)
        block.id = block.id or call_id
        block.name = block.name or name
        if index is not None:
            self._by_index[index] = block
        if call_id:
            self._by_id[call_id] = block
        return block


def _starts_anew(block: Block, call_id: str, name: str, text: str, new_index: bool) -> bool:
    """Whether a piece with a name that points to `block` is nevertheless another call.

    A service that repeats id or name in every piece must not make a call of each: only one whose
    arguments are complete can be followed by another.
    """
    if call_id and block.id and call_id != block.id and name != block.name:
        return True
    if call_id and call_id == block.id:
        return new_index and _is_object(block.text)
    return text.lstrip().startswith("{") and _is_object(block.text)


def _is_object(text: str) -> bool:
    if not text.rstrip().endswith("}"):
        return False
    try:
        return isinstance(msgspec.json.decode(text), dict)
    except (msgspec.DecodeError, UnicodeError):
        return False


def _encoded(value: Any) -> str:
    return "" if value is None else encode_json(value).decode()


def _word(value: Any) -> str:
    """An id or a name; some services number their ids."""
    return value if isinstance(value, str) else "" if value is None else str(value)


def _random() -> str:
    from uuid import uuid4  # for services without any ids

    return uuid4().hex[:24]

"""What an answer means: each finding is a small judgement over what was asked and what came.

Nothing here asks anything. A field that is accepted may still be ignored, which is worse than a
refusal; where the token counts of the answer tell the one from the other, they are compared.
"""

import re
from typing import Literal

from msgspec import Struct

from pi.ai.events import Done, ToolCallDelta
from pi.coding.probe.answer import Answer

__all__ = [
    "Finding",
    "accepted",
    "calls",
    "developer_role",
    "error_shape",
    "images",
    "key_needed",
    "model_name",
    "no_model_here",
    "parallel_calls",
    "streamed_arguments",
    "streaming",
    "thinking",
    "token_limit",
    "usage",
]

Verdict = Literal["yes", "no", "ignored", "partly", "unknown"]

_FIELDS = re.compile(
    r'"(reasoning_content|reasoning_text|reasoning|reasoning_details|thinking|thought)"'
    r'\s*:\s*(?:"[^"]|\[\s*\{|true)'
)
_ITEM = re.compile(r'"type"\s*:\s*"(reasoning|thinking|redacted_thinking)"')


class Finding(Struct, frozen=True):
    """What was found out. detail: in a few words, the server's where it complained."""

    verdict: Verdict
    detail: str = ""


def _failed(answer: Answer) -> Finding | None:
    """The finding about an answer that is none; None if it is one."""
    if answer.good:
        return None
    if answer.status >= 400:
        return Finding("no", answer.complaint)
    return Finding("unknown", answer.complaint)


def no_model_here(answer: Answer) -> bool:
    """Whether nothing at all speaks this wire at this URL, as far as the answer tells."""
    if answer.status in (405, 501) or answer.media_type == "text/html":
        return True
    if answer.status == 404:
        words = str(answer.data or "").lower()
        return not ("model" in words and "not" in words)
    return False


def streaming(answer: Answer) -> Finding:
    """Whether an answer comes while it is made, and ends."""
    if answer.endless:
        return Finding("no", "the stream does not end")
    failed = _failed(answer)
    if failed is not None:
        return failed
    if answer.pieces > 1:
        return Finding("yes", f"{answer.pieces} pieces")
    return Finding("partly", "in one piece" if answer.pieces else "it said nothing")


def usage(answer: Answer) -> Finding:
    """Whether a stream that asks for the token counts has them."""
    failed = _failed(answer)
    if failed is not None:
        return failed
    counted = answer.usage
    if counted is None or not counted.total_tokens:
        return Finding("ignored", "no token counts")
    return Finding("yes", f"{answer.prompt_tokens} in, {counted.output} out")


def accepted(answer: Answer) -> Finding:
    """Whether a request with some field is answered like one without."""
    return _failed(answer) or Finding("yes")


def token_limit(answer: Answer, limit: int) -> Finding:
    """Whether an answer that was asked to be long stops at the limit."""
    counted = answer.usage
    size = counted.output if counted and counted.output else answer.pieces
    if not (answer.endless and size > limit + 4):
        failed = _failed(answer)
        if failed is not None:
            return failed
    if size > limit + 4:
        return Finding("ignored", f"{size} tokens where {limit} were allowed")
    if any(isinstance(event, Done) and event.reason == "length" for event in answer.events):
        return Finding("yes", "heeded")
    return Finding("yes", "accepted")


def developer_role(answer: Answer, plain: Answer) -> Finding:
    """Whether instructions as `developer` reach the model. plain: the same without them."""
    failed = _failed(answer)
    if failed is not None:
        return failed
    if plain.prompt_tokens and answer.prompt_tokens:
        if answer.prompt_tokens <= plain.prompt_tokens:
            return Finding("ignored", "the model does not get it")
        return Finding("yes", "")
    return Finding("yes", "accepted")


def images(answer: Answer, plain: Answer) -> Finding:
    """Whether a picture reaches the model. plain: the same without it."""
    failed = _failed(answer)
    if failed is not None:
        return failed
    if plain.prompt_tokens and answer.prompt_tokens:
        if answer.prompt_tokens <= plain.prompt_tokens:
            return Finding("ignored", "the model does not get it")
        return Finding("yes", f"{answer.prompt_tokens - plain.prompt_tokens} tokens")
    return Finding("partly", "accepted; seen or not, nobody can tell")


def calls(answer: Answer, *, forced: bool = False) -> Finding:
    """Whether the model calls a tool. forced: the request demanded a call."""
    failed = _failed(answer)
    if failed is not None:
        return failed
    if not answer.calls:
        return Finding("unknown", "accepted; the model made no call")
    broken = [call for call in answer.calls if call.arguments_error]
    if broken:
        return Finding("partly", "the arguments are no JSON")
    return Finding("yes", "when a call is demanded" if forced else "")


def parallel_calls(answer: Answer) -> Finding:
    """Whether an answer holds several calls when several were asked for."""
    if not answer.calls:
        return Finding("unknown", "no call was made")
    if len(answer.calls) == 1:
        return Finding("unknown", "the model made one call")
    if len({call.id for call in answer.calls}) < len(answer.calls):
        return Finding("no", "the calls share one id")
    return Finding("yes", f"{len(answer.calls)} calls")


def streamed_arguments(answer: Answer) -> Finding:
    """Whether the arguments of a call come while they are written."""
    if not answer.calls:
        return Finding("unknown", "no call was made")
    counts: dict[int, int] = {}
    for event in answer.events:
        if isinstance(event, ToolCallDelta):
            counts[event.content_index] = counts.get(event.content_index, 0) + 1
    most = max(counts.values(), default=0)
    return Finding("yes", f"{most} pieces") if most > 1 else Finding("no", "in one piece")


def thinking(answers: list[Answer]) -> Finding:
    """Where the model's thinking is shown, in any of these answers."""
    found: dict[str, None] = {}
    tags = False
    for answer in answers:
        if not 200 <= answer.status < 300:
            continue
        text = answer.body.decode("utf-8", "replace")
        found |= dict.fromkeys(match[1] for match in _FIELDS.finditer(text))
        if answer.thinking:
            found |= dict.fromkeys(f"{match[1]} items" for match in _ITEM.finditer(text))
        tags = tags or "<think>" in answer.text
    if any(answer.thinking for answer in answers):
        return Finding("yes", ", ".join(found) or "shown")
    if tags:
        return Finding("partly", "<think> inside the text: let the server take it apart")
    if found:
        return Finding("partly", f"{', '.join(found)}, not understood")
    return Finding("no", "none was shown")


def model_name(answer: Answer) -> Finding:
    """Whether the server looks at the model's name. answer: to a name that nobody has."""
    if answer.good:
        return Finding("ignored", "any name is taken")
    return Finding("yes", answer.complaint) if answer.status >= 400 else Finding("unknown")


def error_shape(answer: Answer) -> Finding:
    """In what form the server complains, and what pi understands by it."""
    if answer.status < 400:
        return Finding("unknown", "nothing was refused")
    kind = answer.failure.kind if answer.failure else "?"
    data = answer.data
    if isinstance(data, dict) and isinstance(data.get("error"), dict):
        shape = "error.message"
    elif isinstance(data, dict):
        shape = next((name for name in ("error", "detail", "message") if name in data), "JSON")
    else:
        shape = answer.media_type or "text"
    return Finding("yes", f"{answer.status}, {shape}, understood as {kind}")


def key_needed(answer: Answer, *, given: bool) -> Finding:
    """Whether requests need a key. answer: to one without. given: there is a key."""
    if answer.status in (401, 403) or (answer.failure and answer.failure.kind == "auth"):
        return Finding("yes", answer.complaint)
    if answer.good:
        return Finding("no", "the key is not looked at" if given else "")
    return Finding("unknown", answer.complaint)

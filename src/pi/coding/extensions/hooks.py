"""Extensions on the loop's hooks: what the loop asks becomes events, their answers what it uses.

A handler that fails is told and the run goes on without it; one that guards tool calls blocks the
call instead.
"""

from collections.abc import Awaitable
from typing import Any, Protocol

import msgspec

from pi.agent.hooks import Block, Hooks
from pi.agent.tools import ToolResult
from pi.ai.errors import ConfigError
from pi.ai.messages import (
    AssistantMessage,
    Message,
    TextContent,
    ToolCall,
    ToolResultMessage,
    UserMessage,
    text_of,
)
from pi.ai.options import Options
from pi.ai.request import Frame, Request
from pi.ai.wire.head import header_line
from pi.coding.extensions.asking import Asker, Failed, made
from pi.coding.extensions.given import describe, wrong_field
from pi.coding.extensions.inside import Inside
from pi.coding.extensions.notes import Notes
from pi.coding.extensions.results import Patch, StartWith
from pi.coding.extensions.shelf import HandlerRow, Owner

__all__ = ["ExtensionHooks"]


class BridgeLike(Protocol):
    """What the hooks need of their bridge."""

    notes: Notes
    asker: Asker

    @property
    def inside(self) -> Inside:
        """The session."""
        ...

    def hears(self, event: str) -> bool:
        """Whether anybody hears an event."""
        ...

    def wrong(self, row: HandlerRow, name: str, answer: Any) -> None:
        """Tell that an answer makes no sense."""
        ...

    def tell_wrong(self, owner: Owner, name: str, words: str) -> None:
        """Tell what is wrong with an answer."""
        ...


class ExtensionHooks(Hooks):
    """All extensions of a session, as one policy."""

    def __init__(self, bridge: BridgeLike) -> None:
        self._bridge = bridge
        self._system: tuple[str, ...] | None = None
        self._first = False

    # -- a run ----------------------------------------------------------------------------------

    def on_run_start(self) -> None:
        """Nothing was asked in this run yet."""
        self._first, self._system = True, None

    async def before_turn(self) -> str | None:
        """Have async handlers catch up; put in what extensions want to say now."""
        bridge = self._bridge
        await bridge.asker.caught_up()
        if self._first:
            self._first = False
            if bridge.hears("before_agent_start"):
                await self._before_start()
        bridge.notes.take("steer")
        return None

    async def before_end(self) -> bool:
        """Whether an extension has something to say that the model is to answer."""
        await self._bridge.asker.caught_up()
        return self._bridge.notes.take("steer", "follow_up")

    def on_run_end(self) -> None:
        """Put in what was to wait for the end."""
        self._system = None
        self._bridge.notes.take("steer", "follow_up", "next_turn")

    def system_prompt(self, system: tuple[str, ...]) -> tuple[str, ...]:
        """The system prompt of this run."""
        return system if self._system is None else self._system

    async def _before_start(self) -> None:
        bridge = self._bridge
        prompt = _last_prompt(bridge.inside.turn().context.messages)
        event = made("before_agent_start", *prompt, bridge.inside.turn().context.system)
        for row in bridge.asker.rows("before_agent_start"):
            answer = await bridge.asker.ask(row, "before_agent_start", event)
            if not isinstance(answer, StartWith):
                if answer is not None:
                    bridge.wrong(row, "before_agent_start", answer)
                continue
            if answer.message is not None:
                bridge.notes.record(answer.message)
            if answer.system_prompt is not None:
                system = answer.system_prompt
                self._system = (system,) if isinstance(system, str) else tuple(system)
                event = msgspec.structs.replace(event, system_prompt=self._system)

    # -- a request ------------------------------------------------------------------------------

    async def before_request(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """The messages as extensions want them."""
        bridge = self._bridge
        for row in bridge.asker.rows("context"):
            answer = await bridge.asker.ask(row, "context", made("context", messages))
            if isinstance(answer, list | tuple) and all(map(_is_message, answer)):
                known = {id(message) for message in messages}
                new = [message for message in answer if id(message) not in known]
                wrong = next(filter(None, map(wrong_field, new)), "")
                if wrong:
                    place = describe(row.handler, row.owner.words)
                    bridge.tell_wrong(row.owner, "context", f"{place}: {wrong}")
                    continue
                messages = tuple(answer)
            elif answer is not None:
                bridge.wrong(row, "context", answer)
        return messages

    def call_options(self, options: Options) -> Options:
        """The options, with ears for those who want to hear what is sent and what comes back."""
        bridge = self._bridge
        changes: dict[str, Any] = {}
        if bridge.hears("before_provider_request") or bridge.hears("before_provider_headers"):
            before = options.on_request

            async def on_request(request: Request) -> Request:
                if before is not None:
                    given = before(request)
                    request = (await given if isinstance(given, Awaitable) else given) or request
                return await self._request(request)

            changes["on_request"] = on_request
        if bridge.hears("after_provider_response"):
            heard = options.on_response

            def on_response(status: int, headers: dict[str, str]) -> None:
                if heard is not None:
                    heard(status, headers)
                event = made("after_provider_response", status, headers)
                bridge.asker.hear("after_provider_response", event)

            changes["on_response"] = on_response
        if bridge.hears("provider_stream_event"):

            def on_frame(frame: Frame) -> None:
                event = made(
                    "provider_stream_event", frame.event, frame.data.decode("utf-8", "replace")
                )
                bridge.asker.hear("provider_stream_event", event)

            changes["on_frame"] = on_frame
        return msgspec.structs.replace(options, **changes) if changes else options

    async def _request(self, request: Request) -> Request:
        bridge = self._bridge
        model = bridge.inside.model
        for row in bridge.asker.rows("before_provider_request"):
            before = msgspec.json.encode(request.body)  # a handler may also change what it is given
            event = made("before_provider_request", request.body, model)
            answer = await bridge.asker.ask(row, "before_provider_request", event)
            if answer is not None and not isinstance(answer, dict):
                bridge.wrong(row, "before_provider_request", answer)
                answer = None
            body = request.body if answer is None else answer
            problem = _no_json(body)
            if problem:
                bridge.tell_wrong(row.owner, "before_provider_request", problem)
                body = msgspec.json.decode(before)
            request = msgspec.structs.replace(request, body=body)
        for row in bridge.asker.rows("before_provider_headers"):
            event = made("before_provider_headers", dict(request.headers), model)
            answer = await bridge.asker.ask(row, "before_provider_headers", event)
            if isinstance(answer, dict):
                good, problems = _headers(answer)
                request = request.with_headers(good)
                for problem in problems:
                    bridge.tell_wrong(row.owner, "before_provider_headers", problem)
            elif answer is not None:
                bridge.wrong(row, "before_provider_headers", answer)
        return request

    # -- tools ----------------------------------------------------------------------------------

    async def before_tool(
        self, call: ToolCall, arguments: dict[str, Any]
    ) -> Block | dict[str, Any] | None:
        """Whether a call is blocked, or other arguments."""
        bridge = self._bridge
        changed = False
        for row in bridge.asker.rows("tool_call"):
            event = made("tool_call", call.name, call.id, arguments)
            try:
                answer = await bridge.asker.ask(row, "tool_call", event, guards=True)
            except Failed as error:
                return Block(f"Not executed: a check failed ({error})")
            if isinstance(answer, Block):
                return answer
            if isinstance(answer, dict):
                arguments, changed = answer, True
            elif answer is not None:
                bridge.wrong(row, "tool_call", answer)
                return Block("Not executed: a check gave an answer that makes no sense")
        return arguments if changed else None

    async def after_tool(
        self, call: ToolCall, result: ToolResult, is_error: bool
    ) -> tuple[ToolResult, bool]:
        """The result as extensions want it."""
        bridge = self._bridge
        for row in bridge.asker.rows("tool_result"):
            event = made(
                "tool_result",
                call.name,
                call.id,
                call.arguments,
                result.content,
                result.details,
                is_error,
            )
            answer = await bridge.asker.ask(row, "tool_result", event)
            if isinstance(answer, ToolResult):
                result = answer
            elif isinstance(answer, Patch):
                result, is_error = _patched(result, is_error, answer)
            elif answer is not None:
                bridge.wrong(row, "tool_result", answer)
        return result, is_error


def _patched(result: ToolResult, is_error: bool, patch: Patch) -> tuple[ToolResult, bool]:
    content = patch.content
    if isinstance(content, str):
        content = (TextContent(content),)
    changed = ToolResult(
        result.content if content is None else tuple(content),
        result.details if patch.details is None else patch.details,
        result.terminate,
    )
    return changed, is_error if patch.is_error is None else patch.is_error


def _is_message(value: Any) -> bool:
    return isinstance(value, UserMessage | AssistantMessage | ToolResultMessage)


def _no_json(body: Any) -> str:
    """Why that cannot be sent; "" if it can."""
    try:
        msgspec.json.encode(body)
    except (TypeError, ValueError, RecursionError) as error:
        return f"the payload is no JSON ({error}): it is sent as it was"
    return ""


def _headers(answer: dict[Any, Any]) -> tuple[dict[str, str | None], list[str]]:
    """The headers that can be sent, and what is wrong with the others."""
    good: dict[str, str | None] = {}
    problems: list[str] = []
    for name, value in answer.items():
        try:
            if not isinstance(name, str) or not isinstance(value, str | None):
                raise ConfigError(f"the header {name!r} is a text, or None to remove it")
            header_line(name, value or "")
            good[name] = value
        except ConfigError as error:
            problems.append(f"{error.message}; it is not sent")
    return good, problems


def _last_prompt(messages: tuple[Message, ...]) -> tuple[str, tuple[Any, ...]]:
    for message in reversed(messages):
        if isinstance(message, UserMessage):
            content = message.content
            images = () if isinstance(content, str) else content
            found = tuple(part for part in images if not isinstance(part, TextContent))
            return text_of(content), found
    return "", ()

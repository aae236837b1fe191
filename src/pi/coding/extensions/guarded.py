"""A policy of an extension (`register_hooks`), kept away from the run that it goes wrong in.

What it raises, or answers that makes no sense, is told as a mistake of any other handler is, and
the run goes on as if it had said nothing. Where it guards a tool call, the call fails instead.
"""

from collections.abc import Callable
from inspect import isawaitable, iscoroutine
from typing import Any, Protocol

from pi.agent.hooks import Block, Hooks
from pi.agent.tools import ToolResult
from pi.ai.errors import PiError
from pi.ai.messages import AssistantMessage, Message, ToolCall, ToolResultMessage, UserMessage
from pi.ai.options import Options
from pi.coding.extensions.asking import Asker, Failed
from pi.coding.extensions.calling import kept
from pi.coding.extensions.given import shown, wrong_field
from pi.coding.extensions.shelf import Owner
from pi.coding.extensions.waiting import Waits

__all__ = ["GuardedHooks", "misspelt"]

_Check = Callable[[Any], bool]


class _Bridge(Protocol):
    """What is needed of a bridge."""

    asker: Asker
    waits: Waits

    def tell_wrong(self, owner: Owner, name: str, words: str) -> None:
        """Tell what is wrong with an answer."""
        ...


class GuardedHooks(Hooks):
    """Asks the policy, plain methods and async ones alike."""

    def __init__(self, hooks: Hooks, owner: Owner, bridge: _Bridge) -> None:
        self._hooks = hooks
        self._owner = owner
        self._bridge = bridge

    def accept(self, message: UserMessage) -> None:
        """Raises the `PiError` with which the policy refuses it."""
        words = "nothing (to refuse it, raise a `ConfigError`)"
        self._call("accept", (message,), None, _is_none, words, answers=PiError)

    def on_run_start(self) -> None:
        """A run begins."""
        self._call("on_run_start", (), None, _is_none, "nothing")

    async def before_turn(self) -> str | None:
        """A reason to end the run."""
        return await self._ask("before_turn", (), None, _is_reason, "a reason (a text) or None")

    def call_options(self, options: Options) -> Options:
        """The options to use."""
        fits = _is(Options)
        return self._call("call_options", (options,), options, fits, "the `Options` to use")

    async def before_request(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """The messages to send."""
        words = "the messages to send"
        found = await self._ask("before_request", (messages,), messages, _are_messages, words)
        return tuple(found)

    def system_prompt(self, system: tuple[str, ...]) -> tuple[str, ...]:
        """The system prompt to use."""
        words = "the blocks of the system prompt"
        return tuple(self._call("system_prompt", (system,), system, _are_texts, words))

    async def before_tool(
        self, call: ToolCall, arguments: dict[str, Any]
    ) -> Block | dict[str, Any] | None:
        """Whether a call is blocked. A check that fails blocks it."""
        nonsense = Block("Not executed: a check gave an answer that makes no sense")
        given, words = (call, arguments), "`Block(reason)`, other arguments (a dict) or None"
        try:
            return await self._ask("before_tool", given, nonsense, _is_verdict, words, guards=True)
        except Failed as error:
            return Block(f"Not executed: a check failed ({error})")

    async def after_tool(
        self, call: ToolCall, result: ToolResult, is_error: bool
    ) -> tuple[ToolResult, bool]:
        """The result to use. Raises `Failed`, so that nothing gets past a check that fails."""
        usual, words = (result, is_error), "a `ToolResult` and whether it is an error"
        return await self._ask("after_tool", (call, *usual), usual, _is_result, words, guards=True)

    async def after_answer(self, message: AssistantMessage) -> bool:
        """Whether to ask again."""
        return await self._ask("after_answer", (message,), False, _is_bool_or_none, "True or False")

    async def after_turn(
        self, message: AssistantMessage, results: tuple[ToolResultMessage, ...]
    ) -> str | None:
        """A reason to end the run."""
        given, words = (message, results), "a reason (a text) or None"
        return await self._ask("after_turn", given, None, _is_reason, words)

    async def after_error(self, message: AssistantMessage) -> bool:
        """Whether to send the request again."""
        return await self._ask("after_error", (message,), False, _is_bool_or_none, "True or False")

    async def before_end(self) -> bool | None:
        """Whether to ask again although nothing is queued."""
        return await self._ask("before_end", (), None, _is_bool_or_none, "True, False or None")

    def on_run_end(self) -> None:
        """The run is over."""
        self._call("on_run_end", (), None, _is_none, "nothing")

    # -- inside ---------------------------------------------------------------------------------

    def _call(
        self,
        name: str,
        given: tuple[Any, ...],
        usual: Any,
        fits: _Check,
        words: str,
        *,
        answers: type[Exception] | tuple[()] = (),
    ) -> Any:
        """answers: what is raised as an answer, not by mistake."""
        try:
            with kept():
                answer = getattr(self._hooks, name)(*given)
        except answers:
            raise
        except Exception as error:
            self._bridge.asker.failed(self._owner, f"Hooks.{name}", error)
            return usual
        if iscoroutine(answer):
            answer.close()
            words = "it is asked without waiting: write `def`, not `async def`"
            self._bridge.tell_wrong(self._owner, f"Hooks.{name}", f"Hooks.{name}: {words}")
            return usual
        return self._checked(name, answer, usual, fits, words)

    async def _ask(
        self,
        name: str,
        given: tuple[Any, ...],
        usual: Any,
        fits: _Check,
        words: str,
        *,
        guards: bool = False,
    ) -> Any:
        """guards: a failure is raised as `Failed`."""
        what = f"Hooks.{name}"
        try:
            with kept():
                answer = getattr(self._hooks, name)(*given)
            if isawaitable(answer):
                answer = await self._bridge.waits.until(self._owner, what, answer)
        except Exception as error:
            told = self._bridge.asker.failed(self._owner, what, error)
            if guards:
                raise Failed(told) from error
            return usual
        return self._checked(name, answer, usual, fits, words)

    def _checked(self, name: str, answer: Any, usual: Any, fits: _Check, words: str) -> Any:
        if fits(answer):
            return answer
        kind = shown(answer) if isinstance(answer, tuple | Block) else type(answer).__name__
        told = f"{kind} is no answer to Hooks.{name}: it answers {words}"
        self._bridge.tell_wrong(self._owner, f"Hooks.{name}", told)
        return usual


def misspelt(hooks: Hooks) -> list[str]:
    """What methods of a policy are named as none of `Hooks` is, but nearly; a line each."""
    from difflib import get_close_matches

    known = [name for name in vars(Hooks) if not name.startswith("_")]
    found: list[str] = []
    for name in dir(hooks):
        near = () if name in known else get_close_matches(name, known, n=1, cutoff=0.85)
        if near and not name.startswith("_"):
            found.append(f"{type(hooks).__name__}.{name} is never asked: did you mean {near[0]}?")
    return found


def _is(kind: type) -> _Check:
    return lambda answer: isinstance(answer, kind)


def _is_none(answer: Any) -> bool:
    return answer is None


def _is_bool_or_none(answer: Any) -> bool:
    return answer is None or isinstance(answer, bool)


def _is_reason(answer: Any) -> bool:
    return answer is None or isinstance(answer, str)


def _is_verdict(answer: Any) -> bool:
    return answer is None or (isinstance(answer, Block | dict) and not wrong_field(answer))


def _are_texts(answer: Any) -> bool:
    return isinstance(answer, list | tuple) and all(isinstance(text, str) for text in answer)


def _are_messages(answer: Any) -> bool:
    kinds = UserMessage | AssistantMessage | ToolResultMessage
    return isinstance(answer, list | tuple) and all(isinstance(item, kinds) for item in answer)


def _is_result(answer: Any) -> bool:
    return (
        isinstance(answer, tuple)
        and len(answer) == 2
        and isinstance(answer[0], ToolResult)
        and isinstance(answer[1], bool)
        and not wrong_field(answer[0])
    )

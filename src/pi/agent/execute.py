"""One batch of tool calls: checked one by one, run together, answered in order.

Whatever happens (unknown tool, bad arguments, a hook's veto, an exception, cancellation) every call
gets exactly one result, so that the transcript stays valid.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from pi.agent.events import (
    AgentEvent,
    ToolExecutionEnd,
    ToolExecutionStart,
    ToolExecutionUpdate,
)
from pi.agent.hooks import Block, Hooks
from pi.agent.schema import validate
from pi.agent.tools import Tool, ToolContext, ToolError, ToolResult
from pi.ai.messages import ToolCall, ToolResultMessage

__all__ = ["Emit", "Surroundings", "execute"]

Emit = Callable[[AgentEvent], None]


class Surroundings(Struct, frozen=True):
    """What every tool call of a run shares: see `ToolContext`."""

    cwd: Path
    env: dict[str, str] = {}
    sees_images: bool = True


class _Outcome(Struct):
    result: ToolResult
    is_error: bool
    duration_ms: int | msgspec.UnsetType = msgspec.UNSET


async def execute(
    calls: Sequence[ToolCall],
    tools: Mapping[str, Tool],
    hooks: Sequence[Hooks],
    emit: Emit,
    surroundings: Surroundings,
) -> tuple[list[ToolResultMessage], bool]:
    """The results in the order of the calls, and whether all tools asked to end the run.

    When the task is cancelled the tools are cancelled, their results recorded and returned; the
    caller sees the cancellation by `asyncio.current_task().cancelling()`.
    """
    outcomes: dict[int, _Outcome] = {}
    ready: list[tuple[int, ToolCall, Tool, dict[str, Any]]] = []
    for index, call in enumerate(calls):
        emit(ToolExecutionStart(call.id, call.name, call.arguments))
        checked = await _preflight(call, tools, hooks)
        if isinstance(checked, str):
            outcomes[index] = _failed(checked)
            _emit_end(emit, call, outcomes[index])
        else:
            ready.append((index, call, *checked))

    async def run(index: int, call: ToolCall, tool: Tool, arguments: dict[str, Any]) -> None:
        outcomes[index] = outcome = await _run(call, tool, arguments, hooks, emit, surroundings)
        _emit_end(emit, call, outcome)

    if any(tool.mode == "sequential" for _, _, tool, _ in ready):
        for item in ready:
            if _cancelled():
                break
            await _all([asyncio.ensure_future(run(*item))])
    else:
        await _all([asyncio.ensure_future(run(*item)) for item in ready])

    results: list[ToolResultMessage] = []
    for index, call in enumerate(calls):
        outcome = outcomes.get(index)
        if outcome is None:
            outcome = _failed("Operation aborted before it started")
            _emit_end(emit, call, outcome)
        results.append(
            ToolResultMessage(
                call.id,
                call.name,
                outcome.result.content,
                outcome.is_error,
                msgspec.UNSET if outcome.result.details is None else outcome.result.details,
            )
        )
    terminate = bool(results) and all(o.result.terminate for o in outcomes.values())
    return results, terminate


async def _all(tasks: list[asyncio.Future[None]]) -> None:
    """Wait for all; on cancellation cancel them, and wait for their last words all the same."""
    if not tasks:
        return
    try:
        await asyncio.wait(tasks)
    except asyncio.CancelledError:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):  # a second cancellation does not wait any longer
            await asyncio.wait(tasks)
    for task in tasks:
        if task.done() and not task.cancelled():
            task.result()


def _cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _preflight(
    call: ToolCall, tools: Mapping[str, Tool], hooks: Sequence[Hooks]
) -> tuple[Tool, dict[str, Any]] | str:
    """The tool and its checked arguments, or why the call is not executed."""
    tool = tools.get(call.name)
    if tool is None:
        from difflib import get_close_matches  # costs 3 ms, needed only for this message

        near = get_close_matches(call.name, tools, n=3) or sorted(tools)
        return f"Tool {call.name!r} not found. Available: {', '.join(near) or 'none'}"
    if call.arguments_error:
        return (
            f"The arguments of {call.name} were not a valid JSON object"
            f" ({call.arguments_error}). Nothing was executed; send the call again."
        )
    arguments, problems = validate(tool.parameters, tool.prepare(dict(call.arguments)))
    if problems:
        return f"Invalid arguments for {call.name}:\n{_listed(problems, call.arguments)}"
    for hook in hooks:
        try:
            answer = await hook.before_tool(call, arguments)
        except (Exception, SystemExit) as error:  # a broken guard must not let a call through
            return f"Not executed: a check failed ({error})"
        if isinstance(answer, Block):
            return answer.reason or "Not executed: blocked"
        if answer is not None:
            arguments, problems = validate(tool.parameters, answer)
            if problems:
                text = _listed(problems, answer)
                return f"Not executed: a check gave invalid arguments for {call.name}:\n{text}"
    return tool, arguments


def _listed(problems: Sequence[str], received: dict[str, Any]) -> str:
    text = msgspec.json.encode(received).decode()
    if len(text) > 2000:
        text = text[:2000] + "…"
    lines = "\n".join(f"- {problem}" for problem in problems)
    return f"{lines}\nReceived: {text}"


async def _run(
    call: ToolCall,
    tool: Tool,
    arguments: dict[str, Any],
    hooks: Sequence[Hooks],
    emit: Emit,
    surroundings: Surroundings,
) -> _Outcome:
    def update(partial: ToolResult) -> None:
        emit(ToolExecutionUpdate(call.id, call.name, call.arguments, _as_json(partial)))

    context = ToolContext(
        surroundings.cwd, call.id, update, surroundings.env, surroundings.sees_images
    )
    started = time.monotonic()
    try:
        outcome = _Outcome(await tool.execute(arguments, context), False)
    except ToolError as error:
        outcome = _Outcome(ToolResult.of(error.message, details=error.details), True)
    except asyncio.CancelledError:
        words = "Operation aborted" if _cancelled() else f"{call.name} failed: CancelledError"
        outcome = _failed(words)
    except SystemExit:
        outcome = _failed(f"{call.name} failed: it called sys.exit")
    except Exception as error:  # a tool's bug is the model's error message, not our crash
        outcome = _failed(f"{call.name} failed: {type(error).__name__}: {error}")
    outcome.duration_ms = round((time.monotonic() - started) * 1000)
    for hook in hooks:
        try:
            outcome.result, outcome.is_error = await hook.after_tool(
                call, outcome.result, outcome.is_error
            )
        except (Exception, SystemExit) as error:
            return _failed(f"a hook failed on the result of {call.name}: {error}")
    return outcome


def _failed(message: str) -> _Outcome:
    return _Outcome(ToolResult.of(message), True)


def _as_json(result: ToolResult) -> dict[str, Any]:
    data: dict[str, Any] = {"content": msgspec.to_builtins(result.content)}
    if result.details is not None:
        data["details"] = result.details
    return data


def _emit_end(emit: Emit, call: ToolCall, outcome: _Outcome) -> None:
    emit(
        ToolExecutionEnd(
            call.id, call.name, _as_json(outcome.result), outcome.is_error, outcome.duration_ms
        )
    )

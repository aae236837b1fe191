"""Hears all that happens in a run; async handlers are waited for before the next request."""

import asyncio
from typing import Any

from pi.extensions import Context, ModelSelect, Pi, ThinkingLevelSelect

HEARD = (
    "agent_start",
    "turn_start",
    "message_start",
    "message_end",
    "tool_execution_start",
    "tool_execution_update",
    "tool_execution_end",
    "turn_end",
    "agent_end",
)


def extension(pi: Pi) -> None:
    counts: dict[str, int] = {}
    for name in HEARD:

        def count(event: Any, context: Context, name: str = name) -> None:
            counts[name] = counts.get(name, 0) + 1

        pi.on(name, count)

    @pi.on("message_update")
    def delta(event: Any, context: Context) -> None:
        counts["message_update"] = 1

    @pi.on("turn_end")
    async def checkpoint(event: Any, context: Context) -> None:
        await asyncio.sleep(0)  # a place for `git stash create`, say

    @pi.on("model_select")
    def model(event: ModelSelect, context: Context) -> None:
        context.ui.notify(f"{event.previous.key} -> {event.model.key}")

    @pi.on("thinking_level_select")
    def thinking(event: ThinkingLevelSelect, context: Context) -> None:
        context.ui.notify(f"thinks {event.level}, not {event.previous}")

    @pi.on("session_info_changed")
    def named(event: Any, context: Context) -> None:
        context.ui.notify(f"the session is called {event.name}")

    @pi.on("agent_settled")
    def settled(event: Any, context: Context) -> None:
        context.ui.notify(", ".join(f"{name} {count}" for name, count in counts.items()))

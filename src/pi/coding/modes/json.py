"""`pi --mode json`: every event as one line of JSON, the session's header first, settled last."""

from collections.abc import Callable, Sequence

from pi.ai.messages import AssistantMessage
from pi.coding.api.commands import Prompt, Session
from pi.coding.api.events import LimitReached, SessionEvent
from pi.coding.modes.outlet import json_line

__all__ = ["run_json"]


async def run_json(
    session: Session, prompts: Sequence[Prompt], *, write: Callable[[bytes], None]
) -> int:
    """Run the prompts; gives the exit code. `write` takes a line and may take its time."""
    write(json_line(session.state.session))
    limits: list[LimitReached] = []

    def hear(event: SessionEvent) -> None:
        write(json_line(event))
        if isinstance(event, LimitReached):
            limits.append(event)

    unsubscribe = session.subscribe(hear)
    code = 0
    try:
        for prompt in prompts:
            answer: AssistantMessage | None = await session.send(prompt)
            if limits:
                return limits[0].exit_code
            code = 1 if answer and answer.stop_reason in ("error", "aborted", "length") else 0
            if code:
                break
    finally:
        unsubscribe()
    return code

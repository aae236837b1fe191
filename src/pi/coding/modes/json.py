"""`pi --mode json`: every event as one line of JSON, the session's header first, settled last."""

from collections.abc import Sequence
from typing import BinaryIO

import msgspec

from pi.ai.messages import AssistantMessage
from pi.coding.api.commands import Prompt, Session
from pi.coding.api.events import SessionEvent

__all__ = ["run_json"]


async def run_json(session: Session, prompts: Sequence[Prompt], *, out: BinaryIO) -> int:
    """Run the prompts; gives the exit code. A reader that stalls stalls us, not our memory."""
    encode = msgspec.json.Encoder().encode

    def write(event: SessionEvent) -> None:
        out.write(encode(event) + b"\n")
        out.flush()

    out.write(encode(session.state.session) + b"\n")
    out.flush()
    unsubscribe = session.subscribe(write)
    code = 0
    try:
        for prompt in prompts:
            answer: AssistantMessage | None = await session.send(prompt)
            code = 1 if answer and answer.stop_reason in ("error", "aborted", "length") else 0
            if code:
                break
    finally:
        unsubscribe()
    return code

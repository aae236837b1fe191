"""Adds something to a prompt, to the system prompt of its run, and to the messages of requests."""

from collections.abc import Sequence

from pi.extensions import (
    BeforeAgentStart,
    Context,
    ContextEvent,
    Message,
    Note,
    Pi,
    StartWith,
    TextContent,
    ToolResultMessage,
)

LEFT_OUT = (TextContent("(left out)"),)


def extension(pi: Pi) -> None:
    @pi.on("before_agent_start")
    def remind(event: BeforeAgentStart, context: Context) -> StartWith:
        return StartWith(
            message=Note("The build is red since yesterday.", kind="build"),
            system_prompt=(*event.system_prompt, "Be brief."),
        )

    @pi.on("context")
    def forget_results(event: ContextEvent, context: Context) -> Sequence[Message]:
        """Send the last five results of tools only; what is recorded stays as it is."""
        results = [m for m in event.messages if isinstance(m, ToolResultMessage)]
        old = {m.tool_call_id for m in results[:-5]}
        return [
            ToolResultMessage(m.tool_call_id, m.tool_name, LEFT_OUT, m.is_error)
            if isinstance(m, ToolResultMessage) and m.tool_call_id in old
            else m
            for m in event.messages
        ]

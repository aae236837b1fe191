"""Changes what tools give back before the model reads it."""

import re

from pi.extensions import Context, Patch, Pi, TextContent, ToolResultEvent

SECRET = re.compile(r"(password\s*=\s*)\S+", re.IGNORECASE)


def extension(pi: Pi) -> None:
    @pi.on("tool_result")
    def redact(event: ToolResultEvent, context: Context) -> Patch | None:
        parts = [
            TextContent(SECRET.sub(r"\1***", part.text)) if isinstance(part, TextContent) else part
            for part in event.content
        ]
        return None if parts == list(event.content) else Patch(content=tuple(parts))

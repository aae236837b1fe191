"""`/copy`: copy the last answer to the clipboard."""

from pi.ai.errors import ConfigError
from pi.coding.api.answers import LastText
from pi.coding.api.commands import GetLastAssistantText
from pi.coding.extensions.surface import Context
from pi.coding.slash.words import need_front

__all__ = ["run"]


async def run(arguments: str, context: Context) -> None:
    """It says how it was copied, and only if it was."""
    front = need_front(context, "copying")
    answer: LastText = await context.send(GetLastAssistantText())
    if not answer.text:
        raise ConfigError("there is no answer yet that could be copied")
    how = front.copy(answer.text)
    if not how:
        raise ConfigError("there is no clipboard here: /export writes the session to a file")
    lines = answer.text.count("\n") + 1
    front.notify(f"Copied the last answer, {lines} line{'s' * (lines > 1)}, with {how}")

"""`/thinking`: think more or less."""

from collections.abc import Sequence

from pi.ai.errors import ConfigError
from pi.ai.model import ThinkingLevel
from pi.coding.api.answers import Levels
from pi.coding.api.commands import GetAvailableThinkingLevels, SetThinkingLevel
from pi.coding.api.picking import Choice, PickAction, PickList
from pi.coding.api.setup import ChangeSettings, Completion
from pi.coding.extensions.surface import Context
from pi.coding.slash.words import completions, level_named

__all__ = ["complete", "run"]


async def run(arguments: str, context: Context) -> None:
    """The level that is named, or one of those that the model has."""
    answer: Levels = await context.send(GetAvailableThinkingLevels())
    levels = answer.levels
    if not arguments:
        if levels == ("off",):
            raise ConfigError(f"{context.model.name} does not think; /model chooses another one")
        await _choose(context, levels)
        return
    level = level_named(arguments, levels)
    if level is None:
        raise ConfigError(f"{context.model.name} has no level {arguments!r}: {', '.join(levels)}")
    await context.send(SetThinkingLevel(level))
    _tell(context)


async def complete(prefix: str, context: Context) -> Sequence[Completion]:
    """The levels of the model."""
    answer: Levels = await context.send(GetAvailableThinkingLevels())
    return completions(prefix, ((level, "") for level in answer.levels))


async def _choose(context: Context, levels: Sequence[ThinkingLevel]) -> None:
    picked = await context.ui.pick(
        PickList(
            title=f"Thinking of {context.model.name}",
            choices=tuple(
                Choice(key=level, label=level, mark="✓" * (level == context.thinking))
                for level in levels
            ),
            selected=context.thinking,
            actions=(PickAction("app.thinking.save", "default", "save as default"),),
        )
    )
    level = level_named(picked.key, levels) if picked else None
    if picked is None or level is None:
        return
    await context.send(SetThinkingLevel(level))
    if picked.action:
        await context.send(ChangeSettings({"defaultThinkingLevel": level}))
    _tell(context, "; new sessions begin with it" if picked.action else "")


def _tell(context: Context, more: str = "") -> None:
    when = "" if context.idle else " from the next request on"
    context.ui.notify(f"Thinking: {context.thinking}{when}{more}")

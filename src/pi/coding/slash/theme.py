"""`/theme`: choose the colours."""

from collections.abc import Sequence

from pi.ai.errors import ConfigError
from pi.coding.api.front import Front
from pi.coding.api.picking import Choice, PickAction, PickList
from pi.coding.api.setup import ChangeSettings, Completion
from pi.coding.extensions.surface import Context
from pi.coding.slash.words import completions, need_front

__all__ = ["complete", "run"]


async def run(arguments: str, context: Context) -> None:
    """Tab shows a theme at once; giving up brings back the one before."""
    front = need_front(context, "a theme")
    name = arguments or await _choose(front)
    if not name:
        return
    front.use_theme(name)
    try:
        await context.send(ChangeSettings({"theme": name}))
    finally:
        front.notify(f"Theme: {name}")


async def complete(prefix: str, context: Context) -> Sequence[Completion]:
    """The themes there are."""
    front = context.front
    return completions(prefix, ((name, "") for name in (front.themes() if front else ())))


async def _choose(front: Front) -> str:
    before = selected = front.theme
    query = ""
    while True:
        picked = await front.pick(
            PickList(
                title="Theme",
                choices=tuple(
                    Choice(key=name, label=name, mark="✓" * (name == before))
                    for name in front.themes()
                ),
                selected=selected,
                query=query,
                actions=(PickAction("tab", "try", "look at it"),),
            )
        )
        if picked is None or (not picked.key and not picked.action):
            if front.theme != before:
                front.use_theme(before)
            return ""
        if not picked.action:
            return picked.key
        query, selected = picked.query, picked.key
        try:
            front.use_theme(picked.key)
        except ConfigError as error:
            front.notify(error.message, "error")

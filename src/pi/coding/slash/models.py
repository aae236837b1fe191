"""Models to choose from: as rows, by name, and switching to one. Used by several commands."""

from pi.ai.model import LEVELS, ThinkingLevel
from pi.coding.api.commands import SetModel, SetThinkingLevel
from pi.coding.api.picking import Choice, PickList
from pi.coding.api.setup import ChangeSettings, GetModelTable, ModelRow, ModelTable
from pi.coding.extensions.surface import Context
from pi.coding.slash.words import count, level_named, meaning, price

__all__ = ["as_choice", "exact", "key_of", "offer", "save_default", "switch"]


def key_of(row: ModelRow) -> str:
    """`provider/id`."""
    return f"{row.provider}/{row.id}"


def as_choice(row: ModelRow, mark: str | None = None) -> Choice:
    """A model as a row of a list."""
    can = [
        "thinks" if row.reasoning else "",
        "sees images" if row.images else "",
        f"up to {count(row.max_tokens)} tokens out",
        meaning(row.cost_basis),
    ]
    return Choice(
        key=key_of(row),
        label=key_of(row),
        cells=(count(row.context_window), price(row), "ready" if row.usable else "no access"),
        detail=f"{row.name} · {', '.join(filter(None, can))}",
        why=f"To use it: {row.how}" if not row.usable else "",
        mark=("✓" if row.current else "") if mark is None else mark,
        search=row.name,
    )


def exact(
    table: ModelTable, name: str, provider: str
) -> tuple[ModelRow, ThinkingLevel | None] | None:
    """The one model of that name and the thinking level after a colon; None if it is not clear.

    provider: the one in use, which wins if several have a model of that name.
    """
    found = _named(table, name, provider)
    if found is not None:
        return found, None
    base, _, word = name.rpartition(":")
    level = level_named(word, LEVELS)
    found = _named(table, base, provider) if level else None
    return None if found is None else (found, level)


def _named(table: ModelTable, name: str, provider: str) -> ModelRow | None:
    wanted = name.lower()
    for row in table.models:
        if key_of(row).lower() == wanted:
            return row
    rows = [row for row in table.models if row.id.lower() == wanted]
    usable = [row for row in rows if row.usable]
    own = [row for row in usable if row.provider == provider]
    for group in (own, usable, rows):
        if len(group) == 1:
            return group[0]
    return None


async def switch(context: Context, row: ModelRow, level: ThinkingLevel | None = None) -> bool:
    """Go on with a model, and say so; False if it can't be used."""
    if not row.usable:
        context.ui.notify(f"{key_of(row)} cannot be used yet: {row.how}", "warning")
        return False
    running = not context.idle
    await context.send(SetModel(row.provider, row.id))
    if level:
        await context.send(SetThinkingLevel(level))
    thinking = f", thinking: {context.thinking}" if context.thinking != "off" else ""
    when = " from the next request on; what is being written comes from the one before"
    context.ui.notify(f"Model: {row.name} ({key_of(row)}{thinking}){when if running else ''}")
    return True


async def save_default(context: Context, row: ModelRow) -> None:
    """Have new sessions begin with a model."""
    await context.send(ChangeSettings({"defaultProvider": row.provider, "defaultModel": row.id}))
    context.ui.notify(f"New sessions begin with {key_of(row)}")


async def offer(context: Context, provider: str, name: str, default: str) -> None:
    """Have one of a provider's models chosen; the one in use stays if none is."""
    table: ModelTable = await context.send(GetModelTable())
    rows = [row for row in table.models if row.provider == provider and row.usable]
    if not rows:
        context.ui.notify(f"{name} has no models here: /model shows all there are", "warning")
        return
    current = next((key_of(row) for row in rows if row.current), "")
    picked = await context.ui.pick(
        PickList(
            title=f"Models of {name}",
            hint="Esc keeps the model in use.",
            choices=tuple(map(as_choice, rows)),
            selected=current or f"{provider}/{default}",
            unasked=True,
        )
    )
    if picked is None:
        return
    chosen = next((row for row in rows if key_of(row) == picked.key), None)
    if chosen is not None and not chosen.current:
        await switch(context, chosen)
    else:
        context.ui.notify(f"Model: {context.model.name} ({context.model.key})")

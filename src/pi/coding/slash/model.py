"""`/model`: go on with another model."""

from collections.abc import Sequence

from pi.ai.errors import PiError
from pi.coding.api.picking import PickAction, PickList
from pi.coding.api.setup import Completion, GetModelTable, ModelRow, ModelTable
from pi.coding.extensions.surface import Context
from pi.coding.slash.logins import sign_in
from pi.coding.slash.models import as_choice, exact, key_of, save_default, switch
from pi.coding.slash.words import completions, count, price

__all__ = ["complete", "run"]

_SAVE = "app.models.save"


async def run(arguments: str, context: Context) -> None:
    """Switch at once if the name is clear, else let somebody choose."""
    table: ModelTable = await context.send(GetModelTable())
    for problem in table.problems:
        context.ui.notify(problem, "warning")
    found = exact(table, arguments, context.model.provider) if arguments else None
    if found is not None:
        await switch(context, *found)
    else:
        await _choose(context, table, arguments)


async def complete(prefix: str, context: Context) -> Sequence[Completion]:
    """The models that can be used."""
    table: ModelTable = await context.send(GetModelTable())
    return completions(
        prefix,
        (
            (key_of(row), f"{count(row.context_window)} {price(row)}")
            for row in table.models
            if row.usable
        ),
    )


async def _choose(context: Context, table: ModelTable, query: str) -> None:
    scoped = bool(table.scope) and not query
    selected = context.model.key
    while True:
        picked = await context.ui.pick(_list(table, scoped, query, selected))
        if picked is None:
            return
        query, selected = picked.query, picked.key
        row = next((row for row in table.models if key_of(row) == picked.key), None)
        if picked.action == "tab":
            scoped = not scoped
        elif picked.action == "ctrl+l" and row is not None:
            table = await _signed_in(context, row, table)
        elif picked.action == _SAVE and row is not None:
            if await switch(context, row):
                await save_default(context, row)
            return
        elif row is not None and not row.usable:
            table = await _signed_in(context, row, table)
            row = next((row for row in table.models if key_of(row) == picked.key), row)
            if row.usable:
                await switch(context, row)
                return
        elif row is not None:
            await switch(context, row)
            return


def _list(table: ModelTable, scoped: bool, query: str, selected: str) -> PickList:
    rows = [row for row in table.models if row.scoped or not scoped]
    usable = sum(row.usable for row in rows)
    actions = [PickAction(_SAVE, "default", "save as default")]
    if table.scope:
        actions.append(PickAction("tab", "scope", "all" if scoped else "scoped only"))
    actions.append(PickAction("ctrl+l", "login", "sign in"))
    return PickList(
        title="Models to cycle through" if scoped else "Models",
        hint=f"{usable} of {len(rows)} can be used; $ per million tokens in/out;"
        " ~ is part of a plan.",
        choices=tuple(map(as_choice, rows)),
        query=query,
        selected=selected,
        actions=tuple(actions),
        despite="sign in",
    )


async def _signed_in(context: Context, row: ModelRow, table: ModelTable) -> ModelTable:
    """The table after somebody has signed in to the provider of a row, or given up."""
    try:
        if await sign_in(context, row.provider) is None:
            return table
    except PiError as error:
        context.ui.notify(error.message, "error")
        return table
    return await context.send(GetModelTable())

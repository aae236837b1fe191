"""`/scoped-models`: the models to cycle through, in their order."""

from pi.coding.api.picking import Choice, PickAction, Picked, PickList
from pi.coding.api.setup import GetModelTable, ModelRow, ModelTable, SetScope
from pi.coding.extensions.surface import Context
from pi.coding.slash.models import as_choice, key_of
from pi.coding.slash.words import plural

__all__ = ["run"]

_ACTIONS = (
    PickAction("app.models.save", "save", "save for all sessions"),
    PickAction("app.models.reorderUp", "up", "earlier"),
    PickAction("app.models.reorderDown", "down", "later"),
    PickAction("app.models.enableAll", "all", "all"),
    PickAction("app.models.clearAll", "none", "none"),
    PickAction("app.models.toggleProvider", "provider", "all of a provider"),
)


async def run(arguments: str, context: Context) -> None:
    """Nothing changes before it is done or saved."""
    table: ModelTable = await context.send(GetModelTable())
    rows = {key_of(row): row for row in table.models if row.usable}
    chosen = _in_order(table, rows)
    query, selected = arguments, chosen[0] if chosen else ""
    while True:
        picked = await context.ui.pick(_list(rows, chosen, query, selected))
        if picked is None:
            return
        query, selected = picked.query, picked.key
        chosen = _ordered(chosen, picked.keys)
        if picked.action in ("", "app.models.save"):
            await _use(context, table, rows, chosen, save=picked.action == "app.models.save")
            return
        chosen = _changed(chosen, rows, picked)


def _in_order(table: ModelTable, rows: dict[str, ModelRow]) -> list[str]:
    """The models in use, in the order of the patterns that name them."""
    scoped = [key for key, row in rows.items() if row.scoped]
    places = {_bare(pattern, rows): at for at, pattern in enumerate(table.scope)}
    return sorted(scoped, key=lambda key: places.get(key, len(places)))


def _bare(pattern: str, rows: dict[str, ModelRow]) -> str:
    """A pattern without its thinking level."""
    return pattern if pattern in rows else pattern.rpartition(":")[0] or pattern


def _list(rows: dict[str, ModelRow], chosen: list[str], query: str, selected: str) -> PickList:
    order = [*chosen, *(key for key in rows if key not in chosen)]
    places = {key: str(at) for at, key in enumerate(chosen, 1)}
    choices: list[Choice] = [as_choice(rows[key], mark=places.get(key, "")) for key in order]
    return PickList(
        title="Models to cycle through",
        hint="None marked means all. Enter is for this session only.",
        choices=tuple(choices),
        chosen=tuple(chosen),
        many=True,
        query=query,
        selected=selected,
        actions=_ACTIONS,
        empty="no model can be used yet: /login",
    )


def _ordered(before: list[str], keys: tuple[str, ...]) -> list[str]:
    """What is marked now, in the order that it had; what is new comes last."""
    return [key for key in before if key in keys] + [key for key in keys if key not in before]


def _changed(chosen: list[str], rows: dict[str, ModelRow], picked: Picked) -> list[str]:
    if picked.action == "app.models.enableAll":
        return [*chosen, *(key for key in rows if key not in chosen)]
    if picked.action == "app.models.clearAll":
        return []
    if picked.key not in rows:
        return chosen
    if picked.action == "app.models.toggleProvider":
        own = [key for key, row in rows.items() if row.provider == rows[picked.key].provider]
        rest = [key for key in chosen if key not in own]
        return rest if all(key in chosen for key in own) else [*rest, *own]
    if picked.key in chosen:
        at = chosen.index(picked.key)
        to = max(0, at - 1) if picked.action == "app.models.reorderUp" else at + 1
        chosen = [key for key in chosen if key != picked.key]
        chosen.insert(to, picked.key)
    return chosen


async def _use(
    context: Context,
    table: ModelTable,
    rows: dict[str, ModelRow],
    chosen: list[str],
    *,
    save: bool,
) -> None:
    if len(chosen) == len(rows):
        chosen = []
    written = {_bare(pattern, rows): pattern for pattern in table.scope}
    await context.send(SetScope(tuple(written.get(key, key) for key in chosen), save))
    what = plural(len(chosen), "model") if chosen else "all models"
    where = "; saved" if save else " in this session; Ctrl+S in /scoped-models saves it"
    context.ui.notify(f"Cycling goes through {what}{where}")

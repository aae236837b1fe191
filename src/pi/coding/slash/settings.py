"""`/settings`: look at settings and change them. A change is saved and counts at once."""

from typing import Any

from pi.ai.errors import ConfigError, PiError
from pi.coding.api.picking import Choice, PickAction, PickList
from pi.coding.api.setup import ChangeSettings, GetSettings, SettingsInfo
from pi.coding.extensions.surface import Context
from pi.coding.slash.setting_rows import ROWS, SettingRow, nested, value_at, words
from pi.coding.slash.words import unquoted

__all__ = ["run"]

_AT_ONCE = 3
"""A setting with so few values goes on to the next one; more are a list to choose from."""

_SHOWN_BY_COMMANDS = {
    "defaultModel": ("Default model", "/model, then Ctrl+S"),
    "enabledModels": ("Models to cycle through", "/scoped-models"),
    "theme": ("Theme", "/theme"),
}


async def run(arguments: str, context: Context) -> None:
    """The list stays open until it is closed."""
    info: SettingsInfo = await context.send(GetSettings())
    query, selected = arguments, ""
    while True:
        picked = await context.ui.pick(_list(info, query, selected))
        if picked is None:
            return
        query, selected = picked.query, picked.key
        row = next((row for row in ROWS if row.key == picked.key), None)
        if row is None:
            continue
        try:
            if picked.action:
                info = await context.send(ChangeSettings(nested(row.key, None)))
            else:
                info = await _change(context, row, info)
        except PiError as error:
            context.ui.notify(error.message, "error")


def _list(info: SettingsInfo, query: str, selected: str) -> PickList:
    choices = [
        Choice(
            key=row.key,
            label=row.label,
            cells=(words(row, value_at(info.values, row.key)),),
            detail=f"{row.meaning}\n{row.key}{_origin(row, info)}",
            search=f"{row.key} {row.meaning}",
        )
        for row in ROWS
    ]
    choices += [
        Choice(
            key=key,
            label=label,
            cells=(str(info.values.get(key) or "-"),),
            why=f"This is changed by {command}",
        )
        for key, (label, command) in _SHOWN_BY_COMMANDS.items()
    ]
    return PickList(
        title="Settings",
        hint=f"Saved in {info.path} as soon as they are changed.",
        choices=tuple(choices),
        query=query,
        selected=selected,
        actions=(PickAction("ctrl+x", "unset", "back to the default"),),
    )


def _origin(row: SettingRow, info: SettingsInfo) -> str:
    """Where the value comes from."""
    mine = value_at(info.user, row.key)
    if mine is None:
        return ""
    if mine == value_at(info.values, row.key):
        return " · set by you"
    return (
        f" · set by you to {words(row, mine)}, but this project or the command line says otherwise"
    )


async def _change(context: Context, row: SettingRow, info: SettingsInfo) -> SettingsInfo:
    before = value_at(info.values, row.key)
    if row.values and len(row.values) <= _AT_ONCE:
        at = row.values.index(before) if before in row.values else -1
        value: Any = row.values[(at + 1) % len(row.values)]
    elif row.values:
        picked = await context.ui.pick(
            PickList(
                title=row.label,
                hint=row.meaning,
                choices=tuple(
                    Choice(
                        key=words(row, value),
                        label=words(row, value),
                        detail=row.meanings.get(value, ""),
                        mark="✓" * (value == before),
                    )
                    for value in row.values
                ),
                selected=words(row, before),
            )
        )
        if picked is None:
            return info
        value = next(value for value in row.values if words(row, value) == picked.key)
    else:
        typed = await context.ui.input(
            f"{row.label}: {row.meaning}", placeholder=f"now {words(row, before)}"
        )
        if typed is None:
            return info
        value = _typed(row, unquoted(typed.strip()))
    after: SettingsInfo = await context.send(ChangeSettings(nested(row.key, value)))
    if value_at(after.values, row.key) == before != value:
        context.ui.notify("Saved, but this project or the command line says otherwise", "warning")
    return after


def _typed(row: SettingRow, text: str) -> Any:
    """What was typed, as the setting wants it; nothing takes it away."""
    if not text:
        return None
    try:
        if row.kind == "int":
            return int(text.replace("_", "").replace(",", ""))
        return float(text.lstrip("$")) if row.kind == "float" else text
    except ValueError:
        raise ConfigError(f"{row.label} is a number, not {text!r}; nothing was changed") from None

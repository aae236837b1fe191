"""`/hotkeys`: the keys that do something."""

from collections.abc import Sequence

from pi.coding.api.front import Hotkey
from pi.coding.extensions.surface import Context
from pi.coding.slash.words import need_front, show, table

__all__ = ["run"]

_GROUPS = {
    "In lists": ("tui.select.",),
    "In the list of sessions": (
        "app.session.delete",
        "app.session.rename",
        "app.session.toggle",
    ),
    "In /tree": ("app.tree.",),
    "In lists of models": ("app.models.", "app.thinking.save"),
    "While you write": ("tui.editor.", "tui.input.", "app.history."),
}
"""Where a key holds, by the beginnings of the names of its actions; all others hold everywhere."""

_EVERYWHERE = "On the screen"


async def run(arguments: str, context: Context) -> None:
    """As tables in the transcript; with a text, those in which it occurs, with their names."""
    hotkeys = need_front(context, "a list of keys").hotkeys()
    if arguments:
        _search(context, hotkeys, arguments)
        return
    groups: dict[str, list[tuple[str, str]]] = {_EVERYWHERE: []}
    for hotkey in hotkeys:
        groups.setdefault(_group(hotkey), []).append((_keys(hotkey), hotkey.help))
    parts = [
        f"**{name}**\n\n{table(('Key', 'What it does'), list(dict.fromkeys(rows)))}"
        for name, rows in groups.items()
        if rows
    ]
    parts.append("`/hotkeys TEXT` shows their names for `keybindings.json`.")
    show(context, "\n\n".join(parts))


def _search(context: Context, hotkeys: Sequence[Hotkey], text: str) -> None:
    rows = [(_keys(hotkey), hotkey.help, f"`{hotkey.id}`") for hotkey in hotkeys]
    rows = [row for row in rows if text.lower() in " ".join(row).lower()]
    if not rows:
        context.ui.notify(f"No key is about {text!r}", "warning")
        return
    show(context, table(("Key", "What it does", "Name"), rows))


def _group(hotkey: Hotkey) -> str:
    for name, starts in _GROUPS.items():
        if hotkey.id.startswith(starts):
            return name
    return _EVERYWHERE


def _keys(hotkey: Hotkey) -> str:
    return ", ".join(f"`{key}`" for key in hotkey.keys)

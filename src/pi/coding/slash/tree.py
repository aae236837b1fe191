"""`/tree`: go on from another place of this session."""

import asyncio
from dataclasses import dataclass, field

from pi.ai.errors import AbortedError, ConfigError
from pi.coding.api.answers import Entries, Navigated
from pi.coding.api.commands import GetEntries, NavigateTree, SetLabel
from pi.coding.api.picking import Choice, PickAction, Picked, PickList
from pi.coding.api.setup import GetSettings, SettingsInfo
from pi.coding.extensions.surface import Context
from pi.coding.slash.setting_rows import value_at
from pi.coding.slash.tree_rows import FILTERS, Node, nodes_of, rows, stand
from pi.coding.slash.words import give_back

__all__ = ["run"]

_MODES = {
    "app.tree.filter.default": "default",
    "app.tree.filter.noTools": "no-tools",
    "app.tree.filter.userOnly": "user-only",
    "app.tree.filter.labeledOnly": "labeled-only",
    "app.tree.filter.all": "all",
}

_WAYS = {
    "no": ("No summary", "the model hears nothing of the branch that is left"),
    "yes": ("Summarize", "the model is told what happened on the branch that is left"),
    "ask": ("Summarize with instructions", "you say what the summary should look at"),
}


async def run(arguments: str, context: Context) -> None:
    """The place where the session stands is selected at first."""
    settings: SettingsInfo = await context.send(GetSettings())
    mode = str(value_at(settings.values, "treeFilterMode") or "default")
    view = _View(mode=mode, query=arguments)
    found, nodes = await _read(context)
    view.selected = found.leaf_id or ""
    asks = not value_at(settings.values, "branchSummary.skipPrompt")
    while True:
        shown = await asyncio.to_thread(_rows, nodes, found.leaf_id, view)
        view.selected = stand(nodes, view.selected or found.leaf_id, shown)
        picked = await context.ui.pick(_list(shown, view))
        if picked is None:
            return
        view.query, view.selected = picked.query, picked.key or view.selected
        node = nodes.get(picked.key)
        if picked.action:
            await _act(context, view, picked, node)
            if picked.action == "app.tree.editLabel":
                found, nodes = await _read(context)
        elif node is not None and node.id == stand(nodes, found.leaf_id, shown):
            context.ui.notify("The session goes on from there already")
            return
        elif node is not None and await _go(context, node, asks=asks):
            return


@dataclass(slots=True)
class _View:
    """What is shown of the tree."""

    mode: str
    query: str
    selected: str = ""
    times: bool = False
    folded: set[str] = field(default_factory=set)


async def _read(context: Context) -> tuple[Entries, dict[str, Node]]:
    found: Entries = await context.send(GetEntries())
    nodes = await asyncio.to_thread(nodes_of, found.entries)
    if not nodes:
        raise ConfigError("there is nothing to go back to yet: nothing was said")
    return found, nodes


def _rows(nodes: dict[str, Node], leaf: str | None, view: _View) -> tuple[Choice, ...]:
    return rows(nodes, leaf, mode=view.mode, folded=view.folded, times=view.times)


def _list(shown: tuple[Choice, ...], view: _View) -> PickList:
    filters = [PickAction(key, mode, "") for key, mode in _MODES.items()]
    return PickList(
        title="Go on from",
        hint=f"Filter: {view.mode}. ● is where the session stands; a prompt comes back to be"
        " said anew.",
        choices=shown,
        query=view.query,
        selected=view.selected,
        actions=(
            PickAction("app.tree.filter.cycleForward", "filter", "filter"),
            PickAction("app.tree.editLabel", "label", "label"),
            PickAction("app.tree.foldOrUp", "fold", "fold"),
            PickAction("app.tree.unfoldOrDown", "unfold", "unfold"),
            PickAction("app.tree.toggleLabelTimestamp", "times", "label times"),
            PickAction("app.tree.filter.cycleBackward", "back", ""),
            *filters,
        ),
        empty=f"the filter {view.mode!r} shows nothing: Ctrl+O takes the next one",
    )


async def _act(context: Context, view: _View, picked: Picked, node: Node | None) -> None:
    match picked.action:
        case "app.tree.filter.cycleForward" | "app.tree.filter.cycleBackward":
            step = 1 if picked.action.endswith("Forward") else -1
            at = FILTERS.index(view.mode) if view.mode in FILTERS else 0
            view.mode = FILTERS[(at + step) % len(FILTERS)]
        case "app.tree.toggleLabelTimestamp":
            view.times = not view.times
        case "app.tree.foldOrUp" if node is not None:
            view.folded.add(node.id)
        case "app.tree.unfoldOrDown" if node is not None:
            view.folded.discard(node.id)
        case "app.tree.editLabel" if node is not None:
            title = "Label, or nothing to take it away" if node.label else "Label"
            label = await context.ui.input(title, placeholder=node.label or "good idea")
            if label is not None:
                await context.send(SetLabel(node.id, label.strip()))
        case action:
            view.mode = _MODES.get(action, view.mode)


async def _go(context: Context, node: Node, *, asks: bool) -> bool:
    """Move there; False if somebody has thought better of it."""
    ui, front = context.ui, context.front
    way, focus = "no", None
    if asks:
        choices = [Choice(key=k, label=label, detail=d) for k, (label, d) in _WAYS.items()]
        picked = await ui.pick(
            PickList(title="The branch that is left", choices=tuple(choices), selected="no")
        )
        if picked is None:
            return False
        way = picked.key
    if way == "ask":
        focus = await ui.editor("What should the summary look at?")
        if focus is None:
            return False
    try:
        command = NavigateTree(node.id, way != "no", (focus or "").strip() or None)
        answer: Navigated = await context.send(command)
    except AbortedError:
        ui.notify("The summary was aborted: the session stands where it stood")
        return True
    if answer.cancelled:
        ui.notify("An extension has prevented it", "warning")
        return True
    if front is not None:
        await front.replay()
    if isinstance(answer.text, str):
        give_back(ui, front, answer.text)
    return True

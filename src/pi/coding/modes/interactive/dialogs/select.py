"""One of some texts, for extensions and short questions."""

from collections.abc import Sequence

from pi.coding.api.picking import Choice, PickList
from pi.coding.modes.interactive.dialogs.pick import pick
from pi.coding.modes.interactive.stage import Stage

__all__ = ["as_list", "select"]


_FEW = 6


def as_list(title: str, options: Sequence[str]) -> PickList:
    """Texts as a list: the first line is the row, all of it is shown below when it is selected."""
    heading, _, hint = title.partition("\n")
    question, mark, rest = heading.partition("? ")
    if mark:  # a title is cut where the window ends, what is below it is not
        heading, hint = f"{question}?", "\n".join(filter(None, (rest, hint)))
    return PickList(
        title=heading,
        hint=hint,
        choices=tuple(
            Choice(
                key=str(at),
                label=option.partition("\n")[0],
                detail=option if "\n" in option else "",
            )
            for at, option in enumerate(options)
        ),
    )


async def select(
    stage: Stage, title: str, options: Sequence[str], *, timeout: float | None = None
) -> str | None:
    """One of the options; None if nothing was chosen. `timeout` is in seconds."""
    filtered = len(options) > _FEW  # a question is answered, not searched
    picked = await pick(stage, as_list(title, options), timeout=timeout, filtered=filtered)
    return None if picked is None else options[int(picked.key)]

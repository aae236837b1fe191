"""`/trust`: trust this project's own settings and code, or not."""

from pi.ai.errors import ConfigError
from pi.coding.api.picking import Choice, PickList
from pi.coding.api.setup import GetResources, Resources, SetTrust
from pi.coding.extensions.surface import Context

__all__ = ["run"]

_CHOICES = {
    "yes": ("Trust it", "also next time", True, True),
    "once": ("Trust it until the program ends", "and ask again next time", True, False),
    "no": ("Do not trust it", "also next time", False, True),
}


async def run(arguments: str, context: Context) -> None:
    """What waits for trust is named first."""
    found: Resources = await context.send(GetResources())
    if found.trusted is None:
        raise ConfigError(f"nothing in {context.cwd} needs trust")
    state = "It is trusted now." if found.trusted else "It is not trusted now."
    waiting = f" Waiting for it: {', '.join(found.held_back)}." if found.held_back else ""
    picked = await context.ui.pick(
        PickList(
            title=f"Settings and code of {context.cwd}",
            hint=f"{state}{waiting} Trusted code can do whatever you can do.",
            choices=tuple(
                Choice(key=key, label=label, detail=detail)
                for key, (label, detail, _, _) in _CHOICES.items()
            ),
            selected="yes" if found.trusted else "no",
        )
    )
    if picked is None:
        return
    ui, front = context.ui, context.front
    _, _, trusted, remember = _CHOICES[picked.key]
    after: Resources = await context.send(SetTrust(trusted, remember))
    if front is not None:
        front.reload()  # themes of the project
    for note in after.notes:
        ui.notify(note, "warning")
    ui.notify("The project is trusted" if trusted else "The project is not trusted")

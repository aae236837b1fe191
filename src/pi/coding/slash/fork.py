"""`/fork`: go on in a new session from before a prompt, which can be said anew."""

from pi.ai.errors import ConfigError
from pi.coding.api.answers import Forked, ForkMessages
from pi.coding.api.commands import Fork, GetForkMessages
from pi.coding.api.picking import Choice, PickList
from pi.coding.extensions.surface import Context
from pi.coding.slash.words import first_line, give_back

__all__ = ["run"]


async def run(arguments: str, context: Context) -> None:
    """The last prompt is selected at first."""
    ui, front = context.ui, context.front
    found: ForkMessages = await context.send(GetForkMessages())
    if not found.messages:
        raise ConfigError("there is no prompt yet that a new session could begin before")
    picked = await ui.pick(
        PickList(
            title="Begin a new session before",
            hint="The prompt comes back into the editor.",
            choices=tuple(
                Choice(key=said.entry_id, label=first_line(said.text), search=said.text[:2000])
                for said in found.messages
            ),
            selected=found.messages[-1].entry_id,
            query=arguments,
        )
    )
    if picked is None:
        return
    answer: Forked = await context.send(Fork(picked.key))
    if answer.cancelled:
        ui.notify("An extension has prevented the new session", "warning")
        return
    if front is not None:
        await front.replay()
    if isinstance(answer.text, str):
        give_back(ui, front, answer.text)
    ui.notify("A new session, up to before that prompt; /resume goes back")

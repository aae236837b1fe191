"""What the editor offers after a slash: the session's commands, and what their arguments may be."""

from collections.abc import Sequence

from pi.ai.errors import PiError
from pi.coding.api.answers import CommandInfo, Commands
from pi.coding.api.commands import GetCommands, Session
from pi.coding.api.setup import CompleteArgument, Completion
from pi.coding.modes.interactive.editor.offers import CommandOffer, Sources

__all__ = ["SlashOffers"]

_MARKS = {"user": "[u]", "project": "[p]", "temporary": "[t]"}


class SlashOffers:
    """Commands as they were listed last; nothing before there is a session."""

    def __init__(self) -> None:
        self.session: Session | None = None
        self._commands: tuple[CommandOffer, ...] = ()

    @property
    def sources(self) -> Sources:
        """For the editor."""
        return Sources(lambda: self._commands, self._arguments)

    async def learn(self) -> None:
        """List the commands anew."""
        if self.session is not None:
            listed: Commands = await self.session.send(GetCommands())
            self._commands = tuple(map(_offer, listed.commands))

    async def _arguments(self, name: str, prefix: str) -> Sequence[Completion]:
        if self.session is None:
            return ()
        try:
            found = await self.session.send(CompleteArgument(name, prefix))
        except PiError:
            return ()
        return found.completions


def _offer(command: CommandInfo) -> CommandOffer:
    mark = "" if command.source == "builtin" else _MARKS.get(command.source_info.scope, "")
    return CommandOffer(command.name, command.description, command.hint, mark)

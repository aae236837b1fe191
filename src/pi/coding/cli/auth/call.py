"""One call of a sub-command: what was asked for, whose credential it is about, how to answer."""

import sys
from typing import Any

import msgspec
from msgspec import Struct

from pi.ai.auth.resolve import Resolver
from pi.ai.errors import ConfigError
from pi.ai.model import Model
from pi.coding.cli.args import Arguments, UsageError
from pi.coding.home import Home
from pi.coding.setup.credentials import Target, checked_account

__all__ = ["Call"]


class Call(Struct, frozen=True):
    """One call of a sub-command."""

    home: Home
    args: Arguments

    @property
    def resolver(self) -> Resolver:
        """Finds credentials, as for requests."""
        return self.home.resolver

    def target(self, name: str | None = None) -> Target:
        """Whose credential this is about: `name`, by default the provider of the command line.

        From here on the resolver uses that account. Raises `ConfigError` for an unknown provider.
        """
        name = self.args.prompts[0] if name is None else name
        provider, at, account = name.partition("@")
        row = self.home.catalog.provider(provider)
        chosen = self.resolver.accounts.get(row.id)
        given = self.args.text("account")
        if at and given is not None and given != account:
            raise UsageError(f"{name} and --account {given} name different accounts")
        if at or given is not None:
            chosen = checked_account(account if at else given or "", at)
        self.resolver.accounts.pop(row.id, None)
        if chosen:
            self.resolver.accounts[row.id] = chosen
        return Target(row, chosen or None)

    def model(self, target: Target, wanted: str | None = None) -> Model:
        """A model of the provider: `wanted`, its default, the first that there is."""
        catalog, row = self.home.catalog, target.row
        if wanted is not None:
            return catalog.model(row.id, wanted)
        for model_id in dict.fromkeys((row.default_model, *catalog.ids(row.id))):
            try:
                return catalog.model(row.id, model_id)
            except ConfigError:
                continue  # a default that is no more, or a wire that we lack
        url = row.base_urls.get(row.api, "")
        return Model(id="", name=row.name, provider=row.id, api=row.api, base_url=url)

    def answer(self, text: str, data: Any) -> None:
        """Say the result: in words, or as JSON if that was asked for."""
        if self.args.flag("json"):
            text = msgspec.json.format(msgspec.json.encode(data), indent=2).decode()
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

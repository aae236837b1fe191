"""`/login`: sign in, or store a key; then the provider's models are offered."""

from collections.abc import Sequence

from pi.coding.api.picking import Choice, PickAction, PickList
from pi.coding.api.setup import Completion, GetProviders, ProviderInfo, Providers
from pi.coding.extensions.surface import Context
from pi.coding.slash.logins import sign_in, state_of
from pi.coding.slash.models import offer
from pi.coding.slash.words import completions

__all__ = ["complete", "run"]


async def run(arguments: str, context: Context) -> None:
    """Straight to the provider if one is named."""
    if arguments:
        await _sign_in(context, arguments)
        return
    query = ""
    while True:
        providers: Providers = await context.send(GetProviders())
        picked = await context.ui.pick(_list(providers, query))
        if picked is None:
            return
        query, name = picked.query, picked.key
        if picked.action == "ctrl+a":
            account = await context.ui.input(f"Name of the account at {name}", placeholder="work")
            if not account:
                continue
            name = f"{name}@{account.strip()}"
        if name and await _sign_in(context, name):
            return


async def complete(prefix: str, context: Context) -> Sequence[Completion]:
    """The providers that one can sign in to."""
    providers: Providers = await context.send(GetProviders())
    rows = [info for info in providers.providers if info.methods]
    return completions(prefix, ((info.id, f"{info.name} {state_of(info)}") for info in rows))


async def _sign_in(context: Context, name: str) -> bool:
    done = await sign_in(context, name)
    if done is None:
        return False
    await offer(context, done.provider, done.name, done.default_model)
    return True


def _list(providers: Providers, query: str) -> PickList:
    rows = [info for info in providers.providers if info.methods]
    rows.sort(key=lambda info: (not info.configured, info.name.lower()))
    return PickList(
        title="Sign in to",
        hint=f"Credentials are kept in {providers.path}",
        choices=tuple(map(_choice, rows)),
        query=query,
        actions=(PickAction("ctrl+a", "account", "another account"),),
    )


def _choice(info: ProviderInfo) -> Choice:
    ways = " or ".join("login" if method == "subscription" else "key" for method in info.methods)
    masked = info.masked if info.masked.strip("…") else ""  # too short to show anything of it
    source = " ".join(filter(None, (info.source, info.identity, masked)))
    details = [info.trouble, f"Used now: {source}" if source else "", info.notice]
    if len(info.stored) > 1:
        details.insert(1, f"Stored: {', '.join(info.stored)}")
    if not info.configured and info.variables:
        details.append(f"or set {' or '.join(info.variables)}")
    return Choice(
        key=info.id,
        label=info.name,
        cells=(state_of(info), ways),
        detail=" · ".join(filter(None, details)),
        search=f"{info.id} {info.source}",
    )

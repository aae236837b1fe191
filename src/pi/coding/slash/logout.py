"""`/logout`: remove a stored login or key."""

from collections.abc import Sequence

from pi.ai.errors import ConfigError
from pi.coding.api.picking import Choice, PickList
from pi.coding.api.setup import Completion, GetProviders, Logout, Providers
from pi.coding.extensions.surface import Context
from pi.coding.slash.words import completions

__all__ = ["complete", "run"]


async def run(arguments: str, context: Context) -> None:
    """What is not stored by us stays: variables, models.json."""
    providers: Providers = await context.send(GetProviders())
    stored = _stored(providers)
    if not stored:
        raise ConfigError(
            f"nothing is stored in {providers.path}; variables and models.json are not changed here"
        )
    entry = arguments or await _choose(context, providers, stored)
    if not entry:
        return
    if entry not in stored:
        raise ConfigError(f"nothing is stored as {entry!r}; stored are {', '.join(stored)}")
    if arguments and _is_login(providers, entry):
        question = f"Remove the login {entry}?"
        if not await context.ui.confirm(question, "Signing in again takes a browser."):
            context.ui.notify("Nothing was removed")
            return
    await context.send(Logout(entry))
    context.ui.notify(await _left(context, entry, providers.path))


async def complete(prefix: str, context: Context) -> Sequence[Completion]:
    """What is stored."""
    providers: Providers = await context.send(GetProviders())
    return completions(prefix, _stored(providers).items())


def _stored(providers: Providers) -> dict[str, str]:
    """Names of stored credentials, and of their providers."""
    return {name: info.name for info in providers.providers for name in info.stored}


def _is_login(providers: Providers, entry: str) -> bool:
    """Whether it may be the login of a subscription, which costs more to get back than a key."""
    info = next(info for info in providers.providers if entry in info.stored)
    return "subscription" in info.methods and (info.method == "oauth" or len(info.stored) > 1)


async def _choose(context: Context, providers: Providers, stored: dict[str, str]) -> str:
    choices = tuple(Choice(key=entry, label=name, cells=(entry,)) for entry, name in stored.items())
    picked = await context.ui.pick(
        PickList(
            title="Remove which credential?",
            hint=f"It is taken out of {providers.path}; the vendor is not told.",
            choices=choices,
        )
    )
    return picked.key if picked else ""


async def _left(context: Context, entry: str, path: str) -> str:
    """What was done, and what can still be used."""
    provider = entry.partition("@")[0]
    after: Providers = await context.send(GetProviders())
    info = next((info for info in after.providers if info.id == provider), None)
    text = f"Removed {entry} from {path}"
    if info is not None and info.configured and info.source:
        return f"{text}; {info.name} can still be used: {info.source}"
    if provider == context.model.provider:
        return f"{text}; the model in use cannot be asked any more: /model or /login"
    return text

"""Signing in to a provider: which way, under which account, and what came of it."""

import asyncio
import time

from pi.ai.errors import AbortedError, ConfigError
from pi.coding.api.picking import Choice, PickList
from pi.coding.api.setup import (
    GetProviders,
    LoggedIn,
    Login,
    LoginMethod,
    ProviderInfo,
    Providers,
)
from pi.coding.extensions.surface import Context

__all__ = ["provider_named", "sign_in", "state_of"]

_METHODS: dict[LoginMethod, tuple[str, str]] = {
    "subscription": ("Sign in", "with your account at the vendor, in a browser"),
    "api_key": ("API key", "paste a key that you made at the vendor"),
}


def state_of(info: ProviderInfo) -> str:
    """How one is signed in, as `pi auth status` tells it; never the key itself."""
    if info.trouble:
        return "trouble"
    if not info.configured:
        return ""
    how = {"oauth": "login", "api_key": "key"}.get(info.method, info.method)
    return f"✓ {how or 'no key needed'}"


def provider_named(providers: Providers, name: str) -> ProviderInfo:
    """The provider of that id or name. Raises `ConfigError`."""
    wanted = name.lower()
    for info in providers.providers:
        if wanted in (info.id.lower(), info.name.lower()):
            return info
    near = [info.id for info in providers.providers if wanted in f"{info.id} {info.name}".lower()]
    hint = f": {', '.join(near[:5])}?" if near else "; /login lists them"
    raise ConfigError(f"there is no provider {name!r}{hint}")


async def sign_in(context: Context, name: str) -> LoggedIn | None:
    """Sign in to `provider` or `provider@account` and say so; None if it was given up."""
    providers: Providers = await context.send(GetProviders())
    provider, at, account = name.partition("@")
    info = provider_named(providers, provider)
    if at and not account:
        raise ConfigError("the account is missing after @")
    if not info.methods:
        raise ConfigError(f"{info.name} cannot be signed in to from here; {_variables(info)}")
    method = await _method(context, info)
    if method is None:
        return None
    try:
        done = await _login(context, info.name, Login(info.id, method, account))
    except AbortedError as error:
        context.ui.notify(error.message)
        return None
    context.ui.notify(_result(done, method))
    return done


async def _login(context: Context, name: str, command: Login) -> LoggedIn:
    """Have it done. Whoever sits there can stop it also while no question is open."""
    front = context.front
    if front is None or command.method != "subscription":
        return await context.send(command)
    work = asyncio.ensure_future(context.send(command))
    with front.busy(f"Signing in to {name}", work.cancel):
        try:
            await asyncio.wait([work])
        finally:
            work.cancel()
    if work.cancelled():
        raise AbortedError("nothing was changed: the login was given up")
    return work.result()


async def _method(context: Context, info: ProviderInfo) -> LoginMethod | None:
    if len(info.methods) == 1:
        return info.methods[0]
    choices = [
        Choice(
            key=method,
            label=_METHODS[method][0],
            detail=f"{_METHODS[method][1]}{_notice(info, method)}",
        )
        for method in info.methods
    ]
    picked = await context.ui.pick(PickList(title=info.name, choices=tuple(choices)))
    return next((method for method in info.methods if picked and method == picked.key), None)


def _notice(info: ProviderInfo, method: LoginMethod) -> str:
    return f"\n{info.notice}" if info.notice and method == "subscription" else ""


def _variables(info: ProviderInfo) -> str:
    if info.variables:
        return f"set {' or '.join(info.variables)}"
    return f"`pi auth explain {info.id}` says what it needs"


def _result(done: LoggedIn, method: LoginMethod) -> str:
    whose = f" as {done.identity}" if done.identity else ""
    text = f"Signed in to {done.name}{whose}" if method == "subscription" else ""
    text = f"{text or f'Stored the key for {done.name}'}; saved in {done.path}"
    if done.expires is not None and done.expires / 1000 - time.time() < 366 * 86400:
        until = time.strftime("%Y-%m-%d %H:%M", time.localtime(done.expires / 1000))
        text += f"; good until {until}, and refreshed when it is needed"
    if done.shadowed:
        text += f"; not used any more: {', '.join(done.shadowed)}"
    return text

"""`pi auth login`: sign in with a subscription, or store a key."""

from pi.ai.auth.base import Credential, OAuth
from pi.ai.auth.flows import flows
from pi.ai.errors import ConfigError
from pi.coding.cli.auth.call import Call
from pi.coding.cli.auth.console import ConsoleUI
from pi.coding.cli.auth.running import run_async
from pi.coding.cli.auth.set_key import ask_key
from pi.coding.cli.auth.words import when
from pi.coding.setup.credentials import Target, sign_in, takes_key

__all__ = ["run"]


def run(call: Call) -> int:
    """Log in; gives the exit code."""
    return run_async(lambda: _login(call))


async def _login(call: Call) -> int:
    ui = ConsoleUI(call.args, call.home.env)
    target = call.target() if call.args.prompts else await _pick(call, ui)
    auth = target.row.auth
    if call.args.flag("api-key") or not auth.login:
        if not auth.login and not call.args.flag("api-key"):
            ui.progress(f"{target.row.name} has no login of its own; it takes an API key.")
        return await ask_key(call, target, ui)
    if auth.login in flows:
        _need_somebody(target, ui)
    _tell(call, target, await sign_in(call.home, target, ui))
    return 0


def _need_somebody(target: Target, ui: ConsoleUI) -> None:
    if ui.keyboard is None and not ui.yes:
        name = target.entry
        key = f", or store a key: pi auth set-key {name} < FILE" if takes_key(target.row) else ""
        raise ConfigError(
            f"a login needs a terminal: run `pi auth login {name}` in one (--yes does without)"
            + key
        )


def _tell(call: Call, target: Target, credential: Credential) -> None:
    status = call.resolver.status(target.row.id)
    where = call.resolver.store.where
    used = status.used
    expires = credential.expires if isinstance(credential, OAuth) else None
    whose = f" as {used.identity}" if used and used.identity else ""
    text = f"Logged in to {target.label}{whose}; saved in {where}."
    if expires is not None:
        text += f" The token is good until {when(expires)} and refreshed when it is needed."
    shadowed = [place.source for place in status.shadowed]
    if shadowed:
        text += f"\nNot used any more for {target.row.id}: {', '.join(shadowed)}."
    call.answer(
        text,
        {
            "provider": target.row.id,
            "account": target.account,
            "method": status.method,
            "identity": used.identity if used else "",
            "expires": expires,
            "file": where,
        },
    )


async def _pick(call: Call, ui: ConsoleUI) -> Target:
    """Ask for the provider."""
    if ui.keyboard is None:
        raise ConfigError("which provider? pi auth login PROVIDER (`pi auth status` lists them)")
    rows = call.home.catalog.providers.values()
    logins = {row.id: row.name for row in rows if row.auth.login}
    other = "other"
    chosen = await ui.choose(
        "Sign in with:", {**logins, other: "an API key of any of the other providers"}
    )
    if chosen != other:
        return call.target(chosen)
    keys = [row.id for row in rows if row.auth.env and row.id not in logins]
    ui.progress("Providers that take a key: " + ", ".join(sorted(keys)))
    return call.target(await ui.prompt("Which one?"))

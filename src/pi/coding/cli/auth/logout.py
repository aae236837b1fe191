"""`pi auth logout`: remove a stored credential, and say what is used from then on."""

from pi.ai.auth.base import OAuth
from pi.ai.auth.store import AuthFileError, entry_name
from pi.ai.errors import ConfigError
from pi.coding.cli.auth.call import Call
from pi.coding.cli.auth.console import ConsoleUI
from pi.coding.cli.auth.running import run_async
from pi.coding.setup.credentials import checked_account

__all__ = ["run"]


def run(call: Call) -> int:
    """Remove it; gives the exit code."""
    return run_async(lambda: _logout(call))


async def _logout(call: Call) -> int:
    store = call.resolver.store
    names = store.names()
    entry = await _entry(call, names)
    try:
        login = isinstance(store.entry(entry), OAuth)
    except AuthFileError:  # malformed: a reason to remove it
        login = False
    removed = await store.modify(lambda entries: entries.remove(entry))
    text = f"Removed {'the login' if login else 'the key'} {entry!r} from {store.where}."
    if not removed:
        text = f"{entry!r} was gone from {store.where} already."
    elif login:
        text += " The service was not told: to end the login there too, use its own settings."
    provider, _, account = entry.partition("@")
    row = call.home.catalog.find_provider(provider)
    left = ""
    if row is not None:
        call.resolver.accounts.pop(row.id, None)
        left = call.resolver.status(row.id).source
    if left:
        text += f"\nFrom now on {provider} uses {left}."
    data = {"provider": provider, "account": account or None, "removed": removed, "uses": left}
    call.answer(text, data)
    return 0


async def _entry(call: Call, names: tuple[str, ...]) -> str:
    """The name of the entry to remove. Raises `ConfigError` if it is not there."""
    if not names:
        raise ConfigError(
            f"no credentials are stored in {call.resolver.store.where}; variables and models.json"
            " are not changed by this"
        )
    if not call.args.prompts:
        ui = ConsoleUI(call.args, call.home.env)
        if ui.keyboard is None:
            raise ConfigError(f"which one? pi auth logout PROVIDER; stored: {', '.join(names)}")
        return await ui.choose("Remove which credential?", {name: name for name in names})
    given = call.args.prompts[0]
    account = call.args.text("account")
    if given in names and not account:
        return given  # whatever the catalog knows of it
    if account:
        given = entry_name(given.partition("@")[0], checked_account(account))
    provider, _, account = given.partition("@")
    row = call.home.catalog.find_provider(provider)
    ids = (provider, row.id, *row.aliases) if row is not None else (provider,)
    for name in ids:
        if entry_name(name, account) in names:
            return entry_name(name, account)
    own = [name for name in names if name.partition("@")[0] in ids]
    known = f"stored: {', '.join(own or names)}"
    raise ConfigError(f"nothing is stored for {given} in {call.resolver.store.where}; {known}")

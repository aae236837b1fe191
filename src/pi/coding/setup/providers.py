"""Providers, logins and stored keys."""

from pi.ai.auth.base import OAuth
from pi.ai.auth.flows import flows
from pi.ai.auth.store import AuthFileError
from pi.ai.catalog.schema import ProviderRow
from pi.ai.errors import ConfigError, PiError
from pi.coding.api.setup import (
    GetProviders,
    LoggedIn,
    Login,
    LoginMethod,
    Logout,
    ProviderInfo,
    Providers,
)
from pi.coding.setup.credentials import (
    Target,
    checked_account,
    checked_key,
    need_key_provider,
    sign_in,
    store_key,
    stored_for,
    takes_key,
    withheld_models,
)
from pi.coding.setup.desk import NO_MODEL, SetupDesk
from pi.coding.setup.login_ui import Asking

__all__ = ["get_providers", "login", "logout"]

_ONLY_FOR_SHOW = frozenset({"demo"})


async def get_providers(desk: SetupDesk, command: GetProviders) -> Providers:
    """From files and variables; nothing is run and nobody is asked."""
    home = desk.home
    store = home.resolver.store
    stored: dict[str, list[str]] = {}
    for name in _names(desk):
        provider = name.partition("@")[0]
        row = home.catalog.find_provider(provider)
        stored.setdefault(row.id if row else provider, []).append(name)
    rows = home.catalog.providers
    found = [
        _info(desk, row, tuple(stored.pop(row.id, ())))
        for row in rows.values()
        if row.id not in _ONLY_FOR_SHOW
    ]
    for provider, names in stored.items():  # they can be removed
        found.append(
            ProviderInfo(
                id=provider,
                name=provider,
                methods=(),
                configured=False,
                stored=tuple(names),
                trouble="stored for a provider that is not known here",
            )
        )
    return Providers(tuple(found), store.where)


async def login(desk: SetupDesk, command: Login) -> LoggedIn:
    """Sign in or take a key; a session without a model goes on with the provider's own."""
    target = _target(desk, command)
    with Asking(desk.ui, target.row.name) as person:
        if command.method == "subscription":
            await sign_in(desk.home, target, person)
        else:
            await _take_key(desk, target, person)
    accounts = desk.home.resolver.accounts
    if target.account:
        accounts[target.row.id] = target.account
    else:
        accounts.pop(target.row.id, None)
    return _logged_in(desk, target)


async def logout(desk: SetupDesk, command: Logout) -> None:
    """Remove the entry; variables and models.json stay as they are, the service is not told."""
    home = desk.home
    store = home.resolver.store
    if command.entry not in store.names():
        raise ConfigError(
            f"nothing is stored as {command.entry!r} in {store.where}; variables and models.json"
            " are not changed by this"
        )
    await store.modify(lambda entries: entries.remove(command.entry))
    provider, _, account = command.entry.partition("@")
    row = home.catalog.find_provider(provider)
    if row is not None and home.resolver.accounts.get(row.id, "") == account:
        home.resolver.accounts.pop(row.id, None)


# -- inside ----------------------------------------------------------------------------------------


def _names(desk: SetupDesk) -> tuple[str, ...]:
    try:
        return desk.home.resolver.store.names()
    except AuthFileError:
        return ()


def _methods(desk: SetupDesk, row: ProviderRow) -> tuple[LoginMethod, ...]:
    methods: list[LoginMethod] = []
    if row.auth.login and row.auth.login in flows:
        methods.append("subscription")
    if takes_key(row) or desk.home.catalog.user_provider(row.id) is not None:
        methods.append("api_key")
    return tuple(methods)


def _info(desk: SetupDesk, row: ProviderRow, stored: tuple[str, ...]) -> ProviderInfo:
    status = desk.home.resolver.status(row.id)
    used = status.used
    trouble = status.trouble
    if not trouble and status.missing and used is not None:
        trouble = f"not set: {', '.join(status.missing)}"
    return ProviderInfo(
        id=row.id,
        name=row.name,
        methods=_methods(desk, row),
        configured=status.configured,
        method=status.method,
        source=status.source,
        account=status.account or "",
        identity=used.identity if used else "",
        masked=status.masked,
        expires=status.expires,
        trouble=trouble,
        notice=row.notice,
        stored=stored,
        variables=row.auth.env,
        default_model=row.default_model,
    )


def _target(desk: SetupDesk, command: Login) -> Target:
    provider, at, account = command.provider.partition("@")
    account = account if at else command.account
    row = desk.home.catalog.provider(provider)
    return Target(row, checked_account(account, at) or None)


async def _take_key(desk: SetupDesk, target: Target, person: Asking) -> None:
    """Ask for a key, and for the variables that the provider needs besides."""
    home, row = desk.home, target.row
    store = home.resolver.store
    need_key_provider(home, target, "/login")
    async with store.locked():
        pass  # a file that cannot be written is told before anything is typed
    if isinstance(stored_for(store, target), OAuth):
        await person.confirm(f"A login is stored as {target.entry!r}. Replace it by a key?")
    made = f" (made at {row.auth.help})" if row.auth.help else ""
    key = checked_key(await person.prompt(f"API key for {target.label}{made}", secret=True))
    env: dict[str, str] = {}
    for name in row.auth.required_env:
        if not home.env.get(name):
            value = await person.prompt(f"{name}, which {row.name} needs besides")
            env[name] = value
    await store_key(store, target, key, env)


def _logged_in(desk: SetupDesk, target: Target) -> LoggedIn:
    row, resolver = target.row, desk.home.resolver
    status = resolver.status(row.id)
    withheld = withheld_models(desk.home, target, lambda text: desk.ui.notify(text, "warning"))
    models = tuple(name for name in desk.home.catalog.ids(row.id) if name not in withheld)
    default = row.default_model if row.default_model in models else ""
    _begin_with(desk, row, default)
    return LoggedIn(
        provider=row.id,
        name=row.name,
        path=resolver.store.where,
        identity=status.used.identity if status.used else "",
        expires=status.expires,
        default_model=default,
        models=models,
        shadowed=tuple(place.source for place in status.shadowed),
    )


def _begin_with(desk: SetupDesk, row: ProviderRow, model_id: str) -> None:
    """Choose the provider's default model if there was none before."""
    controller = desk.controller
    if controller.model.key != NO_MODEL.key:
        return
    if not model_id:
        desk.ui.notify(f"{row.name} has no default model here: choose one with /model", "warning")
        return
    try:
        model = desk.home.catalog.model(row.id, model_id)
        level = controller.settings.model_thinking_levels.get(model.key)
        controller.choose(model, model.clamp(level) if level else None)
    except PiError as error:
        desk.ui.notify(f"{row.id}/{model_id} was not chosen: {error.message}", "warning")

"""What belongs to the user and the folder: settings, models, credentials.

Opening a home reads the settings and knows where everything else is; models and keys are read when
somebody asks. Lists of models need no more than this, so nothing here loads an event loop.
"""

import os
from collections import ChainMap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import msgspec
from msgspec import Struct

from pi.ai.auth.resolve import Resolver
from pi.ai.auth.store import CredentialStore
from pi.ai.catalog import Catalog
from pi.ai.errors import ConfigError
from pi.coding.demo import DEMO, demo_model
from pi.coding.migrate import migrate
from pi.coding.settings import Settings, agent_dir
from pi.coding.trust import load_trusted

__all__ = [
    "Home",
    "ModelsNews",
    "open_home",
    "refreshed",
    "speechless",
    "unsettled",
    "use_account",
    "wires_of",
]


class Home(Struct, frozen=True):
    """What belongs to the user and the folder. notes: what a person should know about it.

    trusted: whether the project's own settings and code count. held_back: what of the
    project would count then.
    """

    folder: Path
    cwd: Path
    settings: Settings
    catalog: Catalog
    resolver: Resolver
    env: Mapping[str, str]
    notes: tuple[str, ...] = ()
    trusted: bool = False
    held_back: tuple[str, ...] = ()


def working_folder() -> Path:
    """The folder in which pi was started. Raises `ConfigError` if it is gone."""
    try:
        cwd = Path.cwd()
        os.scandir(cwd).close()
    except OSError as error:
        raise ConfigError(
            f"the working folder cannot be used ({error.strerror}): change to another one"
        ) from None
    return cwd


def open_home(
    env: Mapping[str, str], cwd: Path | None = None, *, trusted: bool | None = None
) -> Home:
    """Read settings and know where everything else is; models and keys are read when needed.

    cwd: instead of the folder in which the program was started. trusted: whether the project is
    trusted, instead of what the user has said before.
    """
    cwd = working_folder() if cwd is None else cwd.absolute()
    folder = agent_dir(env)
    notes = list(migrate(folder))
    loaded, trust = load_trusted(folder, cwd, flag=trusted, env=env)
    env = _with_proxy(env, loaded.settings.http_proxy)
    catalog = Catalog(folder / "models.json", folder / "models")
    store = CredentialStore(folder / "auth.json")
    resolver = Resolver(catalog, store, env=env)
    for name, account in loaded.settings.accounts.items():
        row = catalog.find_provider(name)
        if row is None:
            notes.append(f"the setting accounts names {name!r}, which is no provider")
        elif account:
            resolver.accounts[row.id] = account
    problem = store.problem
    notes += [*loaded.notes, *([problem.message] if problem else []), *catalog.warnings]
    catalog.add_provider(DEMO, [demo_model()], owner="pi")
    return Home(
        folder,
        cwd,
        loaded.settings,
        catalog,
        resolver,
        env,
        tuple(notes),
        trust.trusted is True,
        () if trust.trusted else trust.waits,
    )


class ModelsNews:
    """What is wrong or odd in `models.json`, each told once while it is so.

    What was so when this was made counts as told.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._told = self.all()

    def all(self) -> list[str]:
        """All of it, a line each; counts as told."""
        self._told = [*self._catalog.warnings, *unsettled(self._catalog)]
        return self._told

    def __call__(self) -> list[str]:
        """What has come since."""
        before = self._told
        return [line for line in self.all() if line not in before]


def unsettled(catalog: Catalog) -> list[str]:
    """The names in `models.json` that nobody knows, a line each. Ask when extensions are loaded."""
    found = _unsettled(catalog)
    if not found:
        return []
    from pi.ai.catalog.user_checks import near  # most people have no models.json

    lines: list[str] = []
    for item in found:
        hint = near(item.name, catalog.ids(item.provider)) if item.kind == "model" else ""
        lines.append(item.note + hint)
    return lines


def speechless(catalog: Catalog) -> frozenset[str]:
    """The models (`provider/id`) of `models.json` whose `api` nobody knows."""
    return frozenset(
        f"{item.provider}/{model_id}"
        for item in _unsettled(catalog)
        if item.kind == "api" and catalog.find_provider(item.provider) is not None
        for model_id in catalog.ids(item.provider)
        if catalog.merged(item.provider, model_id).api == item.name
    )


def _unsettled(catalog: Catalog) -> list[Any]:
    if not catalog.unsettled:
        return []
    from pi.ai.auth.flows import flows
    from pi.ai.protocols import protocols

    found: list[Any] = []
    for item in catalog.unsettled:
        row = catalog.find_provider(item.provider)
        known = {
            "provider": row is not None,
            "api": item.name in protocols,
            "login": item.name in flows,
            "model": row is None or item.name in catalog.ids(row.id),
        }
        if not known[item.kind]:
            found.append(item)
    return found


def _with_proxy(env: Mapping[str, str], url: str | None) -> Mapping[str, str]:
    """The environment with the proxy of the settings where it names none itself."""
    named = {name.lower() for name in env if env[name].strip()}
    if not url or "all_proxy" in named:
        return env
    added = {f"{scheme}_PROXY": url for scheme in ("HTTP", "HTTPS")}
    return ChainMap(
        {name: value for name, value in added.items() if name.lower() not in named},
        cast("dict[str, str]", env),
    )


def wires_of(home: Home) -> dict[str, dict[str, Any]]:
    """What the transports of a client are made with: see `pi.ai.client.Client`."""
    limit = home.settings.websocket_connect_timeout_ms
    seconds = limit / 1000 if isinstance(limit, int) and limit else None
    return {"http": {"env": home.env}, "ws": {"env": home.env, "connect_timeout": seconds}}


def refreshed(home: Home, cwd: Path | None = None, *, trusted: bool | None = None) -> Home:
    """The home with its settings read anew, as seen from another folder if one is given.

    trusted: whether the project is trusted, instead of what holds or was said before.
    """
    folder = home.cwd if cwd is None else cwd
    if trusted is None and cwd is None:
        trusted = home.trusted
    loaded, trust = load_trusted(home.folder, folder, flag=trusted, env=home.env)
    return msgspec.structs.replace(
        home,
        cwd=folder,
        settings=loaded.settings,
        notes=loaded.notes,
        trusted=trust.trusted is True,
        held_back=() if trust.trusted else trust.waits,
    )


def use_account(home: Home, name: str) -> None:
    """Use the stored credentials of this account (`--account`), whatever the settings say.

    `provider@name` is about that provider, `name` about all of them: a provider without such an
    account is not used at all, so that nobody else is billed. "" is the account without a name.
    Raises `ConfigError` if no credential of that account is stored.
    """
    accounts, store, catalog = home.resolver.accounts, home.resolver.store, home.catalog
    provider, at, account = name.partition("@")
    row = catalog.find_provider(provider) if at else None
    if row is not None:
        accounts[row.id] = account
        known = any(account in store.accounts(id) for id in (row.id, *row.aliases))
    else:
        accounts.clear()
        if name:
            rows = catalog.providers.values()
            accounts.update({row.id: name for row in rows if "none" not in row.auth.kinds})
        known = not name or any(entry.partition("@")[2] == name for entry in store.names())
    if not known:
        stored = ", ".join(entry for entry in store.names() if "@" in entry) or "none"
        raise ConfigError(
            f"there is no account {name!r} in {store.where}; stored: {stored}"
            " (`pi auth login PROVIDER@ACCOUNT` adds one)"
        )

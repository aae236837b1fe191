"""Where a provider's credential may stand, in the one order that everything here follows.

`--api-key`, then the stored credential, then the environment (a variable, then what a cloud finds
in the surroundings), then the key in `models.json`. Using, listing and explaining credentials all
start from `look`, so that they cannot disagree. Nothing here runs a command or touches a network.
"""

from typing import Literal

from msgspec import Struct

from pi.ai.auth.base import ApiKey, Credential, OAuth
from pi.ai.auth.kinds import Kind, kinds
from pi.ai.auth.rows import AuthRow, Catalog, ProviderRow, UserProvider
from pi.ai.auth.store import AuthFileError, Credentials, entry_name
from pi.ai.auth.values import Environment, is_placeholder, missing_variables, names_secret, present

__all__ = ["MODELS_JSON", "OVERRIDE", "Found", "Sources", "Step", "Wanted", "look"]

Step = Literal["override", "stored", "environment", "ambient", "models.json"]

OVERRIDE = "--api-key"
MODELS_JSON = "models.json"


class Found(Struct, frozen=True, kw_only=True):
    """One place that has a credential.

    source: the place, for people. method: `api_key`, `oauth`, or the name of a cloud's kind.
    spec: the key as it is written there (`pi.ai.auth.values`); key: the key itself, where it needs
    no resolving. variable: the environment variable it is in.
    """

    step: Step
    source: str
    method: str
    spec: str | None = None
    key: str | None = None
    variable: str = ""
    login: OAuth | None = None


class Wanted(Struct, frozen=True):
    """Whose credential is looked for: a provider, or a named account of it."""

    provider: str
    account: str | None = None
    override: str | None = None


class Sources(Struct, frozen=True, kw_only=True):
    """What is known of a provider before anything is resolved.

    entry: the name of the stored credential. found: all that was found, the one to use first.
    account: the named account that was asked for, if one was. problem: why the store could not be
    read, if so.
    """

    row: ProviderRow
    user: UserProvider | None
    kind: Kind
    env: Environment
    entry: str
    found: tuple[Found, ...]
    account: str | None = None
    problem: AuthFileError | None = None

    def keyless(self, model_id: str = "") -> bool:
        """Whether requests may go out without a credential: to a server that needs none, or with
        headers of the user's own that carry one.
        """
        if "none" in self.row.auth.kinds:
            return True
        return self.user is not None and any(map(names_secret, self.user.headers_for(model_id)))

    @property
    def missing(self) -> tuple[str, ...]:
        """The variables without which no request can be made."""
        first = self.found[0] if self.found else None
        keyed = first is not None and (first.spec or first.key) is not None
        own_url = bool(getattr(self.user, "base_url", None))
        names = [name for name in self.row.auth.required_env if self.env.get(name) is None]
        names += self.kind.missing(self.env, keyed=keyed, own_url=own_url)
        if first is not None and first.spec is not None:
            names += missing_variables(first.spec, self.env)
        return tuple(dict.fromkeys(names))

    @property
    def lacks_account(self) -> bool:
        """Whether the account that was asked for is not there: no other credential will do."""
        step = self.found[0].step if self.found else ""
        return bool(self.account) and step not in ("override", "stored")

    @property
    def configured(self) -> bool:
        """Whether a request is likely to find a credential."""
        if self.lacks_account:
            return False
        if not self.found:
            return self.keyless()
        spec = self.found[0].spec
        return not self.missing and (spec is None or present(spec, self.env))


def look(catalog: Catalog, store: Credentials, wanted: Wanted, process: Environment) -> Sources:
    """Everything known about the credential of `wanted`.

    Raises `ConfigError` for a provider that the catalog does not know.
    """
    row = catalog.provider(wanted.provider)
    user = catalog.user_provider(row.id)
    entry = entry_name(row.id, wanted.account)
    problem: AuthFileError | None = None
    stored: Credential | None = None
    try:
        known = store.names()
        # a name that another version of the program used for this provider counts too
        names = (entry_name(name, wanted.account) for name in (row.id, *row.aliases))
        entry = next((name for name in names if name in known), entry)
        stored = store.entry(entry)
    except AuthFileError as error:
        problem = error
    own = stored.env if isinstance(stored, ApiKey) else {}
    env = Environment(process.process, own)
    kind = _kind(row.auth)
    found: list[Found] = []
    if wanted.override:
        found.append(Found(step="override", source=OVERRIDE, method="api_key", key=wanted.override))
    if stored is not None:
        where = store.where if not wanted.account else f"{entry} in {store.where}"
        found += _stored(stored, where, kind, env)
    found += _environment(row.auth, kind, env, store.where)
    if user is not None and user.api_key and not is_placeholder(user.api_key):
        found.append(
            Found(step="models.json", source=user.origin, method="api_key", spec=user.api_key)
        )
    return Sources(
        row=row,
        user=user,
        kind=kind,
        env=env,
        entry=entry,
        found=tuple(found),
        account=wanted.account,
        problem=problem,
    )


_plain = Kind()


def _kind(auth: AuthRow) -> Kind:
    return next((kinds.get(name) for name in auth.kinds if name in kinds), _plain)


def _stored(stored: Credential, where: str, kind: Kind, env: Environment) -> list[Found]:
    if isinstance(stored, OAuth):
        return [Found(step="stored", source=where, method="oauth", login=stored)]
    if stored.key is not None and not is_placeholder(stored.key):
        return [Found(step="stored", source=where, method="api_key", spec=stored.key)]
    if stored.key is not None or kind.ambient(Environment({}, env.own)):
        # "take it from the surroundings" is an answer too, if the provider has surroundings
        return [Found(step="stored", source=where, method=kind.name)] if kind is not _plain else []
    return []


def _environment(auth: AuthRow, kind: Kind, env: Environment, where: str) -> list[Found]:
    found: list[Found] = []
    for name in sorted(auth.env, key=lambda name: name not in env.own):
        value = env.get(name)
        if value is not None and not is_placeholder(value):
            own = name in env.own
            found.append(
                Found(
                    step="stored" if own else "environment",
                    source=f"{name} in {where}" if own else name,
                    method="api_key",
                    key=value,
                    variable=name,
                )
            )
    words = kind.ambient(env)
    if words:
        found.append(Found(step="ambient", source=words, method=kind.name))
    return found

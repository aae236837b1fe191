"""Finds the credential for a model and makes of it everything that it changes about a call.

The order is that of `pi.ai.auth.sources`. A stored credential owns its provider: when its command
fails or its login cannot be refreshed, that is an error, and never a reason to use another key and
somebody else's bill.
"""

import time
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from pi.ai.auth.base import Access, LoginFlow, Signer, header_signer
from pi.ai.auth.flows import flows
from pi.ai.auth.kinds import Ask, Reply
from pi.ai.auth.mistakes import flow_called
from pi.ai.auth.overlay import applies, fill_url, lay_variants, with_headers
from pi.ai.auth.rows import Catalog
from pi.ai.auth.secrecy import Secrecy
from pi.ai.auth.sources import MODELS_JSON, Found, Sources, Wanted, look
from pi.ai.auth.status import Status, status_of
from pi.ai.auth.store import Credentials
from pi.ai.auth.values import Environment, Resolved, Values, is_placeholder, names_secret
from pi.ai.errors import AuthError, ConfigError
from pi.ai.model import AuthHeader, Model
from pi.ai.registry import lazy
from pi.ai.request import Request

__all__ = ["Resolver"]


class Resolver:
    """Credentials for models; `authorize` is the `Authorizer` of a client.

    env: the process environment, by default this process's own, read at each use.
    overrides: provider to a key for this process only (`--api-key`), taken as it is. accounts:
    provider to the named account to use. Both may be changed at any time. transport: sends the few
    requests that credentials need themselves; made at first need. secrecy: masks all that is
    secret.
    """

    def __init__(
        self,
        catalog: Catalog,
        store: Credentials,
        *,
        env: Mapping[str, str] | None = None,
        overrides: dict[str, str] | None = None,
        accounts: dict[str, str] | None = None,
        values: Values | None = None,
        transport: Any = None,
    ) -> None:
        self.catalog = catalog
        self.store = store
        self.overrides = {} if overrides is None else overrides
        self.accounts = {} if accounts is None else accounts
        self._keeper: Any = None
        self._env = Environment(env)
        self.secrecy = Secrecy(catalog, store, self._env)
        self._values = values or Values()
        self._transport: Any = transport
        self._handed: dict[str, str] = {}
        self._refused: dict[str, str] = {}
        self._renewed: dict[str, float] = {}

    @property
    def keeper(self) -> Any:
        """Keeps logins fresh; made at first need, because it needs an event loop's library."""
        if self._keeper is None:
            from pi.ai.auth.refresh import TokenKeeper

            self._keeper = TokenKeeper(self.store)
        return self._keeper

    async def authorize(self, model: Model) -> Access:
        """The access for `model`. Raises `AuthError` or `ConfigError` saying what to do."""
        sources = self._sources(model.provider)
        chosen = self._chosen(sources, model)
        grant = await self._grant(sources, chosen, model)
        model, prefix = self._laid(grant, sources, chosen)
        model, hidden = await self._with_user_headers(model, sources)
        self._require(sources)
        ask = Ask(
            model=fill_url(model, sources.env),
            env=sources.env,
            key=grant.key,
            source=chosen.source if chosen else "",
            fetch=self._fetch,
        )
        access = await sources.kind.access(ask)
        signer = access.signer
        if grant.key is not None and sources.user is not None and sources.user.auth_header:
            bearer = msgspec.structs.replace(access.model, auth_header=AuthHeader())
            signer = _both(signer, header_signer(bearer, grant.key))
        secrets = (*access.secrets, *grant.secrets, *hidden)
        self.secrecy.add(secrets)
        return msgspec.structs.replace(
            access, signer=signer, system_prefix=prefix, secrets=tuple(dict.fromkeys(secrets))
        )

    def refused(self, provider: str) -> None:
        """The service refused the key handed out last: do not hand it out again.

        A login is refreshed at the next call, even if it seems young enough, and commands run anew.
        When many calls were refused at once, the first one's renewal serves them all.
        """
        sources = self._sources(provider)
        entry = sources.entry
        just = time.monotonic() - self._renewed.get(entry, float("-inf"))
        if entry in self._handed and just > _RENEWED_SECONDS:
            self._refused[entry] = self._handed[entry]
        self._values.commands.forget()
        sources.kind.forget()

    def configured(self, provider: str) -> bool:
        """Whether a request to `provider` is likely to find a credential.

        Runs no command, asks no network and checks no expiry. A provider nobody knows is not.
        """
        try:
            return self._sources(provider).configured
        except ConfigError:
            return False

    def status(self, provider: str) -> Status:
        """Everything worth telling about the credential of `provider`; nothing secret."""
        sources = self._sources(provider)
        account = self.accounts.get(provider)
        trouble = self._keeper.trouble(sources.entry) if self._keeper else ""
        return status_of(sources, self.store.where, account, trouble)

    async def aclose(self) -> None:
        """Wait for refreshes under way, which may have spent a token, and close the transport."""
        if self._keeper is not None:
            await self._keeper.finish()
        if self._transport is not None:
            await self._transport.aclose()
            self._transport = None

    # -- the credential ----------------------------------------------------------------------------

    def _sources(self, provider: str) -> Sources:
        wanted = Wanted(provider, self.accounts.get(provider), self.overrides.get(provider))
        return look(self.catalog, self.store, wanted, self._env)

    def _chosen(self, sources: Sources, model: Model) -> Found | None:
        """The credential to use; None where none is needed or the surroundings may have one."""
        chosen = sources.found[0] if sources.found else None
        if chosen is not None and chosen.step == "override":
            return chosen
        # A store that cannot be read may hold a login that owns the provider: another key is not
        # used in its place. Where only keys are possible, the one in the environment will do.
        owned = chosen is None or "oauth" in sources.row.auth.kinds
        if sources.problem is not None and owned and not sources.keyless(model.id):
            raise sources.problem
        if sources.lacks_account:
            raise AuthError(
                f"{sources.row.name} has no account {sources.account!r} in {self.store.where}:"
                f" {_HOW}"
            )
        if chosen is None and not sources.keyless(model.id) and not sources.kind.hidden:
            raise AuthError(self._nothing(sources))
        return chosen

    async def _grant(self, sources: Sources, chosen: Found | None, model: Model) -> "_Grant":
        if chosen is not None and chosen.login is not None:
            return await self._login(sources, model)
        if chosen is None or chosen.method != "api_key":
            return _Grant(model, None)
        key = chosen.key or await self._key(sources, chosen)
        return _Grant(model, key, (key,))

    async def _key(self, sources: Sources, chosen: Found) -> str:
        assert chosen.spec is not None
        what = f"the key of {sources.row.name} in {chosen.source}"
        stored = chosen.step == "stored"
        found = await self._values.resolve(chosen.spec, sources.env, what=what, remember=stored)
        if is_placeholder(found.text):
            raise ConfigError(f"{what} is only a placeholder; {_HOW}")
        if len(found.text.splitlines()) > 1:
            place = f" ({found.source})" if found.source else ""
            raise ConfigError(f"{what}{place} has several lines, and a key is one")
        return found.text

    async def _login(self, sources: Sources, model: Model) -> "_Grant":
        name = sources.row.auth.login or sources.row.id
        if name not in flows:
            raise ConfigError(
                f"{sources.row.name} has a stored login, but no login flow {name!r} is installed"
            )
        flow: LoginFlow = flows.get(name)
        rejected = self._refused.get(sources.entry, "")
        login = await self.keeper.fresh(sources.entry, flow.refresh, rejected=rejected)
        self._handed[sources.entry] = login.access
        if self._refused.pop(sources.entry, ""):
            self._renewed[sources.entry] = time.monotonic()
        with flow_called(name):
            key = flow.key(login)
            model = flow.overlay(model, login)
        return _Grant(model, key, (key, login.access, login.refresh))

    # -- what it changes ---------------------------------------------------------------------------

    def _laid(
        self, grant: "_Grant", sources: Sources, chosen: Found | None
    ) -> tuple[Model, tuple[str, ...]]:
        login = chosen is not None and chosen.login is not None
        variable = chosen.variable if chosen else ""
        return lay_variants(
            grant.model,
            (
                variant
                for variant in sources.row.auth.variants
                if applies(variant, login=login, variable=variable, key=grant.key)
            ),
        )

    async def _with_user_headers(
        self, model: Model, sources: Sources
    ) -> tuple[Model, tuple[str, ...]]:
        """`model` with the headers of `models.json`, and what of them must be masked."""
        written = sources.user.headers_for(model.id) if sources.user else {}
        headers: dict[str, str] = {}
        hidden: list[str] = []
        for name, spec in written.items():
            origin = sources.user.origin if sources.user else MODELS_JSON
            what = f"the header {name} of {sources.row.name} in {origin}"
            found = await self._values.resolve(spec, sources.env, what=what, remember=False)
            headers[name] = found.text
            hidden += _secrets_of(name, found)
        return with_headers(model, headers), tuple(hidden)

    def _require(self, sources: Sources) -> None:
        missing = [name for name in sources.row.auth.required_env if not sources.env.get(name)]
        if missing:
            names = ", ".join(missing)
            raise ConfigError(
                f"{sources.row.name} needs {names}: set {'it' if len(missing) == 1 else 'them'}"
                f' in the environment, or under "env" of {sources.entry!r} in {self.store.where}'
            )

    def _nothing(self, sources: Sources) -> str:
        ways: list[str] = []
        if sources.row.auth.env:
            ways.append("set " + " or ".join(sources.row.auth.env))
        ways.append(_HOW)
        return (
            f"no credential for {sources.row.name} ({sources.row.id}): {', or '.join(ways)}"
            f" (credentials are kept in {self.store.where})"
        )

    async def _fetch(self, request: Request) -> Reply:
        if self._transport is None:
            # most providers never need one here
            self._transport = lazy("pi.ai.wire.http:Transport", call=True).make()
        response = await self._transport.send(request, timeout=30.0)
        return Reply(response.status, response.headers, await response.read())


_RENEWED_SECONDS = 10.0
"""Refusals that come this soon after a renewal are about the token before it."""

_HOW = "sign in with /login or `pi auth login`"


class _Grant(Struct, frozen=True):
    """A resolved credential: the model as the login sees it, the key if there is one."""

    model: Model
    key: str | None
    secrets: tuple[str, ...] = ()


def _both(first: Signer, second: Signer) -> Signer:
    return lambda request: second(first(request))


def _secrets_of(name: str, value: Resolved) -> tuple[str, ...]:
    """What of a header must be masked: all of it, and the key in `Bearer key`."""
    if value.literal and not names_secret(name):
        return ()
    return (value.text, value.text.rpartition(" ")[2])

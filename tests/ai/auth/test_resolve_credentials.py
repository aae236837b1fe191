"""From a model to access: the order, who owns what, what changes, and what is said."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from pi.ai.auth.base import ApiKey, LoginFlow, OAuth, flows
from pi.ai.auth.resolve import Resolver
from pi.ai.auth.store import CredentialStore
from pi.ai.catalog.schema import AuthRow, AuthVariant, ProviderRow
from pi.ai.errors import AuthError, ConfigError, TransportError
from pi.ai.model import AuthHeader, Model
from pi.ai.request import Request

FAR = 4_000_000_000_000


class User(Struct, frozen=True):
    """An entry of `models.json`."""

    api_key: str | None = None
    headers: dict[str, str] = {}
    auth_header: bool = False
    model_headers: dict[str, dict[str, str]] = {}
    origin: str = "models.json"

    def headers_for(self, model_id: str) -> dict[str, str]:
        """The headers for one model."""
        return {**self.headers, **self.model_headers.get(model_id, {})}


class Rows:
    """A catalog of one provider."""

    def __init__(self, auth: AuthRow, user: User | None = None) -> None:
        self.row = ProviderRow(id="acme", name="Acme", aliases=("acme-old",), auth=auth)
        self.user = user

    def provider(self, name: str) -> ProviderRow:
        """The row."""
        if name not in ("acme", "acme-old"):
            raise ConfigError(f"unknown provider {name!r}")
        return self.row

    def user_provider(self, name: str) -> User | None:
        """The user's entry."""
        return self.user


class Compat(Struct, frozen=True, forbid_unknown_fields=True):
    """Switches of a wire."""

    betas: tuple[str, ...] = ()
    other: int = 1


class Flow(LoginFlow):
    """A login flow whose service is told what to answer."""

    id = "acme-login"
    error: Exception | None = None
    refreshes = 0

    async def refresh(self, credential: OAuth) -> OAuth:
        """A newer login."""
        self.refreshes += 1
        if self.error is not None:
            raise self.error
        return OAuth(credential.refresh + "+", "access-new", FAR)

    def overlay(self, model: Model, credential: OAuth) -> Model:
        """The account's own host."""
        host = credential.extra.get("host")
        if host is None:
            return model
        return msgspec.structs.replace(model, base_url=f"https://{host}")


@pytest.fixture
def flow() -> Iterator[Flow]:
    flow = Flow()
    flows.add("acme-login", flow)
    yield flow
    flows.remove("acme-login")


@pytest.fixture
def store(tmp_path: Path) -> CredentialStore:
    return CredentialStore(tmp_path / "auth.json")


AUTH = AuthRow(env=("ACME_TOKEN", "ACME_KEY"), kinds=("api_key", "oauth"), login="acme-login")
MODEL = Model(
    id="m-1",
    name="m",
    provider="acme",
    api="a",
    base_url="https://acme.test/v1",
    headers={"User-Agent": "pi"},
    compat=Compat(),
)


def resolver(
    store: CredentialStore,
    env: dict[str, str] | None = None,
    *,
    auth: AuthRow = AUTH,
    user: User | None = None,
    **options: Any,
) -> Resolver:
    return Resolver(Rows(auth, user), store, env=env or {}, **options)


async def headers(found: Resolver, model: Model = MODEL) -> dict[str, str]:
    """What goes over the wire, as the client puts it together."""
    access = await found.authorize(model)
    return access.signer(Request("u", {}).with_headers(dict(access.model.headers))).headers


async def bearer(found: Resolver) -> str:
    return (await headers(found)).get("Authorization", "").removeprefix("Bearer ")


# -- order -----------------------------------------------------------------------------------------


async def test_the_order_of_sources(store: CredentialStore) -> None:
    await store.put("acme", ApiKey("stored-key"))
    env = {"ACME_KEY": "env-key", "ACME_TOKEN": "env-token"}
    user = User("user-key")
    overrides = {"acme": "$cli-key"}
    found = resolver(store, env, user=user, overrides=overrides)
    assert await bearer(found) == "$cli-key", "taken as it is"
    assert (await found.authorize(MODEL)).source == "--api-key"
    overrides.clear()
    assert await bearer(found) == "stored-key"
    assert (await found.authorize(MODEL)).source == str(store.file.path)
    await store.remove("acme")
    assert await bearer(found) == "env-token"
    del env["ACME_TOKEN"]
    assert await bearer(found) == "env-key"
    assert (await found.authorize(MODEL)).source == "ACME_KEY"
    env["ACME_KEY"] = " "
    assert await bearer(found) == "user-key"
    assert (await found.authorize(MODEL)).source == "models.json"


async def test_without_any_the_message_says_all_ways(store: CredentialStore) -> None:
    with pytest.raises(AuthError) as caught:
        await resolver(store).authorize(MODEL)
    assert str(caught.value) == (
        "no credential for Acme (acme): set ACME_TOKEN or ACME_KEY, or sign in with /login or"
        f" `pi auth login` (credentials are kept in {store.file.path})"
    )
    assert not store.file.path.exists()


@pytest.mark.parametrize(
    "stored", [ApiKey("!exit 4"), ApiKey("$NOT_SET"), OAuth("r", "a", 0), ApiKey("!echo '<x>'")]
)
async def test_a_stored_credential_that_fails_never_falls_to_another(
    store: CredentialStore, flow: Flow, stored: ApiKey | OAuth
) -> None:
    flow.error = TransportError("no route")
    await store.put("acme", stored)
    found = resolver(store, {"ACME_KEY": "env-key", "PATH": "/bin:/usr/bin"}, user=User("user-key"))
    with pytest.raises((ConfigError, TransportError)):
        await found.authorize(MODEL)


async def test_a_broken_file_is_an_error_though_the_environment_has_a_key(
    store: CredentialStore,
) -> None:
    await asyncio.to_thread(store.file.path.write_text, "{")
    found = resolver(store, {"ACME_KEY": "env-key"})
    with pytest.raises(ConfigError, match="no valid JSON"):
        await found.authorize(MODEL)
    assert found.status("acme").trouble.startswith(str(store.file.path))
    found.overrides["acme"] = "cli-key"
    assert await bearer(found) == "cli-key"


async def test_a_stored_command_runs_once_and_one_of_models_json_each_time(
    store: CredentialStore, tmp_path: Path
) -> None:
    spec = f"!echo x >> {tmp_path}/runs; echo key"
    env = {"PATH": "/bin:/usr/bin"}
    found = resolver(store, env, user=User(spec))
    for _ in range(2):
        await found.authorize(MODEL)
    assert len(store_text(tmp_path / "runs")) == 4
    await store.put("acme", ApiKey(spec))
    for _ in range(3):
        await found.authorize(MODEL)
    assert len(store_text(tmp_path / "runs")) == 6


def store_text(path: Path) -> str:
    return path.read_text()


@pytest.mark.parametrize("placeholder", ["<authenticated>", "gcp-vertex-credentials"])
async def test_placeholders_are_never_sent(store: CredentialStore, placeholder: str) -> None:
    found = resolver(store, {"ACME_KEY": placeholder}, user=User(placeholder))
    await store.put("acme", ApiKey(placeholder))
    with pytest.raises(AuthError, match="no credential"):
        await found.authorize(MODEL)
    assert not found.configured("acme")


async def test_an_entry_under_an_old_name_counts(store: CredentialStore) -> None:
    await store.put("acme-old", ApiKey("old-name-key"))
    found = resolver(store)
    assert await bearer(found) == "old-name-key"
    assert found.configured("acme")
    await store.put("acme", ApiKey("new-name-key"))
    assert await bearer(found) == "new-name-key"


async def test_named_accounts(store: CredentialStore) -> None:
    await store.put("acme", ApiKey("home-key"))
    await store.put("acme", ApiKey("work-key"), "work")
    found = resolver(store, {"ACME_KEY": "env-key"})
    assert await bearer(found) == "home-key"
    found.accounts["acme"] = "work"
    assert await bearer(found) == "work-key"
    assert found.status("acme").account == "work"
    found.accounts["acme"] = "club"
    with pytest.raises(AuthError, match="no account 'club'"):
        await found.authorize(MODEL)


# -- logins ----------------------------------------------------------------------------------------


async def test_a_login_is_refreshed_and_laid_over_the_model(
    store: CredentialStore, flow: Flow
) -> None:
    await store.put("acme", OAuth("r", "a", 0, {"host": "eu.acme.test"}))
    access = await resolver(store, {"ACME_KEY": "env-key"}).authorize(MODEL)
    assert access.model.base_url == "https://eu.acme.test"
    assert set(access.secrets) == {"access-new", "r+"}
    assert access.signer(Request("u", {})).headers == {"Authorization": "Bearer access-new"}
    assert store.get("acme") == OAuth("r+", "access-new", FAR, {"host": "eu.acme.test"})


async def test_a_refused_token_is_refreshed_at_the_next_call(
    store: CredentialStore, flow: Flow
) -> None:
    await store.put("acme", OAuth("r", "access-old", FAR))
    found = resolver(store)
    assert await bearer(found) == "access-old"
    found.refused("acme")
    assert await bearer(found) == "access-new"
    found.refused("acme")  # said of another call that had the old token
    assert await bearer(found) == "access-new"
    assert flow.refreshes == 1


async def test_a_login_without_its_flow_is_named(store: CredentialStore) -> None:
    await store.put("acme", OAuth("r", "a", FAR))
    with pytest.raises(ConfigError, match="no login flow 'acme-login'"):
        await resolver(store).authorize(MODEL)


# -- variants --------------------------------------------------------------------------------------

VARIANTS = AuthRow(
    env=("ACME_TOKEN", "ACME_KEY"),
    kinds=("api_key", "oauth"),
    login="acme-login",
    variants=(
        AuthVariant(when="env:ACME_TOKEN", auth_header=AuthHeader("X-Token", "")),
        AuthVariant(when="oauth", headers={"x-login": "1"}),
        AuthVariant(
            key_contains="-oat",
            headers={"user-agent": "other"},
            compat={"betas": ["b1"], "switch_of_another_wire": 1},
            system_prefix=("You are.",),
        ),
    ),
)


@pytest.mark.parametrize(
    ("env", "sent", "prefix", "betas"),
    [
        (
            {"ACME_TOKEN": "token-1"},
            {"User-Agent": "pi", "X-Token": "token-1"},
            (),
            (),
        ),
        ({"ACME_KEY": "key-1"}, {"User-Agent": "pi", "Authorization": "Bearer key-1"}, (), ()),
        (
            {"ACME_KEY": "sk-oat-1"},
            {"user-agent": "other", "Authorization": "Bearer sk-oat-1"},
            ("You are.",),
            ("b1",),
        ),
    ],
)
async def test_variants(
    store: CredentialStore,
    env: dict[str, str],
    sent: dict[str, str],
    prefix: tuple[str, ...],
    betas: tuple[str, ...],
) -> None:
    found = resolver(store, env, auth=VARIANTS)
    access = await found.authorize(MODEL)
    assert await headers(found) == sent
    assert access.system_prefix == prefix
    assert access.model.compat == Compat(betas)


async def test_the_variant_of_a_login(store: CredentialStore, flow: Flow) -> None:
    await store.put("acme", OAuth("r", "an-oat", FAR))
    found = resolver(store, auth=VARIANTS)
    sent = await headers(found)
    assert sent["x-login"] == "1"
    assert sent["user-agent"] == "other"


# -- variables and headers -------------------------------------------------------------------------

PLACED = AuthRow(env=("ACME_KEY",), required_env=("ACME_ACCOUNT",))
PLACED_MODEL = msgspec.structs.replace(MODEL, base_url="https://a.test/{ACME_ACCOUNT}/{x}/v1")


async def test_variables_in_addresses(store: CredentialStore) -> None:
    env = {"ACME_KEY": "env-key", "ACME_ACCOUNT": "process"}
    found = resolver(store, env, auth=PLACED)
    assert (await found.authorize(PLACED_MODEL)).model.base_url == "https://a.test/process/{x}/v1"
    await store.put("acme", ApiKey(None, {"ACME_ACCOUNT": "stored"}))
    access = await found.authorize(PLACED_MODEL)
    assert access.model.base_url == "https://a.test/stored/{x}/v1"
    assert access.source == "ACME_KEY", "an entry with variables only adds them"


async def test_a_missing_variable_is_named_with_its_provider(store: CredentialStore) -> None:
    found = resolver(store, {"ACME_KEY": "env-key"}, auth=PLACED)
    with pytest.raises(ConfigError, match="Acme needs ACME_ACCOUNT") as caught:
        await found.authorize(PLACED_MODEL)
    assert str(store.file.path) in str(caught.value)
    assert not found.configured("acme")
    assert found.status("acme").missing == ("ACME_ACCOUNT",)
    with pytest.raises(ConfigError, match="ACME_ACCOUNT is not set, and the address of acme"):
        await resolver(store, {"ACME_KEY": "k"}).authorize(PLACED_MODEL)


async def test_user_headers_are_resolved_per_request_and_win(store: CredentialStore) -> None:
    env = {"ACME_KEY": "env-key", "PATH": "/bin:/usr/bin", "TEAM": "team-1"}
    user = User(
        headers={"user-agent": "mine", "X-Team": "$TEAM", "X-Secret": "literal-secret"},
        model_headers={"m-1": {"X-Run": "!echo run-$TEAM"}},
    )
    found = resolver(store, env, user=user)
    sent = await headers(found)
    assert sent == {
        "user-agent": "mine",
        "X-Team": "team-1",
        "X-Secret": "literal-secret",
        "X-Run": "run-team-1",
        "Authorization": "Bearer env-key",
    }
    secrets = (await found.authorize(MODEL)).secrets
    assert {"team-1", "literal-secret", "run-team-1", "env-key"} <= set(secrets)
    assert "mine" not in secrets
    env["TEAM"] = "team-2"
    assert (await headers(found))["X-Run"] == "run-team-2"
    del env["TEAM"]
    with pytest.raises(ConfigError, match=r"the header X-Team of Acme in models\.json: .*TEAM"):
        await found.authorize(MODEL)


async def test_auth_header_adds_a_bearer_token(store: CredentialStore) -> None:
    model = msgspec.structs.replace(MODEL, auth_header=AuthHeader("x-api-key", ""))
    found = resolver(store, {"ACME_KEY": "env-key"}, user=User(auth_header=True))
    sent = await headers(found, model)
    assert sent == {
        "User-Agent": "pi",
        "x-api-key": "env-key",
        "Authorization": "Bearer env-key",
    }


async def test_a_header_set_by_the_user_takes_the_place_of_the_key(store: CredentialStore) -> None:
    user = User(headers={"authorization": "Custom abc"})
    found = resolver(store, {"ACME_KEY": "env-key"}, user=user)
    assert (await headers(found))["authorization"] == "Custom abc"
    assert "env-key" not in str(await headers(found))
    keyless = resolver(store, user=user)
    assert keyless.configured("acme")
    assert "Bearer" not in str(await headers(keyless))


async def test_a_server_without_keys(store: CredentialStore) -> None:
    found = resolver(store, auth=AuthRow(kinds=("api_key", "none")))
    assert found.configured("acme")
    assert await headers(found) == {"User-Agent": "pi"}


# -- configured and status -------------------------------------------------------------------------


def test_configured_runs_nothing(store: CredentialStore, tmp_path: Path) -> None:
    spec = f"!touch {tmp_path}/ran"
    store.modify_sync(lambda entries: entries.put("acme", ApiKey(spec)))
    found = resolver(store)
    assert found.configured("acme")
    assert found.status("acme").masked == "command `touch …`"
    assert not (tmp_path / "ran").exists()
    store.modify_sync(lambda entries: entries.put("acme", ApiKey("$NOT_SET")))
    assert not found.configured("acme")
    store.modify_sync(lambda entries: entries.put("acme", OAuth("r", "a", 0)))
    assert found.configured("acme"), "expiry is not looked at"
    assert not found.configured("nobody")


def test_starting_and_listing_create_nothing(tmp_path: Path) -> None:
    found = resolver(CredentialStore(tmp_path / "agent" / "auth.json"))
    assert not found.configured("acme")
    found.status("acme")
    assert list(tmp_path.iterdir()) == []


def test_status_tells_each_step_and_no_secret(store: CredentialStore) -> None:
    secret = "test-secret-0123456789-"
    store.modify_sync(lambda entries: entries.put("acme", ApiKey(secret + "file")))
    env = {"ACME_KEY": secret + "envi", "OTHER": secret + "othe"}
    found = resolver(store, env, user=User("$OTHER"), overrides={"acme": secret + "over"}).status(
        "acme"
    )
    assert (found.provider, found.name, found.method, found.source) == (
        *("acme", "Acme", "api_key", "--api-key"),
    )
    assert found.masked == "…over"
    assert [(place.step, place.source, place.masked) for place in found.shadowed] == [
        ("stored", str(store.file.path), "…file"),
        ("environment", "ACME_KEY", "…envi"),
        ("models.json", "models.json", "OTHER"),
    ]
    assert secret not in json.dumps(msgspec.to_builtins(found))
    assert [(step.where, step.found and step.found.masked) for step in found.steps] == [
        ("--api-key", "…over"),
        (f"'acme' in {store.file.path}", "…file"),
        ("ACME_TOKEN", None),
        ("ACME_KEY", "…envi"),
        ("models.json", "OTHER"),
    ]


async def test_status_of_a_login(store: CredentialStore, flow: Flow) -> None:
    await store.put("acme", OAuth("r", "a", 123_000))
    found = resolver(store)
    status = found.status("acme")
    assert (status.method, status.expires, status.trouble) == ("oauth", 123_000, "")
    flow.error = AuthError("invalid_grant")
    with pytest.raises(AuthError):
        await found.authorize(MODEL)
    assert "log in again" in found.status("acme").trouble


def test_status_without_any(store: CredentialStore) -> None:
    found = resolver(store).status("acme")
    assert (found.configured, found.used, found.method, found.source) == (False, None, "", "")


# -- clouds ----------------------------------------------------------------------------------------

AWS = AuthRow(kinds=("aws",), env=("AWS_BEARER_TOKEN_BEDROCK",))


@pytest.mark.parametrize(
    ("env", "source"),
    [
        ({"AWS_PROFILE": "work"}, "AWS_PROFILE"),
        ({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}, "AWS access keys"),
        ({"AWS_BEARER_TOKEN_BEDROCK": "t"}, "AWS_BEARER_TOKEN_BEDROCK"),
    ],
)
def test_a_cloud_is_configured_by_its_surroundings(
    store: CredentialStore, env: dict[str, str], source: str
) -> None:
    found = resolver(store, env, auth=AWS)
    assert found.configured("acme")
    assert found.status("acme").source == source
    assert not resolver(store, auth=AWS).configured("acme")


async def test_stored_variables_of_a_cloud_own_the_provider(store: CredentialStore) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIDSTORED", "AWS_SECRET_ACCESS_KEY": "test-stored-secret"}
    await store.put("acme", ApiKey(None, keys))
    found = resolver(store, {"AWS_BEARER_TOKEN_BEDROCK": "test-bearer"}, auth=AWS)
    assert found.status("acme").source == str(store.file.path)
    assert "Credential=AKIDSTORED/" in (await headers(found))["Authorization"]


async def test_a_stored_placeholder_asks_the_surroundings(store: CredentialStore) -> None:
    await store.put("acme", ApiKey("<authenticated>"))
    env = {"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "test-env-secret"}
    found = resolver(store, env, auth=AWS)
    assert "Credential=AKIDENV/" in (await headers(found))["Authorization"]


def test_a_cloud_needs_its_place(store: CredentialStore) -> None:
    auth = AuthRow(kinds=("google",), env=("GOOGLE_CLOUD_API_KEY",))
    assert resolver(store, {"GOOGLE_CLOUD_API_KEY": "k"}, auth=auth).configured("acme")
    assert not resolver(store, {"GOOGLE_CLOUD_PROJECT": "p"}, auth=auth).configured("acme")
    azure = AuthRow(kinds=("azure", "api_key"), env=("AZURE_OPENAI_API_KEY",))
    env = {"AZURE_OPENAI_API_KEY": "k"}
    assert not resolver(store, env, auth=azure).configured("acme")
    env["AZURE_OPENAI_RESOURCE_NAME"] = "r"
    assert resolver(store, env, auth=azure).configured("acme")

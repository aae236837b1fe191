"""GitHub Copilot: GitHub's device code, Copilot's token, and the models of the account."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

import pytest

from pi.ai.auth.base import OAuth
from pi.ai.auth.flows.github_copilot import CopilotParams, GitHubCopilot, github_domain
from pi.ai.auth.oauth.world import World
from pi.ai.errors import AuthError, ConfigError, OverloadedError, PiError, ProtocolError
from pi.ai.model import Model
from support.identity import Identity
from support.person import Person, Time
from support.server import Reply, Seen, Server, json_reply

NOW = 1_700_000_000.0
TOKEN = "tid=x;exp=1;proxy-ep=proxy.business.githubcopilot.com;st=1"
BUSINESS = "api.business.githubcopilot.com"


def model(id: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"id": id, "model_picker_enabled": True}
    if "policy" in more:
        more["policy"] = {"state": more["policy"]}
    if "tools" in more:
        more["capabilities"] = {"supports": {"tool_calls": more.pop("tools")}}
    return found | more


class GitHub:
    """GitHub and Copilot. Paths start with the host that was meant."""

    def __init__(self, time: Time) -> None:
        self.identity = Identity(client_id=CopilotParams().client_id, clock=time)
        self.replies: dict[str, Reply] = {}
        self.token = TOKEN
        self.ends: object = NOW + 1500
        self.models: Any = [model("gpt"), model("claude", policy="enabled")]
        self.enabled: list[str] = []
        self.limit = 99
        self.seen: list[Seen] = []

    def __call__(self, seen: Seen) -> Reply:
        self.seen.append(seen)
        _, host, path = seen.path.split("/", 2)
        if path in self.replies:
            return self.replies[path]
        match path.split("/"):
            case ["login", "device", "code"]:
                return self.identity.device(seen)
            case ["login", "oauth", "access_token"]:
                reply = self.identity.token(seen)
                reply.status = 200  # GitHub tells errors with status 200 as well
                return reply
            case ["copilot_internal", "v2", "token"]:
                bearer = seen.headers["authorization"].removeprefix("Bearer ")
                if bearer not in self.identity.accesses:
                    return json_reply({"message": "Bad credentials"}, 401)
                return json_reply({"token": self.token, "expires_at": self.ends})
            case ["models"]:
                assert seen.headers["x-github-api-version"] == "2026-06-01"
                return json_reply({"data": self.models})
            case ["models", id, "policy"]:
                assert seen.json == {"state": "enabled"}
                assert seen.headers["openai-intent"] == "chat-policy"
                if len(self.enabled) >= self.limit:
                    return json_reply({}, 429, headers={"retry-after": "60"})
                self.enabled.append(id)
                return json_reply({})
            case _:
                raise AssertionError(f"{host} {path}")

    def hosts(self, path: str) -> list[str]:
        """The hosts that were asked for `path`."""
        asked = [seen.path.split("/", 2) for seen in self.seen]
        return [host for _, host, rest in asked if rest == path]


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def github(time: Time) -> GitHub:
    return GitHub(time)


@pytest.fixture
async def flow(github: GitHub, time: Time) -> AsyncIterator[GitHubCopilot]:
    async with Server(github) as server:
        params = CopilotParams(
            device_url=server.url + "/{domain}/login/device/code",
            token_url=server.url + "/{domain}/login/oauth/access_token",
            copilot_url=server.url + "/api.{domain}/copilot_internal/v2/token",
            base_url=server.url + "/{host}",
        )
        world = World(env={}, now=lambda: NOW, clock=time, sleep=time.sleep)
        yield GitHubCopilot(params, world)


@pytest.fixture
def person(github: GitHub) -> Person:
    return Person(on_code=lambda code: github.identity.decide(code, True))


async def test_at_github(flow: GitHubCopilot, github: GitHub, person: Person, time: Time) -> None:
    login = await flow.login(person)
    assert login == OAuth(
        refresh=github.identity.accesses[0],
        access=TOKEN,
        expires=int((NOW + 1200) * 1000),
        extra={"availableModelIds": ["gpt", "claude"]},
    )
    assert person.asked == ["GitHub Enterprise domain (leave empty for github.com):"]
    assert github.hosts("login/device/code") == ["github.com"]
    assert github.hosts("copilot_internal/v2/token") == ["api.github.com"]
    assert github.hosts("models") == [BUSINESS]
    assert time.naps == [6]
    first = github.seen[0]
    assert dict(parse_qsl(first.body.decode()))["scope"] == "read:user"
    assert first.headers["user-agent"] == "GitHubCopilotChat/0.35.0"
    assert "editor-version" not in first.headers
    assert github.seen[-1].headers["editor-version"] == "vscode/1.107.0"


async def test_at_an_enterprise(flow: GitHubCopilot, github: GitHub, person: Person) -> None:
    person.answers = ["https://Corp.ghe.com/path"]
    github.token = "tid=x"
    login = await flow.login(person)
    assert isinstance(login, OAuth)
    assert login.extra["enterpriseUrl"] == "corp.ghe.com"
    assert github.hosts("login/device/code") == ["corp.ghe.com"]
    assert github.hosts("copilot_internal/v2/token") == ["api.corp.ghe.com"]
    assert github.hosts("models") == ["copilot-api.corp.ghe.com"]
    await flow.refresh(login)
    assert github.hosts("copilot_internal/v2/token") == ["api.corp.ghe.com"] * 2


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        ("", "github.com"),
        ("  ", "github.com"),
        ("github.com", "github.com"),
        ("https://www.github.com/", "github.com"),
        ("https://corp.ghe.com/path", "corp.ghe.com"),
        ("corp.ghe.com", "corp.ghe.com"),
        (" CORP.ghe.com:8443/x?y ", "corp.ghe.com"),
        ("http://user@corp.ghe.com", "corp.ghe.com"),
    ],
)
def test_domains(typed: str, domain: str) -> None:
    assert github_domain(typed) == domain


@pytest.mark.parametrize(
    "typed", ["::::", "https://", "a b", "corp..com", "-x.com", "/x", "[::1", "żółw.com", "a" * 300]
)
def test_what_is_no_domain(typed: str) -> None:
    with pytest.raises(ConfigError, match=r"company\.ghe\.com"):
        github_domain(typed)


@pytest.mark.parametrize("reply", [Reply(b"<html>", 404, {}), Reply(b"<html>", 200, {})])
async def test_a_domain_that_is_not_github(
    flow: GitHubCopilot, github: GitHub, person: Person, reply: Reply
) -> None:
    person.answers = ["wrong.example.test"]
    github.replies["login/device/code"] = reply
    with pytest.raises(ConfigError, match=r"wrong\.example\.test does not answer as GitHub"):
        await flow.login(person)


@pytest.mark.parametrize(
    ("path", "reply", "kind", "words"),
    [
        ("login/device/code", json_reply({"user_code": "x"}), ProtocolError, "no device_code"),
        (
            "login/device/code",
            json_reply({"error": "not_found", "error_description": "device flow disabled"}, 400),
            AuthError,
            "device flow disabled",
        ),
        (
            "login/oauth/access_token",
            json_reply({"error": "incorrect_client_credentials"}),
            AuthError,
            "incorrect_client",
        ),
        ("login/oauth/access_token", json_reply({}), ProtocolError, "no access_token"),
        ("copilot_internal/v2/token", json_reply({}), ProtocolError, "no token and no expires_at"),
        (
            "copilot_internal/v2/token",
            json_reply({"token": "t", "expires_at": "soon"}),
            ProtocolError,
            "no expires_at",
        ),
        (
            "copilot_internal/v2/token",
            json_reply({"message": "no access to Copilot"}, 403),
            AuthError,
            r"GitHub Copilot refused \(status 403: no access to Copilot\)",
        ),
        ("copilot_internal/v2/token", Reply(b"", 502, {}), OverloadedError, "502"),
    ],
)
async def test_what_goes_wrong(
    flow: GitHubCopilot,
    github: GitHub,
    person: Person,
    path: str,
    reply: Reply,
    kind: type[PiError],
    words: str,
) -> None:
    github.replies[path] = reply
    with pytest.raises(kind, match=words):
        await flow.login(person)


async def test_a_denied_code(flow: GitHubCopilot, github: GitHub) -> None:
    person = Person(on_code=lambda code: github.identity.decide(code, False))
    with pytest.raises(AuthError, match=r"GitHub \(github.com\) was denied"):
        await flow.login(person)


async def test_slow_down_and_the_clock(flow: GitHubCopilot, github: GitHub, time: Time) -> None:
    github.identity.interval = 7
    person = Person()
    with pytest.raises(AuthError, match="the clock of this machine"):
        await flow.login(person)
    assert time.naps[:3] == [6, 6, 14]


# -- models ----------------------------------------------------------------------------------------


async def test_only_undecided_models_are_switched_on(
    flow: GitHubCopilot, github: GitHub, person: Person
) -> None:
    github.models = [
        model("on", policy="enabled"),
        model("off", policy="disabled"),
        model("a", policy="unconfigured"),
        model("b", policy="unconfigured"),
        model("free"),
        model("hidden", model_picker_enabled=False),
        model("no-tools", tools=False, policy="unconfigured"),
        model("tools", tools=True),
        "rubbish",
        {"name": "no id"},
    ]
    login = await flow.login(person)
    assert isinstance(login, OAuth)
    assert github.enabled == ["a", "b"]
    assert login.extra["availableModelIds"] == ["on", "a", "b", "free", "tools"]


async def test_nothing_more_after_the_first_limit(
    flow: GitHubCopilot, github: GitHub, person: Person
) -> None:
    github.models = [model(f"m{n}", policy="unconfigured") for n in range(5)]
    github.limit = 2
    await flow.login(person)
    assert github.enabled == ["m0", "m1"]
    assert sum(seen.path.endswith("/policy") for seen in github.seen) == 3
    assert "3 models were not switched on" in person.said[-1]
    assert "60 s" in person.said[-1]


@pytest.mark.parametrize(
    ("individual", "offered"), [(True, ["chosen"]), (False, None)], ids=["private", "business"]
)
async def test_without_marks_the_policy_counts_for_private_accounts(
    flow: GitHubCopilot, github: GitHub, person: Person, individual: bool, offered: object
) -> None:
    github.token = "tid=x" if individual else TOKEN
    github.models = [
        {"id": "chosen", "policy": {"state": "enabled"}},
        {"id": "other"},
    ]
    login = await flow.login(person)
    assert isinstance(login, OAuth)
    assert login.extra.get("availableModelIds") == offered


@pytest.mark.parametrize(
    "reply", [Reply(b"<html>", 502, {}), json_reply({}), json_reply({"data": "x"}), json_reply([])]
)
async def test_a_list_that_cannot_be_read_costs_no_login(
    flow: GitHubCopilot, github: GitHub, person: Person, reply: Reply
) -> None:
    github.replies["models"] = reply
    login = await flow.login(person)
    assert isinstance(login, OAuth)
    assert "availableModelIds" not in login.extra
    assert "could not be read" in person.said[-1]


async def test_a_refresh_looks_again(flow: GitHubCopilot, github: GitHub, person: Person) -> None:
    login = await flow.login(person)
    assert isinstance(login, OAuth)
    github.token, github.models = "tid=new", [model("new"), model("x", policy="unconfigured")]
    renewed = await flow.refresh(login)
    assert renewed.refresh == login.refresh
    assert renewed.access == "tid=new"
    assert renewed.extra == {"availableModelIds": ["new", "x"]}
    assert github.enabled == []
    github.replies["models"] = Reply(b"", 500, {})
    assert "availableModelIds" not in (await flow.refresh(login)).extra  # the keeper keeps it


async def test_a_clock_that_is_ahead(flow: GitHubCopilot, github: GitHub, person: Person) -> None:
    github.replies["copilot_internal/v2/token"] = json_reply(
        {"token": TOKEN, "expires_at": NOW - 7200, "refresh_in": 1500}
    )
    login = await flow.login(person)
    assert isinstance(login, OAuth)
    assert login.expires == (NOW + 1200) * 1000


async def test_a_revoked_login(flow: GitHubCopilot) -> None:
    with pytest.raises(AuthError, match=r"status 401: Bad credentials"):
        await flow.refresh(OAuth("gone", "a", 0))


# -- use -------------------------------------------------------------------------------------------


def catalog_model(base_url: str = "https://api.individual.githubcopilot.com") -> Model:
    return Model(id="gpt", name="G", provider="github-copilot", api="a", base_url=base_url)


@pytest.mark.parametrize(
    ("token", "extra", "base_url"),
    [
        (TOKEN, {}, f"https://{BUSINESS}"),
        (TOKEN, {"enterpriseUrl": "corp.ghe.com"}, f"https://{BUSINESS}"),
        ("tid=x", {"enterpriseUrl": "corp.ghe.com"}, "https://copilot-api.corp.ghe.com"),
        ("tid=x", {}, "https://api.individual.githubcopilot.com"),
        ("proxy-ep=proxy.x.githubcopilot.com", {}, "https://api.x.githubcopilot.com"),
        ("proxy-ep=other.example.test;x", {}, "https://other.example.test"),
        ("x-proxy-ep=evil.test", {}, "https://api.individual.githubcopilot.com"),
        ("proxy-ep=evil.test/../@x", {}, "https://api.individual.githubcopilot.com"),
        ("proxy-ep=evil.test:1#", {}, "https://api.individual.githubcopilot.com"),
    ],
)
def test_the_base_url_is_that_of_the_token(
    token: str, extra: dict[str, Any], base_url: str
) -> None:
    found = GitHubCopilot().overlay(catalog_model(), OAuth("r", token, 0, extra))
    assert found.base_url == base_url


@pytest.mark.parametrize("own", ["http://127.0.0.1:4141", "https://evilgithubcopilot.com"])
def test_a_base_url_of_the_user_stays(own: str) -> None:
    assert GitHubCopilot().overlay(catalog_model(own), OAuth("r", TOKEN, 0)).base_url == own


def test_models_are_narrowed_to_those_of_the_account() -> None:
    flow = GitHubCopilot()
    assert flow.offers(catalog_model(), OAuth("r", TOKEN, 0))
    assert flow.offers(catalog_model(), OAuth("r", TOKEN, 0, {"availableModelIds": ["gpt"]}))
    assert not flow.offers(catalog_model(), OAuth("r", TOKEN, 0, {"availableModelIds": ["x"]}))

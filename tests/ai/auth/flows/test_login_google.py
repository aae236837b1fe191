"""The two Google logins: the client, the browser, the project. No real secret is in here."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pi.ai.auth.base import OAuth
from pi.ai.auth.flows.google import GoogleFlow, GoogleParams
from pi.ai.auth.flows.google_antigravity import (
    ANTIGRAVITY_PARAMS,
    DEFAULT_PROJECT,
    GoogleAntigravity,
)
from pi.ai.auth.flows.google_client import OAuthClient
from pi.ai.auth.flows.google_gemini_cli import GEMINI_CLI_PARAMS, GoogleGeminiCLI
from pi.ai.auth.oauth.pkce import Loopback
from pi.ai.auth.oauth.world import World
from pi.ai.errors import AuthError, ConfigError, PiError, TransportError
from pi.ai.model import Model
from support.identity import Identity
from support.person import Person, Time, landing
from support.server import Reply, Seen, Server, json_reply

NOW = 1_800_000_000.0
SECRET = "GOC" + "SPX-" + "made-up-" * 3 + "test"
MODEL = Model(id="m", name="M", provider="google-gemini-cli", api="a", base_url="https://x.test")
Json = dict[str, Any]


class Google:
    """Accounts, user info, Code Assist and a page with source code."""

    def __init__(self, params: GoogleParams) -> None:
        self.identity = Identity(
            client_id=params.client_id,
            secret=SECRET,
            redirects=("http://localhost:", "https://google.test/code"),
        )
        self.params = params
        self.user = json_reply({"email": "me@example.test"})
        self.load: list[Reply] = [json_reply({"currentTier": {}, "cloudaicompanionProject": "p"})]
        self.onboard = json_reply({"name": "operations/o", "done": False})
        self.operations: list[Reply] = []
        self.source = f"const ID = '{params.client_id}';\nconst S = '{SECRET}';"
        self.rotate = False
        self.asked: list[str] = []
        self.bodies: list[Json] = []
        self.headers: list[dict[str, str]] = []

    def __call__(self, seen: Seen) -> Reply:
        path = seen.path.partition("?")[0]
        self.asked.append(path)
        match path:
            case "/authorize":
                return self.identity.authorize(seen)
            case "/token":
                reply = self.identity.token(seen)
                refreshed = b"grant_type=refresh_token" in seen.body
                return reply if self.rotate or not refreshed else self.keep(reply)
            case "/userinfo":
                return self.user
            case "/source":
                return Reply(self.source.encode(), 200, {"content-type": "text/plain"})
        self.headers.append(seen.headers)
        bearer = seen.headers["authorization"].removeprefix("Bearer ")
        assert bearer in self.identity.accesses
        if path.endswith("/v1internal/operations/o"):
            return self.operations.pop(0)
        self.bodies.append(seen.json)
        if path.endswith("/v1internal:loadCodeAssist"):
            return self.load.pop(0)
        assert path.endswith("/v1internal:onboardUser")
        return self.onboard

    def keep(self, reply: Reply) -> Reply:
        """Google sends no new refresh token, and the old one stays good."""
        if reply.status == 200:
            data = msgspec.json.decode(bytes(reply.body))
            scopes = self.identity.live.pop(data.pop("refresh_token"))
            for spent in list(self.identity.spent):
                self.identity.live[spent] = scopes
            self.identity.spent.clear()
            return json_reply(data)
        return reply


class Bench:
    """A flow on loopback and what surrounds it. Nothing is installed unless a test does it."""

    def __init__(self, flow: type[Any], params: GoogleParams, server: Server, home: Path) -> None:
        self.time = Time()
        self.google: Any = server.script
        self.env = {
            "HOME": str(home),
            "PATH": str(home / "bin"),
            f"{params.variables}_OAUTH_CLIENT_SECRET": SECRET,
        }
        self.params = msgspec.structs.replace(
            params,
            authorize_url=f"{server.url}/authorize",
            token_url=f"{server.url}/token",
            user_url=f"{server.url}/userinfo?alt=json",
            published=params.published and f"{server.url}/source",
            base_urls=tuple(f"{server.url}/{n}" for n, _ in enumerate(params.base_urls)),
            loopback=Loopback(port=0, path=params.loopback.path),
            code_redirect=params.code_redirect and "https://google.test/code",
            installation=msgspec.structs.replace(
                params.installation,
                folders=tuple(f for f in params.installation.folders if f.startswith("{HOME}")),
            ),
        )
        self.kind = flow

    def flow(self) -> GoogleFlow:
        time = self.time
        world = World(env=self.env, patience=3, now=lambda: NOW, clock=time, sleep=time.sleep)
        return self.kind(self.params, world)

    def without_client(self) -> None:
        del self.env[f"{self.params.variables}_OAUTH_CLIENT_SECRET"]

    async def login(self, person: Person | None = None) -> OAuth:
        login = await self.flow().login(person or Person())
        assert isinstance(login, OAuth)
        return login


@pytest.fixture
async def gemini(tmp_path: Path) -> AsyncIterator[Bench]:
    async with Server(Google(GEMINI_CLI_PARAMS)) as server:
        yield Bench(GoogleGeminiCLI, GEMINI_CLI_PARAMS, server, tmp_path)


@pytest.fixture
async def antigravity(tmp_path: Path) -> AsyncIterator[Bench]:
    async with Server(Google(ANTIGRAVITY_PARAMS)) as server:
        yield Bench(GoogleAntigravity, ANTIGRAVITY_PARAMS, server, tmp_path)


# -- the login -------------------------------------------------------------------------------------


async def test_gemini_cli_in_the_browser(gemini: Bench) -> None:
    person = Person()
    login = await gemini.login(person)
    google: Google = gemini.google
    assert login.access == google.identity.accesses[0]
    assert login.expires == (NOW + 3300) * 1000
    assert login.extra == {
        "email": "me@example.test",
        "projectId": "p",
        "clientId": GEMINI_CLI_PARAMS.client_id,
    }
    assert person.query["access_type"] == "offline"
    assert person.query["prompt"] == "consent"
    assert person.query["state"] != person.query["code_challenge"]
    assert google.identity.scopes == [
        "https://www.googleapis.com/auth/cloud-platform",
        "https://www.googleapis.com/auth/userinfo.email",
        "https://www.googleapis.com/auth/userinfo.profile",
    ]
    assert SECRET not in repr(login)
    assert SECRET not in person.opened[0]


@pytest.mark.parametrize("bare", [True, False])
async def test_pasting_works_for_google_too(gemini: Bench, bare: bool) -> None:
    async def paste(url: str) -> str:
        back = await landing(url)
        return back.partition("code=")[2].partition("&")[0] if bare else back

    assert (await gemini.login(Person(browser=False, pastes=[paste]))).access


async def test_with_a_copied_code(gemini: Bench) -> None:
    async def paste(url: str) -> str:
        return (await landing(url)).partition("code=")[2].partition("&")[0]

    person = Person(browser=False, answers=["code"], pastes=[paste])
    assert (await gemini.login(person)).access
    assert person.query["redirect_uri"] == "https://google.test/code"


async def test_no_refresh_token(gemini: Bench) -> None:
    gemini.google.identity.server.refresh_grant.issue_new_refresh_tokens = False
    gemini.google.identity.server.auth_grant.refresh_token = False
    with pytest.raises(PiError, match="no refresh_token"):
        await gemini.login()


async def test_an_address_that_cannot_be_had_is_no_matter(gemini: Bench) -> None:
    gemini.google.user = json_reply({}, 500)
    assert "email" not in (await gemini.login()).extra


async def test_a_refresh_keeps_what_google_does_not_repeat(gemini: Bench) -> None:
    login = await gemini.login()
    for _ in range(2):
        renewed = await gemini.flow().refresh(login)
        assert renewed.refresh == ""
        assert renewed.extra == {}
        assert renewed.access in gemini.google.identity.accesses
    gemini.google.rotate = True
    assert (await gemini.flow().refresh(login)).refresh in gemini.google.identity.live


async def test_the_project_travels_in_the_body(gemini: Bench) -> None:
    login = await gemini.login()
    flow = gemini.flow()
    assert flow.overlay(MODEL, login).extra_body == {"project": "p"}
    assert flow.key(login) == login.access
    own = msgspec.structs.replace(MODEL, extra_body={"project": "own", "x": 1})
    assert flow.overlay(own, login).extra_body == {"project": "own", "x": 1}
    with pytest.raises(AuthError, match="log in again"):
        flow.overlay(MODEL, OAuth("r", "a", 0))


# -- the project -----------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_PROJECT_ID"])
async def test_a_paid_plan_names_its_project(gemini: Bench, variable: str) -> None:
    gemini.env[variable] = "mine"
    gemini.google.load = [json_reply({"currentTier": {"id": "standard-tier"}})]
    assert (await gemini.login()).extra["projectId"] == "mine"
    assert gemini.google.bodies[0]["cloudaicompanionProject"] == "mine"
    assert gemini.google.bodies[0]["metadata"]["duetProject"] == "mine"
    assert gemini.google.headers[0]["user-agent"] == "google-api-nodejs-client/9.15.1"


async def test_the_project_of_the_service_wins(gemini: Bench) -> None:
    gemini.env["GOOGLE_CLOUD_PROJECT"] = "mine"
    assert (await gemini.login()).extra["projectId"] == "p"


PERIMETER = {"error": {"code": 403, "details": [{"reason": "SECURITY_POLICY_VIOLATED"}]}}


async def test_behind_a_service_perimeter(gemini: Bench) -> None:
    gemini.env["GOOGLE_CLOUD_PROJECT"] = "mine"
    gemini.google.load = [json_reply(PERIMETER, 403)]
    assert (await gemini.login()).extra["projectId"] == "mine"


@pytest.mark.parametrize(
    "load",
    [
        json_reply({"currentTier": {"id": "standard-tier"}}),
        json_reply({"allowedTiers": []}),
        json_reply({"allowedTiers": [{"id": "standard-tier", "isDefault": True}]}),
        json_reply({}),
        json_reply(PERIMETER, 403),
    ],
)
async def test_a_project_must_be_named(gemini: Bench, load: Reply) -> None:
    gemini.google.load = [load]
    with pytest.raises(ConfigError, match="set GOOGLE_CLOUD_PROJECT or GOOGLE_CLOUD_PROJECT_ID"):
        await gemini.login()


async def test_an_account_that_may_not_is_told_why(gemini: Bench) -> None:
    tiers = [
        {"reasonMessage": "Not in your country."},
        {"reasonMessage": "Verify it.", "validationUrl": "https://google.test/verify"},
        {"reasonMessage": "Bad link.", "validationUrl": "javascript:x"},
    ]
    gemini.google.load = [json_reply({"ineligibleTiers": tiers})]
    with pytest.raises(AuthError) as error:
        await gemini.login()
    assert "Not in your country. Verify it. (https://google.test/verify) Bad link." in str(
        error.value
    )


FREE = json_reply({"allowedTiers": [{"id": "x"}, {"id": "free-tier", "isDefault": True}]})
DONE = {"done": True, "response": {"cloudaicompanionProject": {"id": "made"}}}


async def test_a_new_account_is_signed_up(gemini: Bench) -> None:
    gemini.env["GOOGLE_CLOUD_PROJECT"] = "never-sent-for-the-free-tier"
    gemini.google.load = [FREE]
    running = json_reply({"name": "operations/o"})
    gemini.google.operations = [running, running, json_reply(DONE)]
    person = Person()
    assert (await gemini.login(person)).extra["projectId"] == "made"
    assert gemini.time.naps == [5, 5, 5]
    assert gemini.google.bodies[1]["tierId"] == "free-tier"
    assert "cloudaicompanionProject" not in gemini.google.bodies[1]
    assert "duetProject" not in gemini.google.bodies[1]["metadata"]
    assert person.said.count("Waiting for the project to be set up…") == 3


async def test_a_paid_tier_is_signed_up_with_its_project(gemini: Bench) -> None:
    gemini.env["GOOGLE_CLOUD_PROJECT"] = "mine"
    gemini.google.load = [json_reply({})]
    gemini.google.onboard = json_reply({"done": True})
    assert (await gemini.login()).extra["projectId"] == "mine"
    assert gemini.google.bodies[1]["tierId"] == "legacy-tier"
    assert gemini.google.bodies[1]["cloudaicompanionProject"] == "mine"


async def test_signing_up_is_not_waited_for_for_ever(gemini: Bench) -> None:
    gemini.google.load = [FREE]
    gemini.google.operations = [json_reply({"name": "operations/o"})] * 100
    with pytest.raises(TransportError, match="within 3 minutes"):
        await gemini.login()
    assert gemini.time() == 180


@pytest.mark.parametrize(
    ("onboard", "words"),
    [
        (json_reply({"done": True, "error": {"message": "quota"}}), "sign the account up: quota"),
        (json_reply({"error": {"message": "no", "status": "DENIED"}}, 403), r"no \(DENIED\)"),
    ],
)
async def test_signing_up_fails(gemini: Bench, onboard: Reply, words: str) -> None:
    gemini.google.load, gemini.google.onboard = [FREE], onboard
    with pytest.raises(AuthError, match=words):
        await gemini.login()


# -- Antigravity -----------------------------------------------------------------------------------


@pytest.mark.parametrize("project", ["p", {"id": "p"}])
async def test_antigravity(antigravity: Bench, project: Any) -> None:
    antigravity.google.load = [
        json_reply({}, 500),
        json_reply({"cloudaicompanionProject": project}),
    ]
    login = await antigravity.login()
    assert login.extra["projectId"] == "p"
    assert antigravity.google.asked[-2:] == [
        "/0/v1internal:loadCodeAssist",
        "/1/v1internal:loadCodeAssist",
    ]
    metadata = msgspec.json.decode(antigravity.google.headers[0]["client-metadata"])
    assert antigravity.google.bodies[0] == {"metadata": metadata}
    assert "https://www.googleapis.com/auth/cclog" in antigravity.google.identity.scopes
    assert (await antigravity.flow().refresh(login)).access in antigravity.google.identity.accesses


async def test_antigravity_without_a_project(antigravity: Bench) -> None:
    antigravity.google.load = [json_reply({}), json_reply({}, 403)]
    person = Person()
    assert (await antigravity.login(person)).extra["projectId"] == DEFAULT_PROJECT
    assert "default" in person.said[-1]


def test_antigravity_names_the_version_that_the_user_wants() -> None:
    login = OAuth("r", "a", 0, {"projectId": "p"})
    model = msgspec.structs.replace(MODEL, headers={"user-agent": "antigravity/1.21.9 x"})
    plain = GoogleAntigravity(world=World(env={}))
    assert plain.overlay(model, login).headers == model.headers
    newer = GoogleAntigravity(world=World(env={"PI_AI_ANTIGRAVITY_VERSION": "9.9"}))
    assert newer.overlay(model, login).headers == {"User-Agent": "antigravity/9.9 darwin/arm64"}


# -- the client ------------------------------------------------------------------------------------


def install(home: Path, client_id: str, file: str) -> None:
    path = home / file
    path.parent.mkdir(parents=True)
    other = "GOC" + "SPX-" + "another-" * 3 + "test"
    padding = "/* nothing */" * 1000
    near = f"s='{other}';{' ' * 200}id='{client_id}';s='{SECRET}';"
    path.write_text(f"{other}{padding}{near}{padding}{other}")


@pytest.mark.parametrize(
    "file",
    [
        ".npm-global/lib/node_modules/@google/gemini-cli/bundle/chunk-A.js",
        ".nvm/versions/node/v22.1.0/lib/node_modules/@google/gemini-cli/node_modules/@google"
        "/gemini-cli-core/dist/src/code_assist/oauth2.js",
        ".npm/_npx/0123abcd/node_modules/@google/gemini-cli-core/dist/src/code_assist/oauth2.js",
        ".bun/install/global/node_modules/@google/gemini-cli/bundle/gemini.js",
    ],
)
async def test_the_client_of_an_installed_gemini_cli(
    gemini: Bench, tmp_path: Path, file: str
) -> None:
    gemini.without_client()
    install(tmp_path, GEMINI_CLI_PARAMS.client_id, file)
    login = await gemini.login()
    assert "/source" not in gemini.google.asked
    assert (await gemini.flow().refresh(login)).access
    assert SECRET not in msgspec.json.encode(login).decode()


async def test_the_client_behind_the_command(gemini: Bench, tmp_path: Path) -> None:
    gemini.without_client()
    file = "opt/lib/node_modules/@google/gemini-cli/bundle/gemini.js"
    install(tmp_path, GEMINI_CLI_PARAMS.client_id, file)
    (tmp_path / file).chmod(0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gemini").symlink_to(tmp_path / file)
    assert (await gemini.login()).access


async def test_the_client_of_an_installed_antigravity(antigravity: Bench, tmp_path: Path) -> None:
    antigravity.without_client()
    app = ".local/share/antigravity/resources/app"
    file = f"{app}/extensions/antigravity/bin/language_server_linux_x64"
    install(tmp_path, ANTIGRAVITY_PARAMS.client_id, file)
    assert (await antigravity.login()).access


async def test_the_published_source_after_asking(gemini: Bench) -> None:
    gemini.without_client()
    person = Person(answers=["yes"])
    login = await gemini.login(person)
    assert "published source" in person.asked[0]
    assert "/source" in person.asked[0]
    assert login.extra["clientSource"] == "published"
    assert SECRET not in msgspec.json.encode(login).decode()
    # another process, later: the user has agreed, so it is read again
    assert (await gemini.flow().refresh(login)).access
    assert gemini.google.asked.count("/source") == 2


async def test_not_without_asking(gemini: Bench, antigravity: Bench) -> None:
    gemini.without_client()
    with pytest.raises(ConfigError) as error:
        await gemini.login(Person(answers=["no"]))
    said = str(error.value)
    assert "npm install -g @google/gemini-cli" in said
    assert "PI_GEMINI_CLI_OAUTH_CLIENT_ID and PI_GEMINI_CLI_OAUTH_CLIENT_SECRET" in said
    with pytest.raises(ConfigError):
        await gemini.flow().refresh(OAuth("r", "a", 0, {"projectId": "p"}))
    antigravity.without_client()
    person = Person()
    with pytest.raises(ConfigError, match="PI_ANTIGRAVITY_OAUTH_CLIENT_SECRET"):
        await antigravity.login(person)
    assert not person.asked
    assert not gemini.google.asked
    assert not antigravity.google.asked


async def test_a_source_that_has_changed(gemini: Bench) -> None:
    gemini.without_client()
    gemini.google.source = f"const ID = '{GEMINI_CLI_PARAMS.client_id}';"
    with pytest.raises(ConfigError, match=r"no OAuth client in .* any more; install"):
        await gemini.login(Person(answers=["yes"]))


async def test_the_order_of_the_places(gemini: Bench, tmp_path: Path) -> None:
    file = ".npm-global/lib/node_modules/@google/gemini-cli/bundle/gemini.js"
    install(tmp_path, GEMINI_CLI_PARAMS.client_id, file)
    gemini.google.identity.client_id = "own-client"
    gemini.google.identity.secret = "own-secret"
    gemini.env["PI_GEMINI_CLI_OAUTH_CLIENT_ID"] = "own-client"
    gemini.env["PI_GEMINI_CLI_OAUTH_CLIENT_SECRET"] = "own-secret"
    login = await gemini.login()
    assert login.extra["clientId"] == "own-client"
    gemini.google.identity.client_id = "from-settings"
    gemini.google.identity.secret = "secret-of-settings"
    flow = gemini.flow()
    flow.client = OAuthClient("from-settings", "secret-of-settings", "settings")
    gemini.google.load = [json_reply({"currentTier": {}, "cloudaicompanionProject": "p"})]
    renewed = await flow.login(Person())
    assert isinstance(renewed, OAuth)
    assert renewed.extra["clientId"] == "from-settings"
    with pytest.raises(ConfigError, match="made with the OAuth client own-client, but now settin"):
        await flow.refresh(login)


async def test_half_a_client(gemini: Bench) -> None:
    gemini.without_client()
    gemini.env["PI_GEMINI_CLI_OAUTH_CLIENT_ID"] = "own-client"
    with pytest.raises(ConfigError, match="PI_GEMINI_CLI_OAUTH_CLIENT_SECRET is not"):
        await gemini.login()


async def test_a_wrong_secret_is_not_repeated(gemini: Bench) -> None:
    gemini.env["PI_GEMINI_CLI_OAUTH_CLIENT_SECRET"] = "a-wrong-secret"
    with pytest.raises(AuthError, match="invalid_client") as error:
        await gemini.login()
    assert "a-wrong-secret" not in str(error.value)


def test_a_client_does_not_show_its_secret() -> None:
    assert "hidden" not in repr(OAuthClient("id", "hidden", "somewhere"))
    assert "hidden" not in str(OAuthClient("id", "hidden"))

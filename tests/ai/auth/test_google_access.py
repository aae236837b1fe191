"""Signing in to Vertex AI: keys, the three kinds of default credentials, and the addresses."""

import asyncio
import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pi.ai.auth.base import Access
from pi.ai.auth.google import Google, location_host
from pi.ai.auth.kinds import Ask, Reply
from pi.ai.auth.resolve import Resolver
from pi.ai.auth.store import MemoryStore
from pi.ai.auth.values import Environment
from pi.ai.catalog.schema import AuthRow, ProviderRow
from pi.ai.errors import AuthError, ConfigError, TransportError
from pi.ai.model import Model
from pi.ai.request import Request

CATALOG_URL = "https://{location}-aiplatform.googleapis.com"
PLACE = {"GOOGLE_CLOUD_PROJECT": "my-project", "GOOGLE_CLOUD_LOCATION": "europe-west4"}
ROOT = (
    "https://europe-west4-aiplatform.googleapis.com/v1/projects/my-project/locations/europe-west4"
)


class TokenServer(ThreadingHTTPServer):
    """Google's token endpoint and metadata server in one."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, dict[str, list[str]], dict[str, str]]] = []
        self.status = 200
        self.answer: dict[str, Any] = {"access_token": "test-token", "expires_in": 3600}

    @property
    def base(self) -> str:
        """Its address."""
        return f"127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """Answers as the server is told to."""

    server: TokenServer

    def do_GET(self) -> None:
        """Metadata."""
        self.do_POST()

    def do_POST(self) -> None:
        """Tokens."""
        form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())
        self.server.asked.append((self.path, form, dict(self.headers.items())))
        project = self.path.endswith("project-id")
        data = b"meta-project" if project else json.dumps(self.server.answer).encode()
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[TokenServer]:
    server = TokenServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


async def fetch(request: Request) -> Reply:
    """The smallest HTTP client that there is."""
    parts = urlsplit(request.url)
    try:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    except OSError as error:
        raise TransportError(str(error)) from error
    headers = {**request.headers, "Content-Length": str(len(request.content))}
    lines = [f"{request.method} {parts.path} HTTP/1.0", *(f"{n}: {v}" for n, v in headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode() + request.content)
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return Reply(int(head.split()[1]), {}, body)


def ask(env: dict[str, str], key: str | None = None, base_url: str = CATALOG_URL) -> Ask:
    model = Model(id="gemini-x", name="m", provider="google-vertex", api="a", base_url=base_url)
    return Ask(model=model, env=Environment(env), key=key, source="s", fetch=fetch)


def sent(access: Access) -> dict[str, str]:
    return access.signer(Request("u", dict(access.model.headers))).headers


def user_file(path: Path, server: TokenServer, **more: str) -> dict[str, str]:
    info = {
        "type": "authorized_user",
        "client_id": "test-client",
        "client_secret": "test-client-secret",
        "refresh_token": "test-refresh-token",
        "token_uri": f"http://{server.base}/token",
        **more,
    }
    path.write_text(json.dumps(info))
    return {**PLACE, "GOOGLE_APPLICATION_CREDENTIALS": str(path)}


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("global", "aiplatform.googleapis.com"),
        ("us", "aiplatform.us.rep.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
        ("us-central1", "us-central1-aiplatform.googleapis.com"),
    ],
)
def test_hosts(location: str, host: str) -> None:
    assert location_host(location) == host


async def test_a_key_needs_neither_project_nor_location() -> None:
    access = await Google().access(ask({}, key="test-key-12345"))
    assert access.model.base_url == "https://aiplatform.googleapis.com/v1"
    assert sent(access) == {"x-goog-api-key": "test-key-12345"}
    assert access.secrets == ("test-key-12345",)


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("https://proxy.test", "https://proxy.test/v1"),
        ("https://proxy.test/vertex/", "https://proxy.test/vertex/v1"),
        ("https://proxy.test/v1beta1/x", "https://proxy.test/v1beta1/x"),
        ("", "https://aiplatform.googleapis.com/v1"),
    ],
)
async def test_own_addresses_are_kept_and_versioned(url: str, root: str) -> None:
    assert (await Google().access(ask({}, "test-key-12345", url))).model.base_url == root


async def test_a_user_login_gives_a_token_once(tmp_path: Path, server: TokenServer) -> None:
    env = user_file(tmp_path / "adc.json", server, quota_project_id="quota")
    google = Google()
    found = await asyncio.gather(*(google.access(ask(env)) for _ in range(10)))
    access = found[-1]
    assert access.model.base_url == ROOT
    assert sent(access) == {
        "Authorization": "Bearer test-token",
        "x-goog-user-project": "quota",
    }
    assert access.secrets == ("test-token",)
    assert len(server.asked) == 1
    assert server.asked[0][1] == {
        "grant_type": ["refresh_token"],
        "client_id": ["test-client"],
        "client_secret": ["test-client-secret"],
        "refresh_token": ["test-refresh-token"],
    }


async def test_a_token_is_renewed_five_minutes_before_its_end(
    tmp_path: Path, server: TokenServer
) -> None:
    env = user_file(tmp_path / "adc.json", server)
    google = Google()
    server.answer = {"access_token": "old", "expires_in": 299}
    await google.access(ask(env))
    server.answer = {"access_token": "new", "expires_in": 301}
    for _ in range(2):
        assert sent(await google.access(ask(env)))["Authorization"] == "Bearer new"
    assert len(server.asked) == 2


async def test_a_new_login_is_noticed(tmp_path: Path, server: TokenServer) -> None:
    google = Google()
    await google.access(ask(user_file(tmp_path / "adc.json", server)))
    await google.access(ask(user_file(tmp_path / "adc.json", server, refresh_token="other")))
    assert [form["refresh_token"] for _, form, _ in server.asked] == [
        ["test-refresh-token"],
        ["other"],
    ]


async def test_a_refused_login_says_which_command_helps(
    tmp_path: Path, server: TokenServer
) -> None:
    server.status, server.answer = 400, {"error": "invalid_grant", "error_description": "Expired."}
    with pytest.raises(AuthError, match=r"adc\.json: Expired\.; run `gcloud auth application-"):
        await Google().access(ask(user_file(tmp_path / "adc.json", server)))


async def test_a_failing_service_does_not_end_a_token_that_still_works(
    tmp_path: Path, server: TokenServer
) -> None:
    env = user_file(tmp_path / "adc.json", server)
    google = Google()
    server.status = 503
    with pytest.raises(TransportError, match="status 503"):
        await google.access(ask(env))
    server.status, server.answer = 200, {"access_token": "old", "expires_in": 200}
    await google.access(ask(env))
    server.status = 503
    assert sent(await google.access(ask(env)))["Authorization"] == "Bearer old"


async def test_the_metadata_server_knows_token_and_project(server: TokenServer) -> None:
    env = {"GCE_METADATA_HOST": server.base, "GOOGLE_CLOUD_LOCATION": "us"}
    access = await Google().access(ask(env))
    assert access.model.base_url.endswith("/v1/projects/meta-project/locations/us")
    assert {headers["Metadata-Flavor"] for _, _, headers in server.asked} == {"Google"}
    assert server.asked[0][0].endswith("/instance/service-accounts/default/token")


async def test_without_any_credentials_the_ways_are_named() -> None:
    with pytest.raises(AuthError, match="GOOGLE_CLOUD_API_KEY or GOOGLE_APPLICATION_CRED"):
        await Google().access(ask({**PLACE, "GCE_METADATA_HOST": "127.0.0.1:9"}))


@pytest.mark.parametrize("name", ["GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION"])
async def test_what_is_missing_is_named(tmp_path: Path, server: TokenServer, name: str) -> None:
    env = user_file(tmp_path / "adc.json", server)
    del env[name]
    with pytest.raises(ConfigError, match=name):
        await Google().access(ask(env))


async def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    env = {**PLACE, "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "no.json")}
    with pytest.raises(ConfigError, match=r"GOOGLE_APPLICATION_CREDENTIALS names .*no\.json"):
        await Google().access(ask(env))
    (tmp_path / "no.json").write_text("{")
    with pytest.raises(ConfigError, match=r"no\.json cannot be read"):
        await Google().access(ask(env))
    (tmp_path / "no.json").write_text('{"type": "new"}')
    with pytest.raises(ConfigError, match="unknown type 'new'"):
        await Google().access(ask(env))


def test_surroundings_count_with_file_project_and_location(tmp_path: Path) -> None:
    file = tmp_path / "adc.json"
    env = {**PLACE, "GOOGLE_APPLICATION_CREDENTIALS": str(file)}
    assert Google().ambient(Environment(env)) == ""
    file.touch()
    assert Google().ambient(Environment(env)) != ""
    assert Google().ambient(Environment({**env, "GOOGLE_CLOUD_LOCATION": ""})) == ""
    default = Path("~/.config/gcloud/application_default_credentials.json").expanduser()
    default.parent.mkdir(parents=True)
    assert Google().ambient(Environment(PLACE)) == ""
    default.touch()
    assert Google().ambient(Environment(PLACE)) != ""


class Vertex:
    """A catalog of one provider."""

    def provider(self, name: str) -> ProviderRow:
        """Vertex AI."""
        auth = AuthRow(kinds=("google", "api_key"), env=("GOOGLE_CLOUD_API_KEY",))
        return ProviderRow(id="google-vertex", name="Vertex AI", auth=auth)

    def user_provider(self, name: str) -> None:
        """Nothing."""


async def test_a_resolver_fetches_through_the_real_transport(
    tmp_path: Path, server: TokenServer
) -> None:
    env = user_file(tmp_path / "adc.json", server)
    resolver = Resolver(Vertex(), MemoryStore(), env=env)
    assert resolver.configured("google-vertex")
    model = ask(env).model
    access = await resolver.authorize(model)
    assert sent(access) == {"Authorization": "Bearer test-token"}
    assert access.model.base_url == ROOT
    server.answer = {"access_token": "other-token", "expires_in": 3600}
    resolver.refused("google-vertex")
    assert sent(await resolver.authorize(model)) == {"Authorization": "Bearer other-token"}
    await resolver.aclose()


# -- by way of google-auth -------------------------------------------------------------------------


def service_account(path: Path, server: TokenServer) -> dict[str, str]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 1024 * 2)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    info = {
        "type": "service_account",
        "project_id": "sa-project",
        "private_key_id": "1",
        "private_key": pem.decode(),
        "client_email": "test@sa-project.test",
        "token_uri": f"http://{server.base}/token",
    }
    path.write_text(json.dumps(info))
    return {
        "GOOGLE_CLOUD_LOCATION": "global",
        "GOOGLE_APPLICATION_CREDENTIALS": str(path),
    }


async def test_a_service_account_signs_a_request_that_our_transport_sends(
    tmp_path: Path, server: TokenServer
) -> None:
    env = service_account(tmp_path / "sa.json", server)
    google = Google()
    for _ in range(2):
        access = await google.access(ask(env))
        assert sent(access)["Authorization"] == "Bearer test-token"
    assert access.model.base_url == (
        "https://aiplatform.googleapis.com/v1/projects/sa-project/locations/global"
    )
    assert len(server.asked) == 1
    assert server.asked[0][1]["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]


async def test_a_refused_service_account_is_named(tmp_path: Path, server: TokenServer) -> None:
    env = service_account(tmp_path / "sa.json", server)
    server.status, server.answer = 400, {"error": "invalid_grant", "error_description": "No."}
    with pytest.raises(AuthError, match=r"refused the credentials of .*sa\.json: .*No\."):
        await Google().access(ask(env))


async def test_a_service_that_is_not_there_is_a_transport_error(
    tmp_path: Path, server: TokenServer
) -> None:
    env = service_account(tmp_path / "sa.json", server)
    text = (tmp_path / "sa.json").read_text()
    (tmp_path / "sa.json").write_text(text.replace(server.base, "127.0.0.1:9"))
    with pytest.raises(TransportError):
        await Google().access(ask(env))


async def test_a_malformed_service_account_is_named(tmp_path: Path) -> None:
    (tmp_path / "sa.json").write_text('{"type": "service_account", "private_key": "x"}')
    with pytest.raises((ConfigError, AuthError), match=r"sa\.json"):
        await Google().access(
            ask({**PLACE, "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "sa.json")})
        )


async def test_without_google_auth_one_error_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "google.oauth2.service_account", None)
    (tmp_path / "sa.json").write_text('{"type": "service_account"}')
    with pytest.raises(ConfigError, match=r"pip install 'pi-for-python\[vertex\]'"):
        await Google().access(
            ask({**PLACE, "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "sa.json")})
        )

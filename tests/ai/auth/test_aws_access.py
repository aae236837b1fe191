"""Signing in to Bedrock: which way, which region, which endpoint, and what is said without."""

import json
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pi.ai.auth.aws import Aws, endpoint_of, region_of
from pi.ai.auth.base import Access
from pi.ai.auth.kinds import Ask, Reply
from pi.ai.auth.values import Environment
from pi.ai.errors import AuthError, ConfigError
from pi.ai.model import Model
from pi.ai.request import Request

CATALOG_URL = "https://bedrock-runtime.us-east-1.amazonaws.com"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "test-secret-key"}
ARN = "arn:aws:bedrock:eu-west-3:123456789012:application-inference-profile/abc"


def model(model_id: str = "us.anthropic.claude-x-v1:0", base_url: str = CATALOG_URL) -> Model:
    return Model(id=model_id, name="m", provider="amazon-bedrock", api="bedrock", base_url=base_url)


async def no_fetch(request: Request) -> Reply:
    raise AssertionError("AWS does not ask through our transport")


async def access(
    env: dict[str, str], own: dict[str, str] | None = None, key: str | None = None
) -> Access:
    environment = Environment(env, own or {})
    return await Aws().access(
        Ask(model=model(), env=environment, key=key, source="", fetch=no_fetch)
    )


def signed(access: Access) -> dict[str, str]:
    return access.signer(Request(access.model.base_url + "/model/x", {}, content=b"{}")).headers


async def test_a_key_is_a_bearer_token() -> None:
    found = await access(KEYS, key="test-bearer-token")
    assert signed(found) == {"Authorization": "Bearer test-bearer-token"}
    assert found.secrets == ("test-bearer-token",)


async def test_static_keys_sign() -> None:
    found = await access({**KEYS, "AWS_SESSION_TOKEN": "test-session", "AWS_REGION": "eu-west-1"})
    headers = signed(found)
    assert "Credential=AKIDEXAMPLE/" in headers["Authorization"]
    assert "/eu-west-1/bedrock/aws4_request" in headers["Authorization"]
    assert headers["X-Amz-Security-Token"] == "test-session"
    assert found.secrets == ("test-secret-key", "test-session")
    assert found.model.base_url == "https://bedrock-runtime.eu-west-1.amazonaws.com"


async def test_what_is_stored_for_the_provider_comes_before_what_the_process_has(
    tmp_path: Path,
) -> None:
    (tmp_path / "c").write_text(
        "[work]\naws_access_key_id = AKIDWORK\naws_secret_access_key = test-work-secret\n"
    )
    process = {**KEYS, "AWS_BEARER_TOKEN_BEDROCK": "test-bearer"}
    files = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "c")}
    found = await access({**process, **files}, {"AWS_PROFILE": "work"})
    assert "Credential=AKIDWORK/" in signed(found)["Authorization"]
    assert found.source == "AWS profile work"
    found = await access(process, KEYS)
    assert "Credential=AKIDEXAMPLE/" in signed(found)["Authorization"]
    assert (await access(process)).secrets == ("test-bearer",)


async def test_skip_auth_signs_with_nothing_of_value() -> None:
    env = {**KEYS, "AWS_BEDROCK_SKIP_AUTH": "1", "AWS_BEARER_TOKEN_BEDROCK": "test-bearer"}
    found = await access(env, key="test-bearer")
    headers = str(signed(found))
    assert "AWS4-HMAC-SHA256 Credential=no-access-key/" in headers
    assert "AKIDEXAMPLE" not in headers
    assert "test-bearer" not in headers


@pytest.mark.parametrize(
    ("model_id", "url", "env", "region"),
    [
        ("m", CATALOG_URL, {}, "us-east-1"),
        ("m", "https://bedrock-runtime.eu-central-1.amazonaws.com", {}, "eu-central-1"),
        ("m", CATALOG_URL, {"AWS_DEFAULT_REGION": "ap-south-1"}, "ap-south-1"),
        (
            "m",
            CATALOG_URL,
            {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "ap-south-1"},
            "eu-west-1",
        ),
        (ARN, CATALOG_URL, {"AWS_REGION": "eu-west-1"}, "eu-west-3"),
        ("arn:aws-us-gov:bedrock:us-gov-west-1:1:x/y", "", {}, "us-gov-west-1"),
        ("m", "https://vpce-1.example.test", {}, "us-east-1"),
    ],
)
def test_region(model_id: str, url: str, env: dict[str, str], region: str) -> None:
    assert region_of(model(model_id, url), Environment(env)) == region


def test_the_profile_names_the_region_if_the_environment_does_not(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\nregion=sa-east-1\n[profile work]\nregion = eu-north-1\n")
    env = {"AWS_CONFIG_FILE": str(config)}
    assert region_of(model(), Environment(env)) == "sa-east-1"
    assert region_of(model(), Environment({**env, "AWS_PROFILE": "work"})) == "eu-north-1"
    assert region_of(model(), Environment({**env, "AWS_REGION": "eu-west-1"})) == "eu-west-1"


@pytest.mark.parametrize(
    ("url", "env", "region", "endpoint"),
    [
        (CATALOG_URL, {}, "eu-west-1", "https://bedrock-runtime.eu-west-1.amazonaws.com"),
        ("", {}, "cn-north-1", "https://bedrock-runtime.cn-north-1.amazonaws.com.cn"),
        (
            "https://bedrock-runtime-fips.us-east-1.amazonaws.com",
            {},
            "us-west-2",
            "https://bedrock-runtime-fips.us-west-2.amazonaws.com",
        ),
        ("https://vpce-1.example.test/x", {}, "eu-west-1", "https://vpce-1.example.test/x"),
        (
            CATALOG_URL,
            {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://localhost:4566/"},
            "eu-west-1",
            "http://localhost:4566",
        ),
        (
            "https://vpce-1.example.test",
            {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://localhost:4566"},
            "eu-west-1",
            "https://vpce-1.example.test",
        ),
    ],
)
def test_endpoint(url: str, env: dict[str, str], region: str, endpoint: str) -> None:
    assert endpoint_of(model(base_url=url), Environment(env), region) == endpoint


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({}, ""),
        ({"AWS_ACCESS_KEY_ID": "x"}, ""),
        (KEYS, "AWS access keys"),
        ({"AWS_PROFILE": "work"}, "AWS_PROFILE"),
        ({"AWS_WEB_IDENTITY_TOKEN_FILE": "/x"}, "web identity token"),
        ({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"}, "ECS task role"),
        ({"AWS_BEDROCK_SKIP_AUTH": "1"}, "AWS_BEDROCK_SKIP_AUTH"),
        ({"AWS_BEDROCK_SKIP_AUTH": "0"}, ""),
    ],
)
def test_signs_of_credentials(env: dict[str, str], words: str) -> None:
    assert Aws().ambient(Environment(env)) == words


# -- the chain -------------------------------------------------------------------------------------


@pytest.fixture
def folder() -> Path:
    folder = Path("~/.aws").expanduser()
    folder.mkdir()
    return folder


async def test_a_plain_default_profile_needs_no_library(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    (folder / "credentials").write_text(
        "[default]\naws_access_key_id=AKIDDEFAULT\naws_secret_access_key=test-default-secret\n"
    )
    found = await access({})
    assert "Credential=AKIDDEFAULT/" in signed(found)["Authorization"]
    (folder / "credentials").write_text(
        "[default]\naws_access_key_id=AKIDOTHER\naws_secret_access_key=test-default-secret2\n"
    )
    assert "Credential=AKIDOTHER/" in signed(await access({}))["Authorization"]


async def test_without_botocore_one_error_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    with pytest.raises(ConfigError, match=r"pip install 'pi-for-python\[bedrock\]'"):
        await access({"AWS_PROFILE": "sso"})


async def test_a_profile_that_does_not_exist_is_named() -> None:
    with pytest.raises(AuthError, match="of profile no-such are not usable"):
        await access({"AWS_PROFILE": "no-such"})


async def test_an_sso_profile_without_a_login_says_which_command_helps(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile sso]\nsso_session=s\nsso_account_id=123456789012\nsso_role_name=r\n"
        "[sso-session s]\nsso_region=eu-west-1\nsso_start_url=https://sso.test/start\n"
    )
    with pytest.raises(AuthError, match="aws sso login --profile sso"):
        await access({"AWS_CONFIG_FILE": str(config), "AWS_PROFILE": "sso"})


async def test_without_any_credentials_the_ways_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(AuthError, match="AWS_BEARER_TOKEN_BEDROCK, or AWS_PROFILE"):
        await access({})


class Container(BaseHTTPRequestHandler):
    """The credentials endpoint of a container. Each answer has another key."""

    asked = 0

    def do_GET(self) -> None:
        """Give keys that end soon."""
        Container.asked += 1
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 300))
        data = {
            "AccessKeyId": f"ASIA{Container.asked}",
            "SecretAccessKey": "test-container-secret",
            "Token": "test-container-token",
            "Expiration": end,
        }
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(data).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def container() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Container)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/creds"
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_container_role_is_found_and_renewed(
    container: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", container)
    env = Environment({"AWS_CONTAINER_CREDENTIALS_FULL_URI": container})
    aws = Aws()
    seen: list[str] = []
    for _ in range(2):
        found = await aws.access(Ask(model=model(), env=env, key=None, source="x", fetch=no_fetch))
        headers = signed(found)
        seen.append(headers["Authorization"].partition("/")[0].rpartition("=")[2])
        assert headers["X-Amz-Security-Token"] == "test-container-token"
    assert len(set(seen)) == 2, "keys that end within minutes are renewed"

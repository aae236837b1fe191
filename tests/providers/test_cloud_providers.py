"""Providers whose address, account or signature comes from the user's surroundings."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from pi.ai.catalog import Catalog
from pi.ai.catalog.choose import choose
from pi.ai.client import Client
from pi.ai.options import Options
from providers.calling import Caller, answer_on
from providers.table import ABSENT, KEY, differences
from support.server import Reply, Seen, Server

OPTIONS = Options(session_id="session-1", thinking="high")


async def sent(
    provider: str, model: str, env: dict[str, str], options: Options = OPTIONS, **more: Any
) -> tuple[str, Seen, Any]:
    """URL, request and body of a call that is answered."""
    caller = Caller(env, **more)
    (answer,) = await caller.call(provider, model, options)
    assert answer.stop_reason == "toolUse", answer.error_message
    return caller.seen()


async def refused(provider: str, model: str, env: dict[str, str], **more: Any) -> str:
    """What a call says that cannot be made. Nothing is sent."""
    caller = Caller(env, **more)
    (answer,) = await caller.call(provider, model, OPTIONS)
    assert answer.stop_reason == "error"
    assert answer.error_kind in ("config", "auth")
    assert caller.requests == []
    assert "\n" not in str(answer.error_message)
    return str(answer.error_message)


# -- Cloudflare ------------------------------------------------------------------------------------

WORKERS = {"CLOUDFLARE_API_KEY": KEY, "CLOUDFLARE_ACCOUNT_ID": "0123abcd"}


async def test_cloudflare_workers_ai_as_first_described() -> None:
    """The example of the project's first description, to the letter."""
    choice = choose(
        Catalog(),
        "@cf/moonshotai/kimi-k2.6",
        provider="cloudflare-workers-ai",
        configured=lambda _: True,
    )
    url, seen, body = await sent("cloudflare-workers-ai", choice.model.id, WORKERS)
    assert url == "https://api.cloudflare.com/client/v4/accounts/0123abcd/ai/v1/chat/completions"
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert seen.headers["user-agent"] == "pi-coding-agent"
    for name in ("session_id", "x-client-request-id", "x-session-affinity"):
        assert seen.headers[name] == "session-1"
    assert body["model"] == "@cf/moonshotai/kimi-k2.6"


async def test_no_session_no_affinity() -> None:
    _, seen, _ = await sent("cloudflare-workers-ai", "@cf/moonshotai/kimi-k2.6", WORKERS, Options())
    assert not {"session_id", "x-client-request-id", "x-session-affinity"} & seen.headers.keys()


async def test_the_callers_headers_win() -> None:
    own: dict[str, str | None] = {"X-Session-Affinity": "mine", "session_id": None}
    options = Options(session_id="session-1", headers=own | {"user-agent": "me"})
    _, seen, _ = await sent("cloudflare-workers-ai", "@cf/moonshotai/kimi-k2.6", WORKERS, options)
    assert seen.headers["x-session-affinity"] == "mine"
    assert "session_id" not in seen.headers
    assert seen.headers["x-client-request-id"] == "session-1"
    assert seen.headers["user-agent"] == "me"


@pytest.mark.parametrize(
    ("provider", "model", "missing"),
    [
        ("cloudflare-workers-ai", "@cf/moonshotai/kimi-k2.6", "CLOUDFLARE_ACCOUNT_ID"),
        ("cloudflare-ai-gateway", "gpt-6-luna", "CLOUDFLARE_ACCOUNT_ID"),
        ("cloudflare-ai-gateway", "claude-haiku-4-5", "CLOUDFLARE_GATEWAY_ID"),
    ],
)
async def test_cloudflare_names_the_variable_that_is_missing(
    provider: str, model: str, missing: str
) -> None:
    env = WORKERS | {"CLOUDFLARE_GATEWAY_ID": "gate"}
    del env[missing]
    assert missing in await refused(provider, model, env)


# -- Azure -----------------------------------------------------------------------------------------

AZURE = {"AZURE_OPENAI_API_KEY": KEY}
V1 = "/openai/v1/responses?api-version=v1"


@pytest.mark.parametrize("provider", ["azure-openai-responses", "azure"])
@pytest.mark.parametrize(
    ("env", "url"),
    [
        (
            {"AZURE_OPENAI_BASE_URL": "https://your-resource.openai.azure.com"},
            f"https://your-resource.openai.azure.com{V1}",
        ),
        (
            {"AZURE_OPENAI_BASE_URL": "https://your-resource.cognitiveservices.azure.com/"},
            f"https://your-resource.cognitiveservices.azure.com{V1}",
        ),
        (
            {"AZURE_OPENAI_BASE_URL": "https://p.services.ai.azure.com/openai/v1/responses"},
            f"https://p.services.ai.azure.com{V1}",
        ),
        (
            {"AZURE_OPENAI_RESOURCE_NAME": "your-resource"},
            f"https://your-resource.openai.azure.com{V1}",
        ),
        (
            {
                "AZURE_OPENAI_RESOURCE_NAME": "your-resource",
                "AZURE_OPENAI_API_VERSION": "2024-02-01",
            },
            "https://your-resource.openai.azure.com/openai/v1/responses?api-version=2024-02-01",
        ),
        (
            {"AZURE_OPENAI_BASE_URL": "https://proxy.example/azure"},
            "https://proxy.example/azure/responses?api-version=v1",
        ),
    ],
)
async def test_azure_addresses(provider: str, env: dict[str, str], url: str) -> None:
    seen_url, seen, body = await sent(provider, "gpt-4.1", AZURE | env)
    assert seen_url == url
    assert seen.headers["api-key"] == KEY
    assert "authorization" not in seen.headers
    assert body["model"] == "gpt-4.1"


async def test_azure_deployments() -> None:
    env = AZURE | {
        "AZURE_OPENAI_RESOURCE_NAME": "res",
        "AZURE_OPENAI_DEPLOYMENT_NAME_MAP": "gpt-4=my-gpt4, gpt-4o = my-gpt4o ,broken",
    }
    for model, deployment in (("gpt-4", "my-gpt4"), ("gpt-4o", "my-gpt4o"), ("gpt-4.1", "gpt-4.1")):
        caller = Caller(env)
        (answer,) = await caller.call("azure", model, OPTIONS)
        _, _, body = caller.seen()
        assert body["model"] == deployment
        assert answer.model == model, "the conversation keeps the model's own name"


async def test_azure_without_an_address() -> None:
    message = await refused("azure", "gpt-4.1", AZURE)
    assert "AZURE_OPENAI_BASE_URL" in message
    assert "AZURE_OPENAI_RESOURCE_NAME" in message


# -- Bedrock ---------------------------------------------------------------------------------------

SONNET = "us.anthropic.claude-sonnet-4-20250514-v1:0"
IAM = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not/a+real=secret"}
PROFILE_ARN = "arn:aws:bedrock:eu-west-2:123456789012:application-inference-profile/abc123"


def check_signature(seen: Seen, region: str, token: str | None = None) -> None:
    """The signature is the one that botocore computes for the bytes that arrived."""
    authorization = seen.headers["authorization"]
    assert authorization.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    fields = dict(part.split("=", 1) for part in authorization.partition(" ")[2].split(", "))
    signed = {name: seen.headers[name] for name in fields["SignedHeaders"].split(";")}
    assert {"host", "x-amz-date", "content-type"} <= signed.keys()
    url = f"http://{seen.headers['host']}{seen.path}"
    request = AWSRequest(seen.method, url, headers=signed, data=seen.body)
    request.context["timestamp"] = seen.headers["x-amz-date"]
    keys = Credentials(IAM["AWS_ACCESS_KEY_ID"], IAM["AWS_SECRET_ACCESS_KEY"], token)
    signer = SigV4Auth(keys, "bedrock", region)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    assert fields["Signature"] == signer.signature(text, request)
    assert f"/{region}/bedrock/aws4_request" in fields["Credential"]


@pytest.mark.parametrize(
    ("env", "region"),
    [
        ({}, "us-east-1"),
        ({"AWS_REGION": "us-west-2"}, "us-west-2"),
        ({"AWS_DEFAULT_REGION": "eu-west-3"}, "eu-west-3"),
        ({"AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "eu-west-3"}, "us-west-2"),
    ],
)
async def test_bedrock_with_access_keys(env: dict[str, str], region: str) -> None:
    url, seen, _ = await sent("amazon-bedrock", SONNET, IAM | env)
    assert urlsplit(url).netloc == f"bedrock-runtime.{region}.amazonaws.com"
    assert seen.path == "/model/us.anthropic.claude-sonnet-4-20250514-v1%3A0/converse-stream"
    check_signature(seen, region)


async def test_bedrock_with_a_session_token() -> None:
    env = IAM | {"AWS_SESSION_TOKEN": "test-session-token"}
    _, seen, _ = await sent("amazon-bedrock", SONNET, env)
    assert seen.headers["x-amz-security-token"] == "test-session-token"
    check_signature(seen, "us-east-1", "test-session-token")


async def test_bedrock_with_a_profile(tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text(
        f"[work]\naws_access_key_id = {IAM['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {IAM['AWS_SECRET_ACCESS_KEY']}\n"
    )
    (tmp_path / "config").write_text("[profile work]\nregion = ap-south-1\n")
    env = {
        "AWS_PROFILE": "work",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
    }
    url, seen, _ = await sent("amazon-bedrock", SONNET, env)
    assert urlsplit(url).netloc == "bedrock-runtime.ap-south-1.amazonaws.com"
    check_signature(seen, "ap-south-1")


async def test_bedrock_with_a_bearer_token_needs_no_signature() -> None:
    env = IAM | {"AWS_BEARER_TOKEN_BEDROCK": KEY, "AWS_REGION": "eu-north-1"}
    url, seen, _ = await sent("amazon-bedrock", SONNET, env)
    assert urlsplit(url).netloc == "bedrock-runtime.eu-north-1.amazonaws.com"
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert not any(name.startswith("x-amz-") for name in seen.headers)


@pytest.mark.parametrize("skip", [True, False])
async def test_bedrock_behind_a_proxy(skip: bool) -> None:
    """The variables for a proxy, without any redirection by the test."""
    async with Server(answer_on("bedrock-converse-stream")) as proxy:
        env = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": f"{proxy.url}/bedrock"}
        env |= {"AWS_BEDROCK_SKIP_AUTH": "1"} if skip else IAM
        caller = Caller(env | {"AWS_BEDROCK_FORCE_HTTP1": "1"})
        model = caller.catalog.model("amazon-bedrock", SONNET)
        async with Client(authorize=caller.resolver.authorize) as client:
            message = await client.complete(model, "hi", OPTIONS)
    assert message.stop_reason == "toolUse"
    (seen,) = proxy.requests
    assert (
        seen.path == "/bedrock/model/us.anthropic.claude-sonnet-4-20250514-v1%3A0/converse-stream"
    )
    if skip:
        assert "no-access-key" in seen.headers["authorization"]
    else:
        check_signature(seen, "us-east-1")


@pytest.mark.parametrize("forced", [True, False])
async def test_bedrock_application_inference_profiles(forced: bool) -> None:
    """Their ARN says the region and hides the model, so caching has to be asked for."""
    choice = choose(Catalog(), PROFILE_ARN, provider="amazon-bedrock", configured=lambda _: True)
    assert choice.model.id == PROFILE_ARN
    env = {"AWS_BEARER_TOKEN_BEDROCK": KEY, "AWS_REGION": "us-west-2"}
    if forced:
        env["AWS_BEDROCK_FORCE_CACHE"] = "1"
    caller = Caller(env)
    (answer,) = await caller.call_model(choice.model, OPTIONS)
    assert answer.stop_reason == "toolUse", answer.error_message
    url, seen, _ = caller.seen()
    assert url == (
        "https://bedrock-runtime.eu-west-2.amazonaws.com/model/"
        "arn%3Aaws%3Abedrock%3Aeu-west-2%3A123456789012%3Aapplication-inference-profile%2Fabc123"
        "/converse-stream"
    )
    assert (b"cachePoint" in seen.body) is forced


@pytest.mark.parametrize(
    ("model", "region"),
    [
        ("us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0", "us-east-1"),
        ("anthropic.claude-sonnet-4-6", "us-gov-west-1"),
        ("arn:aws-us-gov:bedrock:us-gov-east-1:1:inference-profile/claude-x-4-5", "us-east-1"),
    ],
)
async def test_bedrock_in_the_government_partition(model: str, region: str) -> None:
    """It refuses `display` beside the thinking."""
    choice = choose(Catalog(), model, provider="amazon-bedrock", configured=lambda _: True)
    caller = Caller({"AWS_BEARER_TOKEN_BEDROCK": KEY, "AWS_REGION": region})
    (answer,) = await caller.call_model(choice.model, OPTIONS)
    assert answer.stop_reason == "toolUse", answer.error_message
    thinking = caller.seen()[2]["additionalModelRequestFields"]["thinking"]
    assert "type" in thinking
    assert "display" not in thinking


# -- Vertex AI -------------------------------------------------------------------------------------


class _Tokens:
    """Google's token service: counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    def __call__(self, seen: Seen) -> Reply:
        self.asked.append(seen.body)
        body = json.dumps({"access_token": f"test-token-{len(self.asked)}", "expires_in": 3600})
        return Reply(body.encode(), headers={"content-type": "application/json"})


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("us-central1", "us-central1-aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
    ],
)
async def test_vertex_with_default_credentials(location: str, host: str, tmp_path: Path) -> None:
    tokens = _Tokens()
    async with Server(tokens) as google:
        file = tmp_path / "adc.json"
        info = {
            "type": "authorized_user",
            "client_id": "test-client",
            "client_secret": "test-client-secret",
            "refresh_token": "test-refresh",
            "quota_project_id": "payer",
            "token_uri": f"{google.url}/token",
        }
        file.write_text(json.dumps(info))
        env = {
            "GOOGLE_APPLICATION_CREDENTIALS": str(file),
            "GOOGLE_CLOUD_PROJECT": "your-project",
            "GOOGLE_CLOUD_LOCATION": location,
        }
        caller = Caller(env)
        answers = await caller.call("google-vertex", "gemini-4-argon", OPTIONS, OPTIONS)
    assert [a.stop_reason for a in answers] == ["toolUse", "toolUse"]
    path = f"/v1/projects/your-project/locations/{location}/publishers/google/models/gemini-4-argon"
    for at in (0, 1):
        url, seen, body = caller.seen(at)
        assert url == f"https://{host}{path}:streamGenerateContent?alt=sse"
        assert seen.headers["authorization"] == "Bearer test-token-1"
        assert seen.headers["x-goog-user-project"] == "payer"
        assert "x-goog-api-key" not in seen.headers
        assert differences(body, {"model": ABSENT, "contents.0.role": "user"}) == {}
    assert len(tokens.asked) == 1, "a token is used until it expires"
    assert b"refresh_token=test-refresh" in tokens.asked[0]


@pytest.mark.parametrize("missing", ["GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_PROJECT"])
async def test_vertex_names_what_is_missing(missing: str, tmp_path: Path) -> None:
    async with Server(_Tokens()) as google:
        file = tmp_path / "adc.json"
        info = {"type": "authorized_user", "refresh_token": "r", "token_uri": google.url}
        file.write_text(json.dumps(info))
        env = {
            "GOOGLE_APPLICATION_CREDENTIALS": str(file),
            "GOOGLE_CLOUD_PROJECT": "your-project",
            "GOOGLE_CLOUD_LOCATION": "global",
        }
        del env[missing]
        assert missing in await refused("google-vertex", "gemini-4-argon", env)

"""Signature Version 4 against botocore's own signer."""

import datetime
import string

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pi.ai.auth.sigv4 import AwsKeys, sign
from pi.ai.request import Request

NOW = 1_800_000_000.0
URL = "https://bedrock-runtime.us-east-1.amazonaws.com"


@pytest.fixture(autouse=True)
def _botocore_at_our_time(monkeypatch: pytest.MonkeyPatch) -> None:
    then = datetime.datetime.fromtimestamp(NOW, datetime.UTC)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: then)


def by_botocore(request: Request, keys: AwsKeys, region: str, service: str) -> dict[str, str]:
    aws = AWSRequest(
        method=request.method,
        url=request.url,
        headers=dict(request.headers),
        data=request.content,
    )
    credentials = Credentials(keys.access, keys.secret, keys.token or None)
    botocore.auth.SigV4Auth(credentials, service, region).add_auth(aws)
    return dict(aws.headers.items())


def compare(
    request: Request, keys: AwsKeys, region: str = "us-east-1", service: str = "bedrock"
) -> None:
    ours = sign(request, keys, region=region, service=service, now=NOW)
    theirs = by_botocore(request, keys, region, service)
    for name in ("Authorization", "X-Amz-Date", "X-Amz-Security-Token"):
        assert ours.headers.get(name) == theirs.get(name), name
    assert ours.url == request.url
    assert ours.content == request.content


KEYS = AwsKeys("AKIDEXAMPLE", "not/a+real=secret")
TEMPORARY = AwsKeys("ASIAEXAMPLE", "not/a+real=secret", "session+token/==")


@pytest.mark.parametrize("keys", [KEYS, TEMPORARY])
@pytest.mark.parametrize(
    "path",
    [
        "/model/us.anthropic.claude-sonnet-4-20250514-v1%3A0/converse-stream",
        "/model/us.anthropic.claude-sonnet-4-20250514-v1:0/converse-stream",
        "/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Ainference-profile%2Fx/converse",
        "",
        "/",
        "//a//b/./c/../d/",
        "/a%20b/~x/%E2%82%AC",
        "/q?b=2&a=1&a=0&empty&e=&sp=%20",
    ],
)
def test_paths_and_queries(keys: AwsKeys, path: str) -> None:
    headers = {"Content-Type": "application/json", "Accept": "*/*"}
    compare(Request(URL + path, headers, content=b'{"a":1}'), keys)


@pytest.mark.parametrize(
    "url",
    [
        "https://Bedrock-Runtime.EU-central-1.amazonaws.com/model/x/converse",
        "http://127.0.0.1:8080/model/x/converse",
        "https://proxy.test:443/model/x",
        "http://proxy.test:80/model/x",
        "https://[::1]:9000/model/x",
    ],
)
def test_hosts(url: str) -> None:
    compare(Request(url, {}, content=b"{}"), KEYS, "eu-central-1")


def test_headers_that_proxies_change_are_not_signed_and_white_space_is_folded() -> None:
    headers = {
        "X-Custom": "  a   b \t c ",
        "User-Agent": "pi",
        "X-Amzn-Trace-Id": "Root=1",
        "Expect": "100-continue",
        "Transfer-Encoding": "chunked",
        "X-Zeta": "",
        "x-alpha": "1",
    }
    compare(Request(URL + "/model/x", headers, content=b""), TEMPORARY)


def test_old_signatures_are_replaced() -> None:
    once = sign(
        Request(URL + "/x", {"authorization": "Bearer x", "x-amz-security-token": "old"}),
        KEYS,
        region="us-east-1",
        service="bedrock",
        now=NOW,
    )
    assert "Bearer x" not in once.headers.values()
    assert "old" not in once.headers.values()
    again = sign(once, KEYS, region="us-east-1", service="bedrock", now=NOW)
    assert again == once


words = st.text(string.ascii_letters + string.digits + "-._~:/%+ ", max_size=20)
segments = st.text(string.ascii_letters + string.digits + "-._~:+=@!$&'()*,;", max_size=12)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.lists(segments, max_size=5),
    query=st.lists(st.tuples(segments, segments), max_size=3),
    headers=st.dictionaries(
        st.text(string.ascii_letters + "-", min_size=1, max_size=10).map(lambda n: f"X-P{n}"),
        words,
        max_size=4,
    ),
    content=st.binary(max_size=60),
    region=st.sampled_from(["us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1"]),
    token=st.sampled_from(["", "a-session-token"]),
)
def test_any_request(
    path: list[str],
    query: list[tuple[str, str]],
    headers: dict[str, str],
    content: bytes,
    region: str,
    token: str,
) -> None:
    if len({name.lower() for name in headers}) < len(headers):
        headers = {}
    url = f"{URL}/{'/'.join(path)}"
    if query:
        pairs = (f"{name}={value}".replace("&", "") for name, value in query)
        url += "?" + "&".join(pairs)
    compare(Request(url, headers, content=content), AwsKeys("AKID", "secret", token), region)

"""Azure OpenAI's addresses, versions and deployments."""

import pytest

from pi.ai.auth.azure import Azure, normal_url
from pi.ai.auth.base import Access
from pi.ai.auth.kinds import Ask, Reply
from pi.ai.auth.values import Environment
from pi.ai.errors import ConfigError
from pi.ai.model import AuthHeader, Model
from pi.ai.request import Request

ROOT = "https://r.openai.azure.com/openai/v1"


async def no_fetch(request: Request) -> Reply:
    raise AssertionError("nothing to ask")


async def access(env: dict[str, str], base_url: str = "") -> Access:
    model = Model(
        id="gpt-x",
        name="m",
        provider="azure-openai-responses",
        api="a",
        base_url=base_url,
        auth_header=AuthHeader("api-key", ""),
        extra_body={"x": 1},
    )
    return await Azure().access(
        Ask(model=model, env=Environment(env), key="test-key", source="s", fetch=no_fetch)
    )


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://r.openai.azure.com", ROOT),
        ("https://r.openai.azure.com/", ROOT),
        ("https://r.openai.azure.com/openai/", ROOT),
        ("https://r.openai.azure.com/openai/v1", ROOT),
        ("https://r.openai.azure.com/openai/v1/responses?api-version=2025-04-01", ROOT),
        (
            "https://R.openai.azure.com/openai?api-version=preview",
            "https://R.openai.azure.com/openai/v1",
        ),
        (
            "https://r.cognitiveservices.azure.com/",
            "https://r.cognitiveservices.azure.com/openai/v1",
        ),
        ("https://r.services.ai.azure.com/openai", "https://r.services.ai.azure.com/openai/v1"),
        ("https://r.openai.azure.com/proxy/x/", "https://r.openai.azure.com/proxy/x"),
        ("https://gateway.test/azure/", "https://gateway.test/azure"),
        ("https://evil-openai.azure.com.test/", "https://evil-openai.azure.com.test"),
    ],
)
def test_addresses(url: str, normal: str) -> None:
    assert normal_url(url) == normal


@pytest.mark.parametrize("url", ["r.openai.azure.com", "ftp://x.test", "https://", "http://[x"])
def test_no_address(url: str) -> None:
    with pytest.raises(ConfigError, match="AZURE_OPENAI_BASE_URL"):
        normal_url(url)


async def test_order_of_addresses() -> None:
    env = {
        "AZURE_OPENAI_BASE_URL": "https://b.openai.azure.com",
        "AZURE_OPENAI_RESOURCE_NAME": "r",
    }
    assert (await access(env, "https://m.test")).model.base_url.startswith("https://b.openai")
    del env["AZURE_OPENAI_BASE_URL"]
    assert (await access(env, "https://m.test")).model.base_url == f"{ROOT}?api-version=v1"
    assert (
        await access({}, "https://m.test/x")
    ).model.base_url == "https://m.test/x?api-version=v1"
    with pytest.raises(ConfigError, match="AZURE_OPENAI_BASE_URL or AZURE_OPENAI_RESOURCE_NAME"):
        await access({})


async def test_version_deployment_and_key() -> None:
    found = await access(
        {
            "AZURE_OPENAI_RESOURCE_NAME": "r",
            "AZURE_OPENAI_API_VERSION": "2025-04-01-preview",
            "AZURE_OPENAI_DEPLOYMENT_NAME_MAP": " bad, other=o , gpt-x = my-deployment,gpt-x=2",
        }
    )
    assert found.model.base_url == f"{ROOT}?api-version=2025-04-01-preview"
    assert found.model.extra_body == {"x": 1, "model": "my-deployment"}
    assert found.model.id == "gpt-x"
    assert found.signer(Request("u", {})).headers == {"api-key": "test-key"}


async def test_a_version_in_the_address_stays() -> None:
    found = await access({"AZURE_OPENAI_BASE_URL": "https://gw.test/x?api-version=7&a=b"})
    assert found.model.base_url == "https://gw.test/x?api-version=7&a=b"


def test_what_is_missing() -> None:
    azure = Azure()
    assert azure.missing(Environment({}), keyed=True, own_url=True) == ()
    assert (
        azure.missing(Environment({"AZURE_OPENAI_RESOURCE_NAME": "r"}), keyed=True, own_url=False)
        == ()
    )
    assert azure.missing(Environment({}), keyed=True, own_url=False) != ()

"""Azure OpenAI: the address is the user's own, and so are the names of the deployments.

https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
"""

from urllib.parse import urlsplit, urlunsplit

import msgspec

from pi.ai.auth.base import Access
from pi.ai.auth.kinds import Ask, Kind
from pi.ai.auth.values import Environment
from pi.ai.errors import ConfigError
from pi.ai.model import Model

__all__ = ["Azure", "normal_url"]

_URL = "AZURE_OPENAI_BASE_URL"
_RESOURCE = "AZURE_OPENAI_RESOURCE_NAME"
_VERSION = "AZURE_OPENAI_API_VERSION"
_DEPLOYMENTS = "AZURE_OPENAI_DEPLOYMENT_NAME_MAP"

_HOSTS = (".openai.azure.com", ".cognitiveservices.azure.com", ".ai.azure.com")
_ROOTS = ("", "/openai", "/openai/v1", "/openai/v1/responses", "/openai/v1/chat/completions")


class Azure(Kind):
    """Azure's addresses. Keys travel as the wire says."""

    name = "azure"

    def surroundings(self, env: Environment) -> tuple[tuple[str, str], ...]:
        """The resource."""
        return (("address", env.first(_URL, _RESOURCE) or ""),)

    def missing(self, env: Environment, *, keyed: bool, own_url: bool) -> tuple[str, ...]:
        """The address, unless `models.json` has one."""
        return () if own_url or env.first(_URL, _RESOURCE) else (f"{_URL} or {_RESOURCE}",)

    async def access(self, ask: Ask) -> Access:
        """The access, to the user's resource."""
        url = _versioned(_address(ask.model, ask.env), ask.env.get(_VERSION) or "v1")
        model = msgspec.structs.replace(ask.model, base_url=url)
        deployment = _deployment(ask.env.get(_DEPLOYMENTS) or "", model.id)
        if deployment:
            # the model keeps its id, by which its messages in the conversation are known
            body = {**model.extra_body, "model": deployment}
            model = msgspec.structs.replace(model, extra_body=body)
        return await super().access(msgspec.structs.replace(ask, model=model))


def normal_url(url: str) -> str:
    """The base URL of the version 1 API, from any of the addresses that Azure's pages show.

    A path of the user's own, such as that of a proxy, is kept.
    """
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        parts = urlsplit("")
    host = parts.hostname
    if not host or parts.scheme not in ("http", "https"):
        raise ConfigError(f"the address of Azure OpenAI is no http or https URL; see {_URL}")
    path = parts.path.rstrip("/")
    query = parts.query
    if host.endswith(_HOSTS) and path in _ROOTS:
        path, query = "/openai/v1", ""
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def _address(model: Model, env: Environment) -> str:
    url = env.get(_URL)
    if url:
        return normal_url(url)
    resource = env.get(_RESOURCE)
    if resource:
        return f"https://{resource}.openai.azure.com/openai/v1"
    if model.base_url:
        return normal_url(model.base_url)
    raise ConfigError(f"Azure OpenAI needs the address of your resource: set {_URL} or {_RESOURCE}")


def _versioned(url: str, version: str) -> str:
    if "api-version=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}api-version={version}"


def _deployment(pairs: str, model: str) -> str:
    """The deployment of `model` in `model=deployment,model2=deployment2`; "" if none is named."""
    for pair in pairs.split(","):
        name, _, deployment = pair.partition("=")
        if name.strip() == model and deployment.strip():
            return deployment.strip()
    return ""

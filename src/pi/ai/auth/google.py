"""Google's ways of signing in to Vertex AI: an API key, or Application Default Credentials.

The base URL becomes the root under which `publishers/google/models/…` stands: with a key the global
endpoint, else that of project and location; a user's own URL is kept, and given a version if it has
none.
"""

import re
from urllib.parse import urlsplit

import msgspec

from pi.ai.auth.base import Access, header_signer
from pi.ai.auth.google_adc import DefaultCredentials, credentials_file
from pi.ai.auth.kinds import Ask, Kind
from pi.ai.auth.overlay import with_headers
from pi.ai.auth.values import Environment
from pi.ai.errors import ConfigError
from pi.ai.model import AuthHeader, Model

__all__ = ["Google", "location_host"]

_PROJECT = ("GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT")
_LOCATION = "GOOGLE_CLOUD_LOCATION"
_VERSION = re.compile(r"v\d+(?:beta\d*)?")
_KEY_HEADER = AuthHeader("x-goog-api-key", "")


class Google(Kind):
    """Vertex AI's credentials and addresses."""

    name = "google"
    hidden = True

    def __init__(self) -> None:
        self._credentials = DefaultCredentials()

    def ambient(self, env: Environment) -> str:
        """Whether there is a credentials file, with a project and a location to go with it."""
        if env.first(*_PROJECT) and env.get(_LOCATION) and credentials_file(env).is_file():
            return "Google application default credentials"
        return ""

    def surroundings(self, env: Environment) -> tuple[tuple[str, str], ...]:
        """The credentials file, project and location, and the metadata server."""
        path = credentials_file(env)
        return (
            (str(path), "credentials file" if path.is_file() else ""),
            ("project", env.first(*_PROJECT) or "that of the credentials, if they name one"),
            ("location", env.get(_LOCATION) or ""),
            ("the metadata server of Google's machines", "only a request can tell"),
        )

    def missing(self, env: Environment, *, keyed: bool, own_url: bool) -> tuple[str, ...]:
        """The location; the project may be known to the credentials."""
        return () if keyed or own_url or env.get(_LOCATION) else (_LOCATION,)

    async def access(self, ask: Ask) -> Access:
        """The access: by key, or by a token of the default credentials."""
        own = _own_root(ask.model)
        if ask.key is not None:
            model = _at(ask.model, own or "https://aiplatform.googleapis.com/v1", _KEY_HEADER)
            return Access(
                model, header_signer(model, ask.key), source=ask.source, secrets=(ask.key,)
            )
        token = await self._credentials.token(ask.env, ask.fetch)
        model = _at(ask.model, own or self._root(ask.env, token.project), AuthHeader())
        if token.quota_project:
            model = with_headers(model, {"x-goog-user-project": token.quota_project})
        return Access(
            model,
            header_signer(model, token.access),
            source=f"Google application default credentials ({token.source})",
            secrets=(token.access,),
        )

    def forget(self) -> None:
        """Fetch new tokens."""
        self._credentials.forget()

    def _root(self, env: Environment, known_project: str) -> str:
        project = env.first(*_PROJECT) or known_project
        location = env.get(_LOCATION)
        if not project or not location:
            name = " or ".join(_PROJECT) if not project else _LOCATION
            raise ConfigError(
                f"Vertex AI needs a {'location' if project else 'project'}: set {name}"
            )
        where = f"projects/{project}/locations/{location}"
        return f"https://{location_host(location)}/v1/{where}"


def location_host(location: str) -> str:
    """The host that serves a location.

    https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations
    """
    if location == "global":
        return "aiplatform.googleapis.com"
    if location in ("us", "eu"):
        return f"aiplatform.{location}.rep.googleapis.com"
    return f"{location}-aiplatform.googleapis.com"


def _own_root(model: Model) -> str:
    """The user's own URL, with a version; "" for the catalog's."""
    url = model.base_url.rstrip("/")
    if not url or "{location}" in url:
        return ""
    versioned = any(_VERSION.fullmatch(part) for part in urlsplit(url).path.split("/"))
    return url if versioned else f"{url}/v1"


def _at(model: Model, root: str, header: AuthHeader) -> Model:
    return msgspec.structs.replace(model, base_url=root, auth_header=header)

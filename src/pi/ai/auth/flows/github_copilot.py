"""GitHub Copilot: a device code at GitHub, whose token is exchanged for one of Copilot's own.

The GitHub token is the refresh token and stays the same; Copilot's token lives for minutes and
names the host that answers this account, so every request finds its base URL in the token.
https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app
"""

import re
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Struct

from pi.ai.auth.base import Credential, LoginUI, OAuth
from pi.ai.auth.flows.copilot_models import CopilotModels
from pi.ai.auth.oauth.device import (
    GRANT_TYPE,
    Pace,
    ask_token,
    poll,
    read_device_code,
)
from pi.ai.auth.oauth.flow import Flow
from pi.ai.auth.oauth.service import Service
from pi.ai.auth.oauth.tokens import expiry, missing, number, text
from pi.ai.auth.oauth.world import World
from pi.ai.errors import ConfigError
from pi.ai.model import Model

__all__ = ["COPILOT_PARAMS", "CopilotParams", "GitHubCopilot", "github_domain"]

_GITHUB = "github.com"
_PACE = Pace(usual=1.2, slowed=1.4)  # GitHub's clock counts an interval as shorter than ours does
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_PROXY = re.compile(r"(?:^|;)proxy-ep=([^;]+)")
_HEADERS = {
    "User-Agent": "GitHubCopilotChat/0.35.0",
    "Editor-Version": "vscode/1.107.0",
    "Editor-Plugin-Version": "copilot-chat/0.35.0",
    "Copilot-Integration-Id": "vscode-chat",
}


class CopilotParams(Struct, frozen=True, kw_only=True):
    """Where and as whom to log in. Addresses have `{domain}` or `{host}` filled in.

    headers: sent with every request of the login; requests for models have those of the provider's
    row. service: the end of the hosts that a login may replace; another one is the user's choice.
    """

    client_id: str = "Iv1.b507a08c87ecfe98"
    scope: str = "read:user"
    device_url: str = "https://{domain}/login/device/code"
    token_url: str = "https://{domain}/login/oauth/access_token"
    copilot_url: str = "https://api.{domain}/copilot_internal/v2/token"
    base_url: str = "https://{host}"
    individual: str = "api.individual.githubcopilot.com"
    service: str = "githubcopilot.com"
    headers: dict[str, str] = msgspec.field(default_factory=lambda: dict(_HEADERS))


COPILOT_PARAMS = CopilotParams()
"""The service itself."""


class GitHubCopilot(Flow):
    """The login of a Copilot subscription, at github.com or at an Enterprise domain."""

    id = "github-copilot"
    who = "GitHub"

    def __init__(self, params: CopilotParams = COPILOT_PARAMS, world: World | None = None) -> None:
        super().__init__(world)
        self.params = params

    async def sign_in(self, ui: LoginUI) -> Credential:
        typed = await ui.prompt(
            "GitHub Enterprise domain (leave empty for github.com):",
            placeholder="company.ghe.com",
            allow_empty=True,
        )
        domain = github_domain(typed)
        service = Service(self.world, f"GitHub ({domain})")
        token = await self._github_token(service, domain, ui)
        ui.progress("Asking for the Copilot token…")
        login = await self._copilot(token, domain)
        ui.progress("Asking which models there are…")
        models = self._models(login)
        offered = await models.enable(ui)
        return _with_models(login, offered)

    async def renew(self, credential: OAuth) -> OAuth:
        login = await self._copilot(credential.refresh, _domain(credential))
        return _with_models(login, await self._models(login).offered())

    def overlay(self, model: Model, credential: OAuth) -> Model:
        host = urlsplit(model.base_url).hostname or self.params.service
        if not f".{host}".endswith(f".{self.params.service}"):
            return model  # the user's own
        return msgspec.structs.replace(model, base_url=self._base_url(credential))

    def offers(self, model: Model, credential: OAuth) -> bool:
        ids = credential.extra.get("availableModelIds")
        return model.id in ids if isinstance(ids, list) else True

    # -- steps -------------------------------------------------------------------------------------

    async def _github_token(self, service: Service, domain: str, ui: LoginUI) -> str:
        agent = {"User-Agent": self.params.headers.get("User-Agent", "")}
        answer = await service.form(
            self.params.device_url.format(domain=domain),
            {"client_id": self.params.client_id, "scope": self.params.scope},
            agent,
        )
        if answer.status == 404 or answer.is_page:
            raise ConfigError(
                f"{domain} does not answer as GitHub does (status {answer.status}): check the"
                " Enterprise domain",
                status=answer.status,
            )
        code = read_device_code(answer)
        await ui.show_code(code.user_code, code.url, code.expires_in)
        fields = {
            "client_id": self.params.client_id,
            "device_code": code.device_code,
            "grant_type": GRANT_TYPE,
        }
        url = self.params.token_url.format(domain=domain)
        given = await poll(
            self.world, lambda: ask_token(service, url, fields, agent), code, service.who, _PACE
        )
        token = text(given.fields, "access_token")
        if not token:
            raise missing(given, "access_token")
        return token

    async def _copilot(self, token: str, domain: str) -> OAuth:
        """Copilot's own token for a GitHub token."""
        service = Service(self.world, "GitHub Copilot")
        answer = await service.get(
            self.params.copilot_url.format(domain=domain),
            {**self.params.headers, "Authorization": f"Bearer {token}"},
        )
        data = answer.object()
        access, ends = text(data, "token"), number(data, "expires_at")
        absent = [] if access else ["token"]
        absent += [] if ends is not None else ["expires_at"]
        if absent or ends is None:
            raise missing(answer, *absent)
        now = self.world.now()
        if ends <= now:  # the clock of this machine is ahead: go by the lifetime
            ends = now + (number(data, "refresh_in") or 0)
        extra: dict[str, Any] = {} if domain == _GITHUB else {"enterpriseUrl": domain}
        return OAuth(token, access, expiry(now, ends - now), extra)

    def _models(self, login: OAuth) -> CopilotModels:
        base = self._base_url(login)
        individual = base == self.params.base_url.format(host=self.params.individual)
        headers = {**self.params.headers, "Authorization": f"Bearer {login.access}"}
        return CopilotModels(self.world, base, headers, individual=individual)

    def _base_url(self, credential: OAuth) -> str:
        """Where this account is answered: as the token says, else by its domain."""
        found = _PROXY.search(credential.access)
        host = found[1].strip().lower() if found else ""
        if _HOST.fullmatch(host):
            host = re.sub(r"^proxy\.", "api.", host)
        else:
            domain = _domain(credential)
            host = self.params.individual if domain == _GITHUB else f"copilot-api.{domain}"
        return self.params.base_url.format(host=quote(host))


def github_domain(typed: str) -> str:
    """The host in what a user typed; github.com for nothing. Raises `ConfigError`."""
    found = typed.strip().lower()
    if not found:
        return _GITHUB
    try:
        host = urlsplit(found if "://" in found else f"https://{found}").hostname or ""
    except ValueError:
        host = ""
    if not _HOST.fullmatch(host):
        raise ConfigError(
            "that is not a GitHub Enterprise domain: type a host name such as company.ghe.com"
        )
    return host.removeprefix("www.") if host == f"www.{_GITHUB}" else host


def _domain(credential: OAuth) -> str:
    stored = credential.extra.get("enterpriseUrl")
    return github_domain(stored) if isinstance(stored, str) else _GITHUB


def _with_models(login: OAuth, offered: list[str] | None) -> OAuth:
    """`login` with the models of the account; None keeps what is known."""
    if not offered:
        return login
    extra = {**login.extra, "availableModelIds": offered}
    return msgspec.structs.replace(login, extra=extra)

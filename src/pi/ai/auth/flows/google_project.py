"""Finding the Google Cloud project that pays for, or rather counts, the requests of an account.

An account that never used Code Assist is signed up for its default tier first, which may take a
while; it is waited for, but not for ever.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, cast

from pi.ai.auth.base import LoginUI
from pi.ai.auth.oauth.service import Answer, Service, one_line
from pi.ai.auth.oauth.tokens import text
from pi.ai.auth.oauth.urls import trusted_url
from pi.ai.errors import AuthError, ConfigError, PiError, ProtocolError, TransportError

__all__ = ["PROJECT_VARIABLES", "Discovery", "project_of"]

PROJECT_VARIABLES = ("GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_PROJECT_ID")

_METADATA = {
    "ideType": "IDE_UNSPECIFIED",
    "platform": "PLATFORM_UNSPECIFIED",
    "pluginType": "GEMINI",
}
_FREE = "free-tier"
_LEGACY = "legacy-tier"
_STANDARD = "standard-tier"
_POLL_SECONDS = 5.0
_ONBOARD_SECONDS = 180.0
_HELP = "https://goo.gle/gemini-cli-auth-docs#workspace-gca"


class Discovery:
    """Talks to Code Assist at `base_url` for one account."""

    def __init__(self, service: Service, base_url: str, headers: Mapping[str, str]) -> None:
        self.service = service
        self.base_url = base_url.rstrip("/")
        self.headers = headers

    async def project(self, ui: LoginUI) -> str:
        """The project of the account, signing it up if need be. Raises what stands against it."""
        wanted = (self.service.world.env.first(*PROJECT_VARIABLES) or "").strip()
        ui.progress("Looking for the Google Cloud project…")
        loaded = await self.load(wanted)
        if isinstance(loaded.get("currentTier"), dict):
            project = project_of(loaded) or wanted
            if not project:
                raise _no_project(loaded, self.service.who)
            return project
        tier = _default_tier(loaded)
        if tier != _FREE and not wanted:
            raise _no_project(loaded, self.service.who)
        return await self._onboard(tier, wanted, loaded, ui)

    async def load(self, wanted: str = "") -> dict[str, Any]:
        """What Code Assist knows of the account (`loadCodeAssist`)."""
        answer = await self._call("loadCodeAssist", _body(wanted))
        if _in_perimeter(answer):
            return {"currentTier": {"id": _STANDARD}}
        return answer.object()

    async def _onboard(self, tier: str, wanted: str, loaded: dict[str, Any], ui: LoginUI) -> str:
        # the free tier brings a project of its own, and fails if one is named
        named = "" if tier == _FREE else wanted
        ui.progress("Signing the account up for Code Assist…")
        operation = (await self._call("onboardUser", _body(named, tierId=tier))).object()
        world = self.service.world
        end = world.clock() + _ONBOARD_SECONDS
        name = text(operation, "name")
        while operation.get("done") is not True and name:
            if world.clock() >= end:
                raise TransportError(
                    f"{self.service.who} has not set up a project within"
                    f" {_ONBOARD_SECONDS / 60:g} minutes: log in again later"
                )
            await world.sleep(_POLL_SECONDS)
            ui.progress("Waiting for the project to be set up…")
            answer = await self.service.get(f"{self.base_url}/v1internal/{name}", self.headers)
            operation = answer.object()
        _raise_failure(operation, self.service.who)
        project = project_of(_object(operation, "response")) or wanted
        if not project:
            raise _no_project(loaded, self.service.who)
        return project

    async def _call(self, method: str, body: dict[str, Any]) -> Answer:
        return await self.service.json(f"{self.base_url}/v1internal:{method}", body, self.headers)


def project_of(data: dict[str, Any]) -> str:
    """The project in an answer, where it is a text or an object with an id."""
    return text(data, "cloudaicompanionProject") or text(
        _object(data, "cloudaicompanionProject"), "id"
    )


def _body(project: str, **fields: str) -> dict[str, Any]:
    body: dict[str, Any] = {**fields, "metadata": dict(_METADATA)}
    if project:
        body["cloudaicompanionProject"] = project
        body["metadata"]["duetProject"] = project
    return body


def _default_tier(loaded: dict[str, Any]) -> str:
    for tier in _objects(loaded, "allowedTiers"):
        if tier.get("isDefault") is True:
            return text(tier, "id") or _FREE
    return _LEGACY


def _in_perimeter(answer: Answer) -> bool:
    """Whether a company's service perimeter hides the answer; such accounts have a tier."""
    details = _objects(_object(answer.fields, "error"), "details")
    return not answer.ok and any(
        detail.get("reason") == "SECURITY_POLICY_VIOLATED" for detail in details
    )


def _no_project(loaded: dict[str, Any], who: str) -> PiError:
    """Why there is no project: the service's own reasons, else that one must be named."""
    reasons: list[str] = []
    for tier in _objects(loaded, "ineligibleTiers"):
        reason, url = one_line(text(tier, "reasonMessage")), text(tier, "validationUrl")
        with suppress(ProtocolError):
            reason += f" ({trusted_url(url, who)})" if url else ""
        if reason and reason not in reasons:
            reasons.append(reason)
    if reasons:
        return AuthError(f"{who} does not let this account in: {' '.join(reasons)}")
    return ConfigError(
        f"this account needs a Google Cloud project: set {' or '.join(PROJECT_VARIABLES)}"
        f" and log in again (see {_HELP})"
    )


def _raise_failure(operation: dict[str, Any], who: str) -> None:
    error = _object(operation, "error")
    if error:
        words = one_line(text(error, "message")) or "no reason given"
        raise AuthError(f"{who} could not sign the account up: {words}")


def _object(data: dict[str, Any], name: str) -> dict[str, Any]:
    value = data.get(name)
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _objects(data: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = data.get(name)
    items = cast("list[Any]", value) if isinstance(value, list) else []
    return [cast("dict[str, Any]", item) for item in items if isinstance(item, dict)]

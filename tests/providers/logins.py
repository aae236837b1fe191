"""Logins as they are when stored, for providers that are used with a subscription only."""

import base64

import msgspec

from pi.ai.auth.base import LoginFlow, OAuth, flows
from pi.ai.model import Model

__all__ = ["install"]


class _Codex(LoginFlow):
    id = "openai-codex"

    def overlay(self, model: Model, credential: OAuth) -> Model:
        part = credential.access.split(".")[1]
        claims = msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        account = claims["https://api.openai.com/auth"]["chatgpt_account_id"]
        return msgspec.structs.replace(
            model, headers={**model.headers, "chatgpt-account-id": account}
        )


class _Copilot(LoginFlow):
    id = "github-copilot"

    def overlay(self, model: Model, credential: OAuth) -> Model:
        fields = dict(part.partition("=")[::2] for part in credential.access.split(";"))
        proxy = fields.get("proxy-ep")
        if proxy is None:
            return model
        return msgspec.structs.replace(
            model, base_url=f"https://{proxy.replace('proxy.', 'api.', 1)}"
        )


class _CodeAssist(LoginFlow):
    def overlay(self, model: Model, credential: OAuth) -> Model:
        body = {**model.extra_body, "project": credential.extra["projectId"]}
        return msgspec.structs.replace(model, extra_body=body)


def install() -> None:
    """Put flows on the shelf for those that are not there yet."""
    for name, flow in {
        "anthropic": LoginFlow(),
        "openai-codex": _Codex(),
        "github-copilot": _Copilot(),
        "google-gemini-cli": _CodeAssist(),
        "google-antigravity": _CodeAssist(),
    }.items():
        if name not in flows:
            flows.add(name, flow, owner="tests")

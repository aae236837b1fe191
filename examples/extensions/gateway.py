"""A company's gateway behind OAuth that serves two wires, as GitLab Duo does.

The login in the browser gives a token for the gateway's own API. That API hands out a second,
short-lived one, with headers and an address, for the models themselves; it is what is stored as
the access token, and fetched anew together with the first one. `pi auth login acme`, then
`pi --model acme/claude-sonnet-5-5`.
"""

import os

from pi.extensions import (
    AuthError,
    BrowserFlow,
    BrowserParams,
    Loopback,
    Model,
    OAuth,
    Pi,
    Tokens,
    with_headers,
)

GATEWAY = os.environ.get("ACME_GATEWAY_URL", "https://ai.acme.example")

MODELS = (
    {
        "id": "claude-sonnet-5-5",
        "api": "anthropic-messages",
        "baseUrl": f"{GATEWAY}/proxy/anthropic",
        "reasoning": True,
        "input": ["text", "image"],
        "contextWindow": 200_000,
        "maxTokens": 64_000,
    },
    {
        "id": "gpt-6.1-sol",
        "api": "openai-responses",
        "baseUrl": f"{GATEWAY}/proxy/openai/v1",
        "reasoning": True,
        "contextWindow": 400_000,
        "maxTokens": 128_000,
    },
)


class AcmeLogin(BrowserFlow):
    """Signs in to the gateway."""

    id = "acme"
    who = "Acme"

    async def credential(self, tokens: Tokens) -> OAuth:
        """Trade the token of the gateway's API for one for its models."""
        answer = await self.service.json(
            f"{GATEWAY}/api/model_access", {}, headers={"authorization": f"Bearer {tokens.access}"}
        )
        if answer.status == 403:
            raise AuthError("your Acme account may not use models: ask the AI platform team")
        access = answer.object()
        expires = min(tokens.expires, int(access["expires_at"] * 1000))
        return OAuth(tokens.refresh, access["token"], expires, {"headers": access["headers"]})

    def overlay(self, model: Model, credential: OAuth) -> Model:
        """Every request carries the headers that came with the token."""
        return with_headers(model, credential.extra.get("headers", {}))


def extension(pi: Pi) -> None:
    params = BrowserParams(
        client_id="pi",
        authorize_url=f"{GATEWAY}/oauth/authorize",
        token_url=f"{GATEWAY}/oauth/token",
        scopes="ai_features",
        loopback=Loopback(port=0, path="/callback"),
    )
    pi.register_provider(
        "acme",
        display_name="Acme AI gateway",
        models=MODELS,
        auth_header=True,
        login=AcmeLogin(params),
    )

"""Sees every request and what comes back: payload, headers, response, pieces of the stream."""

from typing import Any

from pi.extensions import (
    AfterProviderResponse,
    BeforeProviderHeaders,
    BeforeProviderRequest,
    Context,
    Pi,
    ProviderStreamEvent,
)


def extension(pi: Pi) -> None:
    pieces: list[str] = []

    @pi.on("before_provider_request")
    def payload(event: BeforeProviderRequest, context: Context) -> dict[str, Any]:
        return {**event.payload, "user": "wire-log"}

    @pi.on("before_provider_headers")
    def headers(event: BeforeProviderHeaders, context: Context) -> dict[str, str | None]:
        return {"X-Trace": "42", "X-Unwanted": None}

    @pi.on("after_provider_response")
    def response(event: AfterProviderResponse, context: Context) -> None:
        context.ui.notify(f"{event.status} {event.headers.get('content-type')}")

    @pi.on("provider_stream_event")
    def piece(event: ProviderStreamEvent, context: Context) -> None:
        pieces.append(event.data)

    @pi.on("agent_settled")
    def settled(event: object, context: Context) -> None:
        context.ui.notify(f"{len(pieces)} pieces")

"""Asking an identity provider: forms and JSON out, JSON back, one clear line when that fails.

Which error it is decides what becomes of a login: only a service's own refusal is an `AuthError`.
A proxy's web page, a failing service and a full one are something else, and pass. Messages carry
the service's words, on one line, and never a code or token of the request.
"""

import re
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlencode

from msgspec import Struct

from pi.ai.auth.masks import Masker
from pi.ai.auth.oauth.world import World
from pi.ai.errors import AuthError, OverloadedError, PiError, RateLimitError, TransportError
from pi.ai.protocols.wait_hint import wait_hint
from pi.ai.request import Request, decode_json, encode_json

__all__ = ["Answer", "Service", "one_line"]

_SECRET_FIELDS = frozenset(
    {"client_secret", "code", "code_verifier", "device_code", "refresh_token", "device_auth_id"}
)
_WORDS = ("error_description", "message", "detail", "reason")
_LONGEST = 300


class Answer(Struct, frozen=True):
    """What a service said. `data` is None unless it is JSON; `who` names the service."""

    who: str
    status: int
    headers: dict[str, str]
    data: Any
    text: str
    secrets: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the status says that it worked."""
        return 200 <= self.status < 300

    @property
    def fields(self) -> dict[str, Any]:
        """The JSON object of the answer; empty if it is no object."""
        data = self.data
        return cast("dict[str, Any]", data) if isinstance(data, dict) else {}

    @property
    def code(self) -> str:
        """The machine-readable word of an error (RFC 6749 5.2, or `error.code`), or ""."""
        error = self.fields.get("error")
        if isinstance(error, dict):
            inner = cast("dict[str, Any]", error)
            error = inner.get("code") or inner.get("status") or inner.get("type")
        return error if isinstance(error, str) else ""

    @property
    def is_page(self) -> bool:
        """Whether this is a web page."""
        return self.data is None and self.text.lstrip().startswith("<")

    def object(self) -> dict[str, Any]:
        """The JSON object of a good answer. Raises `error()` if it is anything else."""
        if not self.ok or not isinstance(self.data, dict):
            raise self.error()
        return self.fields

    def words(self) -> str:
        """What the service says about an error, on one line, without anything secret."""
        fields = self.fields
        error = fields.get("error")
        if isinstance(error, dict):
            fields = cast("dict[str, Any]", error)
        said = next((fields[n] for n in _WORDS if isinstance(fields.get(n), str)), "")
        if not said and self.data is None and not self.is_page:
            said = self.text
        parts = [one_line(said), one_line(self.code)]
        text = " ".join(f"({part})" if n and parts[0] else part for n, part in enumerate(parts))
        return Masker(self.secrets).mask(text.strip().removesuffix("()").strip())

    def error(self) -> PiError:
        """The error that this answer is."""
        words = self.words()
        what = f"status {self.status}" + (f": {words}" if words else "")
        if self.status == 429:
            wait = wait_hint(self.headers, self.data, words)
            return RateLimitError(
                f"{self.who} says that there were too many requests ({what})",
                status=429,
                retry_after=wait,
            )
        if self.status >= 500:
            return OverloadedError(f"{self.who} failed on its side ({what})", status=self.status)
        if self.is_page:
            return TransportError(
                f"{self.who} answered with a web page instead of data ({what}): a proxy or the"
                " network's own login page may be in between",
                status=self.status,
            )
        if self.ok or self.status < 400 or self.status == 408:
            return TransportError(
                f"{self.who} sent an answer that cannot be read ({what})", status=self.status
            )
        return AuthError(f"{self.who} refused ({what})", status=self.status)


class Service:
    """One identity provider. `who` names it in messages."""

    def __init__(self, world: World, who: str) -> None:
        self.world = world
        self.who = who

    async def form(
        self, url: str, fields: Mapping[str, str], headers: Mapping[str, str] = {}
    ) -> Answer:
        """POST a form. Raises `TransportError`; a bad status is an answer."""
        content = urlencode(fields).encode()
        kind = "application/x-www-form-urlencoded"
        return await self._ask("POST", url, headers, fields, content, kind)

    async def json(
        self, url: str, fields: Mapping[str, Any], headers: Mapping[str, str] = {}
    ) -> Answer:
        """POST JSON. Raises `TransportError`; a bad status is an answer."""
        content = encode_json(fields)
        return await self._ask("POST", url, headers, fields, content, "application/json")

    async def get(self, url: str, headers: Mapping[str, str] = {}) -> Answer:
        """GET. Raises `TransportError`; a bad status is an answer."""
        return await self._ask("GET", url, headers, {}, b"", "")

    async def _ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        fields: Mapping[str, Any],
        content: bytes,
        kind: str,
    ) -> Answer:
        sent = {"Accept": "application/json", **headers}
        if kind:
            sent["Content-Type"] = kind
        secrets = [str(value) for name, value in fields.items() if name in _SECRET_FIELDS]
        secrets.append(sent.get("Authorization", "").rpartition(" ")[2])
        reply = await self.world.send(Request(url, sent, content=content, method=method))
        text = reply.content.decode("utf-8", "replace")
        try:
            data = decode_json(reply.content) if reply.content else None
        except ValueError:
            data = None
        return Answer(
            self.who, reply.status, reply.headers, data, text, tuple(filter(None, secrets))
        )


def one_line(text: str) -> str:
    """`text` of a stranger, fit for a message: one line, printable, not long."""
    line = re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in text)).strip()
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"

"""An identity provider for tests, whose rules are oauthlib's own: nothing of ours judges a login.

Codes are good once and only with the verifier, client and redirect address they were made for;
refresh tokens rotate, and one that comes back a second time ends the login; device codes may be
polled every `interval` seconds of the given clock and answer `slow_down` to anybody faster.
`handler` is a script for `support.server.Server`; vendors' peculiarities are laid over it.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from oauthlib.common import Request
from oauthlib.oauth2 import RequestValidator, Server
from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc8628.endpoints import DeviceApplicationServer

from support.replies import Reply, Seen, json_reply

CLIENT = "test-client"


@dataclass
class Device:
    """A device code. `answer` None: the user has not decided."""

    user_code: str
    answer: bool | None = None
    asked: float | None = None
    spent: bool = False


@dataclass
class Identity(RequestValidator):
    """The provider. `secret`: what clients must authenticate with. `redirects`: accepted starts."""

    client_id: str = CLIENT
    secret: str = ""
    redirects: tuple[str, ...] = ("http://localhost:",)
    lifetime: int = 3600
    interval: int = 5
    device_lifetime: int = 900
    clock: Callable[[], float] = lambda: 0.0
    deny: bool = False
    make_token: Callable[[Any], str] | None = None
    scopes: list[str] = field(default_factory=list)
    codes: dict[str, Any] = field(default_factory=dict)
    live: dict[str, list[str]] = field(default_factory=dict)
    spent: set[str] = field(default_factory=set)
    reused: list[str] = field(default_factory=list)
    accesses: list[str] = field(default_factory=list)
    devices: dict[str, Device] = field(default_factory=dict)
    polls: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = Server(self, token_expires_in=self.lifetime, token_generator=self.make_token)
        self.device_server = DeviceApplicationServer(
            self,
            "https://idp.test/device",
            interval=self.interval,
            verification_uri_complete="https://idp.test/device?user_code={user_code}",
        )
        self.device_server._expires_in = self.device_lifetime

    # -- endpoints ---------------------------------------------------------------------------------

    def authorize(self, seen: Seen) -> Reply:
        """The page that a browser opens; its user agrees at once, or denies."""
        url = f"http://idp.test{seen.path}"
        try:
            scopes, request = self.server.validate_authorization_request(url)
            if self.deny:
                denied = errors.AccessDeniedError(request=request["request"])
                return Reply(b"", 302, {"location": denied.in_uri(request["redirect_uri"])})
            headers, _, status = self.server.create_authorization_response(
                url, scopes=scopes, credentials={"user": "somebody"}
            )
        except errors.FatalClientError as error:
            return Reply(str(error).encode(), 400, {"content-type": "text/plain"})
        except errors.OAuth2Error as error:
            return Reply(b"", 302, {"location": error.in_uri(error.redirect_uri)})
        return Reply(b"", status, {"location": headers["Location"]})

    def token(self, seen: Seen, body: str | None = None) -> Reply:
        """The token endpoint, for all grants."""
        headers, content, status = self.server.create_token_response(
            "http://idp.test/token", "POST", body or seen.body.decode(), self._headers(seen)
        )
        return Reply(content.encode(), status, dict(headers))

    def device(self, seen: Seen) -> Reply:
        """The device authorization endpoint."""
        headers, data, status = self.device_server.create_device_authorization_response(
            "http://idp.test/device_code", "POST", seen.body.decode(), self._headers(seen)
        )
        if status == 200:
            self.devices[data["device_code"]] = Device(data["user_code"])
        return json_reply(data, status, headers=dict(headers))

    def decide(self, user_code: str, answer: bool) -> None:
        """What the user types in on another device, and whether they agree."""
        device = next(d for d in self.devices.values() if d.user_code == user_code)
        device.answer = answer

    def handler(self, seen: Seen) -> Reply:
        """A plain identity provider."""
        match seen.path.partition("?")[0]:
            case "/authorize":
                return self.authorize(seen)
            case "/token":
                return self.token(seen)
            case "/device":
                return self.device(seen)
            case _:
                return json_reply({"error": "not_found"}, 404)

    def _headers(self, seen: Seen) -> dict[str, str]:
        return {name.title(): value for name, value in seen.headers.items()}

    # -- what oauthlib asks ------------------------------------------------------------------------

    def validate_client_id(self, client_id: str, request: Request, *_: Any) -> bool:
        request.client = self
        return client_id == self.client_id

    def client_authentication_required(self, request: Request, *_: Any) -> bool:
        return bool(self.secret)

    def authenticate_client(self, request: Request, *_: Any) -> bool:
        request.client = self
        good = request.client_id == self.client_id
        return good and secrets.compare_digest(request.client_secret or "", self.secret)

    def authenticate_client_id(self, client_id: str, request: Request, *_: Any) -> bool:
        request.client = self
        return client_id == self.client_id and not self.secret

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: Request, *_: Any
    ) -> bool:
        return redirect_uri.startswith(self.redirects)

    def validate_response_type(self, client_id: str, response_type: str, *_: Any) -> bool:
        return response_type == "code"

    def validate_scopes(self, client_id: str, scopes: list[str], *_: Any) -> bool:
        self.scopes = scopes
        return True

    def get_default_scopes(self, client_id: str, request: Request, *_: Any) -> list[str]:
        return ["default"]

    def is_pkce_required(self, client_id: str, request: Request) -> bool:
        return True

    def save_authorization_code(
        self, client_id: str, code: dict[str, str], request: Request, *_: Any
    ) -> None:
        self.codes[code["code"]] = request

    def validate_code(
        self, client_id: str, code: str, client: Any, request: Request, *_: Any
    ) -> bool:
        made = self.codes.get(code)
        if made is None or made.client_id != client_id:
            return False
        request.user, request.scopes = "somebody", made.scopes
        return True

    def get_code_challenge(self, code: str, request: Request) -> str:
        return self.codes[code].code_challenge

    def get_code_challenge_method(self, code: str, request: Request) -> str:
        method = self.codes[code].code_challenge_method
        return method if method == "S256" else "none"

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Any, request: Request, *_: Any
    ) -> bool:
        return self.codes[code].redirect_uri == redirect_uri

    def invalidate_authorization_code(self, client_id: str, code: str, *_: Any) -> None:
        del self.codes[code]

    def validate_grant_type(self, client_id: str, grant_type: str, *_: Any) -> bool:
        return True

    def save_bearer_token(self, token: dict[str, Any], request: Request, *_: Any) -> None:
        self.accesses.append(token["access_token"])
        if request.grant_type == "refresh_token":
            self.live.pop(request.refresh_token)
            self.spent.add(request.refresh_token)
        if "refresh_token" in token:
            self.live[token["refresh_token"]] = request.scopes

    def validate_refresh_token(self, refresh_token: str, *_: Any) -> bool:
        if refresh_token in self.spent:
            self.reused.append(refresh_token)
            self.live.clear()  # as the strict ones do: somebody has stolen it
        return refresh_token in self.live

    def get_original_scopes(self, refresh_token: str, *_: Any) -> list[str]:
        return self.live[refresh_token]

    def validate_device_code(
        self, client_id: str, device_code: str, request: Request
    ) -> str | None:
        now = self.clock()
        self.polls.append(now)
        device = self.devices.get(device_code)
        if device is None or device.spent:
            return None
        last, device.asked = device.asked, now
        if now >= self.device_lifetime:
            return "expired_token"
        if last is not None and now - last < self.interval:
            return "slow_down"
        if device.answer is None:
            return "authorization_pending"
        if not device.answer:
            return "access_denied"
        device.spent = True
        request.user, request.scopes = "somebody", ["default"]
        return "authorized"

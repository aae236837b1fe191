"""What the two Google logins share: PKCE with a client secret, an e-mail address, a project.

https://developers.google.com/identity/protocols/oauth2/native-app. The project is part of the
credential and travels in the body of every request; a refresh uses the client that logged in.
"""

import asyncio
from threading import Event
from typing import Any

import msgspec
from msgspec import Struct

from pi.ai.auth.base import Credential, LoginUI, OAuth
from pi.ai.auth.flows.google_client import (
    Installation,
    OAuthClient,
    client_from_env,
    client_in,
    installed_client,
)
from pi.ai.auth.oauth.attempt import Handshake
from pi.ai.auth.oauth.flow import Flow, stored
from pi.ai.auth.oauth.pkce import BrowserLogin, Loopback
from pi.ai.auth.oauth.service import Service
from pi.ai.auth.oauth.tokens import Tokens, read_tokens, text
from pi.ai.auth.oauth.urls import with_query
from pi.ai.auth.oauth.world import World
from pi.ai.errors import AuthError, ConfigError, PiError
from pi.ai.model import Model

__all__ = ["GoogleFlow", "GoogleParams"]

_API = "https://www.googleapis.com/auth/"
_PUBLISHED = "published"


class GoogleParams(Struct, frozen=True, kw_only=True):
    """Where and as whom to log in.

    variables: what the names of the variables for the client begin with. program: what to install
    to get a client. published: where its source can be read, "" if it is not published. base_urls:
    where to ask for the project, in order. headers: for those requests. code_redirect: the page
    that shows a code to copy, if there is one.
    """

    client_id: str
    loopback: Loopback
    scopes: tuple[str, ...]
    variables: str
    program: str
    installation: Installation
    base_urls: tuple[str, ...]
    headers: dict[str, str]
    published: str = ""
    code_redirect: str = ""
    authorize_url: str = "https://accounts.google.com/o/oauth2/v2/auth"
    token_url: str = "https://oauth2.googleapis.com/token"
    user_url: str = "https://www.googleapis.com/oauth2/v1/userinfo?alt=json"


class GoogleFlow(Flow):
    """A Google login. Subclasses find the project. `client`: from the settings; it wins."""

    who = "Google"

    def __init__(self, params: GoogleParams, world: World | None = None) -> None:
        super().__init__(world)
        self.params = params
        self.client: OAuthClient | None = None
        self._found: OAuthClient | None = None

    async def find_project(self, access: str, ui: LoginUI) -> str:
        """The project of the account. Raises `PiError`."""
        raise NotImplementedError

    async def sign_in(self, ui: LoginUI) -> Credential:
        client = await self._client() or await self._ask_for_published(ui)
        if client is None:
            raise self._no_client()
        login = BrowserLogin(self.world, ui, self.who, lambda h: self._authorize(h, client))

        async def exchange(handshake: Handshake, code: str) -> Tokens:
            return await self._exchange(handshake, code, client)

        if await self._by_code(ui):
            tokens = await login.by_code(self.params.code_redirect, exchange)
        else:
            tokens = await login.by_callback(self.params.loopback, exchange)
        return stored(
            tokens,
            email=await self._email(tokens.access),
            projectId=await self.find_project(tokens.access, ui),
            clientId=client.id,
            clientSource=_PUBLISHED if client.published else "",
        )

    async def renew(self, credential: OAuth) -> OAuth:
        client = await self._client()
        if client is None and credential.extra.get("clientSource") == _PUBLISHED:
            client = await self._published()  # the user agreed to that when logging in
        if client is None:
            raise self._no_client()
        made_for = credential.extra.get("clientId", client.id)
        if made_for != client.id:
            raise ConfigError(
                f"this login was made with the OAuth client {made_for}, but now {client.source}"
                f" names {client.id}: restore the first, or log in again"
            )
        answer = await self.service.form(
            self.params.token_url,
            {
                "client_id": client.id,
                "client_secret": client.secret,
                "refresh_token": credential.refresh,
                "grant_type": "refresh_token",
            },
        )
        return stored(read_tokens(answer, now=self.world.now(), renewed=True))

    def overlay(self, model: Model, credential: OAuth) -> Model:
        project = credential.extra.get("projectId")
        if not isinstance(project, str) or not project:
            raise AuthError("the Google login does not name its project: log in again")
        body: dict[str, Any] = {"project": project, **model.extra_body}
        return msgspec.structs.replace(model, extra_body=body)

    async def _by_code(self, ui: LoginUI) -> bool:
        """Whether the browser is elsewhere, if the service has a page for that."""
        ways = {
            "browser": "Browser on this machine",
            "code": "Copy a code (the browser is on another machine)",
        }
        return bool(self.params.code_redirect) and (
            await ui.choose("How to log in to Google:", ways) == "code"
        )

    # -- the client --------------------------------------------------------------------------------

    async def _client(self) -> OAuthClient | None:
        """The client of settings, variables or this machine; None if it must be fetched."""
        named = self.client or client_from_env(
            self.world.env, self.params.variables, self.params.client_id
        )
        if named is None and self._found is None:
            self._found = await self._installed()
        return named or self._found

    async def _installed(self) -> OAuthClient | None:
        stop = Event()  # a thread cannot be cancelled, and the program waits for it at its end
        try:
            return await asyncio.to_thread(
                installed_client,
                self.params.installation,
                self.params.client_id,
                self.world.env,
                stop.is_set,
            )
        finally:
            stop.set()

    async def _ask_for_published(self, ui: LoginUI) -> OAuthClient | None:
        if not self.params.published:
            return None
        answer = await ui.choose(
            f"{self.params.program} is not installed here. Google's OAuth client, which the login"
            f" needs, can be read from its published source, {self.params.published}. Read it?",
            {"yes": "Yes, read it from there", "no": "No"},
        )
        return await self._published() if answer == "yes" else None

    async def _published(self) -> OAuthClient:
        url = self.params.published
        answer = await Service(self.world, "the published source").get(url, {"Accept": "*/*"})
        if not answer.ok:
            raise answer.error()
        secret = client_in(answer.text.encode(), self.params.client_id)
        if not secret:
            raise ConfigError(f"there is no OAuth client in {url} any more; {self._advice()}")
        self._found = OAuthClient(self.params.client_id, secret, url, published=True)
        return self._found

    def _no_client(self) -> ConfigError:
        return ConfigError(
            "this login needs Google's OAuth client, whose secret is not part of this program:"
            f" {self._advice()}"
        )

    def _advice(self) -> str:
        prefix = f"{self.params.variables}_OAUTH_CLIENT"
        return (
            f"install {self.params.program} on this machine, or set {prefix}_ID and {prefix}_SECRET"
        )

    # -- requests ----------------------------------------------------------------------------------

    def _authorize(self, handshake: Handshake, client: OAuthClient) -> str:
        return with_query(
            self.params.authorize_url,
            {
                "client_id": client.id,
                "response_type": "code",
                "redirect_uri": handshake.redirect_uri,
                "scope": " ".join(_API + scope for scope in self.params.scopes),
                "code_challenge": handshake.challenge,
                "code_challenge_method": "S256",
                "state": handshake.state,
                "access_type": "offline",
                "prompt": "consent",
            },
        )

    async def _exchange(self, handshake: Handshake, code: str, client: OAuthClient) -> Tokens:
        answer = await self.service.form(
            self.params.token_url,
            {
                "client_id": client.id,
                "client_secret": client.secret,
                "code": code,
                "grant_type": "authorization_code",
                "redirect_uri": handshake.redirect_uri,
                "code_verifier": handshake.verifier,
            },
        )
        return read_tokens(answer, now=self.world.now())

    async def _email(self, access: str) -> str:
        """The address of the account, for people; "" if it cannot be had."""
        try:
            answer = await self.service.get(
                self.params.user_url, {"Authorization": f"Bearer {access}"}
            )
            return text(answer.object(), "email")
        except PiError:
            return ""

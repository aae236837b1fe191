"""Google Antigravity: the login of Google's desktop program.

The service turns away old versions: `PI_AI_ANTIGRAVITY_VERSION` is the one that requests name.
"""

import msgspec

from pi.ai.auth.base import LoginUI, OAuth
from pi.ai.auth.flows.google import GoogleFlow, GoogleParams
from pi.ai.auth.flows.google_client import Installation
from pi.ai.auth.flows.google_project import Discovery, project_of
from pi.ai.auth.oauth.pkce import Loopback
from pi.ai.auth.oauth.world import World
from pi.ai.auth.overlay import with_headers
from pi.ai.errors import PiError
from pi.ai.model import Model

__all__ = ["ANTIGRAVITY_PARAMS", "DEFAULT_PROJECT", "GoogleAntigravity"]

VERSION_VARIABLE = "PI_AI_ANTIGRAVITY_VERSION"

DEFAULT_PROJECT = "rising-fact-p41fc"
"""The project for accounts for which the service names none."""

ANTIGRAVITY_PARAMS = GoogleParams(
    client_id="1071006060591-tmhssin2h21lcre235vtolojh4g403ep.apps.googleusercontent.com",
    loopback=Loopback(port=51121, path="/oauth-callback"),
    scopes=(
        "cloud-platform",
        "userinfo.email",
        "userinfo.profile",
        "cclog",
        "experimentsandconfigs",
    ),
    variables="PI_ANTIGRAVITY",
    program="Google Antigravity",
    installation=Installation(
        command="antigravity",
        package="resources/app",
        folders=(
            "/Applications/Antigravity.app/Contents/Resources/app",
            "{HOME}/Applications/Antigravity.app/Contents/Resources/app",
            "{LOCALAPPDATA}/Programs/Antigravity/resources/app",
            "/usr/share/antigravity/resources/app",
            "/opt/[Aa]ntigravity/resources/app",
            "{HOME}/.local/share/[Aa]ntigravity/resources/app",
        ),
        files=(
            "out/*.js",
            "extensions/antigravity/dist/*.js",
            "extensions/antigravity/bin/language_server*",
            "out/**/*.js",
            "extensions/**/*.js",
        ),
    ),
    base_urls=(
        "https://cloudcode-pa.googleapis.com",
        "https://daily-cloudcode-pa.sandbox.googleapis.com",
    ),
    headers={
        "User-Agent": "google-api-nodejs-client/9.15.1",
        "X-Goog-Api-Client": "google-cloud-sdk vscode_cloudshelleditor/0.1",
        "Client-Metadata": msgspec.json.encode(
            {
                "ideType": "IDE_UNSPECIFIED",
                "platform": "PLATFORM_UNSPECIFIED",
                "pluginType": "GEMINI",
            }
        ).decode(),
    },
)
"""Where and as whom to log in."""


class GoogleAntigravity(GoogleFlow):
    """The login of Antigravity."""

    id = "google-antigravity"

    def __init__(
        self, params: GoogleParams = ANTIGRAVITY_PARAMS, world: World | None = None
    ) -> None:
        super().__init__(params, world)

    async def find_project(self, access: str, ui: LoginUI) -> str:
        ui.progress("Looking for the Google Cloud project…")
        headers = {**self.params.headers, "Authorization": f"Bearer {access}"}
        for base_url in self.params.base_urls:
            try:
                loaded = await Discovery(self.service, base_url, headers).load()
            except PiError:
                continue
            project = project_of(loaded)
            if project:
                return project
        ui.progress("The service names no project; using the default one.")
        return DEFAULT_PROJECT

    def overlay(self, model: Model, credential: OAuth) -> Model:
        model = super().overlay(model, credential)
        version = self.world.env.get(VERSION_VARIABLE)
        if version is None:
            return model
        return with_headers(model, {"User-Agent": f"antigravity/{version.strip()} darwin/arm64"})

"""Google Gemini CLI (Cloud Code Assist): the login of Google's own terminal program.

A paid plan needs `GOOGLE_CLOUD_PROJECT`; for a private account Google makes a project.
"""

from pi.ai.auth.base import LoginUI
from pi.ai.auth.flows.google import GoogleFlow, GoogleParams
from pi.ai.auth.flows.google_client import Installation
from pi.ai.auth.flows.google_project import Discovery
from pi.ai.auth.oauth.pkce import Loopback
from pi.ai.auth.oauth.world import World

__all__ = ["GEMINI_CLI_PARAMS", "GoogleGeminiCLI"]

_PACKAGE = "node_modules/@google"

GEMINI_CLI_PARAMS = GoogleParams(
    client_id="681255809395-oo8ft2oprdrnp9e3aqf6av3hmdib135j.apps.googleusercontent.com",
    loopback=Loopback(port=8085, path="/oauth2callback", any_port=True),
    code_redirect="https://codeassist.google.com/authcode",
    scopes=("cloud-platform", "userinfo.email", "userinfo.profile"),
    variables="PI_GEMINI_CLI",
    program="the Gemini CLI (npm install -g @google/gemini-cli)",
    installation=Installation(
        command="gemini",
        package=_PACKAGE,
        folders=(
            f"{{NPM_CONFIG_PREFIX}}/lib/{_PACKAGE}",
            f"{{HOME}}/.npm-global/lib/{_PACKAGE}",
            f"{{HOME}}/.local/lib/{_PACKAGE}",
            f"{{HOME}}/.nvm/versions/node/*/lib/{_PACKAGE}",
            f"{{HOME}}/.local/share/fnm/node-versions/*/installation/lib/{_PACKAGE}",
            f"{{HOME}}/.volta/tools/image/packages/@google/gemini-cli/lib/{_PACKAGE}",
            f"{{HOME}}/.bun/install/global/{_PACKAGE}",
            f"{{APPDATA}}/npm/{_PACKAGE}",
            f"{{HOME}}/.npm/_npx/*/{_PACKAGE}",
            f"/usr/local/lib/{_PACKAGE}",
            f"/usr/lib/{_PACKAGE}",
            f"/opt/homebrew/lib/{_PACKAGE}",
            f"/opt/homebrew/opt/gemini-cli/libexec/lib/{_PACKAGE}",
            f"/usr/local/opt/gemini-cli/libexec/lib/{_PACKAGE}",
        ),
        files=(
            "gemini-cli-core/dist/src/code_assist/oauth2.js",
            "gemini-cli/node_modules/@google/gemini-cli-core/dist/src/code_assist/oauth2.js",
            "gemini-cli/bundle/*.js",
        ),
    ),
    base_urls=("https://cloudcode-pa.googleapis.com",),
    headers={
        "User-Agent": "google-api-nodejs-client/9.15.1",
        "X-Goog-Api-Client": "gl-node/22.17.0",
    },
    published=(
        "https://raw.githubusercontent.com/google-gemini/gemini-cli/main/packages/core/src"
        "/code_assist/oauth2.ts"
    ),
)
"""Where and as whom to log in. Google accepts any loopback port of an installed program."""


class GoogleGeminiCLI(GoogleFlow):
    """The login of the Gemini CLI."""

    id = "google-gemini-cli"

    def __init__(
        self, params: GoogleParams = GEMINI_CLI_PARAMS, world: World | None = None
    ) -> None:
        super().__init__(params, world)

    async def find_project(self, access: str, ui: LoginUI) -> str:
        headers = {**self.params.headers, "Authorization": f"Bearer {access}"}
        return await Discovery(self.service, self.params.base_urls[0], headers).project(ui)

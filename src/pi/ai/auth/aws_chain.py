"""AWS credentials from profiles, SSO, containers, web identity and instance roles.

Plain profiles are read here; everything else is botocore's, which also renews what expires.
"""

from importlib import import_module
from typing import Any

from pi.ai.auth import aws_files
from pi.ai.auth.sigv4 import AwsKeys
from pi.ai.auth.values import Environment
from pi.ai.errors import AuthError, ConfigError

__all__ = ["AwsChain"]

_CHAIN_FIRST = ("AWS_WEB_IDENTITY_TOKEN_FILE",)
"""With these set the chain finds something before it comes to the default profile."""

_Place = tuple[str | None, str | None, str | None]


class AwsChain:
    """Finds credentials, and keeps botocore's objects, which renew them."""

    def __init__(self) -> None:
        self._found: dict[_Place, Any] = {}

    async def keys(self, env: Environment, profile: str | None) -> tuple[AwsKeys, str]:
        """Keys that are good now, and where they came from.

        `profile`: the one that was asked for; None for the default of the chain. Raises `AuthError`
        if there are none, `ConfigError` if botocore is needed and not installed.
        """
        if profile or not env.first(*_CHAIN_FIRST):
            plain = aws_files.plain_keys(env, profile or "default")
            if plain is not None:
                return plain, f"AWS profile {profile or 'default'}"
        import asyncio  # asking what is configured needs no event loop

        return await asyncio.to_thread(self._ask, env, profile)

    def forget(self) -> None:
        """Look for credentials anew at the next call."""
        self._found.clear()

    def _ask(self, env: Environment, profile: str | None) -> tuple[AwsKeys, str]:
        try:
            botocore: Any = import_module("botocore.session")
            errors: Any = import_module("botocore.exceptions")
        except ImportError:
            raise ConfigError(
                "AWS credentials other than a bearer token, access keys or a plain profile need"
                " botocore: pip install 'pi-for-python[bedrock]'"
            ) from None
        files = env.get("AWS_CONFIG_FILE"), env.get("AWS_SHARED_CREDENTIALS_FILE")
        place = (profile, *files)
        try:
            credentials = self._found.get(place)
            if credentials is None:
                session = botocore.Session(profile=profile)
                for name, value in zip(("config_file", "credentials_file"), files, strict=True):
                    if value:
                        session.set_config_variable(name, value)
                credentials = session.get_credentials()
            if credentials is None:
                raise AuthError(_NOTHING)
            frozen = credentials.get_frozen_credentials()
        except (errors.BotoCoreError, errors.ClientError) as error:
            self._found.pop(place, None)
            named = f" of profile {profile}" if profile else ""
            sso = "SSO" in str(error) or "Token" in type(error).__name__
            again = f"; run `aws sso login --profile {profile or 'default'}`" if sso else ""
            raise AuthError(f"the AWS credentials{named} are not usable: {error}{again}") from error
        self._found[place] = credentials
        keys = AwsKeys(frozen.access_key, frozen.secret_key, frozen.token or "")
        return keys, f"AWS {credentials.method}" + (f" (profile {profile})" if profile else "")


_NOTHING = (
    "no AWS credentials: set AWS_BEARER_TOKEN_BEDROCK, or AWS_PROFILE, or AWS_ACCESS_KEY_ID and"
    " AWS_SECRET_ACCESS_KEY, or store a Bedrock API key with /login or `pi auth login`"
)

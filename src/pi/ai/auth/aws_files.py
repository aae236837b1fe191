"""`~/.aws/config` and `~/.aws/credentials`: a profile's region, and keys that stand there plainly.

https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
"""

from functools import lru_cache
from pathlib import Path

from pi.ai.auth.sigv4 import AwsKeys
from pi.ai.auth.values import Environment

__all__ = ["kind_of", "plain_keys", "region"]

_NOT_PLAIN = (
    "role_arn",
    "credential_process",
    "credential_source",
    "source_profile",
    "sso_session",
    "sso_start_url",
    "sso_account_id",
    "web_identity_token_file",
    "login_session",
)
"""Settings with which the keys of a profile are not (only) what stands in the file."""


def region(env: Environment) -> str:
    """The region of the profile in use; "" if it names none."""
    return _profile(env, env.get("AWS_PROFILE") or "default").get("region", "")


def plain_keys(env: Environment, profile: str) -> AwsKeys | None:
    """The keys of a profile that has nothing else; None if there is more to it, or nothing."""
    found = _profile(env, profile)
    if any(name in found for name in _NOT_PLAIN):
        return None
    access, secret = found.get("aws_access_key_id"), found.get("aws_secret_access_key")
    if not access or not secret:
        return None
    return AwsKeys(access, secret, found.get("aws_session_token", ""))


def kind_of(env: Environment, profile: str) -> str:
    """What a profile gives credentials by, in words; "" if there is no such profile."""
    found = _profile(env, profile)
    ways = [name for name in _NOT_PLAIN if name in found]
    if ways:
        return f"credentials by {ways[0]}"
    if plain_keys(env, profile) is not None:
        return "access keys"
    return "no credentials" if found else ""


def _profile(env: Environment, name: str) -> dict[str, str]:
    """The settings of a profile; those of the credentials file win."""
    section = name if name == "default" else f"profile {name}"
    config = _read(env.get("AWS_CONFIG_FILE") or "~/.aws/config")
    credentials = _read(env.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials")
    merged = dict(config.get(section) or config.get(f"profile {name}") or {})
    merged.update(credentials.get(name) or {})
    return merged


def _read(name: str) -> dict[str, dict[str, str]]:
    path = Path(name).expanduser()
    try:
        stat = path.stat()
    except OSError:
        return {}
    return _parse(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=8)
def _parse(path: Path, changed: int, size: int) -> dict[str, dict[str, str]]:
    import configparser  # 3 ms, for users of Bedrock only

    parser = configparser.RawConfigParser(strict=False, default_section="")
    try:
        parser.read(path, "utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return {}  # botocore says what is wrong with it, if it is needed
    return {section: dict(parser[section]) for section in parser.sections()}

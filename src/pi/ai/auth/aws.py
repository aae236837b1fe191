"""Amazon's ways of signing in to Bedrock: a bearer token, static keys, or what the machine has.

Bearer tokens, keys in variables and plain profiles need no AWS library; profiles with roles, SSO,
containers, web identity and instance roles are botocore's business, loaded when one is met.
"""

import re
from typing import Any, cast

import msgspec
from msgspec import Struct

from pi.ai.auth import aws_files
from pi.ai.auth.aws_chain import AwsChain
from pi.ai.auth.base import Access, Signer, header_signer
from pi.ai.auth.kinds import Ask, Kind
from pi.ai.auth.overlay import with_compat
from pi.ai.auth.sigv4 import AwsKeys, sign
from pi.ai.auth.values import Environment
from pi.ai.model import AuthHeader, Model
from pi.ai.request import Request

__all__ = ["BEARER", "Aws", "endpoint_of", "region_of"]

BEARER = "AWS_BEARER_TOKEN_BEDROCK"
_SKIP = "AWS_BEDROCK_SKIP_AUTH"
_SERVICE = "bedrock"
_DEFAULT_REGION = "us-east-1"
_NO_KEYS = AwsKeys("no-access-key", "no-secret-key")
_NO_MODEL = Model(id="", name="", provider="", api="", base_url="")

_ARN = re.compile(r"arn:aws[a-z0-9-]*:bedrock:([a-z0-9-]+):")
_STANDARD = re.compile(
    r"https://(bedrock-runtime(?:-fips)?)\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/?", re.IGNORECASE
)
_AMBIENT = {
    "AWS_PROFILE": "AWS_PROFILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "ECS task role",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "container credentials",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "web identity token",
}


class Aws(Kind):
    """Bedrock's credentials: bearer or Signature Version 4, the endpoint and its region."""

    name = "aws"
    hidden = True

    def __init__(self) -> None:
        self._chain = AwsChain()

    def ambient(self, env: Environment) -> str:
        """The first sign of AWS credentials. A machine's role and a default profile show none."""
        if env.get(_SKIP) == "1":
            return _SKIP
        if env.get(BEARER):
            return BEARER
        if _static(env):
            return "AWS access keys"
        found = (words for name, words in _AMBIENT.items() if env.get(name))
        return next(found, "")

    def surroundings(self, env: Environment) -> tuple[tuple[str, str], ...]:
        """The profile in use, its region, and the rest of the chain."""
        profile = env.get("AWS_PROFILE") or "default"
        return (
            (f"AWS profile {profile}", aws_files.kind_of(env, profile)),
            ("region", region_of(_NO_MODEL, env)),
            ("a container's or machine's role", "only a request can tell"),
        )

    async def access(self, ask: Ask) -> Access:
        """The access, to the endpoint of the right region."""
        env = ask.env
        region = region_of(ask.model, env)
        model = msgspec.structs.replace(ask.model, base_url=endpoint_of(ask.model, env, region))
        if env.get("AWS_BEDROCK_FORCE_CACHE") == "1":
            model = with_compat(model, {"cache_points": True})
        if region.startswith("us-gov-"):
            model = _without_display(model)
        way = _way(ask)
        if way.bearer:
            bearer = msgspec.structs.replace(model, auth_header=AuthHeader())
            signer = header_signer(bearer, way.bearer)
            return Access(model, signer, source=ask.source or way.source, secrets=(way.bearer,))
        keys, source = way.keys, way.source
        if keys is None:
            keys, source = await self._chain.keys(env, way.profile)
        secrets = tuple(filter(None, (keys.secret, keys.token)))
        return Access(model, _signer(keys, region), source=source, secrets=secrets)

    def forget(self) -> None:
        """Ask the chain anew."""
        self._chain.forget()


def region_of(model: Model, env: Environment) -> str:
    """The region of a call.

    That of an ARN as model id, of the environment, of the profile, of a standard URL, us-east-1.
    """
    arn = _ARN.match(model.id)
    if arn is not None:
        return arn[1]
    names = ("AWS_REGION", "AWS_DEFAULT_REGION")
    chosen = Environment({}, env.own).first(*names) or env.first(*names) or aws_files.region(env)
    if chosen:
        return chosen
    standard = _STANDARD.fullmatch(model.base_url)
    return standard[2] if standard else _DEFAULT_REGION


def endpoint_of(model: Model, env: Environment, region: str) -> str:
    """The base URL of a call: the user's own if there is one, else the region's."""
    standard = _STANDARD.fullmatch(model.base_url)
    if model.base_url and standard is None:
        return model.base_url
    own = env.get("AWS_ENDPOINT_URL_BEDROCK_RUNTIME")
    if own:
        return own.rstrip("/")
    host = standard[1].lower() if standard else "bedrock-runtime"
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://{host}.{region}.{suffix}"


def _without_display(model: Model) -> Model:
    """`model` without the field of its thinking that the government partition rejects."""
    thinking = {level: _dropped(body, "display") for level, body in model.thinking.items()}
    return msgspec.structs.replace(model, thinking=thinking)


def _dropped(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {
        key: _dropped(cast("dict[str, Any]", value), name) if isinstance(value, dict) else value
        for key, value in body.items()
        if key != name
    }


class _Way(Struct, frozen=True):
    """How to sign: with a bearer token, with keys, or with what the chain finds."""

    bearer: str = ""
    keys: AwsKeys | None = None
    profile: str | None = None
    source: str = ""


def _way(ask: Ask) -> _Way:
    if ask.env.get(_SKIP) == "1":
        # a proxy signs again; until then it may want to see the shape of a signature
        return _Way(keys=_NO_KEYS, source=_SKIP)
    if ask.key is not None:
        return _Way(bearer=ask.key)
    # what was stored for this provider comes before all that the process has
    for env in (Environment({}, ask.env.own), ask.env):
        bearer, keys, profile = env.get(BEARER), _static(env), env.get("AWS_PROFILE")
        if bearer:
            return _Way(bearer=bearer, source=BEARER)
        if keys:
            return _Way(keys=keys, source="AWS access keys")
        if profile:
            return _Way(profile=profile)
    return _Way()


def _static(env: Environment) -> AwsKeys | None:
    access, secret = env.get("AWS_ACCESS_KEY_ID"), env.get("AWS_SECRET_ACCESS_KEY")
    if not access or not secret:
        return None
    return AwsKeys(access, secret, env.get("AWS_SESSION_TOKEN") or "")


def _signer(keys: AwsKeys, region: str) -> Signer:
    def signed(request: Request) -> Request:
        return sign(request, keys, region=region, service=_SERVICE)

    return signed

"""`pi auth token`: the key or token that a request would carry now, for scripts.

It is what a signed request has in its header, so that it is right for every kind of credential. A
provider whose requests are signed otherwise has none.
"""

import re
import time

from pi.ai.errors import AuthError, ConfigError
from pi.ai.request import Request
from pi.coding.cli.args import UsageError
from pi.coding.cli.auth.call import Call
from pi.coding.cli.auth.running import run_async
from pi.coding.cli.auth.words import span

__all__ = ["run", "seconds"]

_TIME = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|)")
_UNITS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0}


def run(call: Call) -> int:
    """Print it; gives the exit code."""
    wanted = call.args.text("min-expiry")
    margin = None if wanted is None else seconds(wanted)
    return run_async(lambda: _print(call, margin))


def seconds(text: str) -> float:
    """A length of time such as `90s`, `30m` or `2h`. Raises `UsageError`."""
    found = _TIME.fullmatch(text.strip().lower())
    if found is None:
        raise UsageError(f"--min-expiry takes a time such as 90s, 30m or 2h, not {text!r}")
    return float(found[1]) * _UNITS[found[2]]


async def _print(call: Call, margin: float | None) -> int:
    target, resolver = call.target(), call.resolver
    try:
        if margin is not None:
            resolver.keeper.margin = margin
        access = await resolver.authorize(call.model(target))
        status = resolver.status(target.row.id)
        _lasts(status.expires, margin, target.entry, status.trouble)
        request = access.signer(Request("https://nowhere.invalid/", {}, content=b""))
    finally:
        await resolver.aclose()
    header = access.model.auth_header
    value = request.headers.get(header.name, "")
    if not value.startswith(header.prefix) or value == header.prefix:
        raise ConfigError(
            f"{target.label} has no key or token to print:"
            f" {'each request is signed' if value else 'its requests carry none'}"
        )
    token = value.removeprefix(header.prefix)
    call.answer(
        token,
        {
            "provider": target.row.id,
            "account": target.account,
            "token": token,
            "source": access.source,
            "expires": status.expires,
        },
    )
    return 0


def _lasts(expires: int | None, margin: float | None, entry: str, trouble: str) -> None:
    """Raise `AuthError` if the token ends sooner than it may."""
    if expires is None or margin is None:
        return
    left = expires / 1000 - time.time()
    if left < margin:
        why = trouble or "its service gives none that lasts longer"
        raise AuthError(f"the token of {entry} ends in {span(max(0.0, left))}: {why}")

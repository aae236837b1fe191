"""`pi auth check`: whether a request would find a credential that works.

Exit code 0: ready. 1: not ready: there is none, something else must be set, or the service could
not be asked. 2: invalid: there is a credential, and it does not work.
"""

import sys
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from pi.ai.auth.status import Status
from pi.ai.auth.store import AuthFileError
from pi.ai.client import Client
from pi.ai.errors import AuthError, ConfigError, PiError
from pi.ai.model import Model
from pi.ai.options import Options
from pi.coding.cli.auth.call import Call
from pi.coding.cli.auth.running import run_async
from pi.coding.cli.auth.words import key_words
from pi.coding.modes.sanitize import printable
from pi.coding.setup.credentials import Target

__all__ = ["run"]

_State = Literal["ready", "not_ready", "invalid"]
_EXIT: dict[_State, int] = {"ready": 0, "not_ready": 1, "invalid": 2}

_TOKENS = 16
"""The least that every service takes as a limit."""

_INPUT = 40
"""Tokens of the question, and of what some logins put before it."""

_OPTIONS = Options(
    max_tokens=_TOKENS, thinking="off", cache_retention="none", timeout=60.0, max_retries=0
)
_REFUSED = (401, 403)


class _Verdict(Struct, frozen=True):
    state: _State
    message: str = ""
    model: str = ""


def run(call: Call) -> int:
    """Check; gives the exit code."""
    return run_async(lambda: _check(call))


async def _check(call: Call) -> int:
    try:
        target = call.target()
    except ConfigError as error:  # a provider nobody knows
        return _say(call, None, _Verdict("invalid", error.message))
    try:
        return _say(call, target, await _verdict(call, target))
    finally:
        await call.resolver.aclose()


async def _verdict(call: Call, target: Target) -> _Verdict:
    resolver, row = call.resolver, target.row
    status = resolver.status(row.id)
    if call.args.flag("no-refresh"):
        return _looked(target, status)
    model = call.model(target, call.args.text("model"))
    try:
        await resolver.authorize(model)
    except PiError as error:
        broken = isinstance(error, AuthFileError)
        return _failed(error, known=broken or (status.used is not None and not status.missing))
    if not call.args.flag("live"):
        return _Verdict("ready")
    return await _live(call, target)


def _looked(target: Target, status: Status) -> _Verdict:
    """What can be said without asking or running anything."""
    unsure = status.trouble and "oauth" in target.row.auth.kinds  # a login may own the provider
    if status.configured and not unsure:
        return _Verdict("ready")
    return _Verdict("not_ready", status.trouble or _missing(status))


def _missing(status: Status) -> str:
    if status.missing:
        return f"not set: {', '.join(status.missing)}"
    return "there is no credential"


def _failed(error: PiError, *, known: bool) -> _Verdict:
    """A credential that is there and does not work is invalid; anything else may pass."""
    bad = known and isinstance(error, AuthError | ConfigError)
    return _Verdict("invalid" if bad else "not_ready", error.message)


# -- asking the service ----------------------------------------------------------------------------


async def _live(call: Call, target: Target) -> _Verdict:
    """Ask the cheapest model for a few tokens; the default one if that was the model's fault."""
    verdict = _Verdict("not_ready", f"{target.row.name} has no models here: name one with --model")
    resolver = call.resolver
    async with Client(authorize=resolver.authorize, refused=resolver.refused) as client:
        for model in _candidates(call, target):
            sys.stderr.write(f"Asking {model.key}: {_cost(model)}\n")
            options = Options(
                max_tokens=_TOKENS,
                thinking="off",
                cache_retention="none",
                timeout=60,
                max_retries=0,
            )
            try:
                await client.complete(model, "Say ok.", options)
            except PiError as error:
                bad = isinstance(error, AuthError) or error.status in _REFUSED
                verdict = _Verdict("invalid" if bad else "not_ready", error.message, model.key)
                if bad or error.kind not in ("protocol", "config", "refused"):
                    break
            else:
                return _Verdict("ready", "", model.key)
    return verdict


def _candidates(call: Call, target: Target) -> Iterator[Model]:
    wanted = call.args.text("model")
    if wanted is not None:
        yield call.model(target, wanted)
        return
    default = call.model(target)
    cheap = min(_priced(call, target), key=_price, default=default)
    if cheap.id:
        yield cheap
    if default.id and default.id != cheap.id:
        yield default


def _priced(call: Call, target: Target) -> Iterator[Model]:
    """The models that have a price and need not think."""
    for model_id in call.home.catalog.ids(target.row.id):
        try:
            model = call.home.catalog.model(target.row.id, model_id)
        except ConfigError:
            continue  # a wire that we lack
        if model.cost.output and "off" in model.thinking:
            yield model


def _price(model: Model) -> float:
    """Dollars for the question and its answer, roughly."""
    return (_INPUT * model.cost.input + _TOKENS * model.cost.output) / 1e6


def _cost(model: Model) -> str:
    if model.cost_basis.startswith("subscription"):
        return "a few tokens of the subscription"
    price = _price(model)
    return f"about ${price:.6f}" if price else "a few tokens, at a price that is not known here"


# -- the answer ------------------------------------------------------------------------------------


def _say(call: Call, target: Target | None, verdict: _Verdict) -> int:
    name = target.entry if target else call.args.prompts[0]
    status = call.resolver.status(target.row.id) if target else None
    used = status.used if status else None
    text = f"{name}: {verdict.state.replace('_', ' ')}"
    if used is not None:
        text += f" ({key_words(used)}, from {used.source})"
    if verdict.message:
        text += f": {verdict.message}"
    call.answer(
        printable(text),
        {
            "provider": target.row.id if target else name,
            "account": target.account if target else None,
            "status": verdict.state,
            "method": status.method if status else "",
            "source": status.source if status else "",
            "expires": status.expires if status else None,
            "live": call.args.flag("live"),
            "model": verdict.model,
            "message": verdict.message,
        },
    )
    return _EXIT[verdict.state]

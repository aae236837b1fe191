"""`pi models show PROVIDER/ID`: all that is known of a model, and from where."""

import sys
from collections.abc import Iterator
from typing import Any

import msgspec

from pi.ai.catalog import packaged
from pi.ai.catalog.choose import choose
from pi.ai.catalog.origin import Origin, origins
from pi.ai.model import Model, Price, PriceTier
from pi.coding.cli.args import Arguments, UsageError
from pi.coding.home import Home
from pi.coding.modes.sanitize import printable

__all__ = ["run"]

_BASIS = {
    "metered": "billed per token",
    "subscription": "included in a plan; this is what it would cost per token",
    "subscription-unpriced": "included in a plan",
    "free": "free",
    "unknown": "nobody says what it costs",
}


def run(home: Home, args: Arguments) -> int:
    """Print it; gives the exit code."""
    if len(args.prompts) != 1:
        raise UsageError("which model? pi models show PROVIDER/ID")
    model = _model(home, args.prompts[0])
    found = origins(home.catalog, model.provider, model.id)
    if args.flag("json"):
        data = msgspec.json.encode(_data(home, model, found))
        sys.stdout.write(msgspec.json.format(data, indent=2).decode() + "\n")
    else:
        sys.stdout.write(printable("\n".join(_lines(home, model, found))) + "\n")
    for note in home.catalog.notes:
        if note not in home.notes:  # those were told already
            sys.stderr.write(f"Note: {printable(note)}\n")
    return 0


def _model(home: Home, name: str) -> Model:
    """The model of that name. Raises `ConfigError` with the nearest, or what to use instead."""
    named = home.catalog.split(name)
    if named is not None:
        return home.catalog.model(named[0].id, named[1])
    choice = choose(home.catalog, name, configured=home.resolver.configured)
    if choice.note:
        sys.stderr.write(f"Note: {choice.note}\n")
    return choice.model


def _data(home: Home, model: Model, found: list[Origin]) -> dict[str, Any]:
    row = home.catalog.provider(model.provider)
    return {
        "provider": model.provider,
        "id": model.id,
        "name": model.name,
        "api": model.api,
        "baseUrl": _plain(model.base_url),
        "contextWindow": model.context_window,
        "extendedContextWindow": model.extended_context_window,
        "maxTokens": model.max_output_tokens,
        "input": model.input,
        "inputLimits": model.input_limits,
        "reasoning": model.reasoning,
        "thinking": model.thinking,
        "cost": {**_rates(model.cost), "tiers": [_tier(tier) for tier in model.cost.tiers]},
        "costBasis": model.cost_basis,
        "headers": model.headers,
        "sessionHeaders": model.session_headers,
        "contextHeaders": model.context_headers,
        "authHeader": model.auth_header,
        "extraBody": model.extra_body,
        "compat": msgspec.to_builtins(model.compat),
        "releaseDate": model.release_date,
        "unverified": model.unverified,
        "providerAliases": row.aliases,
        "replaces": _replaces(model),
        "keyVariables": row.auth.env,
        "configured": home.resolver.configured(model.provider),
        "sources": found,
    }


def _lines(home: Home, model: Model, found: list[Origin]) -> Iterator[str]:
    row = home.catalog.provider(model.provider)
    yield f"{model.key}" + (f"  {model.name}" if model.name != model.id else "")
    yield from _pairs("provider", row.name + _aliases(row.aliases))
    yield from _pairs("wire", f"{model.api} at {_plain(model.base_url) or 'an address you give'}")
    yield from _pairs("context", _context(model))
    yield from _pairs("answer", f"up to {model.max_output_tokens:,} tokens")
    yield from _pairs("input", ", ".join(model.input))
    yield from _pairs("released", model.release_date or "")
    yield from _pairs("price", *_prices(model))
    levels = [f"{level:<8} {_json(body)}" for level, body in model.thinking.items()]
    yield from _pairs("thinking", *levels if model.reasoning else ["it does not think"])
    yield from _pairs("switches", *_switches(model))
    yield from _pairs("headers", *[f"{name}: {value}" for name, value in model.headers.items()])
    yield from _pairs("session in", ", ".join(model.session_headers))
    yield from _pairs("always sent", _json(model.extra_body) if model.extra_body else "")
    yield from _pairs("limits", _json(model.input_limits) if model.input_limits else "")
    yield from _pairs("key", _key(home, model))
    yield from _pairs("replaces", ", ".join(_replaces(model)))
    if model.unverified:
        yield from _pairs("beware", "nobody has verified these facts")
    yield from _pairs("sources", *map(_origin, found))


def _pairs(label: str, *values: str) -> Iterator[str]:
    """The label before the first value; values that are empty are left out."""
    for value in filter(None, values):
        yield f"  {label:<12} {value}"
        label = ""


def _context(model: Model) -> str:
    text = f"{model.context_window:,} tokens"
    if model.extended_context_window:
        text += f"; {model.extended_context_window:,} at the price of the higher tier"
    return text


def _prices(model: Model) -> Iterator[str]:
    basis = _BASIS.get(model.cost_basis, model.cost_basis)
    if model.cost == Price():
        yield basis
        return
    yield f"{_dollars(model.cost)} per million tokens ({basis})"
    for tier in model.cost.tiers:
        yield f"{_dollars(tier)} for all of a request above {tier.input_tokens_above:,} tokens"


def _dollars(rate: Price | PriceTier) -> str:
    return ", ".join(
        f"{name} ${amount:.6f}".rstrip("0").rstrip(".")
        for name, amount in (
            ("input", rate.input),
            ("output", rate.output),
            ("cache read", rate.cache_read),
            ("cache write", rate.cache_write),
        )
    )


def _rates(rate: Price | PriceTier) -> dict[str, float]:
    return {
        "input": rate.input,
        "output": rate.output,
        "cacheRead": rate.cache_read,
        "cacheWrite": rate.cache_write,
    }


def _tier(tier: PriceTier) -> dict[str, float]:
    return {"inputTokensAbove": tier.input_tokens_above, **_rates(tier)}


def _switches(model: Model) -> list[str]:
    """The switches that are not as the wire's standard has them."""
    kind = type(model.compat)
    standard = msgspec.structs.asdict(kind())
    return [
        f"{name} = {_json(value)}"
        for name, value in msgspec.structs.asdict(model.compat).items()
        if value != standard[name]
    ]


def _key(home: Home, model: Model) -> str:
    row = home.catalog.provider(model.provider)
    state = "set up" if home.resolver.configured(model.provider) else "not set up"
    ways = " or ".join(row.auth.env)
    header = f"travels as {model.auth_header.name}"
    return ", ".join(filter(None, (state, ways, header)))


def _replaces(model: Model) -> list[str]:
    """Retired ids for which this one is to be used now."""
    retired = packaged.index().retired.get(model.provider, {})
    return [old for old, new in retired.items() if new == model.id]


def _origin(origin: Origin) -> str:
    what = {
        "packaged": f"data of this version, gathered {origin.date} from {origin.where}",
        "downloaded": f"{origin.where}, asked {origin.date}",
        "extension": f"added by {origin.where}",
    }.get(origin.kind, origin.where)
    if origin.like:
        what += f"; new, everything else is that of {origin.like}"
    return what + (f": {', '.join(origin.fields)}" if origin.fields else "")


def _plain(url: str) -> str:
    """The address without a password that may stand in it."""
    scheme, slashes, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return scheme + slashes + host.rpartition("@")[2] + slash + path


def _aliases(names: tuple[str, ...]) -> str:
    return f" (also {', '.join(names)})" if names else ""


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()

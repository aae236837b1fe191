"""What a credential changes about a model: variables in its URL, headers, switches of its wire."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from pi.ai.auth.rows import VariantRow
from pi.ai.auth.values import Environment
from pi.ai.errors import ConfigError
from pi.ai.model import Model

__all__ = ["applies", "fill_url", "lay_variants", "with_compat", "with_headers"]

_VARIABLE = re.compile(r"\{([A-Z_][A-Z0-9_]*)\}")


def fill_url(model: Model, env: Environment) -> Model:
    """`model` with every `{NAME}` of its base URL filled in. Raises `ConfigError` naming it."""
    if "{" not in model.base_url:
        return model

    def value(found: re.Match[str]) -> str:
        text = env.get(found[1])
        if text is None:
            raise ConfigError(
                f"{found[1]} is not set, and the address of {model.provider} needs it"
            )
        return text

    return msgspec.structs.replace(model, base_url=_VARIABLE.sub(value, model.base_url))


def with_headers(model: Model, headers: dict[str, str]) -> Model:
    """`model` with these headers over its own. Names match without case."""
    if not headers:
        return model
    names = {name.lower() for name in headers}
    kept = {name: value for name, value in model.headers.items() if name.lower() not in names}
    return msgspec.structs.replace(model, headers={**kept, **headers})


def with_compat(model: Model, changes: dict[str, Any]) -> Model:
    """`model` with these switches; those that its wire does not have are left out."""
    compat = model.compat
    if not changes or not isinstance(compat, msgspec.Struct):
        return model
    known = {name: value for name, value in changes.items() if name in compat.__struct_fields__}
    try:
        new = msgspec.convert({**msgspec.structs.asdict(compat), **known}, type(compat))
    except msgspec.ValidationError as error:
        raise ConfigError(f"the auth variant of {model.provider}: compat: {error}") from None
    return msgspec.structs.replace(model, compat=new)


def applies(variant: VariantRow, *, login: bool, variable: str, key: str | None) -> bool:
    """Whether a variant holds for a credential: a login, a key from `variable`, or any key."""
    if variant.key_contains:
        return key is not None and variant.key_contains in key
    return variant.when == "oauth" if login else variant.when == f"env:{variable}"


def lay_variants(model: Model, variants: Iterable[VariantRow]) -> tuple[Model, tuple[str, ...]]:
    """`model` with these variants laid over it, and the system blocks that they require."""
    prefix: tuple[str, ...] = ()
    for variant in variants:
        if variant.auth_header is not None:
            model = msgspec.structs.replace(model, auth_header=variant.auth_header)
        model = with_compat(with_headers(model, variant.headers), variant.compat)
        prefix = variant.system_prefix or prefix
    return model, prefix

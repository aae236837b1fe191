"""A model while it is being put together: wire < provider < rule < model < the user's models.json.

`draft` lays the packaged layers over one another without importing a protocol; `finish` makes the
`Model`, which is the moment when the wire's module is loaded and its switches are checked.
"""

from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

from pi.ai.catalog import packaged
from pi.ai.catalog.schema import (
    IndexRow,
    ModelFacts,
    ModelRule,
    ProviderRow,
    ThinkingTemplate,
    WireRow,
    Wires,
)
from pi.ai.catalog.thinking import Words, fragments, merged, parse_levels
from pi.ai.errors import ConfigError
from pi.ai.model import AuthHeader, Model, Price, ThinkingLevel
from pi.ai.registry import Registry

__all__ = ["Draft", "as_new", "draft", "draft_of", "finish", "index_row", "template_of"]


class Draft(Struct, kw_only=True):
    """The merged facts of one model. Field names are those of `Model` where it has them.

    thinking: a template or the name of one. levels: thinking levels as in `ModelFacts`, used unless
    `words` is set. by_level: laid over the fragments of single levels.
    """

    provider: str
    facts: ModelFacts
    api: str
    base_url: str
    cost_basis: str
    levels: str
    thinking: str | ThinkingTemplate
    session_headers: tuple[str, ...]
    words: Words | None = None
    by_level: dict[ThinkingLevel, dict[str, Any]] = {}
    headers: dict[str, str] = {}
    context_headers: dict[str, str] = {}
    auth_header: AuthHeader | None = None
    extra_body: dict[str, Any] = {}
    compat: dict[str, Any] = {}

    def levels_as_words(self) -> Words:
        """The thinking levels with the model's own words; a copy that may be changed."""
        return dict(parse_levels(self.levels) if self.words is None else self.words)


def draft(row: ProviderRow, facts: ModelFacts, wires: Wires) -> Draft:
    """The facts of a model with what its provider's row and its wire add."""
    api = facts.api or row.api
    wire = wires.wires.get(api) or WireRow()
    out = Draft(
        provider=row.id,
        facts=facts,
        api=api,
        base_url=row.base_urls.get(api, ""),
        cost_basis=facts.cost_basis or row.cost_basis,
        levels=facts.levels,
        thinking=wire.thinking,
        session_headers=wire.session_headers,
    )
    for rule in row.rules:
        if rule.api in ("", api) and (rule.match == "*" or fnmatchcase(facts.id, rule.match)):
            _apply(out, rule)
    if facts.base_url is not None:
        out.base_url = facts.base_url
    if facts.session_headers is not None:
        out.session_headers = facts.session_headers
    if facts.thinking:
        out.thinking = facts.thinking
    if facts.headers:
        out.headers = {**out.headers, **facts.headers}
    if facts.extra_body:
        out.extra_body = merged(out.extra_body, facts.extra_body)
    if facts.compat:
        out.compat = {**out.compat, **facts.compat}
    return out


def as_new(facts: ModelFacts, model_id: str) -> ModelFacts:
    """The facts of a model about which no more is known than that it is like another one."""
    return msgspec.structs.replace(
        facts,
        id=model_id,
        name="",
        cost=Price(),
        cost_basis="unknown",
        release_date=None,
        unverified=True,
    )


def draft_of(model: Model) -> Draft:
    """The facts of a model that somebody made elsewhere."""
    return Draft(
        provider=model.provider,
        facts=ModelFacts(
            id=model.id,
            name=model.name,
            input=model.input,
            context_window=model.context_window,
            max_output_tokens=model.max_output_tokens,
            cost=model.cost,
            extended_context_window=model.extended_context_window,
            input_limits=model.input_limits,
            release_date=model.release_date,
            unverified=model.unverified,
        ),
        api=model.api,
        base_url=model.base_url,
        cost_basis=model.cost_basis,
        levels=" ".join(model.thinking_levels) if model.reasoning else "",
        thinking=ThinkingTemplate(levels=model.thinking),
        session_headers=model.session_headers,
        headers=model.headers,
        context_headers=model.context_headers,
        auth_header=model.auth_header,
        extra_body=model.extra_body,
        compat=msgspec.to_builtins(model.compat) if isinstance(model.compat, Struct) else {},
    )


def _apply(out: Draft, rule: ModelRule) -> None:
    if rule.base_url is not None:
        out.base_url = rule.base_url
    if rule.session_headers is not None:
        out.session_headers = rule.session_headers
    if rule.auth_header is not None:
        out.auth_header = rule.auth_header
    if rule.thinking is not None:
        out.thinking = rule.thinking
    if rule.headers:
        out.headers = {**out.headers, **rule.headers}
    if rule.context_headers:
        out.context_headers = {**out.context_headers, **rule.context_headers}
    if rule.extra_body:
        out.extra_body = merged(out.extra_body, rule.extra_body)
    if rule.compat:
        out.compat = {**out.compat, **rule.compat}


def template_of(thinking: str | ThinkingTemplate, wires: Wires) -> ThinkingTemplate:
    """The template of that name. Raises `ConfigError` if there is none."""
    if isinstance(thinking, ThinkingTemplate):
        return thinking
    template = wires.templates.get(thinking)
    if template is None:
        raise ConfigError(f"no thinking template {thinking!r}")
    return template


def finish(out: Draft, wires: Wires) -> Model:
    """The model, complete. Imports its protocol.

    Raises `ConfigError` if no protocol of that name is registered or a switch has a wrong value.
    """
    from pi.ai.protocols import protocols  # a list of models must not load any wire

    facts = out.facts
    key = f"{out.provider}/{facts.id}"
    if out.api not in protocols:
        raise ConfigError(
            f"{key} speaks {out.api!r}, for which there is no protocol{_known(protocols)}"
        )
    protocol = protocols.get(out.api)
    return Model(
        id=facts.id,
        name=facts.name or facts.id,
        provider=out.provider,
        api=out.api,
        base_url=out.base_url,
        reasoning=bool(out.levels if out.words is None else out.words),
        thinking=_thinking(out, wires),
        input=facts.input,
        context_window=facts.context_window,
        max_output_tokens=facts.max_output_tokens,
        cost=facts.cost,
        cost_basis=out.cost_basis,
        headers=out.headers,
        session_headers=out.session_headers,
        context_headers=out.context_headers,
        auth_header=out.auth_header or protocol.auth_header,
        extra_body=out.extra_body,
        compat=_compat(out, protocol.Compat, key),
        extended_context_window=facts.extended_context_window,
        input_limits=facts.input_limits,
        release_date=facts.release_date,
        unverified=facts.unverified,
    )


def index_row(out: Draft) -> IndexRow:
    """The same model in short."""
    facts = out.facts
    words = out.levels_as_words()
    return IndexRow(
        out.provider,
        facts.id,
        facts.name or facts.id,
        facts.context_window,
        facts.max_output_tokens,
        any(level != "off" for level in words),
        "image" in facts.input,
        facts.cost.input,
        facts.cost.output,
        out.cost_basis,
        facts.release_date or "",
        facts.unverified,
    )


def _thinking(out: Draft, wires: Wires) -> dict[ThinkingLevel, dict[str, Any]]:
    if out.words is None and isinstance(out.thinking, str) and wires is packaged.rows().wires:
        levels = _packaged_fragments(out.levels, out.thinking)
    else:
        levels = fragments(out.levels_as_words(), template_of(out.thinking, wires))
    if not out.by_level:
        return levels
    return {level: merged(body, out.by_level.get(level, {})) for level, body in levels.items()}


@cache
def _packaged_fragments(levels: str, thinking: str) -> dict[ThinkingLevel, dict[str, Any]]:
    """1,665 models share fewer than a hundred of these."""
    template = template_of(thinking, packaged.rows().wires)
    return fragments(parse_levels(levels), template)


def _compat(out: Draft, kind: type[Struct], key: str) -> Struct:
    # A provider with several wires says a thing once; the wires that lack the switch ignore it.
    known = kind.__struct_fields__
    try:
        return msgspec.convert({k: v for k, v in out.compat.items() if k in known}, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{key}: compat: {error}") from None


def _known(protocols: Registry[Any]) -> str:
    return f"; known: {', '.join(sorted(protocols))}"

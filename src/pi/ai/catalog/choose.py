"""From what somebody typed to one model: exact names first, then parts of names, then a guess.

Whoever has credentials for one provider gets that provider's model; whoever has them for several is
told which one was taken, or asked to say. A name that nobody lists goes through, with a note, when
its provider is named, because a list is always older than the service.
"""

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

from pi.ai.catalog.load import Catalog
from pi.ai.catalog.names import is_dated, is_variant, version
from pi.ai.catalog.schema import IndexRow, ProviderRow
from pi.ai.errors import ConfigError
from pi.ai.model import LEVELS, Model, ThinkingLevel

__all__ = ["Choice", "Scope", "choose", "initial", "scope"]

Configured = Callable[[str], bool]
"""Whether there is a credential for the provider of that id."""


class Choice(Struct, frozen=True):
    """A model. thinking: the level, if one was named. note: what the user should know, or ""."""

    model: Model
    thinking: ThinkingLevel | None = None
    note: str = ""


class Scope(Struct, frozen=True):
    """The models to switch between, in the user's order, and what to say about the patterns."""

    choices: tuple[Choice, ...]
    warnings: tuple[str, ...] = ()


class _Hit(Struct, frozen=True):
    row: IndexRow
    thinking: ThinkingLevel | None = None
    note: str = ""


def choose(
    catalog: Catalog, pattern: str, *, provider: str | None = None, configured: Configured
) -> Choice:
    """The model that `pattern` means: `provider/id`, an id, or a part of an id or name.

    `:level` at the end names a thinking level. Raises `ConfigError` if nothing or too much fits.
    """
    rows = catalog.index()
    if provider is not None:
        owner = catalog.provider(provider)
        rest = _without(pattern, owner)
        hit = _parse(rest, [row for row in rows if row.provider == owner.id], catalog, configured)
        return _made(catalog, hit) if hit else _custom(catalog, owner, rest)
    named = catalog.split(pattern)
    if named is None:
        return _made(catalog, _anywhere(catalog, pattern, rows, configured))
    owner, rest = named
    if not rest:
        raise ConfigError(f"the model is missing after {pattern}")
    inside = _parse(rest, [row for row in rows if row.provider == owner.id], catalog, configured)
    if inside is not None and configured(owner.id):
        return _made(catalog, inside)
    # `openai/gpt-5.4` is also the whole id of that model at a gateway.
    usable = [row for row in rows if "/" in row.id and configured(row.provider)]
    hit = _whole_id(pattern, usable) or inside
    if hit is None and catalog.retired(owner.id, rest) is None:
        hit = _parse(pattern, [row for row in rows if "/" in row.id], catalog, configured)
    return _made(catalog, hit) if hit else _custom(catalog, owner, rest)


def initial(
    catalog: Catalog,
    *,
    configured: Configured,
    settings_provider: str | None = None,
    settings_model: str | None = None,
) -> Choice | None:
    """The model to start with: the user's default, else that of a provider; None if there is none.

    Only providers with credentials count. A default that cannot be used is named in the note.
    """
    note = ""
    if settings_provider and settings_model:
        wanted = f"{settings_provider}/{settings_model}"
        row = catalog.find_provider(settings_provider)
        if row is None or not configured(row.id):
            note = f"{wanted}, the default model, is not used: {settings_provider} is not set up"
        else:
            try:
                return Choice(catalog.model(row.id, settings_model))
            except ConfigError as error:
                note = f"the default model is not used: {error.message}"
    for row in catalog.providers.values():
        if configured(row.id):
            for model_id in dict.fromkeys((row.default_model, *catalog.ids(row.id))):
                try:
                    return Choice(catalog.model(row.id, model_id), note=note)
                except ConfigError:
                    continue  # a default that an extension took away, or a wire that we lack
    return None


def scope(catalog: Catalog, patterns: Iterable[str], configured: Configured) -> Scope:
    """The models of providers with credentials that match. `*` stands for anything, `/` too."""
    rows = [row for row in catalog.index() if configured(row.provider)]
    found: dict[str, tuple[IndexRow, ThinkingLevel | None]] = {}
    warnings: list[str] = []
    for pattern in filter(None, map(str.strip, patterns)):
        hits, level, warning = _match_scope(catalog, pattern, rows)
        if warning:
            warnings.append(warning)
        for row in hits:
            found.setdefault(row.key, (row, level))
    choices: list[Choice] = []
    broken: dict[str, str] = {}
    for row, level in found.values():
        try:
            choices.append(Choice(catalog.model(row.provider, row.id), level))
        except ConfigError as error:
            broken.setdefault(row.provider, error.message)
    return Scope(tuple(choices), (*warnings, *broken.values()))


def _anywhere(
    catalog: Catalog, pattern: str, rows: Sequence[IndexRow], configured: Configured
) -> "_Hit":
    """The model of any provider that a name without provider means."""
    hit = _parse(pattern, rows, catalog, configured)
    old = _retired(catalog, _split_level(pattern)[0])
    if hit is not None and configured(hit.row.provider):
        if hit.row.provider in old:
            note = f"{pattern!r} is retired: using {hit.row.key}"
            return _Hit(hit.row, hit.thinking, note)
        return hit
    if old:
        now = " or ".join([f"{name}/{successor}" for name, successor in old.items()][:3])
        raise ConfigError(f"the model {pattern!r} is retired: use {now}")
    if hit is None:
        raise ConfigError(_not_found(catalog, pattern, rows))
    return hit


def _retired(catalog: Catalog, name: str) -> dict[str, str]:
    """The successors of a retired id by provider."""
    found = {provider: catalog.retired(provider, name) for provider in catalog.providers}
    return {provider: successor for provider, successor in found.items() if successor}


# -- matching --------------------------------------------------------------------------------------


def _parse(
    text: str, rows: Sequence[IndexRow], catalog: Catalog, configured: Configured
) -> _Hit | None:
    """The whole text as a name; else the text before the last colon, if a level follows."""
    hit = _match(text, rows, catalog, configured)
    if hit is not None:
        return hit
    head, level = _split_level(text)
    if level is None:
        return None
    hit = _match(head, rows, catalog, configured)
    return hit and _Hit(hit.row, level, hit.note)


def _whole_id(text: str, rows: Sequence[IndexRow]) -> _Hit | None:
    """The only model whose id is the text, or the text without its level."""
    found = [row for row in rows if row.id.lower() == text.lower()]
    head, level = _split_level(text)
    if not found and level is not None:
        found = [row for row in rows if row.id.lower() == head.lower()]
        return _Hit(found[0], level) if len(found) == 1 else None
    return _Hit(found[0]) if len(found) == 1 else None


def _match(
    text: str, rows: Sequence[IndexRow], catalog: Catalog, configured: Configured
) -> _Hit | None:
    if not text:
        return None
    exact = _exact(text, rows)
    if exact:
        return _Hit(_the_one(text, exact, configured))
    part = text.lower()
    found = [row for row in rows if row.id.lower().endswith(f"/{part}")]
    found = found or [row for row in rows if part in row.id.lower() or part in row.name.lower()]
    if not found:
        return None
    usable = [row for row in found if configured(row.provider)]
    best = _best(usable or found, catalog)
    others = dict.fromkeys(row.provider for row in usable if row.provider != best.provider)
    note = ""
    if others:
        note = f"{text!r} also fits models of {', '.join(others)}: using {best.key}"
    return _Hit(best, None, note)


def _exact(text: str, rows: Sequence[IndexRow]) -> list[IndexRow]:
    name = text.lower()
    found = [row for row in rows if row.id.lower() == name or row.key.lower() == name]
    return [row for row in found if text in (row.id, row.key)] or found


def _the_one(text: str, rows: list[IndexRow], configured: Configured) -> IndexRow:
    usable = [row for row in rows if configured(row.provider)]
    if len(usable) == 1 or len(rows) == 1:
        return (usable or rows)[0]
    why = "more than one of them is set up" if usable else "none of them is set up"
    keys = ", ".join(row.key for row in usable or rows)
    raise ConfigError(f"{text!r} is a model of several providers, and {why}: write one of {keys}")


def _best(rows: list[IndexRow], catalog: Catalog) -> IndexRow:
    """The highest version among models that are not tied to a date.

    Of several the provider's default, then the vendor's own provider, then the newest.
    """
    providers = catalog.providers
    order = {name: at for at, name in enumerate(providers)}
    return max(
        rows,
        key=lambda row: (
            not is_variant(row.id),
            not is_dated(row.id),
            version(row.id),
            row.id == providers[row.provider].default_model,
            -order[row.provider],
            row.release_date,
            -len(row.id),
        ),
    )


def _match_scope(
    catalog: Catalog, pattern: str, rows: list[IndexRow]
) -> tuple[list[IndexRow], ThinkingLevel | None, str]:
    """What one pattern of a scope stands for, its level, and a warning or ""."""
    exact = _exact(pattern, rows)
    head, level = _split_level(pattern)
    if not exact and any(sign in pattern for sign in "*?["):
        glob = head.lower()
        exact = [row for row in rows if _globs(glob, row)]
        return exact, level, "" if exact else f"no usable model matches {pattern!r}"
    if not exact and level is not None:
        exact = _exact(head, rows)
        exact = exact or _parts(head, rows, catalog)
    elif not exact:
        level = None
        exact = _parts(pattern, rows, catalog)
        wrong_head, colon, wrong = pattern.rpartition(":")
        if not exact and colon:
            exact = _exact(wrong_head, rows) or _parts(wrong_head, rows, catalog)
            if exact:
                return exact, None, f"{wrong!r} in {pattern!r} is no thinking level: ignored"
    else:
        level = None
    if not exact:
        return [], None, f"no usable model matches {pattern!r}"
    if len({row.provider for row in exact}) > 1:
        keys = ", ".join(row.key for row in exact)
        return exact, level, f"{pattern!r} is a model of several providers: {keys}"
    return exact, level, ""


def _parts(text: str, rows: list[IndexRow], catalog: Catalog) -> list[IndexRow]:
    hit = _match(text, rows, catalog, lambda _: True) if text else None
    return [hit.row] if hit else []


def _globs(pattern: str, row: IndexRow) -> bool:
    if fnmatchcase(row.id.lower(), pattern):
        return True
    return "/" in pattern and fnmatchcase(row.key.lower(), pattern)


def _split_level(text: str) -> tuple[str, ThinkingLevel | None]:
    head, colon, level = text.rpartition(":")
    if colon and level in LEVELS:
        return head, level
    return text, None


# -- results ---------------------------------------------------------------------------------------


def _made(catalog: Catalog, hit: _Hit) -> Choice:
    return Choice(catalog.model(hit.row.provider, hit.row.id), hit.thinking, hit.note)


def _custom(catalog: Catalog, owner: ProviderRow, text: str) -> Choice:
    model_id, level = _split_level(text)
    if not model_id:
        raise ConfigError(f"the model is missing after {owner.id}/")
    note = f"{owner.id} does not list {model_id!r}: it is tried as it is"
    successor = catalog.retired(owner.id, model_id)
    if successor is not None:
        note = f"{owner.id} no longer lists {model_id!r} (now: {successor}): it is tried as it is"
    return Choice(catalog.custom(owner.id, model_id), level, note)


def _without(pattern: str, owner: ProviderRow) -> str:
    """`pattern` without a `provider/` that says the same again."""
    for name in (owner.id, *owner.aliases):
        if pattern.lower().startswith(f"{name.lower()}/"):
            return pattern[len(name) + 1 :]
    return pattern


def _not_found(catalog: Catalog, pattern: str, rows: Sequence[IndexRow]) -> str:
    why = catalog.why_missing(pattern.partition("/")[0])
    if why:
        return f"unknown model {pattern!r}{why}"
    from difflib import get_close_matches  # costs 3 ms, needed only for this message

    name = _split_level(pattern)[0].lower()
    ids = {row.id.lower(): row.id for row in rows}
    near = get_close_matches(name, ids, n=3, cutoff=0.5)
    named = ", ".join(ids[item] for item in near)
    hint = f"nearest: {named}" if near else "`pi --list-models --all` lists what there is"
    return f"unknown model {pattern!r}; {hint}"

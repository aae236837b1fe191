"""What a provider's TOML says for those who make data of lists: beyond what a start reads.

Sources, rules and corrections stand beside the rest of the provider, so that no code knows its
name, but `data/providers.json` leaves them out.
"""

from typing import Any

from msgspec import Struct

from pi.ai.catalog.schema import ProviderRow, Wires

__all__ = ["Correction", "Explained", "SourceRow", "SourceRows", "Upstream"]


class Correction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A fact that others have wrong. Applied whenever facts come from them.

    match: a glob on the id. set: fields of `ModelFacts`, as in its JSON. window: the context window
    that counts where the listed one is larger and prices rise above it; the listed one becomes the
    extended one. reason: why, with a
    source where there is one.
    """

    match: str
    set: dict[str, Any] = {}
    window: int = 0
    reason: str


class Explained(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Models that a rule holds for, and why. match: a glob on the id."""

    match: str
    reason: str


class Upstream(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How lists that others make of a provider's models become facts. Not read at a start.

    add: whether models that nobody knew are taken up. only: globs; ids that match none are left
    out. drop: ids that are left out. drop_deprecated: whether models that are listed as deprecated
    are dropped; new ones always are. pinned: models whose prices lists have wrong. apis: glob to
    the wire of new models, the last match counts, before the wire of the nearest known model.
    package_apis: whether the client that a list names for a model tells its wire. levels:
    glob to the thinking levels of new models, the last match counts; "" reads them from the list.
    complete: the provider's own list says everything that matters and wins over all others.
    keep: models that lists lack and that stay. gone: models that may vanish, in any number. price:
    models whose price may move by any factor.
    """

    add: bool = True
    only: tuple[str, ...] = ()
    drop: tuple[Explained, ...] = ()
    drop_deprecated: bool = False
    pinned: tuple[Explained, ...] = ()
    apis: dict[str, str] = {}
    package_apis: bool = False
    levels: dict[str, str] = {}
    complete: bool = False
    keep: tuple[Explained, ...] = ()
    gone: tuple[Explained, ...] = ()
    price: tuple[Explained, ...] = ()


class SourceRow(
    ProviderRow, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One provider, with everything that its TOML says.

    live_list: URL of the provider's own list of models; live_headers: what it wants besides the
    credential; live_public: it wants none. models_dev: the provider's keys there. upstream: how
    lists become facts.
    """

    live_list: str = ""
    live_headers: dict[str, str] = {}
    live_public: bool = False
    models_dev: tuple[str, ...] = ()
    upstream: Upstream = Upstream()
    corrections: tuple[Correction, ...] = ()


class SourceRows(Struct, frozen=True, kw_only=True):
    """All TOML files."""

    wires: Wires
    providers: tuple[SourceRow, ...]

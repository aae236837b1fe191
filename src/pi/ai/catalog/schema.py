"""What a provider's TOML may say. An unknown key is an error that names file and key.

A provider is a row of data (`data/providers/<id>.toml`, by hand); its models are generated facts
(`data/models/<id>.json`). Everything vendor-specific lives in these files and nowhere else.
"""

from typing import Any

from msgspec import Struct, field

from pi.ai.model import AuthHeader, Price, ThinkingLevel

__all__ = [
    "AuthRow",
    "AuthVariant",
    "HostRow",
    "IndexRow",
    "ModelFacts",
    "ModelFile",
    "ModelIndex",
    "ModelRule",
    "ProviderRow",
    "Rows",
    "ThinkingTemplate",
    "UserProvider",
    "WireRow",
    "Wires",
]


class AuthVariant(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What one kind of credential changes about requests.

    when: `oauth` (a stored login), or `env:NAME` (a key from that variable).
    key_contains: applies to any key with this text in it, wherever it came from.
    The rest is laid over the model: headers merged, compat merged, the others replaced.
    system_prefix: blocks that must stand before the system prompt.
    """

    when: str = ""
    key_contains: str = ""
    auth_header: AuthHeader | None = None
    headers: dict[str, str] = {}
    compat: dict[str, Any] = {}
    system_prefix: tuple[str, ...] = ()


class AuthRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a provider is signed in to.

    kinds: any of `api_key`, `oauth`, `azure` (resource, deployments, api-version), `aws` (SigV4 or
    bearer, ambient chain), `google` (Application Default Credentials), `none` (a server without
    keys).
    env: variables that may hold the key, the first that is set wins. required_env: variables that
    must be set besides. optional_env: variables that are read, for help texts and `auth explain`.
    login: name of the login flow. variants: see `AuthVariant`. help: where to get a key (URL).
    """

    kinds: tuple[str, ...] = ("api_key",)
    env: tuple[str, ...] = ()
    required_env: tuple[str, ...] = ()
    optional_env: tuple[str, ...] = ()
    login: str = ""
    variants: tuple[AuthVariant, ...] = ()
    help: str = ""


class ThinkingTemplate(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Body fragments that select a thinking level.

    In `on` and `off` the string `"$effort"` stands for the level's word on the wire, `"$budget"`
    for its token budget (filled in per call), `"$enabled"` for true or false. `levels` overrides
    single levels with whole fragments.
    words: the word of a level where a model names none; otherwise it is the level itself, and `off`
    has none. A key whose value is a word that does not exist is left out.
    without_effort: the template for a service that takes the switch but not the word.
    """

    on: dict[str, Any] = {}
    off: dict[str, Any] = {}
    levels: dict[ThinkingLevel, dict[str, Any]] = {}
    words: dict[ThinkingLevel, str] = {}
    without_effort: str = ""


class ModelRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What holds for all models of a provider that match.

    match: a glob on the id, `*` crosses `/`. api: only for this wire, if given.
    thinking: the name of a template in `data/thinking.toml`, or a template.
    """

    match: str = "*"
    api: str = ""
    base_url: str | None = None
    headers: dict[str, str] = {}
    session_headers: tuple[str, ...] | None = None
    context_headers: dict[str, str] = {}
    auth_header: AuthHeader | None = None
    extra_body: dict[str, Any] = {}
    compat: dict[str, Any] = {}
    thinking: str | ThinkingTemplate | None = None


class ProviderRow(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One provider.

    id: the established id. aliases: other names by which a user may call it. api: the wire of its
    models unless they say otherwise. rank: order in lists and in the search for a first model.
    default_model: the model to start with. base_urls: per wire, where its models do not say.
    hosts: where a user's own URL is recognised as this provider's (see `catalog/infer.py`).
    cost_basis: of its models, as in `Model`. rules: applied in order, later ones win.
    notice: what the vendor's terms restrict, shown before a login.
    retired: old model id to the id to use now, where the generator's choice is wrong.
    """

    id: str
    name: str
    api: str = ""
    rank: int = 100
    auth: AuthRow = AuthRow()
    aliases: tuple[str, ...] = ()
    default_model: str = ""
    base_urls: dict[str, str] = {}
    hosts: tuple[str, ...] = ()
    cost_basis: str = "metered"
    rules: tuple[ModelRule, ...] = ()
    notice: str = ""
    retired: dict[str, str] = {}


class WireRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the catalog assumes for a wire as such: the layer below every provider.

    thinking: name of a template. session_headers: as in `Model`. session_formats: what they are
    under the names that `sessionAffinityFormat` of `models.json` may have.
    """

    thinking: str = "fixed"
    session_headers: tuple[str, ...] = ()
    session_formats: dict[str, tuple[str, ...]] = {}


class HostRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A host without a provider row whose servers are known to differ from the wire's standard."""

    host: str
    api: str
    compat: dict[str, Any] = {}


class Wires(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`data/wires.toml` and `data/thinking.toml` together.

    wires: per wire protocol. hosts: see `HostRow`. templates: by name. formats: the names that
    `thinkingFormat` of `models.json` may have, to the name of a template.
    """

    wires: dict[str, WireRow] = {}
    hosts: tuple[HostRow, ...] = ()
    templates: dict[str, ThinkingTemplate] = {}
    formats: dict[str, str] = {}


class Rows(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`data/providers.json`: all TOML files in one, so that start-up opens one file."""

    wires: Wires
    providers: tuple[ProviderRow, ...]


class ModelFacts(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    rename="camel",
):
    """What a model's own entry says; the rest follows from its provider's row.

    name: the id if empty. api, base_url, cost_basis: the provider's if empty or None.
    levels: thinking levels, separated by spaces; `level=word` where the word on the wire is not the
    template's. Empty: the model does not think. thinking: name of a template, if not the rules'.
    The others are as in `Model`.
    """

    id: str
    name: str = ""
    api: str = ""
    base_url: str | None = None
    levels: str = ""
    thinking: str = ""
    input: tuple[str, ...] = ("text",)
    context_window: int = 128_000
    max_output_tokens: int = field(default=16_384, name="maxTokens")
    cost: Price = Price()
    cost_basis: str = ""
    headers: dict[str, str] = {}
    session_headers: tuple[str, ...] | None = None
    compat: dict[str, Any] = {}
    extra_body: dict[str, Any] = {}
    extended_context_window: int | None = None
    input_limits: dict[str, Any] | None = None
    release_date: str | None = None
    unverified: bool = False


class ModelFile(Struct, frozen=True, forbid_unknown_fields=True):
    """`data/models/<id>.json`. date: when the facts were gathered (ISO); source: from where."""

    date: str
    source: str
    models: tuple[ModelFacts, ...]


class IndexRow(Struct, frozen=True, array_like=True, omit_defaults=True):
    """What lists and name look-up need of a model. Prices are US dollars per million tokens."""

    provider: str
    id: str
    name: str
    context_window: int
    max_output_tokens: int
    thinking: bool
    images: bool
    input_price: float
    output_price: float
    cost_basis: str = "metered"
    release_date: str = ""
    unverified: bool = False

    @property
    def key(self) -> str:
        """`provider/id`."""
        return f"{self.provider}/{self.id}"


class ModelIndex(Struct, frozen=True, forbid_unknown_fields=True):
    """`data/index.json`. retired: per provider, old id to the id to use now."""

    rows: tuple[IndexRow, ...]
    retired: dict[str, dict[str, str]]


class UserProvider(Struct, frozen=True):
    """What authentication needs of an entry of `models.json`, as it was written.

    model_headers: per model id, laid over `headers`. auth_header: add `Authorization: Bearer`.
    origin: where the key stands: the file, or an extension.
    """

    api_key: str | None = None
    headers: dict[str, str] = {}
    auth_header: bool = False
    model_headers: dict[str, dict[str, str]] = {}
    base_url: str | None = None
    origin: str = "models.json"

    def headers_for(self, model_id: str) -> dict[str, str]:
        """The headers for one model, unresolved."""
        return {**self.headers, **self.model_headers.get(model_id, {})}

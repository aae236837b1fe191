"""What a provider's TOML may say. An unknown key is an error that names file and key.

A provider is a row of data (`data/providers/<id>.toml`, by hand); its models are generated facts
(`data/models/<id>.json`). Everything vendor-specific lives in these files and nowhere else.
"""

from typing import Any

from msgspec import Struct

from pi.ai.model import AuthHeader, ThinkingLevel

__all__ = ["AuthRow", "AuthVariant", "ModelRule", "ProviderRow", "ThinkingTemplate"]


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

    kinds: any of `api_key`, `oauth`, `aws` (SigV4 or bearer, ambient chain), `google` (Application
    Default Credentials), `none` (a server without keys).
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

    In `on` and `off` the string `"$effort"` stands for the level's word on the wire, `"$budget"` for
    its token budget (filled in per call), `"$enabled"` for true or false. `levels` overrides single
    levels with whole fragments.
    """

    on: dict[str, Any] = {}
    off: dict[str, Any] = {}
    levels: dict[ThinkingLevel, dict[str, Any]] = {}


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

    id: the established id. aliases: other names by which a user may call it. default_model: the
    model to start with. base_urls: per wire, where its models do not say. hosts: host names by which
    a user's own URL is recognised as this provider's (`catalog/infer.py`). rules: applied in order,
    later ones win. notice: what the vendor's terms restrict, shown before a login.
    live_list: URL of the provider's own list of models. models_dev: its keys there.
    retired: old model id to the id to use now.
    """

    id: str
    name: str
    auth: AuthRow = AuthRow()
    aliases: tuple[str, ...] = ()
    default_model: str = ""
    base_urls: dict[str, str] = {}
    hosts: tuple[str, ...] = ()
    rules: tuple[ModelRule, ...] = ()
    notice: str = ""
    live_list: str = ""
    models_dev: tuple[str, ...] = ()
    retired: dict[str, str] = {}

"""The format of `models.json`: what a user may write, under the names that files out there use.

These names are the file's and stay in this module and its reader; behind them everything is called
after the wire. Fields that are read and then ignored are those for features that we do not have.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

__all__ = [
    "UserCompat",
    "UserCost",
    "UserImageLimits",
    "UserInputLimits",
    "UserModel",
    "UserOverride",
    "UserPromptCache",
    "UserProviderEntry",
    "UserResize",
    "UserRoot",
    "UserTier",
]

Text = Annotated[str, Meta(min_length=1)]
Amount = Annotated[float, Meta(ge=0)]
Count = Annotated[float, Meta(gt=0)]
Tokens = Annotated[float, Meta(gt=0, multiple_of=1)]
Whole = Annotated[int, Meta(gt=0)]
Level = Literal["off", "minimal", "low", "medium", "high", "xhigh", "max"]
Words = dict[Level, str | None]


class UserTier(Struct, frozen=True, rename="camel"):
    """One price tier."""

    input_tokens_above: Count
    input: Amount
    output: Amount
    cache_read: Amount = 0.0
    cache_write: Amount = 0.0


class UserCost(Struct, frozen=True, rename="camel"):
    """US dollars per million tokens. What is left out stays as it is, or is zero."""

    input: Amount | UnsetType = UNSET
    output: Amount | UnsetType = UNSET
    cache_read: Amount | UnsetType = UNSET
    cache_write: Amount | UnsetType = UNSET
    tiers: tuple[UserTier, ...] | UnsetType = UNSET


class UserResize(Struct, frozen=True, rename="camel"):
    """How images are made smaller before they are sent: pixels, bytes, percent."""

    max_width: Whole | UnsetType = UNSET
    max_height: Whole | UnsetType = UNSET
    max_bytes: Whole | UnsetType = UNSET
    jpeg_quality: Annotated[int, Meta(ge=1, le=100)] | UnsetType = UNSET


class UserImageLimits(Struct, frozen=True, rename="camel"):
    """What a service takes of images."""

    resize: UserResize | UnsetType = UNSET
    max_per_message: Whole | UnsetType = UNSET
    max_per_request: Whole | UnsetType = UNSET


class UserInputLimits(Struct, frozen=True, rename="camel"):
    """What a service takes at all. `max_request_bytes`: the whole request."""

    max_request_bytes: Whole | UnsetType = UNSET
    images: UserImageLimits | UnsetType = UNSET


class UserPromptCache(Struct, frozen=True, rename="camel"):
    """How long a service keeps prompts, in seconds."""

    short: Count | UnsetType = UNSET
    long: Count | UnsetType = UNSET


class UserCompat(Struct, frozen=True, rename="camel"):
    """Switches. Those that are not named in `user_compat` are the wire's, in camel case."""

    supports_store: bool | UnsetType = UNSET
    supports_developer_role: bool | UnsetType = UNSET
    supports_reasoning_effort: bool | UnsetType = UNSET
    reasoning_effort_map: Words | UnsetType = UNSET
    supports_usage_in_streaming: bool | UnsetType = UNSET
    max_tokens_field: Literal["max_completion_tokens", "max_tokens"] | UnsetType = UNSET
    requires_tool_result_name: bool | UnsetType = UNSET
    requires_assistant_after_tool_result: bool | UnsetType = UNSET
    requires_thinking_as_text: bool | UnsetType = UNSET
    requires_reasoning_content_on_assistant_messages: bool | UnsetType = UNSET
    requires_non_null_assistant_content: bool | UnsetType = UNSET
    requires_tools_with_tool_history: bool | UnsetType = UNSET
    thinking_format: str | UnsetType = UNSET
    chat_template_kwargs: dict[str, Any] | UnsetType = UNSET
    chat_template_args: dict[str, Any] | UnsetType = UNSET
    thinking_token_budget_field: Text | UnsetType = UNSET
    cache_control_format: Literal["anthropic"] | UnsetType = UNSET
    open_router_routing: dict[str, Any] | UnsetType = UNSET
    vercel_gateway_routing: dict[Literal["only", "order"], list[str]] | UnsetType = UNSET
    vllm_priority: float | UnsetType = UNSET
    prompt_cache_key_mode: Literal["auto", "enabled", "disabled"] | UnsetType = UNSET
    supports_strict_mode: bool | UnsetType = UNSET
    supports_long_cache_retention: bool | UnsetType = UNSET
    supports_finish_reason: bool | UnsetType = UNSET
    zai_tool_stream: bool | UnsetType = UNSET
    send_session_affinity_headers: bool | UnsetType = UNSET
    session_affinity_format: str | UnsetType = UNSET
    send_session_id_header: bool | UnsetType = UNSET
    supports_explicit_prompt_cache_mode: bool | UnsetType = UNSET
    supports_eager_tool_input_streaming: bool | UnsetType = UNSET
    force_adaptive_thinking: bool | UnsetType = UNSET
    supports_temperature: bool | UnsetType = UNSET
    supports_cache_control_on_tools: bool | UnsetType = UNSET
    allow_empty_signature: bool | UnsetType = UNSET
    supports_strict_tools: bool | UnsetType = UNSET
    supports_midconvo_system_messages: bool | UnsetType = field(
        default=UNSET, name="supportsMidConvoSystemMessages"
    )
    supports_midconvo_tool_changes: bool | UnsetType = field(
        default=UNSET, name="supportsMidConvoToolChanges"
    )
    supports_midconvo_effort: bool | UnsetType = field(default=UNSET, name="supportsMidConvoEffort")
    allowed_fallback_models: list[Any] | UnsetType = UNSET
    cache_points: bool | UnsetType = UNSET
    signed_reasoning: bool | UnsetType = UNSET
    supports_midconvo_tool_additions: Any = field(
        default=UNSET, name="supportsMidConvoToolAdditions"
    )
    supports_thinking_token_budget: bool | UnsetType = UNSET
    supports_max_output_tokens: Any = UNSET
    image_input: Any = UNSET
    send_image_opt_in_header: Any = UNSET
    supports_openai_grammar_tools: Any = field(default=UNSET, name="supportsOpenAIGrammarTools")
    supports_additional_tools: Any = UNSET
    supports_tool_search: Any = UNSET
    supports_message_threads: Any = UNSET


class UserOverride(Struct, frozen=True, rename="camel"):
    """Changes to a model that exists."""

    name: Text | UnsetType = UNSET
    reasoning: bool | UnsetType = UNSET
    thinking_level_map: Words | UnsetType = UNSET
    input: tuple[Literal["text", "image"], ...] | UnsetType = UNSET
    cost: UserCost | UnsetType = UNSET
    context_window: Tokens | UnsetType = UNSET
    max_tokens: Tokens | UnsetType = UNSET
    headers: dict[str, str] | UnsetType = UNSET
    compat: UserCompat | UnsetType = UNSET
    sampling_params: dict[str, Any] | UnsetType = UNSET
    sampling_params_by_thinking_level: dict[Level, dict[str, Any]] | UnsetType = UNSET
    input_limits: UserInputLimits | UnsetType = UNSET
    prompt_cache: UserPromptCache | UnsetType = UNSET


class UserModel(UserOverride, frozen=True, rename="camel", kw_only=True):
    """A model of the user's own."""

    id: Text
    api: Text | UnsetType = UNSET
    base_url: Text | UnsetType = UNSET
    type: str | UnsetType = UNSET


class UserProviderEntry(Struct, frozen=True, rename="camel"):
    """A provider. `models` and `model_overrides` are read one by one."""

    name: Text | UnsetType = UNSET
    base_url: Text | UnsetType = UNSET
    api_key: Text | UnsetType = UNSET
    api: Text | UnsetType = UNSET
    headers: dict[str, str] | UnsetType = UNSET
    auth_header: bool | UnsetType = UNSET
    compat: UserCompat | UnsetType = UNSET
    models: list[Any] | UnsetType = UNSET
    model_overrides: dict[str, Any] | UnsetType = UNSET
    oauth: Text | UnsetType = UNSET


class UserRoot(Struct, frozen=True):
    """The file."""

    providers: dict[str, Any]
    schema: Any = field(default=UNSET, name="$schema")

"""`models.json`: what it can say, and what a mistake in it costs."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from pi.ai.catalog import Catalog, packaged
from pi.ai.errors import ConfigError
from pi.ai.model import Price, PriceTier


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "models.json"


def catalog(path: Path, providers: dict[str, Any]) -> Catalog:
    path.write_bytes(msgspec.json.encode({"providers": providers}))
    found = Catalog(path)
    assert found.problems == []
    return found


LOCAL = {
    "baseUrl": "http://localhost:11434/v1",
    "api": "openai-completions",
    "apiKey": "test-key",
    "models": [{"id": "llama3.1:8b"}],
}


def test_no_file_is_no_error(path: Path) -> None:
    assert Catalog(path).problems == []
    assert Catalog(path).index() == list(packaged.index().rows)


def test_the_smallest_entry(path: Path) -> None:
    """The vector of the format's documentation."""
    found = catalog(path, {"ollama": LOCAL})
    model = found.model("ollama", "llama3.1:8b")
    assert model.name == "llama3.1:8b"
    assert (model.context_window, model.max_output_tokens) == (128_000, 16_384)
    assert model.input == ("text",)
    assert model.cost == Price()
    assert not model.reasoning
    assert model.thinking == {"off": {}}
    assert model.base_url == "http://localhost:11434/v1"
    assert model.session_headers == ()
    assert found.index()[-1].key == "ollama/llama3.1:8b"
    row = found.provider("ollama")
    assert row.default_model == "llama3.1:8b"
    assert row.auth.kinds == ("api_key",)
    user = found.user_provider("ollama")
    assert user is not None
    assert user.api_key == "test-key"


def test_a_local_server_without_a_key_needs_none(path: Path) -> None:
    local = {key: value for key, value in LOCAL.items() if key != "apiKey"}
    found = catalog(path, {"a": local, "b": {**local, "baseUrl": "https://far.invalid/v1"}})
    assert found.provider("a").auth.kinds == ("api_key", "none")
    assert found.provider("b").auth.kinds == ("api_key",)


def test_everything_a_model_can_say(path: Path) -> None:
    model = {
        "id": "big",
        "name": "Big",
        "reasoning": True,
        "thinkingLevelMap": {"off": None, "minimal": None, "high": "hard", "xhigh": "hardest"},
        "input": ["image", "text"],
        "cost": {
            "input": 1,
            "output": 2.5,
            "tiers": [{"inputTokensAbove": 1000, "input": 2, "output": 5}],
        },
        "contextWindow": 1e6,
        "maxTokens": 32000,
        "headers": {"X-Model": "!secret"},
        "samplingParams": {"top_p": 0.9},
        "samplingParamsByThinkingLevel": {"low": {"temperature": 1}},
    }
    found = catalog(path, {"mine": {**LOCAL, "name": "Mine", "models": [model]}})
    made = found.model("mine", "big")
    assert made.name == "Big"
    assert made.thinking == {
        "low": {"reasoning_effort": "low", "temperature": 1},
        "medium": {"reasoning_effort": "medium"},
        "high": {"reasoning_effort": "hard"},
        "xhigh": {"reasoning_effort": "hardest"},
    }
    assert made.input == ("text", "image")
    assert made.cost == Price(1.0, 2.5, tiers=(PriceTier(1000, 2.0, 5.0),))
    assert made.cost_basis == "metered"
    assert (made.context_window, made.max_output_tokens) == (1_000_000, 32_000)
    assert made.extra_body == {"top_p": 0.9}
    assert made.headers == {}
    assert found.provider("mine").name == "Mine"
    user = found.user_provider("mine")
    assert user is not None
    assert user.headers_for("big") == {"X-Model": "!secret"}
    assert user.headers_for("other") == {}
    row = found.index()[-1]
    assert (row.thinking, row.images, row.output_price) == (True, True, 2.5)


COMPLETIONS_SWITCHES = {
    "supportsStore": False,
    "supportsDeveloperRole": False,
    "supportsUsageInStreaming": False,
    "maxTokensField": "max_tokens",
    "requiresToolResultName": True,
    "requiresAssistantAfterToolResult": True,
    "requiresThinkingAsText": True,
    "requiresReasoningContentOnAssistantMessages": True,
    "requiresNonNullAssistantContent": True,
    "requiresToolsWithToolHistory": True,
    "supportsStrictMode": True,
    "supportsLongCacheRetention": False,
    "supportsFinishReason": False,
    "cacheControlFormat": "anthropic",
    "zaiToolStream": True,
    "promptCacheKeyMode": "enabled",
    "openRouterRouting": {"only": ["a"], "sort": {"by": "price"}},
    "vercelGatewayRouting": {"order": ["b"]},
    "vllmPriority": 3,
    "sendSessionAffinityHeaders": True,
}


def test_switches_of_chat_completions(path: Path) -> None:
    found = catalog(path, {"x": {**LOCAL, "compat": COMPLETIONS_SWITCHES}})
    model = found.model("x", "llama3.1:8b")
    switches = msgspec.structs.asdict(model.compat)
    assert {name: switches[name] for name in switches if name != "service_tiers"} == {
        "supports_store": False,
        "supports_developer_role": False,
        "supports_usage_in_streaming": False,
        "supports_strict_mode": True,
        "supports_long_cache_retention": False,
        "supports_finish_reason": False,
        "max_tokens_field": "max_tokens",
        "max_call_id_length": None,
        "requires_tool_result_name": True,
        "requires_assistant_after_tool_result": True,
        "requires_thinking_as_text": True,
        "requires_reasoning_content_on_assistant_messages": True,
        "requires_non_null_assistant_content": True,
        "requires_tools_with_tool_history": True,
        "cache_control": True,
        "prompt_cache_key": True,
        "tool_stream": True,
    }
    assert model.extra_body == {
        "provider": {"only": ["a"], "sort": {"by": "price"}},
        "providerOptions": {"gateway": {"order": ["b"]}},
        "priority": 3,
    }
    assert model.session_headers == ("session_id", "x-client-request-id", "x-session-affinity")
    assert found.notes == []


def test_switches_of_messages(path: Path) -> None:
    compat = {
        "supportsEagerToolInputStreaming": False,
        "forceAdaptiveThinking": True,
        "supportsTemperature": False,
        "supportsCacheControlOnTools": False,
        "allowEmptySignature": True,
        "supportsStrictTools": True,
        "supportsMidConvoSystemMessages": True,
        "supportsStore": False,
    }
    own = {**LOCAL, "api": "anthropic-messages", "compat": compat}
    own["models"] = [{"id": "c", "reasoning": True}]
    model = catalog(path, {"x": own}).model("x", "c")
    assert not model.compat.supports_eager_tool_input_streaming
    assert model.compat.force_adaptive_thinking
    assert model.compat.allow_empty_signature
    assert model.compat.supports_midconvo_system_messages
    assert model.thinking["low"]["output_config"] == {"effort": "low"}


def thinking(path: Path, compat: dict[str, Any], api: str = "openai-completions") -> Any:
    own = {**LOCAL, "api": api, "models": [{"id": "m", "reasoning": True, "compat": compat}]}
    model = catalog(path, {"x": own}).model("x", "m")
    return {level: model.thinking.get(level) for level in ("off", "high")}


KWARGS = {
    "enable_thinking": {"$var": "thinking.enabled"},
    "budget": {"$var": "thinking.budget", "omitWhenOff": True},
    "style": "long",
}


@pytest.mark.parametrize(
    ("compat", "off", "high"),
    [
        ({}, {}, {"reasoning_effort": "high"}),
        ({"supportsReasoningEffort": False}, {}, {}),
        ({"reasoningEffortMap": {"high": "max"}}, {}, {"reasoning_effort": "max"}),
        (
            {"thinkingFormat": "openrouter"},
            {"reasoning": {"effort": "none"}},
            {"reasoning": {"effort": "high"}},
        ),
        (
            {"thinkingFormat": "deepseek"},
            {"thinking": {"type": "disabled"}},
            {"thinking": {"type": "enabled"}, "reasoning_effort": "high"},
        ),
        (
            {"thinkingFormat": "zai", "supportsReasoningEffort": False},
            {"thinking": {"type": "disabled"}},
            {"thinking": {"type": "enabled", "clear_thinking": False}},
        ),
        (
            {"thinkingFormat": "qwen-chat-template"},
            {"chat_template_kwargs": {"enable_thinking": False, "preserve_thinking": True}},
            {"chat_template_kwargs": {"enable_thinking": True, "preserve_thinking": True}},
        ),
        (
            {"thinkingFormat": "chat-template", "chatTemplateKwargs": KWARGS},
            {"chat_template_kwargs": {"enable_thinking": False, "style": "long"}},
            {
                "chat_template_kwargs": {
                    "enable_thinking": True,
                    "budget": "$budget",
                    "style": "long",
                }
            },
        ),
        (
            {"thinkingFormat": "baseten", "chatTemplateArgs": KWARGS | {"budget": 1}},
            {"chat_template_args": {"enable_thinking": False, "budget": 1, "style": "long"}},
            {
                "reasoning_effort": "high",
                "chat_template_args": {"enable_thinking": True, "budget": 1, "style": "long"},
            },
        ),
        ({"thinkingFormat": "string-thinking"}, {"thinking": "none"}, {"thinking": "high"}),
        (
            {"thinkingFormat": "qwen", "thinkingTokenBudgetField": "thinking_budget"},
            {"enable_thinking": False},
            {
                "enable_thinking": True,
                "reasoning_effort": "high",
                "thinking_budget": "$budget",
            },
        ),
    ],
)
def test_thinking_formats(path: Path, compat: Any, off: Any, high: Any) -> None:
    assert thinking(path, compat) == {"off": off, "high": high}


def test_a_host_that_we_know_brings_its_switches(path: Path) -> None:
    own = {**LOCAL, "baseUrl": "https://api.z.ai/api/paas/v4"}
    own["models"] = [{"id": "glm-9", "reasoning": True}]
    model = catalog(path, {"my-glm": own}).model("my-glm", "glm-9")
    assert model.base_url == "https://api.z.ai/api/paas/v4"
    assert model.compat.tool_stream
    assert not model.compat.supports_store
    assert model.thinking["off"] == {"thinking": {"type": "disabled"}}


# -- changing what is packaged ---------------------------------------------------------------------


def test_a_provider_entry_keeps_the_packaged_models(path: Path) -> None:
    """Key only, URL only, headers only: all legal."""
    found = catalog(path, {"openai": {"apiKey": "MY_KEY", "baseUrl": "https://proxy.invalid/v1"}})
    assert len(found.ids("openai")) == 44
    assert found.model("openai", "gpt-5.4").base_url == "https://proxy.invalid/v1"
    user = found.user_provider("openai")
    assert user is not None
    assert user.api_key == "MY_KEY"
    only_headers = catalog(path, {"openai": {"headers": {"X-A": "$B"}, "authHeader": True}})
    user = only_headers.user_provider("openai")
    assert user is not None
    assert (user.headers, user.auth_header) == ({"X-A": "$B"}, True)
    assert only_headers.user_provider("groq") is None


def test_an_alias_means_the_provider(path: Path) -> None:
    found = catalog(path, {"azure": {"baseUrl": "https://x.invalid/openai/v1"}})
    assert "azure" not in found.providers
    assert found.model("azure", "gpt-5.4").base_url == "https://x.invalid/openai/v1"


def test_overrides_change_single_fields(path: Path) -> None:
    overrides = {
        "gpt-5.4": {
            "name": "Ours",
            "cost": {"input": 9},
            "contextWindow": 1000,
            "thinkingLevelMap": {"xhigh": None, "off": None},
            "compat": {"supportsStrictMode": False},
        },
        "gpt-4": {"reasoning": True},
        "gpt-5": {"reasoning": False},
        "no-such-model": {"name": "ignored"},
    }
    found = catalog(path, {"openai": {"modelOverrides": overrides}})
    model = found.model("openai", "gpt-5.4")
    assert model.name == "Ours"
    assert (model.cost.input, model.cost.output) == (9.0, 15.0)
    assert len(model.cost.tiers) == 1
    assert model.thinking_levels == ("low", "medium", "high")
    assert not model.compat.supports_strict_mode
    assert found.model("openai", "gpt-4").thinking["low"]["reasoning"]["effort"] == "low"
    assert found.model("openai", "gpt-5").thinking == {"off": {}}
    row = next(row for row in found.index() if row.key == "openai/gpt-5.4")
    assert (row.name, row.context_window, row.input_price) == ("Ours", 1000, 9.0)
    assert len(found.index()) == 1665


def test_compat_is_merged_from_provider_model_and_override(path: Path) -> None:
    own = {
        **LOCAL,
        "compat": {"supportsStore": False, "openRouterRouting": {"only": ["a"], "zdr": True}},
        "models": [{"id": "m", "compat": {"supportsStore": True, "supportsStrictMode": True}}],
        "modelOverrides": {
            "m": {"name": "M", "compat": {"openRouterRouting": {"only": ["b"]}}},
        },
    }
    model = catalog(path, {"x": own}).model("x", "m")
    assert model.name == "M"
    assert model.compat.supports_store
    assert model.compat.supports_strict_mode
    assert model.extra_body == {"provider": {"only": ["b"], "zdr": True}}


def test_an_own_model_replaces_a_packaged_one_entirely(path: Path) -> None:
    found = catalog(path, {"openai": {"models": [{"id": "gpt-5.4"}, {"id": "gpt-x"}]}})
    assert len(found.ids("openai")) == 45
    model = found.model("openai", "gpt-5.4")
    assert (model.api, model.base_url) == ("openai-responses", "https://api.openai.com/v1")
    assert (model.reasoning, model.context_window) == (False, 128_000)
    assert model.session_headers


def test_an_own_model_speaks_the_wire_of_its_nearest_relative(path: Path) -> None:
    models = [{"id": "claude-opus-7"}, {"id": "kimi-k4"}, {"id": "gpt-7"}]
    found = catalog(path, {"github-copilot": {"models": models}})
    apis = [found.model("github-copilot", model["id"]).api for model in models]
    assert apis == ["anthropic-messages", "openai-completions", "openai-responses"]


def test_session_header_switches(path: Path) -> None:
    def headers(compat: dict[str, Any]) -> tuple[str, ...]:
        found = catalog(path, {"openai": {"compat": compat}})
        return found.model("openai", "gpt-5.4").session_headers

    assert headers({"sendSessionIdHeader": False}) == ("x-client-request-id",)
    assert headers({"sessionAffinityFormat": "openrouter"}) == ("x-session-id",)
    assert headers({"sendSessionAffinityHeaders": False}) == ()
    assert headers({}) == ("session-id", "x-client-request-id")


def test_reload_reads_the_file_again(path: Path) -> None:
    found = catalog(path, {})
    path.write_bytes(msgspec.json.encode({"providers": {"x": LOCAL}}))
    assert "x" not in found.providers
    found.reload()
    assert found.model("x", "llama3.1:8b").provider == "x"


# -- mistakes --------------------------------------------------------------------------------------

BAD = """{
  // my models
  "providers": {
    "x": {
      "baseUrl": "https://x.invalid/v1",
      "api": "openai-completions",
      "models": [
        {"id": "bad", "cost": {"input": 1, "output": "much"}},
        {"id": "good"},
      ],
    },
    "y": {"baseUrl": 5, "models": [{"id": "m"}]},
    "z": {"apiKey": "k", "api": "openai-completions", "models": [
      {"id": "a"}
    ]},
    "openai": {
      "modelOverrides": {
        "gpt-5.4": {"maxTokens": -1},
        "gpt-5": {"name": "Five"}
      }
    }
  }
}
"""


def test_one_bad_entry_disables_that_entry(path: Path) -> None:
    path.write_text(BAD)
    found = Catalog(path)
    assert found.problems == [
        "models.json line 8: providers.x.models[0].cost.output: expected number, got text",
        "models.json line 12: providers.y.baseUrl: expected text, got number",
        "models.json line 14: providers.z.models[0]: "
        "baseUrl is missing: give it here or for the provider",
        "models.json line 18: providers.openai.modelOverrides.gpt-5.4.maxTokens: "
        "expected number above 0",
    ]
    assert found.ids("x") == ["good"]
    assert found.model("openai", "gpt-5").name == "Five"
    assert found.model("openai", "gpt-5.4").max_output_tokens == 128_000
    with pytest.raises(ConfigError, match="unknown provider 'y'"):
        found.provider("y")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"id": ""}, "id: expected text that is not empty"),
        ({}, "models[0]: id is missing"),
        (7, "models[0]: expected object, got number"),
        ({"id": "m", "reasoning": "yes"}, "reasoning: expected true or false, got text"),
        ({"id": "m", "input": ["video"]}, "input[0]: expected text or image"),
        ({"id": "m", "contextWindow": 0}, "contextWindow: expected number above 0"),
        ({"id": "m", "cost": {"input": -1}}, "cost.input: expected number from 0 up"),
        (
            {"id": "m", "cost": {"tiers": [{"input": 1}]}},
            "cost.tiers[0]: inputTokensAbove is missing",
        ),
        (
            {"id": "m", "thinkingLevelMap": {"huge": "x"}},
            "thinkingLevelMap: expected keys out of off, minimal, low, medium, high, xhigh, max",
        ),
        ({"id": "m", "thinkingLevelMap": {"low": 1}}, "expected text or null, got number"),
        ({"id": "m", "headers": {"a": 1}}, "headers: expected text, got number"),
        (
            {"id": "m", "compat": {"supportsStore": "yes"}},
            "compat.supportsStore: expected true or false, got text",
        ),
        (
            {"id": "m", "compat": {"maxTokensField": "tokens"}},
            "compat.maxTokensField: expected max_tokens or max_completion_tokens",
        ),
        (
            {"id": "m", "compat": {"thinkingFormat": "loud"}},
            "compat.thinkingFormat: expected one of ant-ling, baseten, chat-template,",
        ),
        (
            {"id": "m", "compat": {"sessionAffinityFormat": "x"}},
            "compat.sessionAffinityFormat: expected one of openai, openai-nosession, openrouter",
        ),
    ],
)
def test_a_mistake_is_one_line_that_says_what_is_allowed(
    path: Path, model: Any, message: str
) -> None:
    path.write_bytes(msgspec.json.encode({"providers": {"p": {**LOCAL, "models": [model]}}}))
    found = Catalog(path)
    (problem,) = found.problems
    assert problem.startswith("models.json line 1: providers.p.models[0]")
    assert message in problem
    assert "`" not in problem
    assert "p" not in found.providers


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "models.json line 1, column 2: expecting property name enclosed in double quotes"),
        ("[]", "models.json line 1: expected object, got list"),
        ('{"providers": 1}', "models.json line 1: providers: expected object, got number"),
        ("{}", "models.json line 1: providers is missing"),
        ('{"providers": {"x": []}}', "models.json line 1: providers.x: expected object, got list"),
    ],
)
def test_a_file_that_cannot_be_used_leaves_the_packaged_models(
    path: Path, text: str, message: str
) -> None:
    path.write_text(text)
    found = Catalog(path)
    assert found.problems == [message]
    assert len(found.index()) == 1665


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_file_says_nothing(path: Path, text: str) -> None:
    path.write_text(text)
    assert Catalog(path).problems == []


def test_a_folder_in_place_of_the_file(path: Path) -> None:
    path.mkdir()
    (problem,) = Catalog(path).problems
    assert problem.startswith("models.json: cannot be read: ")


def test_odd_things_are_notes(path: Path) -> None:
    own = {
        **LOCAL,
        "api": "openai-completion",
        "colour": "red",
        "models": [
            {"id": "m", "compat": {"supportsJokes": True}, "cost": {"inptu": 1}},
            {"id": "p", "type": "image"},
        ],
    }
    found = catalog(path, {"x": own, "nobody": {"apiKey": "k"}, "groq": {"oauth": "radius"}})
    assert [note.partition(": ")[2] for note in found.notes] == [
        "providers.x.colour: unknown key, ignored",
        "providers.x.models[0].compat.supportsJokes: unknown key, ignored",
        "providers.x.models[0].cost.inptu: unknown key, ignored (is input meant?)",
        "providers.x.models[1].type: 'image' models are left out: only chat is used",
    ]
    assert [(item.kind, item.name, item.note.partition(": ")[2]) for item in found.unsettled] == [
        (
            "api",
            "openai-completion",
            "providers.x.api: 'openai-completion' is not known without an extension"
            " (is openai-completions meant?); known: "
            + ", ".join(sorted(packaged.rows().wires.wires.keys() - {"faux"})),
        ),
        (
            "provider",
            "nobody",
            "providers.nobody: there is no such provider, and no models are given for one",
        ),
        (
            "login",
            "radius",
            "providers.groq.oauth: there is no login flow 'radius', and no extension brings one",
        ),
    ]
    with pytest.raises(ConfigError, match="x/m speaks 'openai-completion', for which"):
        found.model("x", "m")

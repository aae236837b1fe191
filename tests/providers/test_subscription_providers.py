"""Providers that are used with a login, and what a login changes about their requests."""

from typing import Any

import pytest

import pi.ai.auth.flows  # noqa: F401  (the logins, as the program has them)
from conformance.said import Call, Said
from pi.ai.auth.base import OAuth
from pi.ai.messages import (
    Context,
    ImageContent,
    Message,
    TextContent,
    ToolDefinition,
    UserMessage,
)
from pi.ai.options import Options
from providers.calling import CONTEXT, HISTORY, Caller, answer_on
from providers.table import KEY, login
from support.server import Reply

OPTIONS = Options(session_id="session-1", thinking="high", max_tokens=3000)
PIXEL = ImageContent("iVBORw0KGgo=", "image/png")


async def ask(
    provider: str, model: str, env: dict[str, str], stored: OAuth | None = None, **more: Any
) -> Any:
    """Message, URL, request and body of a call."""
    caller = Caller(env, {provider: stored} if stored else {})
    (answer,) = await caller.call(provider, model, OPTIONS, **more)
    assert answer.stop_reason == "toolUse", answer.error_message
    return answer, *caller.seen()


# -- Anthropic -------------------------------------------------------------------------------------

CLAUDE_CODE = "You are Claude Code, Anthropic's official CLI for Claude."
TOOLS = tuple(
    ToolDefinition(name, "", {"type": "object", "properties": {}})
    for name in ("read", "bash", "my_tool")
)
SUBSCRIPTION = "sk-ant-oat01-test-0123456789"


@pytest.mark.parametrize("place", ["login", "variable", "other variable"])
async def test_a_claude_subscription(place: str) -> None:
    """Wherever the token is: the service takes it from its own program only."""
    env = {
        "login": {"ANTHROPIC_API_KEY": KEY},
        "variable": {"ANTHROPIC_OAUTH_TOKEN": SUBSCRIPTION, "ANTHROPIC_API_KEY": KEY},
        "other variable": {"ANTHROPIC_API_KEY": SUBSCRIPTION},
    }[place]
    stored = login(SUBSCRIPTION) if place == "login" else None
    said = Said(
        text="ok",
        calls=[Call("t1", "Read", {"path": "x"}), Call("t2", "my_tool", {})],
        stop="toolUse",
    )
    answer, _, seen, body = await ask(
        "anthropic",
        "claude-sonnet-4-5",
        env,
        stored,
        reply=answer_on("anthropic-messages", said),
        context=Context(HISTORY, ("Be brief.",), TOOLS),
    )
    assert seen.headers["authorization"] == f"Bearer {SUBSCRIPTION}"
    assert "x-api-key" not in seen.headers
    assert seen.headers["anthropic-beta"] == (
        "claude-code-20250219,oauth-2025-04-20,interleaved-thinking-2025-05-14"
    )
    assert seen.headers["user-agent"] == "claude-cli/2.1.322"
    assert seen.headers["x-app"] == "cli"
    assert [block["text"] for block in body["system"]] == [CLAUDE_CODE, "Be brief."]
    assert [tool["name"] for tool in body["tools"]] == ["Read", "Bash", "my_tool"]
    assert body["messages"][1]["content"][1]["name"] == "Read"
    assert [call.name for call in answer.tool_calls] == ["read", "my_tool"]
    marks = seen.body.count(b'"cache_control"')
    assert marks <= 4, "the service takes four"


async def test_a_gateways_token_is_a_plain_bearer_token() -> None:
    _, _, seen, body = await ask(
        "anthropic", "claude-sonnet-4-5", {"ANTHROPIC_AUTH_TOKEN": "test-gateway-token"}
    )
    assert seen.headers["authorization"] == "Bearer test-gateway-token"
    assert not {"x-api-key", "x-app"} & seen.headers.keys()
    assert [block["text"] for block in body["system"]] == ["Be brief."]
    assert body["tools"][0]["name"] == "read"


# -- GitHub Copilot --------------------------------------------------------------------------------

COPILOT_MODELS = {
    "gpt-6-luna": "/responses",
    "gemini-3.8-flash": "/chat/completions",
    "claude-haiku-4.5": "/v1/messages",
}


@pytest.mark.parametrize("model", COPILOT_MODELS)
@pytest.mark.parametrize(
    ("token", "extra", "base"),
    [
        ("tid=1;exp=2;x", {}, "https://api.individual.githubcopilot.com"),
        (
            "tid=1;proxy-ep=proxy.business.githubcopilot.com;x",
            {},
            "https://api.business.githubcopilot.com",
        ),
        ("tid=1;exp=2;x", {"enterpriseUrl": "corp.ghe.com"}, "https://copilot-api.corp.ghe.com"),
    ],
)
async def test_the_address_of_a_copilot_plan(
    model: str, token: str, extra: dict[str, str], base: str
) -> None:
    _, url, seen, _ = await ask("github-copilot", model, {}, login(token, **extra))
    assert url == base + COPILOT_MODELS[model]
    assert seen.headers["authorization"] == f"Bearer {token}"
    assert "x-api-key" not in seen.headers


@pytest.mark.parametrize("model", COPILOT_MODELS)
async def test_copilot_is_told_who_began_and_whether_there_is_an_image(model: str) -> None:
    image = UserMessage((TextContent("look"), PIXEL), 1)
    cases: list[tuple[tuple[Message, ...], str, str | None]] = [
        ((image,), "user", "true"),
        ((UserMessage("look", 1),), "user", None),
        ((image, *HISTORY[1:3]), "agent", "true"),
        (HISTORY[:3], "agent", None),
    ]
    for messages, initiator, vision in cases:
        context = Context(messages, (), CONTEXT.tools)
        stored = login("tid=1;x")
        _, _, seen, _ = await ask("github-copilot", model, {}, stored, context=context)
        assert seen.headers["x-initiator"] == initiator
        assert seen.headers.get("copilot-vision-request") == vision


async def test_copilot_takes_no_token_of_git() -> None:
    env = {"GH_TOKEN": "test-gh", "GITHUB_TOKEN": "test-github"}
    caller = Caller(env)
    (answer,) = await caller.call("github-copilot", "gpt-6-luna", OPTIONS)
    assert (answer.stop_reason, answer.error_kind) == ("error", "auth")
    assert caller.requests == []
    _, _, seen, _ = await ask(
        "github-copilot", "gpt-6-luna", env | {"COPILOT_GITHUB_TOKEN": "tid=9"}
    )
    assert seen.headers["authorization"] == "Bearer tid=9"


# -- ChatGPT ---------------------------------------------------------------------------------------


async def test_a_chatgpt_token_without_an_account_is_not_sent() -> None:
    caller = Caller({}, {"openai-codex": login("test.token.without-account")})
    (answer,) = await caller.call("openai-codex", "gpt-6.1-sol", OPTIONS)
    assert (answer.stop_reason, answer.error_kind) == ("error", "auth")
    assert "log in again" in str(answer.error_message)
    assert caller.requests == []


async def test_a_chatgpt_prompt_is_never_empty() -> None:
    stored = login("test.token", accountId="account-1")
    context = Context((UserMessage("hi", 1),))
    _, _, seen, body = await ask("openai-codex", "gpt-6.1-sol", {}, stored, context=context)
    assert body["instructions"]
    assert seen.headers["chatgpt-account-id"] == "account-1"


async def test_a_used_up_plan_says_for_how_long() -> None:
    body = (
        b'{"error": {"type": "usage_limit_reached", "message": "The usage limit has been reached",'
        b' "plan_type": "plus", "resets_in_seconds": 1200}}'
    )
    reply = Reply(body, 429, {"content-type": "application/json"})
    caller = Caller({}, {"openai-codex": login("test.token", accountId="account-1")})
    (answer,) = await caller.call("openai-codex", "gpt-6.1-sol", OPTIONS, reply=reply)
    assert answer.error_kind == "quota"
    assert "plus plan" in str(answer.error_message)
    assert "20 min" in str(answer.error_message)


# -- Google ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", ["google-gemini-cli", "google-antigravity"])
async def test_a_google_login_names_its_project(provider: str) -> None:
    model = "gemini-3.1-pro-preview" if provider.endswith("cli") else "gemini-3.1-pro-high"
    for project in ("project-1", "project-2"):
        stored = login("test-google-token", projectId=project)
        _, _, seen, body = await ask(provider, model, {}, stored)
        assert body["project"] == project
        assert seen.headers["authorization"] == "Bearer test-google-token"
        assert body["requestId"]
    caller = Caller({}, {provider: login("test-google-token")})
    (answer,) = await caller.call(provider, model, OPTIONS)
    assert "project" in str(answer.error_message)
    assert caller.requests == []


@pytest.mark.parametrize(
    ("model", "stands_in"),
    [("gemini-3.1-pro-high", True), ("claude-sonnet-4-5-thinking", False)],
)
async def test_only_gemini_is_told_of_calls_without_a_signature(
    model: str, stands_in: bool
) -> None:
    """The turn goes on: the last word was a tool's, about a call that another model made."""
    stored = login("test-google-token", projectId="project-1")
    context = Context(HISTORY[:3], (), CONTEXT.tools)
    _, _, seen, _ = await ask("google-antigravity", model, {}, stored, context=context)
    assert (b"skip_thought_signature_validator" in seen.body) is stands_in


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("anthropic", "claude-sonnet-4-5"),
        ("github-copilot", "gpt-6-luna"),
        ("openai-codex", "gpt-6.1-sol"),
        ("google-gemini-cli", "gemini-3.1-pro-preview"),
        ("google-antigravity", "gemini-3.1-pro-high"),
    ],
)
async def test_without_a_login_there_is_one_line_that_says_what_to_do(
    provider: str, model: str
) -> None:
    caller = Caller()
    (answer,) = await caller.call(provider, model, OPTIONS)
    assert (answer.stop_reason, answer.error_kind) == ("error", "auth")
    assert "/login" in str(answer.error_message)
    assert "\n" not in str(answer.error_message)
    assert caller.requests == []

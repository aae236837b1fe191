"""`pi models`: what its commands say, ask, write and exit with."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pi.ai.catalog import packaged
from pi.coding.cli.main import main
from support.server import BlockingServer, Reply, Seen, json_reply

GROQ = packaged.facts("groq")["openai/gpt-oss-120b"]


class Done(NamedTuple):
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, decoded."""
        return json.loads(self.out)


Models = Callable[..., Done]


@pytest.fixture
def folder(home: Path) -> Path:
    """The agent's folder."""
    return home / ".pi" / "agent"


@pytest.fixture
def models(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Models:
    """Run `pi models` in this process, as a new user with these variables."""

    def run(*args: str, **env: str) -> Done:
        monkeypatch.chdir(home / "project")
        for name, value in {"HOME": str(home), **env}.items():
            monkeypatch.setenv(name, value)
        code = main(["models", *args])
        out, err = capfd.readouterr()
        for name in env:
            monkeypatch.delenv(name)
        return Done(code, out, err)

    return run


def write(folder: Path, **providers: Any) -> None:
    """Write models.json."""
    (folder / "models.json").write_text(json.dumps({"providers": providers}, indent=1))


def listed(*more: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """models.dev with one provider: what is packaged, and more."""
    models = {
        name: {
            "id": name,
            "tool_call": True,
            "modalities": {"input": [*facts.input], "output": ["text"]},
            "limit": {"context": facts.context_window, "output": facts.max_output_tokens},
            **changes,
        }
        for name, facts in packaged.facts("groq").items()
    }
    return {"groq": {"id": "groq", "models": models | {item["id"]: item for item in more}}}


NEW = {"id": "lab/new-1", "name": "New 1", "tool_call": True, "cost": {"input": 1, "output": 2}}


# -- words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("args", [[], ["--help"], ["-h"], ["help"]])
def test_help(models: Models, args: list[str]) -> None:
    done = models(*args)
    assert done.code == 0
    for name in ("list", "show", "update"):
        assert f"\n  {name} " in done.out


@pytest.mark.parametrize("name", ["list", "show", "update"])
def test_help_of_each(models: Models, name: str) -> None:
    done = models(name, "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"Usage: pi models {name} ")
    assert "--json" in done.out


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["shwo"], "unknown command `pi models shwo` (did you mean show?)"),
        (["update", "--all"], "unknown option --all"),
        (["update", "antropic"], "unknown provider 'antropic'; nearest: anthropic"),
        (["show"], "which model? pi models show PROVIDER/ID"),
        (["show", "a", "b"], "which model?"),
        (["show", "@notes.md"], "no files are taken here"),
        (["show", "groq/gpt-oss-12b"], "unknown model 'gpt-oss-12b' of groq; nearest: openai/gpt-"),
        (["show", "openai/gpt-5.1-codex-mini"], "is retired: use openai/gpt-5.4-mini"),
        (["show", "nosuchmodel"], "unknown model 'nosuchmodel'"),
    ],
)
def test_mistakes(models: Models, args: list[str], words: str) -> None:
    done = models(*args)
    assert (done.code, done.out) == (1, "")
    (line,) = done.err.splitlines()
    assert line.startswith("Error: ")
    assert words in line


def test_list_is_the_list(
    models: Models, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = models("list", "gpt", "oss", GROQ_API_KEY="test-key")
    assert "openai/gpt-oss-120b" in done.out
    assert "qwen" not in done.out
    monkeypatch.setenv("GROQ_API_KEY", "test-key")
    assert main(["--list-models", "gpt oss"]) == 0
    assert capfd.readouterr().out == done.out
    assert models("list", "--all", "--json").json


# -- show ------------------------------------------------------------------------------------------


def test_show(models: Models) -> None:
    done = models("show", "openai/gpt-5.4", OPENAI_API_KEY="test-key")
    assert (done.code, done.err) == (0, "")
    first, *lines = done.out.splitlines()
    assert first == "openai/gpt-5.4  GPT-5.4"
    told = {line[2:14].strip(): line[15:] for line in lines if line[2:14].strip()}
    assert told["wire"] == "openai-responses at https://api.openai.com/v1"
    assert told["context"] == "272,000 tokens; 1,050,000 at the price of the higher tier"
    assert told["price"].startswith("input $2.5, output $15, cache read $0.25, cache write $0 per ")
    assert (
        "input $5, output $22.5, cache read $0.5, cache write $0 for all of a request" in done.out
    )
    assert 'xhigh    {"reasoning":{"effort":"xhigh"' in done.out
    assert told["switches"] == "supports_strict_mode = true"
    assert told["key"] == "set up, OPENAI_API_KEY, travels as Authorization"
    assert told["sources"].startswith(f"data of this version, gathered {date('openai')} from ")
    assert "test-key" not in done.out


def date(provider: str) -> str:
    """The date of the packaged data."""
    return packaged.file(provider).date


def test_show_as_json_has_everything(models: Models) -> None:
    data = models("show", "anthropic/claude-opus-4-7", "--json").json
    facts = packaged.facts("anthropic")["claude-opus-4-7"]
    assert data["contextWindow"] == facts.context_window
    assert data["maxTokens"] == facts.max_output_tokens
    assert data["cost"] == {
        "input": 5.0,
        "output": 25.0,
        "cacheRead": 0.5,
        "cacheWrite": 6.25,
        "tiers": [],
    }
    assert [*data["thinking"]] == ["off", "minimal", "low", "medium", "high", "xhigh", "max"]
    assert data["compat"]["supports_temperature"] is False
    assert data["compat"]["supports_strict_tools"] is True
    assert data["authHeader"] == {"name": "x-api-key", "prefix": ""}
    assert data["configured"] is False
    (source,) = data["sources"]
    assert (source["kind"], source["date"]) == ("packaged", date("anthropic"))


@pytest.mark.parametrize(
    ("provider", "words"),
    [
        ("github-copilot", "included in a plan; this is what it would cost per token"),
        ("openrouter", "nobody says what it costs"),
        ("opencode", "free"),
    ],
)
def test_show_says_what_a_price_means(models: Models, provider: str, words: str) -> None:
    basis = {"github-copilot": "subscription", "openrouter": "unknown", "opencode": "free"}
    row = next(
        row
        for row in packaged.index().rows
        if (row.provider, row.cost_basis) == (provider, basis[provider])
    )
    assert words in models("show", row.key).out


def test_show_takes_a_name_as_model_does(models: Models) -> None:
    done = models("show", "gpt-oss-120", GROQ_API_KEY="test-key")
    assert done.out.startswith("groq/openai/gpt-oss-120b")


def test_show_says_which_line_of_models_json(models: Models, folder: Path) -> None:
    write(
        folder,
        groq={
            "headers": {"X-Secret": "topsecret"},
            "baseUrl": "https://me:topsecret@proxy.example/v1",
            "modelOverrides": {GROQ.id: {"contextWindow": 5000}},
        },
    )
    done = models("show", f"groq/{GROQ.id}")
    path = folder / "models.json"
    assert "5,000 tokens" in done.out
    assert f"{path} line 3: headers, baseUrl" in done.out
    assert f"{path} line 9: contextWindow" in done.out
    assert "https://proxy.example/v1" in done.out
    assert "topsecret" not in done.out
    assert "topsecret" not in models("show", f"groq/{GROQ.id}", "--json").out


# -- update ----------------------------------------------------------------------------------------


def test_update(models: Models, folder: Path) -> None:
    with BlockingServer(json_reply(listed(NEW), headers={"etag": '"1"'})) as server:
        url = f"{server.url}/api.json"
        done = models("update", "groq", PI_MODELS_DEV_URL=url)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        f"groq: 1 new, 0 changed  [{server.url[7:]}]",
        "  + lab/new-1",
        f"Written to {folder / 'models'}.",
    ]
    shown = models("show", "groq/lab/new-1").out
    assert "nobody has verified these facts" in shown
    assert f"{url}, asked 20" in shown
    assert "new, everything else is that of " in shown
    assert "lab/new-1" in models("list", "new-1", "--all").out


def test_update_as_json(models: Models, folder: Path) -> None:
    with BlockingServer(json_reply(listed(NEW))) as server:
        url = f"{server.url}/api.json"
        done = models("update", "groq", "--json", PI_MODELS_DEV_URL=url)
    assert done.json == {
        "folder": str(folder / "models"),
        "lists": [{"provider": "groq", "source": url, "state": "updated", "added": ["lab/new-1"]}],
    }


def test_update_that_brings_nothing(models: Models) -> None:
    with BlockingServer(json_reply(listed())) as server:
        done = models("update", "groq", PI_MODELS_DEV_URL=f"{server.url}/api.json")
    assert (done.code, done.out) == (0, "1 list is as known.\n")


def test_update_says_what_it_does_not_believe(models: Models) -> None:
    leap = {"id": GROQ.id, "tool_call": True, "cost": {"input": 90, "output": 90}}
    with BlockingServer(json_reply(listed(leap))) as server:
        done = models("update", "groq", PI_MODELS_DEV_URL=f"{server.url}/api.json")
    assert done.code == 0
    assert f"  ! {GROQ.id}: price $0.15 in, $0.6 out -> $90 in, $90 out: not believed" in done.out


def test_update_offline(models: Models, folder: Path) -> None:
    done = models("update", "groq", "cerebras", PI_MODELS_DEV_URL="http://127.0.0.1:9/api.json")
    assert done.code == 1
    assert done.out.count("cannot connect to 127.0.0.1:9") == 1
    assert done.err == "Error: no list could be had; what was there is still used\n"
    assert not (folder / "models").exists()


def test_update_where_nobody_lists_anything(models: Models) -> None:
    done = models("update", "openai-codex")
    assert (done.code, done.out) == (0, "")
    assert "Nobody lists the models of openai-codex" in done.err


def test_update_of_the_users_own_provider(models: Models, folder: Path) -> None:
    own = {"baseUrl": "http://localhost:1/v1", "api": "openai-completions", "models": [{"id": "m"}]}
    write(folder, mine=own)
    done = models("update", "mine")
    assert done.code == 1
    assert done.err == "Error: the models of mine are your own: nobody else lists them\n"


def test_update_into_a_folder_that_is_a_file(models: Models, folder: Path) -> None:
    (folder / "models").write_text("mine")
    with BlockingServer(json_reply(listed(NEW))) as server:
        done = models("update", "groq", PI_MODELS_DEV_URL=f"{server.url}/api.json")
    assert done.code == 1
    (line,) = done.err.splitlines()
    assert line.startswith(f"Error: {folder / 'models' / 'groq.json'} cannot be written: ")
    assert models("show", f"groq/{GROQ.id}").code == 0


def test_a_bad_address_is_one_line(models: Models) -> None:
    done = models("update", "groq", PI_MODELS_DEV_URL="models.dev")
    assert done.code == 1
    assert "the URL must start with http:// or https://" in done.out


# -- own lists -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "variable", "base", "path", "headers"),
    [
        ("openai", "OPENAI_API_KEY", "/v1", "/v1/models", {"authorization": "Bearer test-key"}),
        ("groq", "GROQ_API_KEY", "/v1", "/v1/models", {"authorization": "Bearer test-key"}),
        (
            "anthropic",
            "ANTHROPIC_API_KEY",
            "",
            "/v1/models?limit=1000",
            {"x-api-key": "test-key", "anthropic-version": "2023-06-01"},
        ),
        (
            "google",
            "GEMINI_API_KEY",
            "/v1beta",
            "/v1beta/models?pageSize=1000",
            {"x-goog-api-key": "test-key"},
        ),
        (
            "mistral",
            "MISTRAL_API_KEY",
            "",
            "/v1/models",
            {"authorization": "Bearer test-key"},
        ),
    ],
)
def test_own_lists_are_asked_with_the_key_where_requests_go(
    models: Models,
    folder: Path,
    provider: str,
    variable: str,
    base: str,
    path: str,
    headers: dict[str, str],
) -> None:
    """A proxy of the user's gets the question and the key, and the vendor gets neither."""
    with BlockingServer(json_reply({"data": [{"id": "brand-new-1", "type": "model"}]})) as server:
        write(folder, **{provider: {"baseUrl": server.url + base}})
        env = {variable: "test-key", "PI_MODELS_DEV_URL": "http://127.0.0.1:9/"}
        done = models("update", provider, "--json", **env)
    assert done.code == 0
    (seen,) = server.requests
    assert (seen.method, seen.path) == ("GET", path)
    assert headers.items() <= seen.headers.items()
    assert "test-key" not in seen.path
    own = next(each for each in done.json["lists"] if each["state"] == "updated")
    assert own["added"] == ["brand-new-1"]
    assert own["source"] == f"{server.url}{path.partition('?')[0]}"
    assert "test-key" not in (folder / "models" / f"{provider}.json").read_text()


def test_no_credential_no_question(models: Models, folder: Path) -> None:
    with BlockingServer(json_reply(listed())) as server:
        write(folder, groq={"baseUrl": f"{server.url}/v1"})
        models("update", "groq", PI_MODELS_DEV_URL=f"{server.url}/api.json")
        assert [seen.path for seen in server.requests] == ["/api.json"]


def test_a_proxy_whose_list_is_unknown_is_not_asked(models: Models, folder: Path) -> None:
    """And the key does not go to the vendor instead."""
    env = {"CLOUDFLARE_API_KEY": "test-key", "CLOUDFLARE_ACCOUNT_ID": "test-account"}
    with BlockingServer(json_reply({})) as server:
        write(folder, **{"cloudflare-workers-ai": {"baseUrl": f"{server.url}/v1"}})
        url = f"{server.url}/api.json"
        done = models("update", "cloudflare-workers-ai", "--json", PI_MODELS_DEV_URL=url, **env)
        assert [seen.path for seen in server.requests] == ["/api.json"]
    assert [each["source"] for each in done.json["lists"]] == [url]


def test_a_credential_that_fails_stops_nothing_else(models: Models, folder: Path) -> None:
    (folder / "auth.json").write_text('{"groq": {"type": "api_key", "key": "!exit 3"}}')
    with BlockingServer(json_reply(listed(NEW))) as server:
        done = models("update", "groq", "--json", PI_MODELS_DEV_URL=f"{server.url}/api.json")
    assert done.code == 0
    first, second = done.json["lists"]
    assert first["added"] == ["lab/new-1"]
    assert second["state"] == "failed"
    assert "the key of Groq" in second["problem"]


def test_a_key_that_is_refused(models: Models, folder: Path) -> None:
    def answer(seen: Seen) -> Reply:
        return json_reply(listed(NEW)) if seen.path == "/api.json" else json_reply({}, 401)

    with BlockingServer(answer) as server:
        write(folder, groq={"baseUrl": f"{server.url}/v1"})
        url = f"{server.url}/api.json"
        done = models("update", "groq", GROQ_API_KEY="test-key", PI_MODELS_DEV_URL=url)
    assert done.code == 0
    assert "groq: not asked: 127.0.0.1:" in done.out
    assert "answered 401: the credential is refused" in done.out
    assert "  + lab/new-1" in done.out


# -- starts ----------------------------------------------------------------------------------------


def test_a_start_asks_nobody(models: Models, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with BlockingServer(json_reply(listed(NEW))) as server:
        monkeypatch.setenv("PI_MODELS_DEV_URL", f"{server.url}/api.json")
        assert models("list", "--all").code == 0
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        assert main(["--model", "demo", "-p", "hello"]) == 0
        assert server.requests == []


def test_damaged_files_do_not_break_a_start(
    models: Models, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "models").mkdir()
    for name in ("groq", "demo", "openai"):
        (folder / "models" / f"{name}.json").write_text('{"format": 1, "lists": [')
    done = models("show", f"groq/{GROQ.id}")
    assert done.code == 0
    assert "Note: models/groq.json is not used: " in done.err
    done = models("list", "--all", "--json")
    assert done.code == 0
    assert len(done.json) >= len(packaged.index().rows)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert main(["--model", "demo", "-p", "hello"]) == 0


def test_slips_in_the_file_are_told_once_and_what_nobody_speaks_is_not_listed(
    models: Models, folder: Path
) -> None:
    good = {"baseUrl": "http://127.0.0.1:9", "api": "openai-completions", "models": [{"id": "m"}]}
    write(
        folder,
        good={**good, "authheader": True},
        mute={**good, "api": "openai-completion"},
        nothing={},
        openai={"modelOverrides": {"gpt-5.44": {"contextWindow": 5}}},
        groq={"oauth": "nosuchflow"},
    )
    done = models("list")
    assert [line.split()[0] for line in done.out.splitlines()] == ["provider", "demo", "good"]
    told = [line.partition(" line ")[2].partition(": ")[2] for line in done.err.splitlines()]
    assert [line.partition("; known")[0] for line in told] == [
        "providers.good.authheader: unknown key, ignored (is authHeader meant?)",
        "providers.mute.api: 'openai-completion' is not known without an extension"
        " (is openai-completions meant?)",
        "providers.nothing: there is no such provider, and no models are given for one",
        "providers.openai.modelOverrides.gpt-5.44: openai has no model of that id"
        " (is gpt-5.4 meant?)",
        "providers.groq.oauth: there is no login flow 'nosuchflow', and no extension brings one",
    ]
    shown = models("show", "good/m")
    assert shown.err.count("authheader") == 1
    missing = models("show", "mute/m")
    assert missing.code == 1

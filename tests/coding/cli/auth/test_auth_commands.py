"""`pi auth` status, explain, check, token, set-key, logout: what they say, write and exit with."""

import json
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pi.coding.browser import browser_command
from pi.coding.cli.auth.words import span, when
from support.server import BlockingServer, Reply, json_reply, sse

Auth = Callable[..., Any]
KEY = "test-key-of-groq-1234wxyz"
CHUNK = {
    "id": "c",
    "choices": [{"index": 0, "delta": {"content": "ok"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
GOOD = Reply(sse([CHUNK], done=True))


def keep(store: Path, **entries: object) -> None:
    store.write_text(
        json.dumps({name.replace("__", "@"): entry for name, entry in entries.items()})
    )


def key(text: str, **more: object) -> dict[str, object]:
    return {"type": "api_key", "key": text, **more}


def login(hours: float, **extra: object) -> dict[str, object]:
    expires = int((time.time() + hours * 3600) * 1000)
    return {"type": "oauth", "access": "test-access", "refresh": "r", "expires": expires, **extra}


def at(store: Path, provider: str, url: str) -> None:
    """Send a provider's requests to `url`."""
    (store.parent / "models.json").write_text(
        json.dumps({"providers": {provider: {"baseUrl": url}}})
    )


# -- the command line ------------------------------------------------------------------------------


@pytest.mark.parametrize("args", [(), ("--help",), ("help",)])
def test_help_lists_the_commands(auth: Auth, args: tuple[str, ...]) -> None:
    done = auth(*args)
    assert done.code == 0
    for name in ("login", "logout", "status", "check", "token", "set-key", "explain"):
        assert name in done.out
        assert f"Usage: pi auth {name}" in auth(name, "--help").out


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["logn"], ["unknown command `pi auth logn`", "did you mean login?"]),
        (["login", "--no-browsr"], ["unknown option --no-browsr", "--no-browser"]),
        (["explain"], ["which provider?", "pi auth explain PROVIDER"]),
        (["status", "a", "b"], ["too many words", "pi auth status [PROVIDER]"]),
        (["explain", "antropic"], ["unknown provider 'antropic'", "anthropic"]),
        (["explain", "groq@"], ["the account is missing after @"]),
        (["explain", "groq@a", "--account", "b"], ["different accounts"]),
        (["explain", "groq@a b"], ["short name", "'a b'"]),
        (["token", "groq", "--min-expiry", "soon"], ["--min-expiry", "30m", "'soon'"]),
        (["set-key", "groq", "--env", "X"], ["NAME=VALUE", "'X'"]),
        (["token"], ["which provider?"]),
    ],
    ids=lambda value: " ".join(value)[:30],
)
def test_each_mistake_has_its_line(auth: Auth, args: list[str], words: list[str]) -> None:
    done = auth(*args)
    assert (done.code, done.out) == (1, "")
    for word in words:
        assert word in done.error


# -- status ----------------------------------------------------------------------------------------


def test_status_of_a_new_user(auth: Auth) -> None:
    done = auth("status")
    assert done.code == 0
    assert "No provider is set up: pi auth login" in done.out
    assert {"anthropic", "radius"} <= {entry["provider"] for entry in auth("status", "--json").json}


def test_status_has_every_account_and_hides_the_keys(auth: Auth, store: Path) -> None:
    keep(
        store,
        groq=key(KEY),
        groq__work=key("$WORK_KEY"),
        anthropic=login(3, email="me@example.test"),
        nobody=key("test-key-of-nobody"),
    )
    before = store.read_bytes()
    done = auth("status", GROQ_API_KEY="test-key-env-9999", ANTHROPIC_API_KEY="test-key-env-8888")
    lines = {tuple(line.split()[:2]): line for line in done.out.splitlines() if line}
    assert "…wxyz" in lines["groq", "key"]
    assert "WORK_KEY (not set)" in lines["groq", "work"]
    assert "me@example.test" in lines["anthropic", "login"]
    assert "(in 3 h)" in lines["anthropic", "login"]
    assert "anthropic: not used besides: ANTHROPIC_API_KEY" in done.out
    assert "not known here: nobody" in done.out
    assert KEY not in done.out
    assert store.read_bytes() == before
    found = {(e["provider"], e["account"]): e for e in auth("status", "--json").json}
    assert found["groq", None]["masked"] == "…wxyz"
    assert found["groq", "work"]["missing"] == ["WORK_KEY"]
    assert found["anthropic", None]["identity"] == "me@example.test"
    assert not found["openai", None]["configured"]


def test_status_of_one_provider(auth: Auth, store: Path) -> None:
    keep(store, groq=key(KEY))
    assert {entry["provider"] for entry in auth("status", "groq", "--json").json} == {"groq"}
    assert auth("status", "openai").out.startswith("openai is not set up: pi auth login openai")


def test_status_of_a_broken_file(auth: Auth, store: Path) -> None:
    store.write_text('{\n "groq": oops }')
    done = auth("status", GROQ_API_KEY=KEY)
    assert done.code == 1
    assert "GROQ_API_KEY" in done.out
    assert "line 2, column" in done.error
    assert store.read_text() == '{\n "groq": oops }'


# -- explain ---------------------------------------------------------------------------------------


def test_explain_shows_every_step_and_what_won(auth: Auth, store: Path) -> None:
    keep(store, groq=key("!pass show groq"))
    at(store, "groq", "http://127.0.0.1:9")
    done = auth("explain", "groq", GROQ_API_KEY=KEY)
    assert done.code == 0
    steps = [
        line.strip() for line in done.out.splitlines() if line.strip()[:2].rstrip(".").isdigit()
    ]
    assert steps == [
        "1. --api-key: not given",
        f"2. 'groq' in {store}: key command `pass …`  <- used",
        "3. GROQ_API_KEY: key …wxyz  (not used)",
        f"4. {store.parent / 'models.json'}: nothing",
    ]
    assert "It hides: GROQ_API_KEY." in done.out
    assert KEY not in done.out


def test_explain_as_json(auth: Auth, store: Path) -> None:
    keep(store, anthropic=login(2))
    found = auth("explain", "anthropic", "--json", ANTHROPIC_API_KEY=KEY).json
    assert (found["method"], found["source"]) == ("oauth", str(store))
    assert [step["used"] for step in found["steps"]].count(True) == 1
    assert found["shadowed"][0]["source"] == "ANTHROPIC_API_KEY"
    assert found["expires"] > time.time() * 1000
    assert found["resolved"] is None


def test_explain_runs_commands_only_when_it_is_told_to(
    auth: Auth, store: Path, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    keep(store, groq=key(f"!touch {ran}; echo {KEY}"))
    auth("explain", "groq")
    auth("status")
    assert not ran.exists()
    done = auth("explain", "groq", "--run-commands")
    assert ran.exists()
    assert "Tried: it works" in done.out
    assert KEY not in done.out
    keep(store, groq=key("!exit 3"))
    assert "failed with exit status 3" in auth("explain", "groq", "--run-commands").out


def test_explain_of_clouds(auth: Auth, home: Path) -> None:
    (home / ".aws").mkdir()
    config = "[profile work]\nregion = eu-west-3\nsso_session = s\n"
    (home / ".aws" / "config").write_text(config)
    aws = auth("explain", "amazon-bedrock", AWS_PROFILE="work", AWS_SECRET_ACCESS_KEY="test-secret")
    assert "aws surroundings: aws, AWS_PROFILE  <- used" in aws.out
    assert "AWS profile work: credentials by sso_session" in aws.out
    assert "region: eu-west-3" in aws.out
    assert "AWS_SECRET_ACCESS_KEY: set" in aws.out
    file = home / "adc.json"
    file.write_text("{}")
    google = auth(
        "explain",
        "google-vertex",
        GOOGLE_APPLICATION_CREDENTIALS=str(file),
        GOOGLE_CLOUD_PROJECT="my-project",
        GOOGLE_CLOUD_LOCATION="europe-west1",
    )
    assert "google surroundings: google, Google application default credentials  <- used" in (
        google.out
    )
    assert f"{file}: credentials file" in google.out
    assert "project: my-project" in google.out
    azure = auth("explain", "azure", AZURE_OPENAI_API_KEY=KEY)
    assert "AZURE_OPENAI_BASE_URL or AZURE_OPENAI_RESOURCE_NAME is not set" in azure.out


def test_an_account_that_is_not_there(auth: Auth, store: Path) -> None:
    keep(store, groq__work=key(KEY))
    done = auth("explain", "groq", "--account", "club", GROQ_API_KEY=KEY)
    assert "There is no account 'club'" in done.out
    assert "Stored accounts: work" in done.out
    assert auth("check", "groq@club", GROQ_API_KEY=KEY).code == 1
    assert auth("check", "groq@work").code == 0


# -- check -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "env", "code", "words"),
    [
        (None, {}, 1, "set GROQ_API_KEY"),
        (None, {"GROQ_API_KEY": KEY}, 0, "ready (key …wxyz, from GROQ_API_KEY)"),
        (key(KEY), {}, 0, "ready"),
        (key("$NO_SUCH"), {}, 1, "NO_SUCH is not set"),
        (key("!exit 1"), {}, 2, "failed with exit status 1"),
        (key("!true"), {}, 2, "printed nothing"),
        (key("!echo a; echo b"), {}, 2, "(command `echo …`) has several lines"),
        (key("!no-such-program-here"), {}, 2, "exit status 127"),
        (key("keyring:nowhere"), {}, 2, "keyring:service/user"),
        ({"type": "what"}, {}, 2, "malformed"),
    ],
    ids=[
        "none",
        "variable",
        "stored",
        "unset",
        "fails",
        "silent",
        "two lines",
        "absent",
        "keyring",
        "malformed",
    ],
)
def test_check(
    auth: Auth, store: Path, entry: Any, env: dict[str, str], code: int, words: str
) -> None:
    if entry:
        keep(store, groq=entry)
    done = auth("check", "groq", **env)
    assert (done.code, done.err) == (code, "")
    assert words in done.out
    assert KEY not in done.out
    found = auth("check", "groq", "--json", **env).json
    assert found["status"] == ["ready", "not_ready", "invalid"][code]


def test_check_of_an_unknown_provider_is_invalid(auth: Auth) -> None:
    done = auth("check", "grok")
    assert done.code == 2
    assert "unknown provider 'grok'" in done.out


def test_check_without_refresh_only_looks(auth: Auth, store: Path, tmp_path: Path) -> None:
    keep(store, groq=key(f"!touch {tmp_path}/ran; echo x"), anthropic=login(-3))
    assert auth("check", "groq", "--no-refresh").code == 0
    assert auth("check", "anthropic", "--no-refresh").code == 0
    assert auth("check", "openai", "--no-refresh").code == 1
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (GOOD, 0, "ready"),
        (json_reply({"error": {"message": "Invalid API Key"}}, 401), 2, "Invalid API Key"),
        (json_reply({"error": {"message": "no money"}}, 402), 1, "no money"),
        (json_reply({"error": {"message": "slow down"}}, 429), 1, "slow down"),
        (json_reply({"error": {"message": "broken"}}, 500), 1, "broken"),
    ],
    ids=["good", "401", "402", "429", "500"],
)
def test_check_live(auth: Auth, store: Path, reply: Reply, code: int, words: str) -> None:
    with BlockingServer(reply) as server:
        at(store, "groq", server.url)
        done = auth("check", "groq", "--live", GROQ_API_KEY=KEY)
        assert done.code == code, done
        assert words in done.out
        assert done.err.startswith("Asking groq/")
        assert "about $0.0000" in done.err
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
        body = server.requests[0].json
        assert body.get("max_tokens", body.get("max_completion_tokens")) == 16


def test_check_live_tries_the_default_model_if_the_cheapest_is_gone(
    auth: Auth, store: Path
) -> None:
    gone = json_reply({"error": {"message": "The model does not exist"}}, 404)
    with BlockingServer([gone, GOOD]) as server:
        at(store, "groq", server.url)
        found = auth("check", "groq", "--live", "--json", GROQ_API_KEY=KEY).json
        asked = [seen.json["model"] for seen in server.requests]
    assert found["status"] == "ready"
    assert found["model"] == f"groq/{asked[1]}"
    assert asked[0] != asked[1]


# -- token -----------------------------------------------------------------------------------------


def test_token_prints_what_a_request_carries_and_nothing_else(auth: Auth, store: Path) -> None:
    keep(store, anthropic=login(3), groq=key("!echo from-a-command"))
    assert auth("token", "openai", OPENAI_API_KEY=KEY)[:2] == (0, f"{KEY}\n")
    assert auth("token", "google", GEMINI_API_KEY=KEY).out == f"{KEY}\n"
    assert auth("token", "anthropic").out == "test-access\n"
    assert auth("token", "groq").out == "from-a-command\n"
    found = auth("token", "anthropic", "--json").json
    assert (found["token"], found["source"]) == ("test-access", str(store))


@pytest.mark.parametrize(
    ("args", "env", "words"),
    [
        (["openai"], {}, "no credential for OpenAI"),
        (
            ["amazon-bedrock"],
            {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
            "each request is signed",
        ),
        (["demo"], {}, "carry none"),
    ],
    ids=["none", "signed", "keyless"],
)
def test_no_token(auth: Auth, args: list[str], env: dict[str, str], words: str) -> None:
    done = auth("token", *args, **env)
    assert (done.code, done.out) == (1, "")
    assert words in done.error


# -- set-key ---------------------------------------------------------------------------------------


def test_a_key_from_standard_input_is_stored_for_its_owner_only(auth: Auth, store: Path) -> None:
    done = auth("set-key", "groq", stdin=f"\ufeff '{KEY}'\r\n")
    assert done.code == 0
    assert "…wxyz" in done.out
    assert KEY not in done.out + done.err
    assert json.loads(store.read_text()) == {"groq": key(KEY)}
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert auth("token", "groq").out == f"{KEY}\n"


def test_set_key_leaves_everything_else_alone(auth: Auth, store: Path) -> None:
    keep(store, other={"type": "new", "x": 1}, groq=key("old", note="mine", env={"A": "1"}))
    auth("set-key", "groq", "--env", "B=2", stdin=KEY)
    auth("set-key", "groq", "--account", "work", stdin="$GROQ_WORK")
    found = json.loads(store.read_text())
    assert found["other"] == {"type": "new", "x": 1}
    assert found["groq"] == key(KEY, note="mine", env={"A": "1", "B": "2"})
    assert found["groq@work"] == key("$GROQ_WORK")


def test_set_key_says_what_is_missing_besides(auth: Auth) -> None:
    assert "Note: NO_SUCH is not set now" in auth("set-key", "groq", stdin="$NO_SUCH").err
    done = auth("set-key", "cloudflare-workers-ai", "--json", stdin=KEY)
    assert "CLOUDFLARE_ACCOUNT_ID is needed" in done.err
    assert done.json["missing"] == ["CLOUDFLARE_ACCOUNT_ID"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "nothing came in"),
        ("  \n", "nothing came in"),
        ("a-key\nanother", "one line"),
        ("sk-abc def", "a space in it"),
        ("sk-ключ", "no key can have"),
        (b"\xff\xfe\x00", "no text"),
        ("<your key>", "placeholder"),
        ("export GROQ_API_KEY=gsk_x", "after the ="),
        ("x" * 20_000, "too long"),
    ],
    ids=["empty", "blank", "lines", "space", "letters", "binary", "holder", "export", "long"],
)
def test_what_can_be_no_key(auth: Auth, store: Path, typed: str | bytes, words: str) -> None:
    done = auth("set-key", "groq", stdin=typed)
    assert (done.code, done.out) == (1, "")
    assert words in done.error
    assert "nothing was stored" in done.error
    assert not store.exists()


def test_a_key_does_not_replace_a_login_by_itself(auth: Auth, store: Path) -> None:
    keep(store, anthropic=login(3))
    before = store.read_bytes()
    done = auth("set-key", "anthropic", stdin=KEY)
    assert done.code == 1
    assert "--yes" in done.error
    assert store.read_bytes() == before
    assert auth("set-key", "anthropic", "--yes", stdin=KEY).code == 0
    assert "no API keys" in auth("set-key", "openai-codex", stdin=KEY).error


@pytest.mark.parametrize("command", ["set-key", "logout", "login"])
def test_a_broken_file_is_never_written_over(auth: Auth, store: Path, command: str) -> None:
    store.write_text('{"groq": ')
    extra = ["--yes"] if command == "login" else []
    done = auth(command, "xai", *extra, stdin=KEY)
    assert done.code == 1
    assert "no valid JSON: line 1, column" in done.error
    assert store.read_text() == '{"groq": '


def test_a_folder_that_cannot_be_made(auth: Auth, home: Path) -> None:
    (home / "file").touch()
    done = auth("set-key", "groq", stdin=KEY, PI_CODING_AGENT_DIR=str(home / "file" / "agent"))
    assert done.code == 1
    assert "cannot be saved" in done.error


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_keeps_what_was_there(auth: Auth, store: Path) -> None:
    import resource  # not on Windows
    import signal

    keep(store, groq=key("old-key"))
    before = store.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, limits[1]))
    try:
        done = auth("set-key", "groq", stdin=KEY)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, old)
    assert done.code == 1
    assert "cannot be saved" in done.error
    assert store.read_bytes() == before
    assert [path.name for path in store.parent.iterdir()] == ["auth.json"]


# -- logout ----------------------------------------------------------------------------------------


def test_logout_says_what_is_used_from_then_on(auth: Auth, store: Path) -> None:
    keep(store, anthropic=login(3), anthropic__work=key(KEY), groq=key(KEY), nobody=key("k"))
    done = auth("logout", "anthropic", ANTHROPIC_API_KEY=KEY)
    assert done.code == 0
    assert "Removed the login 'anthropic'" in done.out
    assert "uses ANTHROPIC_API_KEY" in done.out
    assert auth("logout", "nobody").code == 0
    assert auth("logout", "anthropic", "--account", "work", "--json").json["removed"]
    assert list(json.loads(store.read_text())) == ["groq"]


def test_logout_of_what_is_not_there(auth: Auth, store: Path) -> None:
    assert "no credentials are stored" in auth("logout", "groq").error
    keep(store, groq__work=key(KEY), xai=key(KEY))
    assert "stored: groq@work" in auth("logout", "groq").error
    assert "stored: groq@work, xai" in auth("logout").error
    assert "stored: groq@work, xai" in auth("logout", "openai").error


def test_logout_removes_a_malformed_entry(auth: Auth, store: Path) -> None:
    store.write_text('{"groq": {"type": "oauth", "access": 5}, "xai": {"type": "api_key"}}')
    assert auth("logout", "groq").code == 0
    assert list(json.loads(store.read_text())) == ["xai"]


# -- words -----------------------------------------------------------------------------------------


def test_times_for_people() -> None:
    now = 1_800_000_000
    assert when(None) == ""
    assert when((now + 600) * 1000, now).endswith("(in 10 min)")
    assert when((now - 86400 * 3) * 1000, now).endswith("(3 days ago)")
    assert when(2**53 - 1, now) == "never"
    assert [span(s) for s in (5, 90, 5400, 86400)] == ["5 s", "2 min", "2 h", "24 h"]


@pytest.mark.parametrize(
    ("env", "platform", "command"),
    [
        ({}, "linux", []),
        ({"BROWSER": "firefox --new-window"}, "linux", ["firefox", "--new-window"]),
        ({"SSH_CONNECTION": "x"}, "darwin", []),
        ({}, "darwin", ["open"]),
        ({"DISPLAY": ":0", "PATH": "/nowhere"}, "linux", []),
    ],
    ids=["none", "own", "ssh", "mac", "no opener"],
)
def test_which_browser(env: dict[str, str], platform: str, command: list[str]) -> None:
    assert browser_command(env, platform) == command

"""`pi auth login`, as people do it: at a terminal, in a browser, against an identity provider.

The provider judges by oauthlib's rules. Every login runs in a process of its own, over sockets.
"""

import asyncio
import json
import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest

from support.identity import Identity
from support.person import landing, request
from support.server import STALL, BlockingServer, Reply, Seen, Server, json_reply

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="terminals of Unix")
terminal = pytest.importorskip("terminal")

HERE = Path(__file__).parent
CLAUDE = "9d1c250a-e61b-44d9-88ed-5944d1962f5e"
XAI = "b1a00492-073a-47ea-816f-4c329264a828"
KEY = "test-key-0123456789wxyz"
PAGE = Reply(
    b"<html><title>Sign in to the network</title></html>", 200, {"content-type": "text/html"}
)


class Provider:
    """Anthropic, xAI and GitHub in one. `faults`: path to reply. `decide`: what users answer."""

    def __init__(self) -> None:
        redirects = ("http://localhost:", "https://platform.test/code")
        self.claude = Identity(client_id=CLAUDE, redirects=redirects)
        self.xai = Identity(client_id=XAI, interval=0)
        self.faults: dict[str, Reply] = {}
        self.decide: bool | None = True

    def __call__(self, seen: Seen) -> Reply:
        path = seen.path.partition("?")[0]
        if path in self.faults:
            return self.faults[path]
        if path == "/authorize":
            return self.claude.authorize(seen)
        if path == "/device":
            reply = self.xai.device(seen)
            for device in self.xai.devices.values():
                device.answer = self.decide
            return reply
        if path == "/token" and "json" in seen.headers["content-type"]:
            fields = seen.json
            fields.pop("state", None)
            reply = self.claude.token(seen, urlencode(fields))
            if reply.status == 200:
                data = json.loads(bytes(reply.body))
                return json_reply({**data, "account": {"email_address": "me@example.test"}})
            return reply
        if path == "/token":
            return self.xai.token(seen)
        return self._github(path)

    def _github(self, path: str) -> Reply:
        answers: dict[str, Any] = {
            "device": {
                "device_code": "d",
                "user_code": "ABCD-1234",
                "verification_uri": "https://github.com/login/device",
                "interval": 1,
                "expires_in": 900,
            },
            "token": {"access_token": "test-github-token"},
            "copilot": {"token": "test-copilot-token", "expires_at": time.time() + 1800},
            "models": {"data": []},
        }
        return json_reply(answers[path.rpartition("/")[2]])


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def server(provider: Provider) -> Iterator[Server]:
    with BlockingServer(provider) as server:
        yield server


@pytest.fixture
def environ(home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": f"{HERE.parents[2]}{os.pathsep}{HERE.parents[3] / 'src'}",
    }


@pytest.fixture
def command(server: Server) -> list[str]:
    return [sys.executable, str(HERE / "loopback_pi.py"), server.url]


Open = Callable[..., Any]


@pytest.fixture
def at_terminal(command: list[str], environ: dict[str, str], home: Path) -> Iterator[Open]:
    """Run `pi auth ...` at a terminal; keywords are environment variables."""
    made: list[Any] = []

    def run(*args: str, **env: str) -> Any:
        made.append(terminal.Terminal([*command, "auth", *args], environ | env, home / "project"))
        return made[-1]

    yield run
    for each in made:
        each.close()


def entries(store: Path) -> Any:
    return json.loads(store.read_text())


def address(shown: str) -> str:
    """The address in what was shown."""
    found = re.search(r"^http://127\S+$", shown, re.MULTILINE)
    assert found, shown
    return found[0]


# -- logging in ------------------------------------------------------------------------------------


def test_in_the_browser(at_terminal: Open, provider: Provider, store: Path) -> None:
    browser = f"{sys.executable} {HERE / 'browser.py'}"
    pi = at_terminal("login", "anthropic", BROWSER=browser, ANTHROPIC_API_KEY=KEY)
    assert "Anthropic's terms" in pi.expect("[y/N] ")
    pi.type("y")
    pi.expect("Enter for 1]: ")
    pi.type("")
    pi.expect("Opened in the browser:")
    code, out = pi.end()
    assert code == 0, pi.shown
    assert "Logged in to Anthropic (anthropic) as me@example.test" in out
    assert "Not used any more for anthropic: ANTHROPIC_API_KEY" in out
    saved = entries(store)["anthropic"]
    assert saved["access"] == provider.claude.accesses[0]
    assert saved["refresh"] in provider.claude.live
    assert saved["email"] == "me@example.test"
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert saved["access"] not in out + pi.shown


def test_by_pasting_what_the_browser_ends_at(at_terminal: Open, store: Path) -> None:
    pi = at_terminal("login", "anthropic@work")
    pi.expect("[y/N] ")
    pi.type("yes")
    pi.expect("Enter for 1]: ")
    pi.type("1")
    url = address(pi.expect("Paste the address"))
    pi.type("https://example.test/nothing-here")
    assert "no code" in pi.expect("Paste the address")
    pi.type(asyncio.run(landing(url)))
    assert pi.end()[0] == 0, pi.shown
    assert list(entries(store)) == ["anthropic@work"]


def test_by_copying_a_code(at_terminal: Open, store: Path) -> None:
    """`--no-browser` takes the way that needs none."""
    pi = at_terminal("login", "anthropic", "--no-browser")
    pi.expect("[y/N] ")
    pi.type("y")
    url = address(pi.expect("Paste the code"))
    fields = dict(parse_qsl(urlsplit(asyncio.run(landing(url))).query))
    pi.type(f"{fields['code']}#{fields['state']}")
    assert pi.end()[0] == 0, pi.shown
    assert entries(store)["anthropic"]["type"] == "oauth"


def test_with_a_device_code_and_without_a_terminal(
    command: list[str], environ: dict[str, str], store: Path, provider: Provider
) -> None:
    done = script(command, environ, "login", "xai", "--account", "me@work", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert "type in this code:" in done.stderr
    assert json.loads(done.stdout)["account"] == "me@work"
    assert entries(store)["xai@me@work"]["access"] == provider.xai.accesses[0]


def test_copilot_asks_for_the_domain(at_terminal: Open, store: Path, server: Server) -> None:
    pi = at_terminal("login", "github-copilot")
    pi.expect("[y/N] ")
    pi.type("y")
    pi.expect("company.ghe.com")
    pi.type("https://Corp.ghe.com/login")
    pi.expect("ABCD-1234")
    assert pi.end()[0] == 0, pi.shown
    assert entries(store)["github-copilot"]["enterpriseUrl"] == "corp.ghe.com"
    assert server.requests[0].path == "/corp.ghe.com/device"


def test_without_a_provider_it_asks_which(at_terminal: Open, store: Path) -> None:
    pi = at_terminal("login")
    menu = pi.expect("Enter for 1]: ")
    number = next(line.strip() for line in menu.splitlines() if "xAI" in line).partition(".")[0]
    pi.type(number)
    assert pi.end()[0] == 0, pi.shown
    assert list(entries(store)) == ["xai"]


def test_a_provider_without_a_login_takes_a_key_that_is_not_shown(
    at_terminal: Open, store: Path
) -> None:
    pi = at_terminal("login", "groq")
    assert "console.groq.com" in pi.expect("Key: ")
    while pi.echoes:
        time.sleep(0.01)
    key = "test-key-" + "0123456789" * 300  # more than a line of a terminal can have
    os.write(pi.master, f"oops\x15{key}xy\x7f\x7f\n".encode())
    code, out = pi.end()
    assert code == 0, pi.shown
    assert entries(store) == {"groq": {"type": "api_key", "key": key}}
    assert pi.echoes
    assert "0123" not in pi.shown + out


# -- giving up -------------------------------------------------------------------------------------

STEPS: dict[str, tuple[str, list[tuple[str, str]], str]] = {
    "notice": ("anthropic", [], "[y/N] "),
    "choice": ("anthropic", [("[y/N] ", "y")], "Enter for 1]: "),
    "browser": ("anthropic", [("[y/N] ", "y"), ("Enter for 1]: ", "")], "Paste the address"),
    "domain": ("github-copilot", [("[y/N] ", "y")], "company.ghe.com"),
    "device": ("xai", [], "gives up."),
    "key": ("groq", [], "Key: "),
    "which": ("", [], "Enter for 1]: "),
}


@pytest.mark.parametrize("step", sorted(STEPS))
def test_ctrl_c_at_every_step_leaves_everything_as_it_was(
    at_terminal: Open, provider: Provider, store: Path, step: str
) -> None:
    store.write_text('{"openai": {"type": "api_key", "key": "k"}}')
    before = store.read_bytes()
    provider.decide = None
    name, answers, last = STEPS[step]
    pi = at_terminal("login", *filter(None, [name]))
    for question, answer in answers:
        pi.expect(question)
        pi.type(answer)
    pi.expect(last)
    pi.interrupt()
    code, out = pi.end()
    assert (code, out) == (130, ""), pi.shown
    assert "Traceback" not in pi.shown
    assert pi.shown.endswith("\nCancelled; nothing was changed.\n")
    assert store.read_bytes() == before
    assert [path.name for path in store.parent.iterdir()] == ["auth.json"]
    assert pi.echoes


def test_ctrl_c_while_the_code_is_exchanged(
    at_terminal: Open, provider: Provider, server: Server, store: Path
) -> None:
    provider.faults["/token"] = Reply([STALL], raw=b"")
    pi = at_terminal("login", "anthropic", "--no-browser")
    pi.expect("[y/N] ")
    pi.type("y")
    pi.expect("Paste the code")
    pi.type("some-code")
    while not any(seen.path == "/token" for seen in server.requests):
        time.sleep(0.01)
    pi.interrupt()
    assert pi.end()[0] == 130
    assert not store.exists()


@pytest.mark.parametrize("answer", ["n", "", "\x04"])
def test_no_is_an_answer(at_terminal: Open, server: Server, store: Path, answer: str) -> None:
    pi = at_terminal("login", "anthropic")
    pi.expect("[y/N] ")
    pi.type(answer)
    code, _ = pi.end()
    assert code == 1
    assert "nothing was changed" in pi.shown
    assert server.requests == []
    assert not store.exists()


# -- wrong input -----------------------------------------------------------------------------------


def script(
    command: list[str], environ: dict[str, str], *args: str, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `pi auth ...` without a terminal."""
    return subprocess.run(
        [*command, "auth", *args],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=30,
        cwd=environ["HOME"],
        env=environ,
        check=False,
    )


def one_line(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """One line on standard error with these words, and exit code 1."""
    assert done.returncode == 1, done
    assert done.stdout == ""
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in line


@pytest.mark.parametrize("name", ["anthropic", "xai", ""])
def test_without_a_terminal_it_says_what_to_do(
    command: list[str], environ: dict[str, str], server: Server, name: str
) -> None:
    done = script(command, environ, "login", *filter(None, [name]))
    if name:
        one_line(done, "needs a terminal", f"pi auth set-key {name}")
    else:
        one_line(done, "which provider?")
    assert server.requests == []


FAULTS: dict[str, tuple[str, str, Reply, list[str]]] = {
    "device page": ("xai", "/device", PAGE, ["web page"]),
    "device 429": (
        "xai",
        "/device",
        json_reply({"error": "too_many"}, 429, headers={"retry-after": "60"}),
        ["too many requests", "429"],
    ),
    "device 503": ("xai", "/device", json_reply({}, 503), ["failed on its side", "503"]),
    "device fields": ("xai", "/device", json_reply({"user_code": "x"}), ["no device_code"]),
    "device address": (
        "xai",
        "/device",
        json_reply({"device_code": "d", "user_code": "u", "verification_uri": "file:///etc"}),
        ["not http or https"],
    ),
    "token denied": ("xai", "/token", json_reply({"error": "access_denied"}, 400), ["was denied"]),
    "token expired": ("xai", "/token", json_reply({"error": "expired_token"}, 400), ["expired"]),
    "token refused": (
        "xai",
        "/token",
        json_reply({"error": "invalid_client", "error_description": "unknown client"}, 401),
        ["xAI refused", "unknown client"],
    ),
    "token fields": ("xai", "/token", json_reply({"access_token": "a"}), ["no refresh_token"]),
    "token rubbish": ("xai", "/token", Reply(b"%PDF-1.7", 200, {}), ["cannot be read"]),
    "wrong domain": (
        "github-copilot",
        "/github.com/device",
        json_reply({"message": "Not Found"}, 404),
        ["does not answer as GitHub does", "Enterprise domain"],
    ),
    "no copilot": (
        "github-copilot",
        "/github.com/copilot",
        json_reply({"message": "no access to Copilot"}, 403),
        ["GitHub Copilot refused", "no access to Copilot"],
    ),
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_what_goes_wrong_has_one_line_and_changes_nothing(
    command: list[str],
    environ: dict[str, str],
    provider: Provider,
    store: Path,
    fault: str,
) -> None:
    name, path, reply, words = FAULTS[fault]
    provider.faults[path] = reply
    store.write_text("{}")
    one_line(script(command, environ, "login", name, "--yes"), *words)
    assert store.read_text() == "{}"


def test_a_clock_that_is_off(
    command: list[str], environ: dict[str, str], provider: Provider
) -> None:
    """The service says slow down until the code has expired."""
    provider.faults["/device"] = json_reply(
        {
            "device_code": "d",
            "user_code": "u",
            "verification_uri": "https://idp.test/",
            "expires_in": 0.2,
        }
    )
    provider.faults["/token"] = json_reply({"error": "slow_down"}, 400)
    one_line(script(command, environ, "login", "xai", "--yes"), "expired", "clock")


def test_a_domain_that_is_none(at_terminal: Open, server: Server) -> None:
    pi = at_terminal("login", "github-copilot")
    pi.expect("[y/N] ")
    pi.type("y")
    pi.expect("company.ghe.com")
    pi.type("::::")
    assert pi.end()[0] == 1
    assert "is not a GitHub Enterprise domain" in pi.shown
    assert server.requests == []


def test_a_callback_of_another_login_ends_nothing(at_terminal: Open, store: Path) -> None:
    pi = at_terminal("login", "anthropic")
    pi.expect("[y/N] ")
    pi.type("y")
    pi.expect("Enter for 1]: ")
    pi.type("")
    url = address(pi.expect("Paste the address"))
    back = parse_qs(urlsplit(url).query)["redirect_uri"][0]
    foreign = asyncio.run(request(f"{back}?code=stolen&state=foreign"))
    assert (foreign.status, "another login" in foreign.body) == (400, True)
    denied = asyncio.run(request(f"{back}?error=access_denied&state=foreign"))
    assert denied.status == 400
    pi.type(asyncio.run(landing(url)))
    assert pi.end()[0] == 0, pi.shown
    assert entries(store)["anthropic"]


def test_a_denial_in_the_browser_ends_the_login(at_terminal: Open, provider: Provider) -> None:
    provider.claude.deny = True
    browser = f"{sys.executable} {HERE / 'browser.py'}"
    pi = at_terminal("login", "anthropic", BROWSER=browser)
    pi.expect("[y/N] ")
    pi.type("y")
    pi.expect("Enter for 1]: ")
    pi.type("")
    assert pi.end()[0] == 1
    assert "did not allow the login" in pi.shown


def test_rubbish_three_times(at_terminal: Open, store: Path) -> None:
    pi = at_terminal("login", "anthropic", "--no-browser")
    pi.expect("[y/N] ")
    pi.type("y")
    for text in ("två ord", "https://example.test/?nothing", "code#another-state"):
        pi.expect("Paste the code")
        pi.type(text)
    assert pi.end()[0] == 1
    assert "state mismatch" in pi.shown
    assert not store.exists()


def test_a_home_that_cannot_be_written_is_told_before_the_login(
    command: list[str], environ: dict[str, str], server: Server, home: Path
) -> None:
    (home / "file").touch()
    environ["PI_CODING_AGENT_DIR"] = str(home / "file" / "agent")
    one_line(script(command, environ, "login", "xai", "--yes"), "cannot be saved", "file/agent")
    assert server.requests == []


def test_a_key_is_not_replaced_by_a_login_by_itself(
    at_terminal: Open, server: Server, store: Path
) -> None:
    store.write_text(json.dumps({"xai": {"type": "api_key", "key": KEY}}))
    pi = at_terminal("login", "xai")
    pi.expect("Replace it by the login? [y/N] ")
    pi.type("n")
    assert pi.end()[0] == 1
    assert entries(store)["xai"]["key"] == KEY
    assert server.requests == []


# -- using a login ---------------------------------------------------------------------------------


def test_a_token_that_ends_soon_is_refreshed_for_a_script(
    command: list[str], environ: dict[str, str], provider: Provider, store: Path
) -> None:
    assert script(command, environ, "login", "xai", "--yes").returncode == 0
    first, once = provider.xai.accesses[0], script(command, environ, "token", "xai")
    assert once.stdout == f"{first}\n"
    more = script(command, environ, "token", "xai", "--min-expiry", "50m")
    assert more.stdout == f"{first}\n", "55 minutes are left"
    longer = script(command, environ, "token", "xai", "--min-expiry", "2h")
    assert longer.returncode == 1
    assert "gives none that lasts longer" in longer.stderr
    assert entries(store)["xai"]["access"] == provider.xai.accesses[1], "but it was refreshed"
    assert provider.xai.reused == []


def test_a_login_that_is_over(
    command: list[str], environ: dict[str, str], provider: Provider, store: Path
) -> None:
    assert script(command, environ, "login", "xai", "--yes").returncode == 0
    found = entries(store)
    found["xai"]["expires"] = 1
    store.write_text(json.dumps(found))
    provider.xai.live.clear()
    before = store.read_bytes()
    done = script(command, environ, "check", "xai")
    assert done.returncode == 2
    assert "log in again" in done.stdout
    assert store.read_bytes() == before, "nothing is deleted"
    environ["XAI_API_KEY"] = KEY
    assert script(command, environ, "check", "xai").returncode == 2, "no other key is used"

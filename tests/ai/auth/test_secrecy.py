"""What counts as secret, where it is found, and that streams are masked wherever they are cut."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi.ai.auth.base import ApiKey, OAuth
from pi.ai.auth.masks import MASK, Masker, StreamMasker
from pi.ai.auth.secrecy import Secrecy, is_telling
from pi.ai.auth.store import CredentialStore
from pi.ai.auth.values import Environment

SECRET = "canary-0123456789-abcdef"


@given(st.lists(st.integers(0, 200), max_size=12), st.integers(0, 40))
def test_a_stream_is_masked_wherever_it_is_cut(cuts: list[int], start: int) -> None:
    text = b"x" * start + SECRET.encode() + b" canary-01234 " + SECRET.encode() + b" canary-"
    stream = StreamMasker(Masker([SECRET], shapes=False))
    places = sorted(min(cut, len(text)) for cut in cuts)
    pieces = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
    out = b"".join(map(stream.feed, pieces)) + stream.finish()
    assert out == b"x" * start + f"{MASK} canary-01234 {MASK} canary-".encode()


def test_only_what_may_become_a_secret_waits() -> None:
    stream = StreamMasker(Masker([SECRET], shapes=False))
    assert stream.feed(b"nothing of interest\n") == b"nothing of interest\n"
    assert stream.feed(b"a canary-") == b"a "
    assert stream.feed(b"bird") == b"canary-bird"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("sk-ant-api03-abcDEF123456", True),
        ("0123456789abcdef0123456789abcdef", True),
        ("ABCDEFghijk12", True),
        ("ollama", False),
        ("lm-studio", False),
        ("sk-no-key-required", False),
        ("not-needed-on-this-machine-at-all", False),
        ("llama-server-1", False),
        ("testkey", False),
        ("", False),
    ],
)
def test_placeholders_are_no_secrets(text: str, secret: bool) -> None:
    assert is_telling(text) is secret


class Catalog:
    """One provider, with an entry of the user's."""

    def __init__(self, **user: Any) -> None:
        auth = SimpleNamespace(
            env=("ACME_KEY",), required_env=("ACME_ACCOUNT",), optional_env=("ACME_SECRET",)
        )
        self.providers: dict[str, Any] = {"acme": SimpleNamespace(id="acme", auth=auth)}
        self.user = SimpleNamespace(**{"api_key": None, "headers": {}, "model_headers": {}, **user})

    def provider(self, id: str, /) -> Any:
        return self.providers[id]

    def user_provider(self, id: str, /) -> Any:
        return self.user


def secret(name: str) -> str:
    return f"test-{name}-0123456789abcdef"


async def test_everything_that_is_there_is_secret_used_or_not(tmp_path: Path) -> None:
    store = CredentialStore(tmp_path / "auth.json")
    await store.put("acme", ApiKey(secret("stored"), {"X_TOKEN": secret("own"), "X": "plain-x-1"}))
    await store.put("acme", OAuth(secret("refresh"), secret("access"), 0), "work")
    await store.put("gone", ApiKey("$ACME_REF"))
    await store.put("ran", ApiKey("!echo test-command-0123456789abcdef"))
    catalog = Catalog(
        api_key=secret("models"),
        headers={"X-Api-Key": f"Bearer {secret('header')}", "X-Team": secret("team")},
        model_headers={"m": {"Cookie": secret("cookie")}},
    )
    variables = {"ACME_KEY": "env", "ACME_SECRET": "optional", "ACME_REF": "ref"}
    env = {name: secret(value) for name, value in variables.items()}
    env |= {"ACME_ACCOUNT": secret("account"), "OTHER_KEY": secret("other")}
    secrecy = Secrecy(catalog, store, Environment(env))
    hidden = [
        "stored",
        "own",
        "refresh",
        "access",
        "ref",
        "models",
        "header",
        "cookie",
        "env",
        "optional",
    ]
    for name in hidden:
        assert secrecy.mask(f"a {secret(name)} b") == f"a {MASK} b", name
        line = json.dumps({"text": secret(name)}).encode()
        assert secrecy.mask_bytes(line) == json.dumps({"text": MASK}).encode(), name
    for name in ("team", "account", "other", "command"):
        assert secrecy.mask(secret(name)) == secret(name), name


async def test_a_login_that_comes_later_is_secret_at_once(tmp_path: Path) -> None:
    here = CredentialStore(tmp_path / "auth.json")
    secrecy = Secrecy(Catalog(), here, Environment({}))
    assert secrecy.mask(SECRET) == SECRET
    elsewhere = CredentialStore(tmp_path / "auth.json")
    await elsewhere.put("acme", OAuth("test-refresh-0123456789", SECRET, 0))
    assert secrecy.mask(SECRET) == MASK
    await elsewhere.remove("acme")
    assert secrecy.mask(SECRET) == MASK, "what was printed while it was good is still there"


def test_a_broken_store_hides_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "auth.json").write_text("{")
    store = CredentialStore(tmp_path / "auth.json")
    secrecy = Secrecy(Catalog(), store, Environment({"ACME_KEY": SECRET}))
    assert secrecy.mask(f"{SECRET}!") == f"{MASK}!"

"""Secrets are found in the forms that they take in texts; other texts are left alone."""

import base64
import json
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi.ai.auth.masks import MASK, Masker, hint

SECRET = 'te"st/ké\n+y=12345'


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {SECRET}.",
        json.dumps({"key": SECRET}, ensure_ascii=False),
        f"https://x.test/?key={quote(SECRET, safe='')}",
        f"https://x.test/{quote(SECRET)}",
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(f"user:{SECRET}".encode()).decode(),
        base64.b64encode(f"u:{SECRET}:more".encode()).decode(),
    ],
)
def test_forms(text: str) -> None:
    masked = Masker([SECRET], shapes=False).mask(text)
    assert MASK in masked
    for piece in (SECRET, "12345", base64.b64encode(SECRET.encode()).decode()[4:20]):
        assert piece not in masked


@given(
    st.text(min_size=8, max_size=40).filter(lambda s: len(s.strip()) >= 8),
    st.text(max_size=20),
    st.text(max_size=20),
)
def test_any_secret_is_masked_anywhere(secret: str, before: str, after: str) -> None:
    masked = Masker([secret], shapes=False).mask(before + secret + after)
    assert secret.strip() not in masked or secret.strip() in MASK


@given(st.binary(max_size=9), st.binary(min_size=16, max_size=40), st.binary(max_size=9))
def test_base64_at_any_place(before: bytes, secret: bytes, after: bytes) -> None:
    text = secret.hex()
    whole = base64.b64encode(before + text.encode() + after).decode()
    assert MASK in Masker([text], shapes=False).mask(whole)


def test_a_secret_inside_another_leaves_no_rest() -> None:
    masker = Masker(["test-key-1", "test-key-1-and-more"], shapes=False)
    assert masker.mask("a test-key-1-and-more b test-key-1") == f"a {MASK} b {MASK}"


def test_short_texts_are_no_secrets() -> None:
    text = "the key is ollama"
    masker = Masker(["ollama", "  ", ""])
    assert masker.mask(text) is text


def test_secrets_can_be_added() -> None:
    masker = Masker()
    assert masker.mask("x test-secret") == "x test-secret"
    masker.add(["test-secret"])
    assert masker.mask("x test-secret") == f"x {MASK}"


SHAPED = [
    "sk-" + "A" * 48,
    "sk-ant-api03-" + "a1_-" * 10,
    "sk-proj-" + "Ab9-" * 12,
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "a1B2_" * 8,
    "AIza" + "a1B2-" * 7,
    "AKIA" + "A1B2" * 4,
    "gsk_" + "a1B2" * 10,
    "hf_" + "aBcD" * 9,
    "xoxb-" + "1234-abcd-" * 3,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----",
]


@pytest.mark.parametrize("key", SHAPED)
def test_shapes(key: str) -> None:
    assert Masker().mask(f"key={key}, done") == f"key={MASK}, done"
    assert Masker(shapes=False).mask(key) == key


@pytest.mark.parametrize(
    "text",
    [
        "task-list-with-many-dashes-in-it-and-more",
        "risk-assessment-of-the-whole-undertaking",
        "sk-short",
        "the ghost of ghp_ and AKIA and eyJ",
        "SHA256 3a7bd3e2360a3d29eea436fcfb7e44c735d117c42d1c1835420b6b9942dd4f1b",
        "import xoxo; hf_hub_download(repo_id)",
    ],
)
def test_no_shapes(text: str) -> None:
    assert Masker(["test-key-12345"]).mask(text) is text


def test_a_text_without_secrets_costs_little() -> None:
    text = "def function(argument): return argument + 1  # a line of code\n" * 16_000
    masker = Masker([f"test-key-{n}-{'x' * 30}" for n in range(10)])
    masker.mask(text[:100])
    started = time.perf_counter()
    assert masker.mask(text) is text
    assert time.perf_counter() - started < 0.25, "a megabyte"


def test_hint() -> None:
    assert hint("sk-0123456789-0123456789-wxyz") == "…wxyz"
    assert hint("short-secret") == "…"

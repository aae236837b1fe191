"""`auth.json`: who may read it, what survives a write, and what is never written over."""

# ruff: noqa: ASYNC240 (a test may wait for its disk)

import asyncio
import json
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pi.ai.auth.base import ApiKey, OAuth
from pi.ai.auth.store import AuthFileError, CredentialStore, MemoryStore
from pi.ai.errors import ConfigError

posix_only = pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")

LOGIN = OAuth("r-1", "a-1", 1_767_225_600_000, {"accountId": "acc", "flags": [1, 2.0]})


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def content(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


async def test_reading_creates_nothing(tmp_path: Path) -> None:
    store = CredentialStore(tmp_path / "agent" / "auth.json")
    assert store.get("openai") is None
    assert store.names() == ()
    assert store.problem is None
    assert not await store.remove("openai")
    assert list(tmp_path.iterdir()) == []


@posix_only
async def test_new_file_and_folder_are_for_the_owner_only(tmp_path: Path) -> None:
    old = os.umask(0o000)
    try:
        path = tmp_path / "home" / "agent" / "auth.json"
        await CredentialStore(path).put("openai", ApiKey("test-key"))
    finally:
        os.umask(old)
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    assert mode(path.parent.parent) == 0o700


async def test_what_is_written_is_what_the_older_program_writes(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    store = CredentialStore(path)
    await store.put("openai", ApiKey("test-key"))
    await store.put("openai-codex", LOGIN)
    assert path.read_text() == (
        '{\n  "openai": {\n    "type": "api_key",\n    "key": "test-key"\n  },\n'
        '  "openai-codex": {\n    "type": "oauth",\n    "refresh": "r-1",\n'
        '    "access": "a-1",\n    "expires": 1767225600000,\n    "accountId": "acc",\n'
        '    "flags": [\n      1,\n      2.0\n    ]\n  }\n}'
    )
    assert CredentialStore(path).get("openai-codex") == LOGIN


async def test_what_is_not_known_survives_to_the_letter(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    number = "123456789012345678901234567890"
    later = f'{{"type": "passkey", "n": {number}, "x": 1.0, "y": 1e400}}'
    entry = '{"type": "api_key", "key": "old", "env": {"A": "b"}, "note": "é\\u00e9"}'
    path.write_text(f'\ufeff{{"later": {later}, "openai": {entry}}}', "utf-8")
    store = CredentialStore(path)
    await store.put("openai", ApiKey("new"))
    text = path.read_text("utf-8")
    for kept in ('"passkey"', number, '"x": 1.0', "1e400", '"note": "éé"', '"key": "new"'):
        assert kept in text
    assert '"old"' not in text
    assert '"env"' not in text


async def test_a_login_that_replaces_a_login_keeps_none_of_its_fields(tmp_path: Path) -> None:
    store = CredentialStore(tmp_path / "auth.json")
    await store.put("github-copilot", OAuth("r", "a", 1, {"enterpriseUrl": "https://x.test"}))
    await store.put("github-copilot", OAuth("r2", "a2", 2))
    assert content(tmp_path / "auth.json")["github-copilot"] == {
        "type": "oauth",
        "refresh": "r2",
        "access": "a2",
        "expires": 2,
    }


async def test_two_writers_merge(tmp_path: Path) -> None:
    one, two = (CredentialStore(tmp_path / "auth.json") for _ in range(2))
    await one.put("openai", ApiKey("test-key-1"))
    await two.put("groq", ApiKey("test-key-2"))
    one.modify_sync(lambda entries: entries.put("xai", ApiKey("test-key-3")))
    assert await two.remove("openai")
    assert not await two.remove("openai")
    assert sorted(content(tmp_path / "auth.json")) == ["groq", "xai"]
    await asyncio.gather(
        *(store.put(f"p{n}", ApiKey(str(n))) for n in range(10) for store in (one, two))
    )
    assert len(content(tmp_path / "auth.json")) == 12


async def test_a_long_lived_reader_sees_what_others_write(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    reader = CredentialStore(path)
    assert reader.get("openai") is None
    await CredentialStore(path).put("openai", ApiKey("test-key"))
    assert reader.get("openai") == ApiKey("test-key")
    path.write_text('{"openai": {"type": "api_key", "key": "other-key"}}')  # in place
    assert reader.get("openai") == ApiKey("other-key")
    path.unlink()
    assert reader.get("openai") is None


async def test_half_a_file_of_a_writer_in_place_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    whole = '{"openai": {"type": "api_key", "key": "test-key"}}'
    path.write_text(whole[:20])
    (tmp_path / "auth.json.lock").mkdir()
    reading = asyncio.to_thread(CredentialStore(path).get, "openai")
    task = asyncio.create_task(reading)
    await asyncio.sleep(0.04)
    path.write_text(whole)
    assert await task == ApiKey("test-key")


@posix_only
async def test_an_existing_mode_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    path.write_text("{}")
    path.chmod(0o640)
    await CredentialStore(path).put("openai", ApiKey("test-key"))
    assert mode(path) == 0o640


@posix_only
async def test_a_symbolic_link_stays_one_and_its_target_is_locked(tmp_path: Path) -> None:
    real = tmp_path / "vault" / "secrets.json"
    real.parent.mkdir()
    real.write_text('{"keep": {"type": "api_key", "key": "k"}}')
    link = tmp_path / "auth.json"
    link.symlink_to(real)
    store = CredentialStore(link)
    async with store.locked():
        assert (tmp_path / "vault" / "secrets.json.lock").is_dir()
    await store.put("openai", ApiKey("test-key"))
    assert link.is_symlink()
    assert sorted(content(real)) == ["keep", "openai"]
    assert [path.name for path in real.parent.iterdir()] == ["secrets.json"]


BROKEN = [
    ('{\n  "openai": {,\n}', r"line 2, column 1\d"),
    ('{"openai": {"type": "api_key"}', "line 1, column 31"),
    ('[{"openai": 1}]', "must hold one JSON object"),
    ("<<<<<<< HEAD", "line 1, column 1"),
]


@pytest.mark.parametrize(("text", "place"), BROKEN)
async def test_a_broken_file_is_named_placed_and_left_alone(
    tmp_path: Path, text: str, place: str
) -> None:
    path = tmp_path / "auth.json"
    path.write_text(text)
    store = CredentialStore(path)
    with pytest.raises(AuthFileError, match=place) as caught:
        store.get("openai")
    assert str(path) in str(caught.value)
    assert isinstance(caught.value, ConfigError)
    with pytest.raises(AuthFileError, match="nothing was saved"):
        await store.put("openai", ApiKey("test-key"))
    with pytest.raises(AuthFileError, match="nothing was saved"):
        store.modify_sync(lambda entries: entries.remove("openai"))
    assert path.read_text() == text
    assert [item.name for item in tmp_path.iterdir()] == ["auth.json"]


async def test_a_file_that_breaks_later_leaves_the_last_good_state(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    store = CredentialStore(path)
    await store.put("openai", ApiKey("test-key"))
    path.write_text("{oops")
    assert store.get("openai") == ApiKey("test-key")
    assert "line 1, column 2" in str(store.problem)
    path.write_text('{"openai": {"type": "api_key", "key": "other-key"}}')
    assert store.get("openai") == ApiKey("other-key")
    assert store.problem is None


async def test_an_empty_file_is_no_credentials(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    path.touch()
    store = CredentialStore(path)
    assert store.get("openai") is None
    await store.put("openai", ApiKey("test-key"))
    assert list(content(path)) == ["openai"]


@pytest.mark.parametrize(
    "entry",
    [
        '{"type": "api_key", "key": 7}',
        '{"type": "oauth", "access": "a", "refresh": "r"}',
        '{"type": "oauth", "access": "a", "refresh": "r", "expires": "soon"}',
        '{"type": "other"}',
        '"sk-only-a-key"',
    ],
)
async def test_one_malformed_entry_hurts_only_itself(tmp_path: Path, entry: str) -> None:
    path = tmp_path / "auth.json"
    path.write_text(f'{{"bad": {entry}, "good": {{"type": "api_key", "key": "test-key"}}}}')
    store = CredentialStore(path)
    with pytest.raises(AuthFileError, match="'bad'") as caught:
        store.get("bad")
    assert "sk-only" not in str(caught.value)
    assert store.get("good") == ApiKey("test-key")
    await store.put("good", ApiKey("new"))
    assert content(path)["bad"] == json.loads(entry)


def test_expiry_may_be_a_fraction(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    path.write_text('{"a": {"type": "oauth", "access": "a", "refresh": "r", "expires": 12.75}}')
    assert CredentialStore(path).get("a") == OAuth("r", "a", 12)


async def test_named_accounts_stand_beside_the_provider(tmp_path: Path) -> None:
    store = CredentialStore(tmp_path / "auth.json")
    await store.put("anthropic", ApiKey("test-key-home"))
    await store.put("anthropic", ApiKey("test-key-work"), "work")
    assert store.get("anthropic", "work") == ApiKey("test-key-work")
    assert store.get("anthropic") == ApiKey("test-key-home")
    assert store.accounts("anthropic") == ("work",)
    assert store.names() == ("anthropic", "anthropic@work")
    await store.remove("anthropic", "work")
    assert store.accounts("anthropic") == ()


@contextmanager
def as_somebody() -> Iterator[None]:
    """Without the rights of root, which no permission stops."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@posix_only
async def test_a_folder_that_may_not_be_written_is_said(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    path = tmp_path / "auth.json"
    path.write_text("{}")
    path.chmod(0o644)
    tmp_path.chmod(0o555)
    try:
        with as_somebody(), pytest.raises(ConfigError, match=r"auth\.json.*[Pp]ermission denied"):
            await CredentialStore(path).put("openai", ApiKey("test-key"))
    finally:
        tmp_path.chmod(0o755)
    assert path.read_text() == "{}"


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_FSIZE")
async def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    import resource
    import signal

    path = tmp_path / "auth.json"
    store = CredentialStore(path)
    await store.put("openai", ApiKey("test-key"))
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, limits[1]))
    try:
        with pytest.raises(AuthFileError, match="cannot be saved"):
            await store.put("groq", ApiKey("x" * 4000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, old)
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["auth.json"]
    assert store.get("groq") is None


async def test_leftovers_of_crashed_writers_are_removed(tmp_path: Path) -> None:
    old, new = tmp_path / ".auth.json.1.aa.tmp", tmp_path / ".auth.json.2.bb.tmp"
    for path in (old, new):
        path.write_text("{}")
    os.utime(old, (0, 0))
    await CredentialStore(tmp_path / "auth.json").put("openai", ApiKey("test-key"))
    assert not old.exists()
    assert new.exists()


async def test_in_memory_writers_merge_too() -> None:
    store = MemoryStore({"openai": ApiKey("test-key")})
    async with store.locked() as outer:
        await store.put("groq", ApiKey("k"))
        outer.put("xai", ApiKey("k"))
        outer.commit()
    assert store.names() == ("openai", "groq", "xai")
    assert store.modify_sync(lambda entries: entries.remove("openai"))
    assert store.get("openai") is None

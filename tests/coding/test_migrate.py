"""What older versions left behind."""

import json
import os
from pathlib import Path

from pi.coding.migrate import migrate


def test_credentials_become_auth_json(tmp_path: Path) -> None:
    (tmp_path / "oauth.json").write_text(
        json.dumps({"anthropic": {"refresh": "r", "access": "a", "expires": 1, "x": 2}, "bad": 3})
    )
    (tmp_path / "settings.json").write_text(
        json.dumps({"apiKeys": {"openai": "test-key", "anthropic": "no", "n": 1}, "theme": "dark"})
    )
    assert migrate(tmp_path) == ("credentials were moved to auth.json: anthropic, openai",)
    assert json.loads((tmp_path / "auth.json").read_text()) == {
        "anthropic": {"type": "oauth", "refresh": "r", "access": "a", "expires": 1, "x": 2},
        "openai": {"type": "api_key", "key": "test-key"},
    }
    assert json.loads((tmp_path / "settings.json").read_text()) == {"theme": "dark"}
    assert not (tmp_path / "oauth.json").exists()
    assert (tmp_path / "oauth.json.migrated").exists()
    assert os.name == "nt" or (tmp_path / "auth.json").stat().st_mode & 0o777 == 0o600
    assert migrate(tmp_path) == ()


def test_existing_credentials_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "auth.json").write_text("{}")
    (tmp_path / "oauth.json").write_text('{"anthropic":{"access":"a"}}')
    assert migrate(tmp_path) == ()
    assert (tmp_path / "auth.json").read_text() == "{}"
    assert (tmp_path / "oauth.json").exists()


def test_broken_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "oauth.json").write_text("{")
    (tmp_path / "settings.json").write_text("{")
    assert migrate(tmp_path) == ()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["oauth.json", "settings.json"]


def test_keys_that_cannot_be_taken_out_are_told(tmp_path: Path) -> None:
    content = '{"apiKeys":{"openai":"test-key"}}'
    (tmp_path / "settings.json").write_text(content)
    (tmp_path / f".settings.json.{os.getpid()}.tmp").mkdir()  # in the way of the new file
    done, failed = migrate(tmp_path)
    assert done == "credentials were moved to auth.json: openai"
    assert "settings.json" in failed
    assert (tmp_path / "settings.json").read_text() == content


def test_templates_and_stray_sessions(tmp_path: Path) -> None:
    (tmp_path / "commands").mkdir()
    (tmp_path / "commands" / "x.md").write_text("x")
    (tmp_path / "a.jsonl").write_text('{"type":"session","version":3,"id":"a","cwd":"/p/q"}\n')
    (tmp_path / "b.jsonl").write_text("not mine")
    assert migrate(tmp_path) == (
        "prompt templates were moved from commands/ to prompts/",
        "1 session moved to sessions/",
    )
    assert (tmp_path / "prompts" / "x.md").exists()
    assert (tmp_path / "sessions" / "--p-q--" / "a.jsonl").exists()
    assert (tmp_path / "b.jsonl").exists()


def test_nothing_to_do(tmp_path: Path) -> None:
    assert migrate(tmp_path) == migrate(tmp_path / "nowhere") == ()
    assert list(tmp_path.iterdir()) == []

"""Settings: what counts, what is said about broken files, and that saving loses nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import hypothesis
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi.coding.settings import NEEDS_TRUST, USER_ONLY, Settings, agent_dir, expand, session_dir
from pi.coding.settings_file import Loaded, SettingsError, load, save


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "agent"
    path.mkdir()
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project" / ".pi").mkdir(parents=True)
    return tmp_path / "project"


def put(path: Path, data: Any) -> Path:
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path


def user(folder: Path, data: Any) -> Path:
    return put(folder / "settings.json", data)


def ours(project: Path, data: Any) -> Path:
    return put(project / ".pi" / "settings.json", data)


def test_defaults(folder: Path, project: Path) -> None:
    loaded = load(folder, project)
    assert loaded == Loaded()
    settings = loaded.settings
    assert settings.default_thinking_level == "medium"
    assert settings.compaction.reserve_tokens == 16384
    assert settings.retry.provider.max_retry_delay_ms == 60_000
    assert settings.theme == "system"
    assert list(folder.iterdir()) == []


def test_project_wins_over_user_and_flags_over_both(folder: Path, project: Path) -> None:
    user(folder, {"theme": "dark", "retry": {"maxRetries": 7, "provider": {"timeoutMs": 5}}})
    ours(project, {"retry": {"enabled": False, "provider": {"maxRetries": 1}}, "theme": "light"})
    settings = load(folder, project, flags={"theme": "flag"}).settings
    assert settings.theme == "flag"
    assert (settings.retry.enabled, settings.retry.max_retries) == (False, 7)
    assert (settings.retry.provider.timeout_ms, settings.retry.provider.max_retries) == (5, 1)


def test_arrays_are_replaced_but_resources_are_combined(folder: Path, project: Path) -> None:
    user(folder, {"enabledModels": ["a"], "skills": ["s", "~/t", "!u*"], "packages": ["npm:x"]})
    source = {"source": "../p", "skills": []}
    ours(project, {"enabledModels": ["b"], "skills": ["/abs"], "packages": [source]})
    settings = load(folder, project, trusted=True, env={"HOME": "/home/me"}).settings
    assert settings.enabled_models == ("b",)
    assert settings.skills == (str(folder / "s"), "/home/me/t", "!u*", "/abs")
    first, second = settings.packages
    assert first == "npm:x"
    assert not isinstance(second, str)
    assert second.source == str(project / "p")
    assert second.skills == ()
    assert second.extensions is None


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        (["+grep", "-bash"], ("read", "bash", "+grep", "-bash")),
        (["grep"], ("grep",)),
        (["grep", "+ls"], ("grep", "+ls")),
        ([], ()),
    ],
)
def test_list_of_tools_changes_or_replaces(
    folder: Path, project: Path, theirs: list[str], expected: tuple[str, ...]
) -> None:
    user(folder, {"defaultTools": ["read", "bash"]})
    ours(project, {"defaultTools": theirs})
    assert load(folder, project, trusted=True).settings.default_tools == expected


def test_untrusted_project_cannot_run_or_load_code(folder: Path, project: Path) -> None:
    user(folder, {"shellPath": "/bin/zsh", "extensions": ["/tmp"]})
    ours(
        project,
        {
            "shellPath": "/tmp/evil",
            "shellCommandPrefix": "evil;",
            "extensions": ["evil"],
            "sessionDir": "/tmp/evil",
            "httpProxy": "http://evil",
            "theme": "light",
        },
    )
    loaded = load(folder, project)
    assert loaded.held_back == ("extensions", "sessionDir", "shellCommandPrefix", "shellPath")
    assert loaded.settings.shell_path == "/bin/zsh"
    assert loaded.settings.shell_command_prefix is None
    assert loaded.settings.extensions == ("/tmp",)
    assert loaded.settings.theme == "light"
    assert loaded.settings.http_proxy is None
    assert loaded.notes == (
        f"{project}/.pi/settings.json: httpProxy can only be set in the user's own settings",
    )
    trusted = load(folder, project, trusted=True)
    assert trusted.settings.shell_path == "/tmp/evil"
    assert trusted.settings.http_proxy is None
    assert trusted.held_back == ()


def test_guarded_keys_are_settings() -> None:
    names = {field.encode_name for field in msgspec.structs.fields(Settings)}
    assert set(NEEDS_TRUST) | set(USER_ONLY) <= names
    assert not set(NEEDS_TRUST) & set(USER_ONLY)


def test_broken_file_is_told_with_its_place_and_left_alone(folder: Path, project: Path) -> None:
    path = user(folder, '{\n  "theme": "dark",\n  "retry": {"maxRetries": }\n}')
    before = path.read_bytes()
    ours(project, {"theme": "light"})
    loaded = load(folder, project)
    assert loaded.settings.theme == "light"
    (note,) = loaded.notes
    assert note.startswith(f"{path} is ignored until it is mended: line 3, column 27: ")
    with pytest.raises(SettingsError, match=r"line 3, column 27.*nothing was saved"):
        save(path, {"theme": "x"})
    assert path.read_bytes() == before
    assert sorted(p.name for p in folder.iterdir()) == ["settings.json"]


@pytest.mark.parametrize("content", ["[1]", '"x"', "3"])
def test_file_that_is_no_object(folder: Path, project: Path, content: str) -> None:
    path = user(folder, content)
    assert load(folder, project).notes == (f"{path} is ignored: it holds no JSON object",)
    with pytest.raises(SettingsError, match="no JSON object"):
        save(path, {"theme": "x"})
    assert path.read_text() == content


def test_file_that_cannot_be_read(folder: Path, project: Path) -> None:
    (folder / "settings.json").mkdir()
    (note,) = load(folder, project).notes
    assert "cannot be read: Is a directory" in note or os.name == "nt"
    with pytest.raises(SettingsError, match="cannot be saved"):
        save(folder / "settings.json", {"theme": "x"})


def test_wrong_value_disables_that_key_only(folder: Path, project: Path) -> None:
    path = user(
        folder,
        {
            "theme": 7,
            "editorPaddingX": 9,
            "compaction": {"reserveTokens": -1, "keepRecentTokens": 5.0},
            "retry": "often",
            "skills": ["a", 3],
            "hideThinkingBlock": True,
            "steeringMode": None,
            "defaultThinkingLevel": "enormous",
        },
    )
    loaded = load(folder, project)
    assert loaded.settings == Settings(
        hide_thinking_block=True,
        compaction=msgspec.structs.replace(Settings().compaction, keep_recent_tokens=5),
    )
    assert loaded.notes == (
        f"{path} line 1: theme is ignored: expected text, got 7",
        f"{path} line 1: editorPaddingX is ignored: expected whole number from 0 to 3, got 9",
        f"{path} line 1: compaction.reserveTokens is ignored:"
        " expected whole number from 0 up, got -1",
        f'{path} line 1: retry is ignored: expected object, got "often"',
        f"{path} line 1: skills is ignored: expected list of text, got list",
        f"{path} line 1: defaultThinkingLevel is ignored:"
        ' expected off, minimal, low, medium, high, xhigh, max, got "enormous"',
    )


def test_only_slips_among_unknown_keys_are_told(folder: Path, project: Path) -> None:
    path = user(
        folder,
        {"$schema": "x", "myExtension": {"a": 1}, "themes ": [], "retry": {"maxRetrys": 1}},
    )
    assert load(folder, project).notes == (
        f"{path}: there is no setting 'themes '; did you mean 'themes'?",
        f"{path}: there is no setting 'retry.maxRetrys'; did you mean 'retry.maxRetries'?",
    )


def test_keys_of_older_versions(folder: Path, project: Path) -> None:
    user(
        folder,
        {
            "queueMode": "all",
            "websockets": True,
            "skills": {"enableSkillCommands": False, "customDirectories": ["/s"]},
            "retry": {"maxDelayMs": 9, "maxRetries": 2},
            "apiKeys": {"openai": "test-key"},
        },
    )
    loaded = load(folder, project)
    settings = loaded.settings
    assert loaded.notes == ()
    assert (settings.steering_mode, settings.transport) == ("all", "websocket")
    assert (settings.enable_skill_commands, settings.skills) == (False, ("/s",))
    assert (settings.retry.max_retries, settings.retry.provider.max_retry_delay_ms) == (2, 9)
    user(folder, {"queueMode": "all", "steeringMode": "one-at-a-time", "websockets": False})
    settings = load(folder, project).settings
    assert (settings.steering_mode, settings.transport) == ("one-at-a-time", "sse")


def test_comments_and_byte_order_mark_are_read(folder: Path, project: Path) -> None:
    path = user(folder, '\ufeff{ // mine\n "theme": "dark", }')
    loaded = load(folder, project)
    assert loaded.settings.theme == "dark"
    assert loaded.notes == ()
    save(path, {"theme": "x"})
    assert path.read_bytes().decode() == '\ufeff{ // mine\n "theme": "x", }'


def test_saving_keeps_comments_and_the_way_it_is_written(folder: Path) -> None:
    path = user(
        folder,
        """\
// what I like
{
    "theme": "dark", // easy on the eyes
    /* money */
    "budget": {"session": 3, "day": 9},
    "mine": [1,2],
    "retry": {
        "enabled": true, // always
        "maxRetries": 2,
    },
}
""",
    )
    save(
        path,
        {
            "theme": "light",
            "budget": {"session": None},
            "retry": {"enabled": None, "maxRetries": 4},
            "quietStartup": True,
        },
    )
    assert (
        path.read_text()
        == """\
// what I like
{
    "theme": "light", // easy on the eyes
    /* money */
    "budget": {"day": 9},
    "mine": [1,2],
    "retry": {
        // always
        "maxRetries": 4,
    },
    "quietStartup": true,
}
"""
    )


def test_saving_changes_only_what_changed(folder: Path) -> None:
    path = user(folder, {"z": [1.0, {"deep": None}], "retry": {"x": 1, "enabled": True}, "a": "ü"})
    save(path, {"theme": "dark", "retry": {"enabled": None, "maxRetries": 2}, "a": None})
    assert json.loads(path.read_text()) == {
        "z": [1.0, {"deep": None}],
        "retry": {"x": 1, "maxRetries": 2},
        "theme": "dark",
    }
    assert path.read_text().startswith('{"z": [1.0, {"deep": null}], ')
    assert [p.name for p in folder.iterdir()] == ["settings.json"]


def test_saving_sees_what_others_wrote(folder: Path, project: Path) -> None:
    path = user(folder, {"theme": "dark"})
    load(folder, project)
    user(folder, {"theme": "light", "quietStartup": True})
    save(path, {"transport": "sse"})
    assert json.loads(path.read_text()) == {
        "theme": "light",
        "quietStartup": True,
        "transport": "sse",
    }


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes and links")
def test_saving_keeps_mode_and_link_and_is_private_when_new(tmp_path: Path) -> None:
    new = tmp_path / "a" / "b" / "settings.json"
    save(new, {"theme": "x"})
    assert new.stat().st_mode & 0o777 == 0o600
    assert new.parent.stat().st_mode & 0o777 == 0o700
    new.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(new)
    save(link, {"theme": "y"})
    assert link.is_symlink()
    assert new.stat().st_mode & 0o777 == 0o640
    assert json.loads(new.read_text()) == {"theme": "y"}


def test_processes_that_save_at_once_lose_nothing(folder: Path) -> None:
    script = """
import sys
from pathlib import Path
from pi.coding.settings_file import save
for n in range(8):
    save(Path(sys.argv[1]), {f"{sys.argv[2]}{n}": n})
"""
    path = folder / "settings.json"
    savers = [
        subprocess.Popen([sys.executable, "-c", script, str(path), name]) for name in ("a", "b")
    ]
    assert [saver.wait(20) for saver in savers] == [0, 0]
    assert set(json.loads(path.read_text())) == {f"{x}{n}" for x in "ab" for n in range(8)}


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=3,
)
_key = st.sampled_from([f.encode_name for f in msgspec.structs.fields(Settings)])
_key |= st.text(max_size=12)


@hypothesis.settings(max_examples=50)
@given(st.dictionaries(_key, _json | st.dictionaries(_key, _json), max_size=6), st.booleans())
def test_no_content_stops_the_rest(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any], trusted: bool
) -> None:
    folder = tmp_path_factory.mktemp("s")
    (folder / ".pi").mkdir()
    user(folder, {**data, "hideThinkingBlock": True})
    ours(folder, data)
    expected = data.get("hideThinkingBlock")
    loaded = load(folder, folder, trusted=trusted)
    assert loaded.settings.hide_thinking_block is (expected is not False)


def test_where_things_are(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    assert agent_dir(home) == tmp_path / ".pi" / "agent"
    assert agent_dir(home | {"PI_CODING_AGENT_DIR": "~/x"}) == tmp_path / "x"
    assert agent_dir(home | {"PI_CODING_AGENT_DIR": "~"}) == tmp_path
    assert agent_dir(home | {"PI_CODING_AGENT_DIR": ""}) == tmp_path / ".pi" / "agent"
    assert agent_dir({}) == Path.home() / ".pi" / "agent"
    assert expand("~other/x", home) == "~other/x"
    settings = Settings(session_dir="../here")
    assert session_dir(Settings(), home, tmp_path) is None
    assert session_dir(settings, home, tmp_path / "p") == tmp_path / "here"
    env = home | {"PI_CODING_AGENT_SESSION_DIR": "~/there"}
    assert session_dir(settings, env, tmp_path) == tmp_path / "there"
    assert session_dir(settings, env, tmp_path, flag="flat") == tmp_path / "flat"

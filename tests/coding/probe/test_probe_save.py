"""An entry put into `models.json`: looked at first, then saved, and never over somebody's work."""

from pathlib import Path

import pytest

from pi.ai.catalog.jsonc import decode
from pi.ai.errors import ConfigError
from pi.coding.probe.save import planned, save

ENTRY = {"baseUrl": "http://x/v1", "models": [{"id": "m"}]}

COMMENTED = """\
// my models
{
    "$schema": "models.schema.json", // so that the editor helps
    /* all of them, { and } too */
    "providers": {
        "one": {"baseUrl": "http://one/v1", "models": []}, // the first
        "two": {
            "apiKey": "$TWO", // never a key here, "please"
            "models": [
                {"id": "a"}, // a
            ],
        }, // the last
    },
}
"""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"providers": {', "line 1"),
        ("[]", "it holds no object"),
        ('{"providers": []}', "providers is no object"),
    ],
)
def test_a_broken_file_is_left_alone(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "models.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=f"{says}.*left alone"):
        planned(path, "new", ENTRY)
    assert path.read_text() == text


def test_saving_keeps_mode_and_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "models.json"
    real.write_text(COMMENTED)
    real.chmod(0o640)
    link.symlink_to(real)
    save(planned(link, "new", ENTRY))
    assert link.is_symlink()
    assert decode(real.read_bytes())["providers"]["new"] == ENTRY
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["models.json", "real.json"]


def test_a_file_that_changed_after_the_difference_was_shown(tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    path.write_text("{}")
    change = planned(path, "new", ENTRY)
    path.write_text('{"mine": 1}')
    with pytest.raises(ConfigError, match="changed meanwhile"):
        save(change)
    assert path.read_text() == '{"mine": 1}'


def test_a_new_file_is_its_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "agent" / "models.json"
    change = planned(path, "new", ENTRY)
    assert change.diff().startswith("--- /dev/null\n+++ models.json")
    save(change)
    assert path.stat().st_mode & 0o777 == 0o600

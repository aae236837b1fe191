"""Where theme files are found."""

from pathlib import Path

from pi.coding.resources.theme_files import find_theme_files, theme_places


def test_theme_files_are_found_in_the_order_of_precedence(tmp_path: Path) -> None:
    folder, cwd, other = tmp_path / "agent", tmp_path / "project", tmp_path / "other"
    names = [
        folder / "themes" / "a.json",
        cwd / ".pi" / "themes" / "b.json",
        other / "c.json",
        folder / "themes" / "notes.txt",
    ]
    for path in names:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    entries = [str(other), str(tmp_path / "missing")]
    found = find_theme_files(theme_places(folder, cwd, trusted=True, entries=entries), entries)
    assert found == (names[1], names[2], names[0])
    untrusted = find_theme_files(theme_places(folder, cwd))
    assert untrusted == (names[0],)
    flags = find_theme_files(theme_places(folder, cwd, flags=[names[2]]))
    assert flags == (names[2], names[0])
    assert find_theme_files(theme_places(folder, cwd), ["!a.json"]) == ()

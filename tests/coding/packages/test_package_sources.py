"""Sources: what people write, and that nothing of it can become an option or a command of git."""

from pathlib import Path

import pytest

from pi.ai.errors import ConfigError
from pi.coding.packages.sources import clone_folder, parse_source

BASE = Path("/base")


@pytest.mark.parametrize(
    ("text", "url", "ref", "identity"),
    [
        ("git:github.com/u/r", "https://github.com/u/r", "", "github.com/u/r"),
        ("git:github.com/u/r@v1.2", "https://github.com/u/r", "v1.2", "github.com/u/r"),
        ("https://GitHub.com/u/r.git", "https://GitHub.com/u/r.git", "", "github.com/u/r"),
        (
            "https://h.example:8443/a/b/c@feature/x",
            "https://h.example:8443/a/b/c",
            "feature/x",
            "h.example_8443/a/b/c",
        ),
        ("git@github.com:u/r.git@abc123", "git@github.com:u/r.git", "abc123", "github.com/u/r"),
        ("git:git@github.com:u/r", "git@github.com:u/r", "", "github.com/u/r"),
        ("ssh://git@h.example/u/r@v1", "ssh://git@h.example/u/r", "v1", "h.example/u/r"),
        ("git:ssh://h.example/u/r", "ssh://h.example/u/r", "", "h.example/u/r"),
        ("file:///srv/git/r.git@v2", "file:///srv/git/r.git", "v2", "localhost/srv/git/r"),
        ("  git:github.com/u/r  ", "https://github.com/u/r", "", "github.com/u/r"),
    ],
)
def test_repositories(text: str, url: str, ref: str, identity: str) -> None:
    source = parse_source(text, BASE)
    assert (source.kind, source.url, source.ref) == ("git", url, ref)
    assert source.identity == identity
    assert clone_folder(source, Path("/agent")) == Path("/agent/git", identity)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("./tools", "/base/tools"),
        ("../tools/", "/tools"),
        ("/abs/x", "/abs/x"),
        ("~/x", "/home/me/x"),
        ("tools", "/base/tools"),
        ("with space/x", "/base/with space/x"),
    ],
)
def test_folders(text: str, path: str) -> None:
    source = parse_source(text, BASE, {"HOME": "/home/me"})
    assert (source.kind, source.path, source.identity) == ("local", Path(path), path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "-x",
        "--upload-pack=touch /tmp/x",
        "git:",
        "git:host",
        "git:--upload-pack=x/y",
        "git:-oProxyCommand=x/y",
        "https://-oProxyCommand=x/y",
        "ssh://-oProxyCommand=x/y",
        "ssh://-l@host/u/r",
        "git@-host:u/r",
        "git:host/u/r@--force",
        "git:host/u/r@-x",
        "git:host/u/r@",
        "git:host/u/r@a..b",
        "git:host/u/r@a b",
        "git:host/u/r@a;b",
        "git:host/../r",
        "git:host/u/..",
        "git:host/u/-r",
        "https://host/u/r?x=1",
        "https://host/u/r#x",
        "https://host/u/$(x)",
        "ext::sh -c x",
        "git:ext::sh -c x/y",
        "git://host/u/r",
        "ftp://host/u/r",
        "git:host/u/r\n--x",
        "builtin:mcp",
    ],
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_source(text, BASE)
    assert "\n" not in caught.value.message


def test_npm_is_refused_with_what_to_do() -> None:
    with pytest.raises(ConfigError, match=r"npm:@a/b@1: npm packages .* git repository or a"):
        parse_source("npm:@a/b@1", BASE)


@pytest.mark.parametrize("text", ["git:/home/me/kit", "git:../me/kit", "git:~/../me/kit"])
def test_a_path_after_git_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ConfigError, match=r"is git:file:///.*me/kit, and a folder"):
        parse_source(text, BASE, {"HOME": "/home/me"})


def test_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match="a password has no place") as caught:
        parse_source("https://me:hunter2@host/u/r", BASE)
    assert "hunter2" not in caught.value.message

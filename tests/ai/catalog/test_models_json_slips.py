"""Likely slips in `models.json`: each is told where it stands, and costs the smallest entry."""

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pi.ai.catalog import Catalog
from pi.ai.errors import ConfigError

GOOD = {
    "baseUrl": "http://127.0.0.1:9/v1",
    "api": "openai-completions",
    "models": [{"id": "m"}],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "models.json"


def write(path: Path, providers: Any) -> Catalog:
    path.write_bytes(msgspec.json.encode({"providers": providers}))
    return Catalog(path)


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("localhost:21434", ", as in http://localhost:21434"),
        ("localhost:21434/v1", ", as in http://localhost:21434/v1"),
        ("ftp://h/", ", not ftp://"),
        ("http://", ""),
        ("http:///v1", ""),
        ("user:geheim@host/v1", ""),
    ],
)
def test_a_url_without_a_scheme_is_refused(path: Path, url: str, hint: str) -> None:
    text = f"baseUrl: it must start with http:// or https:// and a host{hint}"
    found = write(path, {"p": {**GOOD, "baseUrl": url}})
    assert found.problems == [f"models.json line 1: providers.p.{text}"]
    assert "p" not in found.providers
    found = write(path, {"p": {**GOOD, "models": [{"id": "m", "baseUrl": url}, {"id": "n"}]}})
    assert found.problems == [f"models.json line 1: providers.p.models[0].{text}"]
    assert found.ids("p") == ["n"]
    with pytest.raises(ConfigError) as caught:
        found.lay("q", {**GOOD, "baseUrl": url}, owner="x")
    assert caught.value.message == f"provider 'q': {text}"


@pytest.mark.parametrize(
    "url",
    ["HTTPS://h", "http://[::1]:8080/v1", "https://h/{CLOUDFLARE_ACCOUNT_ID}/x", "{HOST}/v1"],
)
def test_urls_that_are_let_in(path: Path, url: str) -> None:
    found = write(path, {"p": {**GOOD, "baseUrl": url}})
    assert found.problems == []
    assert found.model("p", "m").base_url == url


@pytest.mark.parametrize("written", ["NaN", "-Infinity", "1e999"])
def test_a_number_that_json_has_not_costs_one_entry(path: Path, written: str) -> None:
    path.write_text(
        '{"providers": {"p": {"baseUrl": "http://h", "api": "openai-completions", "models": [\n'
        '  {"id": "m"},\n'
        '  {"id": "n", "samplingParams": {"top_p": [0.5, %s]}},\n'
        '], "modelOverrides": {"m": {\n "contextWindow": %s}}},\n'
        '"q": {"compat": {"vllmPriority": %s}, "baseUrl": "http://h"}}}' % ((written,) * 3)
    )
    found = Catalog(path)
    said = f"{written} is no number that JSON has"
    assert found.problems == [
        f"models.json line 3: providers.p.models[1].samplingParams.top_p[1]: {said}",
        f"models.json line 5: providers.p.modelOverrides.m.contextWindow: {said}",
        f"models.json line 6: providers.q.compat.vllmPriority: {said}",
    ]
    assert found.ids("p") == ["m"]


def test_what_stands_twice_is_a_note_with_both_lines(path: Path) -> None:
    path.write_text(
        '{"providers": {\n'
        '"p": {"baseUrl": "http://a", "api": "x"},\n'
        '"p": {"baseUrl": "http://b", "api": "openai-completions", "models": [ // two\n'
        '  {"id": "m", "name": "first"},\n'
        '  {"id": "m", "name": "se\\"cond"},\n'
        "]}}}"
    )
    found = Catalog(path)
    assert found.notes == [
        "models.json line 3: providers.p: stands twice, first in line 2: this one counts",
        "models.json line 5: providers.p.models[1]: 'm' is there twice,"
        " first in line 4: this counts",
    ]
    assert found.model("p", "m").base_url == "http://b"
    assert found.model("p", "m").name == 'se"cond'


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (
            {**GOOD, "models": [{"id": "m", "contextWindow": 1.5}]},
            "providers.p.models[0].contextWindow: expected a whole number",
        ),
        (
            {**GOOD, "headers": {"X Team": "a"}},
            "providers.p.headers: 'X Team' is not a valid name of a header",
        ),
        (
            {**GOOD, "models": [{"id": "m", "headers": {"": "a"}}]},
            "providers.p.models[0].headers: '' is not a valid name of a header",
        ),
    ],
)
def test_values_that_no_request_could_carry(path: Path, entry: Any, problem: str) -> None:
    found = write(path, {"p": entry})
    assert found.problems == [f"models.json line 1: {problem}"]
    with pytest.raises(ConfigError) as caught:
        found.provider("p")
    assert caught.value.message == (
        f"unknown provider 'p': it is disabled: models.json line 1: {problem}"
    )


def test_a_provider_without_a_name(path: Path) -> None:
    found = write(path, {"": GOOD})
    assert found.problems == [
        "models.json line 1: providers.: a provider needs a name that is not empty"
    ]
    assert "" not in found.providers


def test_a_key_in_place_of_providers(path: Path) -> None:
    path.write_text('{"providrs": {}}')
    (problem,) = Catalog(path).problems
    assert problem == ("models.json line 1: providers is missing (is providrs meant to be it?)")


def test_an_extension_gets_the_path_without_lines(path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        Catalog(path).lay("q", {**GOOD, "models": [{"id": 1}]}, owner="x")
    assert caught.value.message == "provider 'q': models[0].id: expected text, got number"


def test_a_file_that_breaks_leaves_what_it_said(path: Path) -> None:
    found = write(path, {"p": GOOD})
    assert found.model("p", "m").id == "m"
    path.write_text('{"providers": {\n"p": ')
    assert found.refresh()
    assert found.problems == [
        f"{path} line 2, column 6: expecting value; what it said before holds until that is mended"
    ]
    assert found.model("p", "m").id == "m"
    found.reload()
    assert found.ids("p") == ["m"]
    write(path, {"q": GOOD})
    os.utime(path, ns=(1, 1))
    assert found.refresh()
    assert found.problems == []
    assert "p" not in found.providers
    assert found.ids("q") == ["m"]
    path.unlink()
    assert found.refresh()
    assert "q" not in found.providers


def test_a_start_with_a_broken_file_says_why_nothing_is_known(path: Path) -> None:
    path.write_text('{\n"providers": {,')
    with pytest.raises(ConfigError) as caught:
        Catalog(path).provider("loc")
    assert caught.value.message == (
        f"unknown provider 'loc': models.json is disabled until it is mended: {path}"
        " line 2, column 15: expecting property name enclosed in double quotes"
    )

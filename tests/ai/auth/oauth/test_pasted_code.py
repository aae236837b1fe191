"""What users paste, in all spellings, good and bad."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi.ai.auth.oauth.paste import Denied, pasted_code
from pi.ai.errors import AuthError

GOOD = [
    ("abc#st", "abc"),
    ("http://localhost:53692/callback?code=a&state=st", "a"),
    ("code=a&state=st", "a"),
    ("?state=st&code=a", "a"),
    ("abc", "abc"),
    ("abc#", "abc"),
    ("  abc \n", "abc"),
    ("<http://localhost:1/cb?code=a&state=st>", "a"),
    ('"http://localhost:1/cb?code=a"', "a"),
    ("http://localhost:1/cb?code=a&state=st#", "a"),
    ("https://page.test/done#code=a&state=st", "a"),
    ("localhost:1455/auth/callback?code=a&state=st", "a"),
    ("http://localhost:1/cb?code=4%2F0Ab-c_d&state=st&scope=x%20y", "4/0Ab-c_d"),
    ("4/0Ab-c_d", "4/0Ab-c_d"),
    ("4%2F0Ab-c_d", "4/0Ab-c_d"),
    ("http://localhost:1/cb?code=lo\n  ng&sta\nte=st", "long"),
    ("http://localhost:1/cb?code=a&code=b&state=st", "a"),
]


@pytest.mark.parametrize(("pasted", "code"), GOOD)
def test_the_code_is_found(pasted: str, code: str) -> None:
    assert pasted_code(pasted, "st", "Acme") == code


@pytest.mark.parametrize(
    "pasted",
    [
        "abc#other",
        "http://localhost:1/cb?code=a&state=other",
        "code=a&state=other",
        "http://localhost:1/cb?code=a&state=ST",
    ],
)
def test_a_foreign_state_is_refused(pasted: str) -> None:
    with pytest.raises(AuthError, match="another login \\(state mismatch\\)"):
        pasted_code(pasted, "st", "Acme")


def test_without_a_state_none_is_compared() -> None:
    assert pasted_code("code=a&state=whatever", "", "Acme") == "a"


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        "#st",
        "http://localhost:1/cb",
        "http://localhost:1/cb?state=st",
        "http://[::1/cb?code=a",
        "code=",
        "I have logged in now",
        "żółw",
        "a\x1b[2Jb",
    ],
)
def test_rubbish_is_one_clear_line(pasted: str) -> None:
    with pytest.raises(AuthError) as error:
        pasted_code(pasted, "st", "Acme")
    assert str(error.value).isprintable()
    assert "paste" in str(error.value)


def test_a_denial_is_told_in_the_words_of_the_service() -> None:
    url = "http://localhost:1/cb?error=access_denied&error_description=You%20said%0Ano&state=st"
    with pytest.raises(Denied) as error:
        pasted_code(url, "st", "Acme")
    assert str(error.value) == "Acme did not allow the login: You said no (access_denied)"


@given(st.text())
def test_nothing_breaks_it(pasted: str) -> None:
    with suppress(AuthError):
        assert pasted_code(pasted, "st", "Acme")

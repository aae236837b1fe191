"""The public names of the package: what `__all__` says exists, and the stub says the same."""

import re
from pathlib import Path

import pytest

import pi


@pytest.mark.parametrize("name", pi.__all__)
def test_every_public_name_loads(name: str) -> None:
    assert getattr(pi, name) is not None


def test_the_stub_names_the_same() -> None:
    stub = Path(pi.__file__).with_suffix(".pyi").read_text()
    named = set(re.findall(r"import \w+ as (\w+)", stub))
    assert named == set(pi.__all__) - {"__version__"}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        pi.nonsense  # type: ignore[attr-defined]  # noqa: B018

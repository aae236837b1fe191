"""Fragments of a request body are laid over it: objects merge, everything else replaces."""

from typing import Any, cast

__all__ = ["deep_merge"]


def deep_merge(body: dict[str, Any], *fragments: dict[str, Any]) -> dict[str, Any]:
    """`body` with `fragments` laid over it in order; neither is changed.

    Where both sides hold an object, they are merged the same way; a list or a scalar replaces.
    """
    merged = dict(body)
    for fragment in fragments:
        for key, value in fragment.items():
            old = merged.get(key)
            if isinstance(old, dict) and isinstance(value, dict):
                value = deep_merge(cast("dict[str, Any]", old), cast("dict[str, Any]", value))
            merged[key] = value
    return merged

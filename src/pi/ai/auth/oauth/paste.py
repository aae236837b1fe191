"""Reading what a user pasted at the end of a browser login.

Understood are the address that the browser ended at, its query, `code#state`, and the bare code.
A state that is there must be the one of this login.
"""

from urllib.parse import parse_qsl, unquote, urlsplit

from pi.ai.auth.oauth.service import one_line
from pi.ai.errors import AuthError

__all__ = ["Denied", "denied", "pasted_code"]


class Denied(AuthError):
    """The user or the service said no."""


def pasted_code(pasted: str, state: str, who: str) -> str:
    """The code in `pasted`. Raises `AuthError` with one line if there is none for this login.

    state: the state that was sent, "" if none was.
    """
    found = pasted.strip().strip("\"'<>")
    if "://" in found or "code=" in found or "error=" in found:
        fields = _query("".join(found.split()))  # a terminal may have broken the line
        if "code" not in fields and "error" in fields:
            raise denied(fields, who)
        code = fields.get("code", "")
    else:
        code, hash_, rest = found.partition("#")
        fields = {"state": rest} if hash_ and rest else {}
        code = unquote(code)
        if not code.isascii() or not code.isprintable() or " " in code:
            raise AuthError("what was pasted is neither an address nor a code")
    if not code:
        raise AuthError("what was pasted has no code: paste the whole address")
    if state and fields.get("state", state) != state:
        raise AuthError(
            "what was pasted belongs to another login (state mismatch):"
            " paste what the browser shows for this one"
        )
    return code


def denied(fields: dict[str, str], who: str) -> Denied:
    """The error of a service that sends the browser back without a code (RFC 6749 4.1.2.1)."""
    code, description = one_line(fields.get("error", "")), fields.get("error_description", "")
    words = f"{one_line(description)} ({code})" if description else code
    return Denied(f"{who} did not allow the login: {words}")


def _query(text: str) -> dict[str, str]:
    """The parameters of an address or of a query; the first of a name counts."""
    if "://" in text or "?" in text:
        try:
            parts = urlsplit(text)
        except ValueError:
            return {}
        text = f"{parts.query}&{parts.fragment}"
    fields: dict[str, str] = {}
    for name, value in parse_qsl(text.lstrip("?#")):
        fields.setdefault(name, value)
    return fields

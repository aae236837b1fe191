"""The page that the browser shows at the end of a login. It says what happened, good or bad."""

from msgspec import Struct

__all__ = ["Page"]

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    502: "Bad Gateway",
}
_HEADERS = (
    "content-type: text/html; charset=utf-8",
    "cache-control: no-store",
    "referrer-policy: no-referrer",
    "x-content-type-options: nosniff",
    "content-security-policy: default-src 'none'; style-src 'unsafe-inline'",
    "connection: close",
)
_HTML = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center;
  background: #16181d; color: #e6e6e6; font: 16px/1.5 system-ui, sans-serif; }}
main {{ max-width: 36rem; padding: 2rem; text-align: center; }}
h1 {{ font-size: 1.4rem; font-weight: 600; }}
code {{ display: block; margin-top: 1.5rem; color: #a8adb8; overflow-wrap: anywhere; }}
</style>
</head>
<body><main><h1>{title}</h1><p>{message}</p>{detail}</main></body>
</html>
"""


class Page(Struct, frozen=True):
    """A page. `detail` is shown as it is, in the words of somebody else."""

    status: int
    message: str
    detail: str = ""

    def html(self) -> str:
        """The page as HTML, with everything escaped."""
        title = "Login completed" if self.status == 200 else "Login not completed"
        detail = f"<code>{_escape(self.detail)}</code>" if self.detail else ""
        return _HTML.format(title=title, message=_escape(self.message), detail=detail)

    def response(self) -> bytes:
        """The page as an HTTP response."""
        body = self.html().encode("utf-8", "replace")
        allow = ("allow: GET",) if self.status == 405 else ()
        lines = (
            f"HTTP/1.1 {self.status} {_REASONS[self.status]}",
            *_HEADERS,
            *allow,
            f"content-length: {len(body)}",
        )
        return "\r\n".join((*lines, "", "")).encode() + body


def _escape(text: str) -> str:
    return text.translate(_ESCAPES)

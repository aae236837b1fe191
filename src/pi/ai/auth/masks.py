"""Keeps secrets out of texts that leave the process: logs, exports, errors, transcripts.

Every secret that was handed out is replaced exactly, in the forms it takes inside JSON, URLs and
base64; besides, texts in the shape of well-known keys are replaced. That is a net, not a wall: what
was encrypted, hashed or cut in two is not found (a stream that is cut anywhere is: `StreamMasker`).
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import quote

import msgspec

from pi.ai.request import without_surrogates

__all__ = ["MASK", "Masker", "StreamMasker", "hint"]

MASK = "[masked]"
_MASK = MASK.encode()
_SHORTEST = 8

_SHAPES: tuple[tuple[str, str], ...] = (
    ("sk-", r"\bsk-(?:ant-|proj-|or-v1-|svcacct-)?[A-Za-z0-9_-]{20,}"),
    ("gh", r"\bgh[pousr]_[A-Za-z0-9]{30,}"),
    ("github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{30,}"),
    ("AIza", r"\bAIza[A-Za-z0-9_-]{35}"),
    ("ya29.", r"\bya29\.[A-Za-z0-9_-]{30,}"),
    ("KIA", r"\bAKIA[A-Z0-9]{16}\b"),
    ("SIA", r"\bASIA[A-Z0-9]{16}\b"),
    ("ABSK", r"\bABSK[A-Za-z0-9+/=]{40,}"),
    ("hf_", r"\bhf_[A-Za-z0-9]{30,}"),
    ("gsk_", r"\bgsk_[A-Za-z0-9]{30,}"),
    ("xai-", r"\bxai-[A-Za-z0-9]{40,}"),
    ("xox", r"\bxox[abprs]-[A-Za-z0-9-]{20,}"),
    ("glpat-", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("npm_", r"\bnpm_[A-Za-z0-9]{36}"),
    ("eyJ", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    (
        "PRIVATE KEY-----",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----",
    ),
)
"""A piece of text that must be there for the pattern to match at all, and the pattern."""


class Masker:
    """Replaces secrets in texts. `shapes=False` leaves texts in the shape of a key alone.

    forms: what is replaced, as UTF-8, long ones first.
    """

    def __init__(self, secrets: Iterable[str] = (), *, shapes: bool = True) -> None:
        self._secrets: set[str] = set()
        self._forms: list[str] = []
        self.forms: tuple[bytes, ...] = ()
        self._shapes = [(part, re.compile(pattern)) for part, pattern in _SHAPES if shapes]
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Mask these as well. Anything shorter than eight characters is no secret."""
        new = {s.strip() for s in secrets if len(s.strip()) >= _SHORTEST} - self._secrets
        if new:
            self._secrets |= new
            forms = {form for secret in self._secrets for form in _forms(secret)}
            # long ones first: a secret may be a part of another
            self._forms = sorted(forms, key=len, reverse=True)
            self.forms = tuple(form.encode("utf-8", "surrogatepass") for form in self._forms)

    def mask(self, text: str) -> str:
        """`text` with every secret replaced by `MASK`; the same object if there is none."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        for part, pattern in self._shapes:
            if part in text:
                text = pattern.sub(MASK, text)
        return text

    def mask_bytes(self, data: bytes) -> bytes:
        """UTF-8 or JSON with every secret replaced. Shapes are left alone."""
        for form in self.forms:
            if form in data:
                data = data.replace(form, _MASK)
        return data


class StreamMasker:
    """Masks what comes in pieces, wherever they are cut. Only what may yet be a secret waits."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """What can be passed on now."""
        data = self._masker.mask_bytes(self._held + data)
        cut = len(data) - self._begun(data)
        self._held = data[cut:]
        return data[:cut]

    def finish(self) -> bytes:
        """The rest, which became no secret."""
        rest, self._held = self._held, b""
        return rest

    def _begun(self, data: bytes) -> int:
        """How many bytes at the end may be the beginning of a secret."""
        longest = 0
        for form in self._masker.forms:
            tail = data[max(0, len(data) - len(form) + 1) :]
            start = tail.find(form[:1])
            while 0 <= start < len(tail) - longest:
                if form.startswith(tail[start:]):
                    longest = len(tail) - start
                start = tail.find(form[:1], start + 1)
        return longest


def hint(secret: str) -> str:
    """The end of a long secret, enough for its owner to tell it from another: `…wxyz`."""
    return f"…{secret[-4:]}" if len(secret) >= 20 else "…"


def _forms(secret: str) -> set[str]:
    plain = without_surrogates(secret)
    forms = {secret, plain, quote(plain, safe=""), quote(plain)}
    forms.add(msgspec.json.encode(plain).decode()[1:-1])
    data = plain.encode()
    for shift in range(3):
        # inside a longer text, as in `user:secret`, the secret may begin at any third byte;
        # characters that mix with the neighbours are cut off
        text = b64encode(b"\0" * shift + data).decode().rstrip("=")
        start = (0, 2, 3)[shift]
        end = len(text) if (shift + len(data)) % 3 == 0 else len(text) - 1
        forms |= {text[start:end], text[start:end].translate(_URL_SAFE)}
    return {form for form in forms if len(form) >= _SHORTEST}


_URL_SAFE = str.maketrans("+/", "-_")

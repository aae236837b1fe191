"""Bytes to text and back without loss.

Any bytes become text that encodes to the same bytes again: UTF-8, UTF-16 and UTF-32 with a byte
order mark, UTF-8 with a few broken bytes (kept as lone surrogates), else Windows-1252, in which
every byte is a character.
"""

import codecs
import re
from typing import Literal

from msgspec import Struct

__all__ = ["BROKEN", "UTF8", "Encoding", "detect", "is_binary"]

BROKEN = re.compile("[\udc80-\udcff]")
"""Finds bytes that are no UTF-8 in decoded text."""

_SAMPLE = 8192

_MARKS: tuple[tuple[bytes, str, str], ...] = (
    # UTF-32 comes first: its little-endian mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)

_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\b\v\x1b")) + b"\x7f"


def _windows_1252() -> str:
    """All 256 characters; the five bytes that Windows-1252 leaves open stay control characters."""
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256))


class Encoding(Struct, frozen=True):
    """How the bytes of one file are text.

    codec: a Python codec, or "windows-1252" in the lossless form of this module. mark: the byte
    order mark at the start of the file. label: the name for people. Bytes that are no UTF-8 are
    kept as lone surrogates (U+DC80 to U+DCFF).
    """

    codec: str
    label: str
    mark: bytes = b""

    @property
    def _errors(self) -> Literal["surrogateescape", "surrogatepass"]:
        return "surrogateescape" if self.codec == "utf-8" else "surrogatepass"

    def decode(self, data: bytes) -> str:
        """Text of `data`, which does not include the mark.

        Raises `UnicodeDecodeError` if it is no UTF-16 or UTF-32 at all.
        """
        if self.codec == "windows-1252":
            return data.decode("latin-1").translate(dict(enumerate(_windows_1252())))
        return data.decode(self.codec, self._errors)

    def encode(self, text: str) -> bytes:
        """The bytes of `text` without a mark, where it came from `decode`."""
        if self.codec == "windows-1252":
            return codecs.charmap_encode(text, "strict", codecs.charmap_build(_windows_1252()))[0]
        return text.encode(self.codec, self._errors)

    def encode_new(self, text: str) -> bytes:
        """The bytes of text that somebody wrote. Raises `UnicodeEncodeError` if there are none."""
        if self.codec == "windows-1252":
            return self.encode(text)
        return text.encode(self.codec)


UTF8 = Encoding("utf-8", "UTF-8")


def detect(data: bytes, *, whole: bool = True) -> Encoding:
    """The encoding of a file from its bytes, or from its beginning if not `whole`."""
    for mark, codec, label in _MARKS:
        if data.startswith(mark):
            return Encoding(codec, label, mark)
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(data, whole)
    except UnicodeDecodeError:
        pass
    else:
        return UTF8
    text = data.decode("utf-8", "surrogateescape")
    bad = len(data) - len(text.encode("utf-8", "ignore"))
    good = len(text) - bad - len(data.translate(None, bytes(range(128, 256))))
    # Text in another 8-bit encoding hardly ever contains valid sequences of UTF-8.
    return UTF8 if good >= bad else Encoding("windows-1252", "Windows-1252")


def is_binary(data: bytes) -> bool:
    """Whether a file that begins with `data` is no text: it has NULs or many control characters."""
    sample = data[:_SAMPLE]
    if any(sample.startswith(mark) for mark, _, _ in _MARKS):
        return False
    controls = len(sample) - len(sample.translate(None, _CONTROL))
    return b"\0" in sample or controls * 10 > len(sample)

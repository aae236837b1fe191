"""Images in the terminal, by the protocols of Kitty and of iTerm2; a note where there is neither.

The rows that an image takes are written first, empty; the last of them moves the cursor up, draws,
and brings it back. So the image lies in rows that exist, and scrolls away with them like text, also
when it was drawn at the lower edge. Images are plain placements, which Kitty, Ghostty, WezTerm and
Konsole know, not Kitty's Unicode placeholders, which fewer do; a terminal multiplexer that does not
pass them on is not offered images by the screen in the first place.
"""

from pi.coding.modes.interactive.lines import ESCAPE, Line
from pi.coding.modes.interactive.paint.cells import clip
from pi.coding.modes.interactive.paint.patterns import Pattern
from pi.coding.modes.interactive.paint.shapes import size_text
from pi.coding.modes.interactive.view import Look

__all__ = ["picture", "pixels"]

_CHUNK = 4096
_BASE64 = Pattern(r"[A-Za-z0-9+/=\s]*")
_MOST_ROWS = 24
_MOST_DATA = 12_000_000
_MOST_PIXELS = 50_000_000
_SIDE = 1200
"""Pixels of an image that was converted, at most."""


def picture(kind: str, data: str, look: Look, room: int, *, draw: bool = True) -> list[Line]:
    """The rows of an image. data: base64. draw: false for what is painted again and again."""
    head, size = _head(data)
    sides = pixels(head)
    about = f"{sides[0]}x{sides[1]}, " if sides else ""
    note: Line = clip([(look.style("muted"), f"[{kind}, {about}{size_text(size)}]")], room)
    kitty = look.images == "kitty"
    png = head.startswith(b"\x89PNG")
    if not look.images or not draw or sides is None or len(data) > _MOST_DATA:
        return [note]
    if kitty and not png:
        data = _as_png(data, sides)
        if not data:
            return [note]
    columns = max(1, min(look.image_width, room - 1, max(1, sides[0] // 8)))
    rows = max(1, -(-sides[1] * columns // (sides[0] * 2)))
    if rows > _MOST_ROWS:
        columns = max(1, columns * _MOST_ROWS // rows)
        rows = _MOST_ROWS
    up = f"\x1b[{rows - 1}A" if rows > 1 else ""
    down = f"\x1b[{rows - 1}B" if rows > 1 else ""
    data = "".join(data.split())
    if kitty:
        raw = up + _kitty(data, columns, rows) + down
    else:
        size_given = f"width={columns};height={rows};preserveAspectRatio=1;inline=1"
        raw = f"\x1b7{up}\x1b]1337;File={size_given};size={size}:{data}\x07\x1b8"
    return [*[[] for _ in range(rows - 1)], [(ESCAPE, raw)]]


def _as_png(data: str, sides: tuple[int, int]) -> str:
    """The image in the one format that Kitty takes, no larger than it needs; "" if it cannot be."""
    if sides[0] * sides[1] > _MOST_PIXELS:
        return ""
    try:
        from PIL import Image  # optional, and slow to import
    except ImportError:
        return ""
    from base64 import b64decode, b64encode  # only for images
    from io import BytesIO

    out = BytesIO()
    try:
        with Image.open(BytesIO(b64decode(data))) as image:
            image.draft("RGB", (_SIDE, _SIDE))
            image.thumbnail((_SIDE, _SIDE))
            known = image.mode in ("RGB", "RGBA", "L", "LA")
            (image if known else image.convert("RGBA")).save(out, "PNG", compress_level=1)
    except (OSError, ValueError, SyntaxError, EOFError):  # what Pillow raises for broken files
        return ""
    return b64encode(out.getvalue()).decode()


def _kitty(data: str, columns: int, rows: int) -> str:
    parts = [data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)]
    out: list[str] = []
    for number, part in enumerate(parts):
        first = f"a=T,f=100,q=2,C=1,c={columns},r={rows}," if not number else ""
        out.append(f"\x1b_G{first}m={int(number < len(parts) - 1)};{part}\x1b\\")
    return "".join(out)


def _head(data: str) -> tuple[bytes, int]:
    """The first bytes of base64 data and the size of all; nothing if it is no base64."""
    if not _BASE64.fullmatch(data):
        return b"", 0
    head = "".join(data[: 1 << 19].split())
    size = len(data) * 3 // 4 - data[-2:].count("=")
    from binascii import a2b_base64  # only for images

    try:
        return a2b_base64(head[: len(head) // 4 * 4]), size
    except ValueError:
        return b"", size


def pixels(data: bytes) -> tuple[int, int] | None:
    """Width and height from the first bytes of a PNG, JPEG, GIF or WebP file."""
    found: tuple[int, int] | None = None
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        found = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    elif data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        found = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP" and len(data) >= 30:
        found = _webp(data)
    elif data[:2] == b"\xff\xd8":
        found = _jpeg(data)
    if found and 0 < found[0] <= 100_000 and 0 < found[1] <= 100_000:
        return found
    return None


def _webp(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X":
        return (
            1 + int.from_bytes(data[24:27], "little"),
            1 + int.from_bytes(data[27:30], "little"),
        )
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        return (
            int.from_bytes(data[26:28], "little") & 0x3FFF,
            int.from_bytes(data[28:30], "little") & 0x3FFF,
        )
    return None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            return None
        mark = data[at + 1]
        if mark == 0xFF:
            at += 1
        elif mark in (0x01, *range(0xD0, 0xD9)):
            at += 2
        elif 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        else:
            at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4]))
    return None

"""Why a text was not found: the place in the file that was probably meant.

Costs are bounded, as files can be large and this only makes an error message better.
"""

from pi.coding.tools.truncate import cut_line

__all__ = ["nearest"]

_MAX_LINES = 20_000


def nearest(text: str, wanted: str) -> str:
    """A sentence that leads from `wanted` to the most similar place of `text`, or nothing."""
    lines = text.split("\n", _MAX_LINES)[:_MAX_LINES]
    bare = [line.strip() for line in lines]
    sought = [line.strip() for line in wanted.strip("\n").split("\n")]
    whole = _find_block(bare, sought)
    if whole is not None:
        last = whole + len(sought)
        place = f"Line {last}" if len(sought) == 1 else f"Lines {whole + 1}-{last}"
        verb = "differs" if len(sought) == 1 else "differ"
        return f"{place} {verb} from it only in white space at the start or end of lines."
    key = max(sought, key=len)
    at = _most_alike(bare, key)
    if at is None:
        return ""
    return f"The most similar line is {at + 1}: {cut_line(lines[at], 200)[0]!r}."


def _find_block(bare: list[str], sought: list[str]) -> int | None:
    """Where the lines follow one another, looked at without white space at both ends."""
    if not any(sought):
        return None
    size = len(sought)
    for at in range(len(bare) - size + 1):
        if bare[at] == sought[0] and bare[at : at + size] == sought:
            return at
    return None


def _most_alike(bare: list[str], key: str) -> int | None:
    if not key:
        return None
    if key in bare:
        return bare.index(key)
    from difflib import SequenceMatcher  # only needed for a message

    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(key[:200])
    best, at, compared = 0.6, None, 0
    for index, line in enumerate(bare):
        if not line or not 0.5 < len(line) / len(key) < 2:
            continue
        matcher.set_seq1(line[:200])
        if matcher.real_quick_ratio() <= best or matcher.quick_ratio() <= best:
            continue
        compared += 1
        if compared > 500:
            break
        ratio = matcher.ratio()
        if ratio > best:
            best, at = ratio, index
    return at

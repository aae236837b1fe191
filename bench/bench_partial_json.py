"""How long it takes to follow a tool call while it is written.

Run `python bench/bench_partial_json.py`.
Arguments arrive in deltas of 20 characters and are looked at after each, as a screen does. The time
must grow with the size, not with its square: the last column is the ratio to the row above, whose
text is four times shorter.
"""

import json
import time

from pi.ai.partial_json import PartialJson, parse_arguments

DELTA = 20


def texts(size: int) -> dict[str, str]:
    """Arguments of about `size` characters of different make."""
    code = 'def f(x):\n    return "é" + x\n'
    return {
        "one long string": json.dumps({"path": "a.py", "content": "x" * size}),
        "escapes": json.dumps({"content": code * (size // 40)}),
        "raw unicode": json.dumps({"content": code * (size // 34)}, ensure_ascii=False),
        "many values": json.dumps({"rows": [{"n": n, "ok": True} for n in range(size // 22)]}),
    }


def follow(text: str) -> float:
    """CPU seconds to feed `text` in deltas and read the value after each."""
    deltas = [text[i : i + DELTA] for i in range(0, len(text), DELTA)]
    parser = PartialJson()
    start = time.process_time()
    for delta in deltas:
        parser.feed(delta)
        parser.value()
    return time.process_time() - start


def main() -> None:
    """Print a table."""
    for kind in texts(0):
        before = 0.0
        for size in (1 << 16, 1 << 18, 1 << 20):
            text = texts(size)[kind]
            spent = min(follow(text) for _ in range(3))
            start = time.process_time()
            parse_arguments(text)
            final = time.process_time() - start
            ratio = f"x{spent / before:.1f}" if before else ""
            print(f"{kind:16} {size >> 10:5} KB  {spent:.3f} s  final {final:.4f} s  {ratio}")
            before = spent


if __name__ == "__main__":
    main()

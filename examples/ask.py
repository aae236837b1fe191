"""One question, one answer: python examples/ask.py [MODEL] [QUESTION]"""

import sys

import pi

model, question = (*sys.argv[1:], *["demo/demo", "Show me"][len(sys.argv) - 1 :])

with pi.Session.blocking(model) as session:
    answer = session.prompt(question)
    print(answer.text)
    stats = session.stats()
    print(f"\n{stats.tokens.total:,} tokens, ${stats.cost:.4f}", file=sys.stderr)

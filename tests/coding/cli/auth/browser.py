"""A browser, for tests: opens the address and follows it to its end. Not a test."""

import asyncio
import sys

from support.person import browse

asyncio.run(browse(sys.argv[1]))

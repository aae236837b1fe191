"""`pi --mode rpc`: commands on standard input, answers and events on standard output."""

from pi.coding.modes.rpc.lines import read_lines
from pi.coding.modes.rpc.server import run_rpc

__all__ = ["read_lines", "run_rpc"]

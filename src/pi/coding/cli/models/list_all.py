"""`pi models list [SEARCH]`: the same as `--list-models`."""

from pi.coding.cli.args import Arguments
from pi.coding.cli.list_models import list_models
from pi.coding.home import Home

__all__ = ["run"]


def run(home: Home, args: Arguments) -> int:
    """Print the list; gives the exit code."""
    args.given["list-models"] = " ".join(args.prompts)
    return list_models(home, args)

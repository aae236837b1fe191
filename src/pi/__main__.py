"""`python -m pi`: the command `pi`, for a Python whose scripts are not on the PATH."""

import sys

from pi.coding.cli.main import main

if __name__ == "__main__":
    sys.exit(main())

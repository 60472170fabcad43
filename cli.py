"""`python cli.py` in a checkout is the command `movierec`."""

import sys

from movierec.cli.app import main

if __name__ == "__main__":
    sys.exit(main())

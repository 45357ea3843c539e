"""`python -m tertulia` is the command `tertulia`."""

import sys

from tertulia.cli import main

if __name__ == "__main__":
    sys.exit(main())

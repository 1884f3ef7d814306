"""Run the server: `python -m blog.server`."""

import sys

from blog.server.main import main

if __name__ == "__main__":
    sys.exit(main())

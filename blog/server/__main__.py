"""Run the server: `python -m blog.server`."""

import sys

from blog.server.main import main

sys.exit(main())

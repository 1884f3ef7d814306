"""The Flask app, for commands, tests and any WSGI host. `bin/serve` runs it behind blog/server/asgi.py."""

import sys

from blog import create_app
from blog.errors import WrongSetting

try:
    app = create_app()
except WrongSetting as error:
    sys.stderr.write(f"{error}\n")
    sys.exit(2)

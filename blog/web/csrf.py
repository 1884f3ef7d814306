"""Check the CSRF token of every form."""

from __future__ import annotations

from flask_wtf.csrf import CSRFProtect

# every form is checked unless its view says that it checks its own
csrf = CSRFProtect()

"""Check the CSRF token of every form."""

from __future__ import annotations

from flask_wtf.csrf import CSRFProtect

# a view that checks its own token is marked @csrf.exempt
csrf = CSRFProtect()

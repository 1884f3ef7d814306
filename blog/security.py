"""What pages may load, and the keys that stand for what must not be kept in clear."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress

from flask import Flask, Request, Response, current_app, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_wtf.csrf import CSRFProtect

from blog.htmx import SCRIPTS
from blog.settings import Settings

READER_BODY = 192 * 1024
"""Bytes of a reader's request: a form with 10,000 emoji, percent-encoded, has some 125,000."""

DESK_FORM = 5_000_000
"""Bytes that all texts of an editor's form may have together."""

# every form is checked unless its view says that it checks its own
csrf = CSRFProtect()


class Sessions(SecureCookieSessionInterface):
    """Flask's own, which makes its signer even where no cookie came: so it does for most who read."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        came = self.get_cookie_name(app) in request.cookies
        return super().open_session(app, request) if came else self.session_class()


def headers(settings: Settings) -> list[tuple[str, str]]:
    """The headers that every answer carries, whoever gives it."""
    cdn = [] if settings.htmx_from == "static" else [script.on_cdn for script in SCRIPTS]
    policy = {
        "default-src": ["'none'"],
        "img-src": ["'self'", "data:", "https:"],
        "script-src": ["'self'", *cdn],
        "style-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    return [
        ("Content-Security-Policy", "; ".join(" ".join([name, *sources]) for name, sources in policy.items())),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        # not no-referrer: Flask-WTF checks the Referer of forms under https
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]


def init(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]

    # before the form token is looked for, which reads the form
    @app.before_request
    def bound_body() -> None:
        if request.path.startswith("/desk/") and signed_in_once():
            request.max_content_length, request.max_form_memory_size = settings.max_body, DESK_FORM

    csrf.init_app(app)
    app.session_interface = Sessions()
    standing = headers(settings)

    @app.after_request
    def secure(response: Response) -> Response:
        response.headers.extend(standing)
        return response


def signed_in_once() -> bool:
    """Whether the signed cookie is of a browser that was signed in; what it sends may be large, and is given back."""
    return "desk" in session


def keyed_hash(purpose: str, value: str) -> str:
    """A hash that only this blog's secret key can make, so that what it stands for cannot be guessed from a dump."""
    key = f"{purpose}:{current_app.config['SECRET_KEY']}".encode()
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


def address_key(address: str | None) -> str:
    """The keyed hash of a network address; of IPv6 the /64, which is one household."""
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return keyed_hash("address", address or "")
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False).network_address
    return keyed_hash("address", str(ip))

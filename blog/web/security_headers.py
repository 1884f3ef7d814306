"""Send the security headers (Content-Security-Policy and others)."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from flask import Flask, Response, redirect

from blog.settings import Settings
from blog.web.cookies import is_https
from blog.web.htmx import SCRIPTS

# only names that browsers know, or they warn in the console
DENIED_FEATURES = (
    "accelerometer",
    "autoplay",
    "camera",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
SAME_ORIGIN_FEATURES = ("publickey-credentials-create", "publickey-credentials-get")
PERMISSIONS = ", ".join(
    [f"{name}=()" for name in DENIED_FEATURES] + [f"{name}=(self)" for name in SAME_ORIGIN_FEATURES]
)


def security_headers(settings: Settings, https: bool | None = None) -> list[tuple[str, str]]:
    """Return the headers of every response; `https` defaults to BLOG_URL's scheme."""
    https = settings.https if https is None else https
    cdn = [] if settings.htmx_from == "static" else [script.cdn_url for script in SCRIPTS]
    policy = {
        "default-src": ["'none'"],
        "img-src": ["'self'", "data:", "https:"],
        "script-src": ["'self'", *cdn],
        "style-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    hsts = [("Strict-Transport-Security", f"max-age={settings.hsts_seconds}")]
    return [
        *(hsts if https and settings.hsts_seconds else []),
        ("Content-Security-Policy", "; ".join(" ".join([name, *sources]) for name, sources in policy.items())),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        # not no-referrer: forms are proven by Origin, which it would make null
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Permissions-Policy", PERMISSIONS),
    ]


def init(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in security_headers(settings, is_https()):
            response.headers.setdefault(name, value)  # browsers take the last of two Referrer-Policy headers
        if urlsplit(response.location or "").netloc:
            _make_relative(response)
        return response


def _make_relative(response: Response) -> None:
    """Remove the host from a redirect, since it comes from the request.

    Werkzeug's own redirects, such as from /desk to /desk/, put it in the header and in the page.
    """
    parts = urlsplit(response.location or "")
    path = urlunsplit(("", "", f"/{parts.path.lstrip('/')}", parts.query, parts.fragment))
    response.location = path
    response.set_data(redirect(path).get_data())

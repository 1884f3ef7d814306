"""Send the headers that say what pages may load and do (Content-Security-Policy and others)."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from flask import Flask, Response, redirect

from blog.settings import Settings
from blog.web.cookies import is_https
from blog.web.htmx import SCRIPTS

# what no page uses; browsers complain in the console of names that they do not know
DENIED = (
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
OWN = ("publickey-credentials-create", "publickey-credentials-get")
PERMISSIONS = ", ".join([f"{name}=()" for name in DENIED] + [f"{name}=(self)" for name in OWN])


def headers(settings: Settings, https: bool | None = None) -> list[tuple[str, str]]:
    """The headers that every answer carries, whoever gives it; whether by https BLOG_URL says, unless it is given."""
    https = settings.https if https is None else https
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
    hsts = [("Strict-Transport-Security", f"max-age={settings.hsts_seconds}")]
    return [
        *(hsts if https and settings.hsts_seconds else []),
        ("Content-Security-Policy", "; ".join(" ".join([name, *sources]) for name, sources in policy.items())),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        # not no-referrer: Flask-WTF checks the Referer of forms under https
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Permissions-Policy", PERMISSIONS),
    ]


def init(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]
    by_scheme = {https: headers(settings, https) for https in (False, True)}

    @app.after_request
    def secure(response: Response) -> Response:
        for name, value in by_scheme[is_https()]:
            response.headers.setdefault(name, value)  # of two Referrer-Policy browsers would take the last
        if urlsplit(response.location or "").netloc:
            _name_no_host(response)
        return response


def _name_no_host(response: Response) -> None:
    """Make a redirect lead to a path of this site, since the host is what the request says of it.

    Werkzeug's own redirects, such as from /desk to /desk/, name it in the header and in the page.
    """
    parts = urlsplit(response.location or "")
    path = urlunsplit(("", "", f"/{parts.path.lstrip('/')}", parts.query, parts.fragment))
    response.location = path
    response.set_data(redirect(path).get_data())

"""Set and read cookies, under https with the prefix __Host-.

Each is HttpOnly, SameSite=Lax and for path /; under https Secure as well. The prefix keeps other hosts of the domain
from setting these cookies (RFC 6265bis, section 4.1.3.2). A cookie that was set before without the prefix is read until
it expires.
"""

from __future__ import annotations

from flask import Flask, Request, Response, current_app, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature

from blog.settings import Settings

SESSION_COOKIE = "talkback"
HOST_PREFIX = "__Host-"


def is_https() -> bool:
    """Return whether BLOG_URL or a trusted proxy says that this is https."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings.https or request.is_secure


def cookie_name(name: str) -> str:
    return f"{HOST_PREFIX}{name}" if is_https() else name


def cookie_values(name: str) -> list[str]:
    """Return the values of a cookie, with the prefix first, then without."""
    return [request.cookies[key] for key in dict.fromkeys((cookie_name(name), name)) if key in request.cookies]


def set_cookie(response: Response, name: str, value: str, seconds: int) -> None:
    """Set a cookie and delete its copy without the prefix."""
    secure = is_https()
    response.set_cookie(cookie_name(name), value, max_age=seconds, secure=secure, httponly=True, samesite="Lax")
    delete_unprefixed_cookie(response, name)


def delete_unprefixed_cookie(response: Response, name: str) -> None:
    if name in request.cookies and cookie_name(name) != name:
        response.delete_cookie(name, secure=True, httponly=True, samesite="Lax")


class SessionInterface(SecureCookieSessionInterface):
    """Store Flask's session under the prefixed name."""

    def get_cookie_name(self, app: Flask) -> str:
        return cookie_name(SESSION_COOKIE)

    def get_cookie_secure(self, app: Flask) -> bool:
        return is_https()

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        serializer = self.get_signing_serializer(app)
        for value in cookie_values(SESSION_COOKIE):
            try:
                seconds = int(app.permanent_session_lifetime.total_seconds())
                return self.session_class(serializer.loads(value, max_age=seconds))  # type: ignore[union-attr]
            except BadSignature:
                continue
        return self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Save the session; rewrite one that came without the prefix."""
        renamed = self.get_cookie_name(app) not in request.cookies and SESSION_COOKIE in request.cookies
        session.modified |= renamed and session.accessed and bool(session)
        super().save_session(app, session, response)
        if session.modified:
            delete_unprefixed_cookie(response, SESSION_COOKIE)

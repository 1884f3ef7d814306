"""Cookies: each is HttpOnly, SameSite=Lax and for all paths; under https it is Secure and its name begins with __Host-.

By such a name a browser keeps only what came from this very host over https (RFC 6265bis, section 4.1.3.2), so that no
other host of the domain can plant one. What was set under the bare name before is read until it expires.
"""

from __future__ import annotations

from flask import Flask, Request, Response, current_app, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature

from blog.settings import Settings

SESSION = "talkback"
HOST_PREFIX = "__Host-"


def is_https() -> bool:
    """Tell whether the browser asked by https, as BLOG_URL or a trusted proxy says."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings.https or request.is_secure


def cookie_name(name: str) -> str:
    return f"{HOST_PREFIX}{name}" if is_https() else name


def cookies_named(name: str) -> list[str]:
    """Return what the browser sent under this name, the value of the present name first."""
    return [request.cookies[key] for key in dict.fromkeys((cookie_name(name), name)) if key in request.cookies]


def set_cookie(response: Response, name: str, value: str, seconds: int) -> None:
    """Have the browser keep it, and drop what it still has under the bare name."""
    secure = is_https()
    response.set_cookie(cookie_name(name), value, max_age=seconds, secure=secure, httponly=True, samesite="Lax")
    drop_bare_name(response, name)


def drop_bare_name(response: Response, name: str) -> None:
    if name in request.cookies and cookie_name(name) != name:
        response.delete_cookie(name, secure=True, httponly=True, samesite="Lax")


class Sessions(SecureCookieSessionInterface):
    """Flask's own, by the names above. It makes its signer only where a cookie came, which readers rarely have."""

    def get_cookie_name(self, app: Flask) -> str:
        return cookie_name(SESSION)

    def get_cookie_secure(self, app: Flask) -> bool:
        return is_https()

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        values = cookies_named(SESSION)
        serializer = self.get_signing_serializer(app) if values else None
        for value in values if serializer else []:
            try:
                seconds = int(app.permanent_session_lifetime.total_seconds())
                return self.session_class(serializer.loads(value, max_age=seconds))  # type: ignore[union-attr]
            except BadSignature:
                continue
        return self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Save it as Flask does; one that came by the bare name is written anew by the present one."""
        renamed = self.get_cookie_name(app) not in request.cookies and SESSION in request.cookies
        session.modified |= renamed and session.accessed and bool(session)
        super().save_session(app, session, response)
        if session.modified:
            drop_bare_name(response, SESSION)

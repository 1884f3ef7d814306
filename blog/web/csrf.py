"""Check that a form was sent from a page of this site.

Browsers say so in headers that pages of other sites cannot set (OWASP, Cross-Site Request Forgery Prevention):
`Sec-Fetch-Site`, or `Origin`, which Chromium sends alone on plain http. So neither cookies nor a Referer are needed.
Where neither header answers, Flask-WTF's token must be valid.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app, g, request
from flask_babel import lazy_gettext
from flask_wtf.csrf import CSRFProtect

UNCONFIRMED = lazy_gettext("Please press the button again to confirm that you sent this.")
FOREIGN = lazy_gettext(
    "This was sent from a page of another site, so it was not accepted. Please press the button here."
)
DEFAULT_PORTS = (":80", ":443")


class OriginProtect(CSRFProtect):  # type: ignore[misc]
    """Accept forms by their origin, others by their token."""

    def protect(self, apply_exemptions: bool = False) -> None:
        """Refuse a change that another site asked for.

        A view that checks the token in its form, or whose address carries a secret, is marked `exempt`.
        """
        if request.method not in current_app.config["WTF_CSRF_METHODS"]:
            return
        g.csrf_valid = is_from_here()
        if g.csrf_valid or (apply_exemptions and (not request.endpoint or self._is_exempt())):
            return
        if is_from_elsewhere():
            self._error_response(str(FOREIGN))
        super().protect(apply_exemptions)


csrf = OriginProtect()


def is_from_here() -> bool:
    """Return whether the headers prove that a page of this site sent the request."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site in {"same-origin", "none"}
    scheme, _slashes, host = request.headers.get("Origin", "").partition("://")
    # the scheme of the request does not count, since a proxy may end TLS
    return bool(host) and (_is_blog_url(scheme, host) or _host(host) == _host(request.host))


def is_from_elsewhere() -> bool:
    """Return whether the browser says that another site sent the request."""
    return request.headers.get("Sec-Fetch-Site", "") not in {"", "same-origin", "none"}


def _is_blog_url(scheme: str, netloc: str) -> bool:
    address = urlsplit(current_app.config["SETTINGS"].blog_url)
    return (scheme, _host(netloc)) == (address.scheme, _host(address.netloc))


def _host(netloc: str) -> str:
    host = netloc.lower()
    for port in DEFAULT_PORTS:
        host = host.removesuffix(port)
    return host

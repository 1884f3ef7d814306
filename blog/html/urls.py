"""Addresses of links and pictures: which may stand in a page, and in which form."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import re2

from blog.html.invisible_characters import tidy

WEB = re.compile(r"https?://", re.IGNORECASE)
SLASHES = re.compile(r"[/\\]{2,}")
SPOILING = re.compile(r"""[\s"<>\\]""")
UNSAFE = re.compile(r"""[\s"<>\\^`{|}]""")
NATIONAL_BLOGSPOT = re.compile(r"\.blogspot\.(?:com?\.)?[a-z]{2,3}$")
GOOGLE_PICTURES = re2.compile(
    r"(?i)https?:(//(?:\d\.bp\.blogspot\.com|bp\d\.blogger\.com|photos\d*\.blogger\.com|(?:\w+\.)*blogblog\.com"
    r"|blogger\.googleusercontent\.com|lh\d\.googleusercontent\.com|lh\d\.ggpht\.com)/.*)"
)
PICTURE_PAGE = re.compile(r"/(s\d{1,9})-h/", re.IGNORECASE)
LOADABLE = re.compile(r"https://|/(?!/)|data:image/(?:png|jpeg|gif|webp);base64,")


def host_of(address: str) -> str:
    """The host that an http(s) address names, in small letters; "" where it names none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def is_web_address(text: str) -> bool:
    """Check for an http or https address with a host and nothing that would have to be encoded."""
    return bool(WEB.match(text) and host_of(text)) and not SPOILING.search(text)


def is_website(text: str) -> bool:
    """Check for a web address that leads to a domain, without a user's name before it."""
    if not is_web_address(text):
        return False
    authority = urlsplit(text).netloc
    return "." in host_of(text).strip(".") and not set("'^`{|}@").intersection(authority)


def is_picture_address(text: str) -> bool:
    """Check for an https address, or a path of this site."""
    if text.startswith("/"):
        return not text.startswith(("//", "/\\")) and not SPOILING.search(text)
    return text[:8].lower() == "https://" and is_web_address(text)


def web_address(raw: str) -> str | None:
    """`raw` as an http(s) address (`www.` gets its http, as in GitHub's Markdown), or None where it is none."""
    address = _written_out(raw)
    if address[:4].lower() == "www.":
        address = f"http://{address}"
    if not WEB.match(address) or not host_of(address):
        return None
    scheme, rest = address.split(":", 1)
    return f"{scheme.lower()}:{rest}"


def reader_address(raw: str) -> str | None:
    """What a link of a reader may lead to: http, https, or a root-relative path, which is this blog; else None."""
    address = _written_out(raw)
    return address if address.startswith("/") else web_address(address)


def link_address(raw: str, host: str = "") -> str | None:
    """What a link in a post may lead to: http, https, mailto, a root-relative path or a fragment; else None.

    What leads to `host`, the blog's own, becomes root-relative.
    """
    address = _written_out(raw)
    if address.startswith(("#", "/")):
        return address
    if address[:7].lower() == "mailto:":
        return f"mailto:{address[7:]}"
    web = web_address(address)
    return web and (_within(web, host) or google_picture(web))


def picture_address(raw: str) -> tuple[str, bool]:
    """The address of a picture, on https where it is one of Google's, and whether a page may load it."""
    address = google_picture(_written_out(raw))
    return address, bool(LOADABLE.match(address))


def google_picture(address: str) -> str:
    """`address`; of a picture kept by Google, on https, and of the picture itself where it was of a page around it."""
    found = GOOGLE_PICTURES.fullmatch(address)
    return "https:" + PICTURE_PAGE.sub(r"/\1/", found[1]) if found else address


def _written_out(raw: str) -> str:
    """`raw` as browsers read it: no control characters, no scheme-relative forms, unsafe characters encoded."""
    address = tidy(raw).replace("\t", "").replace("\n", "").strip()
    address = SLASHES.sub("https://", address, count=1) if SLASHES.match(address) else address
    return UNSAFE.sub(lambda unsafe: "".join(f"%{byte:02X}" for byte in unsafe[0].encode()), address)


def _within(address: str, host: str) -> str | None:
    if not host or _blog(host_of(address)) != _blog(host_of(f"//{host}")):
        return None
    parts = urlsplit(address)
    path = "/" + parts.path.lstrip("/")
    return path + (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")


def _blog(host: str) -> str:
    """One name for the hosts of one blog: without www, and Blogger's national domains as the one they led to."""
    return NATIONAL_BLOGSPOT.sub(".blogspot.com", host.removeprefix("www."))

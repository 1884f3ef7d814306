"""Validate and normalize the addresses of links and images."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import re2

from blog.html.invisible_characters import normalize_characters

HTTP_SCHEME = re.compile(r"https?://", re.IGNORECASE)
SLASHES = re.compile(r"[/\\]{2,}")
BLANK = re.compile("[ \xa0\u2000-\u200a\u202f\u3000]")
NEEDS_ENCODING = re.compile(r"""[\s"<>\\]""")
UNSAFE = re.compile(r"""[\s"<>\\^`{|}]""")
NATIONAL_BLOGSPOT = re.compile(r"\.blogspot\.(?:com?\.)?[a-z]{2,3}$")
GOOGLE_IMAGE = re2.compile(
    r"(?i)https?:(//(?:\d\.bp\.blogspot\.com|bp\d\.blogger\.com|photos\d*\.blogger\.com|(?:\w+\.)*blogblog\.com"
    r"|blogger\.googleusercontent\.com|lh\d\.googleusercontent\.com|lh\d\.ggpht\.com)/.*)"
)
GOOGLE_IMAGE_PAGE = re.compile(r"/(s\d{1,9})-h/", re.IGNORECASE)
LOADABLE = re.compile(r"https://|/(?!/)|data:image/(?:png|jpeg|gif|webp);base64,")


def host_of(address: str) -> str:
    """Return the host of an http(s) address in lower case, or ""."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def is_web_address(text: str) -> bool:
    """Check for an http or https address that needs no encoding."""
    return bool(HTTP_SCHEME.match(text) and host_of(text)) and not NEEDS_ENCODING.search(text)


def is_website(text: str) -> bool:
    """Check for a web address with a domain and without user information."""
    if not is_web_address(text):
        return False
    authority = urlsplit(text).netloc
    return "." in host_of(text).strip(".") and not set("%'^`{|}@").intersection(authority)


def normalize_website(raw: str) -> str:
    """Complete a website as people type it.

    The scheme gets small letters, blanks in the path are escaped. What is no website with these is returned as it is,
    for `is_website` to refuse.
    """
    text = raw.strip()
    if SLASHES.match(text):
        text = SLASHES.sub("https://", text, count=1)
    scheme, separator, rest = text.partition("://") if "://" in text else ("https", "://", text)
    host, slash, path = rest.partition("/")
    website = f"{scheme.lower()}{separator}{host}{slash}{BLANK.sub(_percent_encode, path)}"
    return website if is_website(website) else raw


def is_image_address(text: str) -> bool:
    """Check for an https address, or a path of this site."""
    if text.startswith("/"):
        return not text.startswith(("//", "/\\")) and not NEEDS_ENCODING.search(text)
    return text[:8].lower() == "https://" and is_web_address(text)


def normalize_web_address(raw: str) -> str | None:
    """Return `raw` as an http(s) address, or None.

    `www.` gets `http://`, as in GitHub's Markdown.
    """
    address = _normalize(raw)
    if address[:4].lower() == "www.":
        address = f"http://{address}"
    if not HTTP_SCHEME.match(address) or not host_of(address):
        return None
    scheme, rest = address.split(":", 1)
    return f"{scheme.lower()}:{rest}"


def normalize_reader_link(raw: str) -> str | None:
    """Return a reader's link as http(s) address or path, or None.

    A path is root-relative and leads to this blog.
    """
    address = _normalize(raw)
    return address if address.startswith("/") else normalize_web_address(address)


def normalize_post_link(raw: str, host: str = "") -> str | None:
    """Return a post's link as a page may have it, or None.

    Allowed are http, https, mailto, root-relative paths and fragments. Addresses on `host`, the blog's old host, become
    root-relative.
    """
    address = _normalize(raw)
    if address.startswith(("#", "/")):
        return address
    if address[:7].lower() == "mailto:":
        return f"mailto:{address[7:]}"
    web = normalize_web_address(address)
    return web and (_relative_to_blog(web, host) or direct_google_image(web))


def normalize_image_address(raw: str) -> tuple[str, bool]:
    """Return an image's address and whether a page may load it.

    Images hosted by Google get https.
    """
    address = direct_google_image(_normalize(raw))
    return address, bool(LOADABLE.match(address))


def direct_google_image(address: str) -> str:
    """Return the direct https address of an image hosted by Google.

    The address of Google's page around an image becomes that of the image. Other addresses stay.
    """
    found = GOOGLE_IMAGE.fullmatch(address)
    return "https:" + GOOGLE_IMAGE_PAGE.sub(r"/\1/", found[1]) if found else address


def _normalize(raw: str) -> str:
    """Normalize as browsers do: no control characters, explicit scheme, unsafe characters encoded."""
    address = normalize_characters(raw).replace("\t", "").replace("\n", "").strip()
    address = SLASHES.sub("https://", address, count=1) if SLASHES.match(address) else address
    return UNSAFE.sub(_percent_encode, address)


def _percent_encode(character: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in character[0].encode())


def _relative_to_blog(address: str, host: str) -> str | None:
    if not host or _canonical_blog_host(host_of(address)) != _canonical_blog_host(host_of(f"//{host}")):
        return None
    parts = urlsplit(address)
    path = "/" + parts.path.lstrip("/")
    return path + (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")


def _canonical_blog_host(host: str) -> str:
    """Map the hosts of one blog to one.

    "www." is dropped, and Blogger's country domains become blogspot.com.
    """
    return NATIONAL_BLOGSPOT.sub(".blogspot.com", host.removeprefix("www."))

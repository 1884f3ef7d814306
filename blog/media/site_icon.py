"""Make the site's icons of one square picture, and describe the site for home screens.

An editor's picture is saved like any other, so all bounds of `processing` hold. Its icons are made of the smaller size
that was stored, when they are first asked for.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask, current_app, render_template
from markupsafe import Markup
from PIL import Image

from blog.html.plain_text import shorten
from blog.media.library import picture_size, save_picture, small_address
from blog.media.picture_errors import PictureRefused
from blog.media.storage import Rendition, parse_address
from blog.site.models import ACCENTS, Site, current_site
from blog.web.i18n import language_tag
from blog.web.static_files import asset, media_folder

SIZES = (32, 180, 192, 512)
FAVICON_SIZES = ((16, 16), (32, 32), (48, 48))
MASKABLE = 512
# the part of a maskable icon that every mask shows; see the W3C's manifest, 2.2
SAFE_ZONE = 0.8
MIN_PIXELS = 180
PAPER = "#fcfaf5"
# --accent of css/base.css, light and dark
THEME_COLORS = {
    "red": ("#94151d", "#fba99b"),
    "blue": ("#06498e", "#94c6f9"),
    "green": ("#1b552c", "#91d39f"),
    "plum": ("#7b2564", "#e9aad3"),
    "ochre": ("#6a4100", "#e6bd77"),
}
MAX_SHORT_NAME = 12


def init(app: Flask) -> None:
    # rendered once per setting; saves a template on each page
    @lru_cache(maxsize=8)
    def icon_links(icon: str, accent: str) -> Markup:
        light, dark = theme_colors(accent)
        addresses = {size: icon_address(icon, f"{size}.png") for size in SIZES} if icon else {}
        return Markup(render_template("media/_icons.html", addresses=addresses, light=light, dark=dark))  # noqa: S704

    app.jinja_env.globals.update(icon_links=icon_links, icon_address=icon_address)


def save_icon(content: bytes, name: str) -> str:
    """Save a square picture and return its address. Raises: PictureRefused."""
    address = save_picture(content, name)
    width, height = picture_size(address) or (0, 0)
    if abs(width - height) > max(width, height) / 100:
        raise PictureRefused("not_square", width=width, height=height)
    if min(width, height) < MIN_PIXELS:
        raise PictureRefused("small_icon", least=MIN_PIXELS)
    return address


def icon_address(icon: str, name: str) -> str:
    rendition = parse_address(icon)
    return f"/icons/{rendition.digest}/{name}" if rendition else ""


def theme_colors(accent: str) -> tuple[str, str]:
    return THEME_COLORS.get(accent, THEME_COLORS[ACCENTS[0]])


def read_icon(digest: str, name: str) -> bytes | None:
    """Return a PNG of the site's icon, None for unknown names.

    The names are "32.png" to "512.png", and "maskable.png".
    """
    rendition = _stored_icon()
    names = {f"{size}.png": size for size in SIZES} | {"maskable.png": MASKABLE}
    if rendition is None or rendition.digest != digest or name not in names:
        return None
    return _encode(_path(rendition), names[name], name == "maskable.png")


def read_favicon() -> bytes | None:
    """Return the site's icon as an ICO file; None without one."""
    rendition = _stored_icon()
    return _encode_favicon(_path(rendition)) if rendition else None


def build_manifest(site: Site) -> dict[str, Any]:
    """Build the web app manifest of the site."""
    icons: list[dict[str, str]] = [{"src": asset("img/icon.svg"), "sizes": "any", "type": "image/svg+xml"}]
    if site.icon:
        icons = [_manifest_icon(site.icon, f"{size}.png", size) for size in (192, 512)]
        icons.append(_manifest_icon(site.icon, "maskable.png", MASKABLE) | {"purpose": "maskable"})
    return {
        "name": site.title,
        "short_name": shorten(site.title, MAX_SHORT_NAME),
        "lang": language_tag(),
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "display": "minimal-ui",
        "background_color": PAPER,
        "theme_color": theme_colors(site.accent)[0],
        "icons": icons,
    }


def _manifest_icon(icon: str, name: str, size: int) -> dict[str, str]:
    return {"src": icon_address(icon, name), "sizes": f"{size}x{size}", "type": "image/png"}


def _stored_icon() -> Rendition | None:
    return parse_address(small_address(current_site().icon))


def _path(rendition: Rendition) -> Path:
    return media_folder(current_app.config["SETTINGS"]) / rendition.path


# a stored picture never changes; a missing file raises, and is not kept
@lru_cache(maxsize=16)
def _encode(path: Path, size: int, maskable: bool) -> bytes:
    picture, inner = _open(path), round(size * SAFE_ZONE) if maskable else size
    icon = picture.resize((inner, inner), Image.Resampling.LANCZOS)
    if maskable or size == 180:  # iOS shows transparent parts in black
        icon = _on_paper(icon, size)
    icon.save(buffer := BytesIO(), "PNG", optimize=True)
    return buffer.getvalue()


@lru_cache(maxsize=2)
def _encode_favicon(path: Path) -> bytes:
    _open(path).resize(FAVICON_SIZES[-1], Image.Resampling.LANCZOS).save(
        buffer := BytesIO(), "ICO", sizes=FAVICON_SIZES
    )
    return buffer.getvalue()


def _open(path: Path) -> Image.Image:
    with Image.open(path, formats=["JPEG", "WEBP"]) as image:
        return image.convert("RGBA")


def _on_paper(icon: Image.Image, size: int) -> Image.Image:
    """Centre an icon on the colour of its corner, or on paper where that is transparent."""
    corner = icon.getpixel((0, 0))
    opaque = isinstance(corner, tuple) and corner[3] == 255
    ground = Image.new("RGBA", (size, size), corner if opaque else PAPER)
    ground.alpha_composite(icon, ((size - icon.width) // 2, (size - icon.height) // 2))
    return ground.convert("RGB")

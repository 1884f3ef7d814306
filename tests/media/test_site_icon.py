from __future__ import annotations

import json
import math
import re
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from blog.media.site_icon import PAPER, THEME_COLORS
from blog.settings import ROOT
from blog.site.models import ACCENTS, current_site
from blog.site.update import change_settings
from blog.web.static_files import media_folder
from tests.factories import csrf, signed_in
from tests.media.image_files import decode, encode

PAGE = "/desk/settings/icon"
DEFAULT = '<link rel="icon" href="/static/'


def upload(client: FlaskClient, content: bytes, name: str = "icon.png") -> TestResponse:
    form = {"csrf_token": csrf(client, PAGE), "icon": (BytesIO(content), name)}
    return client.post(PAGE, data=form, content_type="multipart/form-data")


def square(size: int = 600, color: Any = (200, 30, 30), mode: str = "RGB") -> bytes:
    return encode(Image.new(mode, (size, size), color), "PNG")


def addresses(page: str) -> list[str]:
    return re.findall(r'"(/icons/[^"]*)"', page)


def test_icon_is_offered_in_all_sizes(app: Flask, client: FlaskClient) -> None:
    assert upload(signed_in(app), square()).status_code == 303
    page = client.get("/").text
    assert DEFAULT not in page
    manifest = json.loads(client.get("/manifest.webmanifest").data)
    found = addresses(page) + [icon["src"] for icon in manifest["icons"]]
    sizes = [32, 192, 180, 192, 512, 512]
    for address, size in zip(found, sizes, strict=True):
        answer = client.get(address)
        image = decode(answer.data)
        assert (answer.mimetype, image.format, image.size) == ("image/png", "PNG", (size, size))
        assert image.convert("RGB").getpixel((size // 2, size // 2)) == pytest.approx((200, 30, 30), abs=3)
        assert "immutable" in answer.headers["Cache-Control"]
        assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert [icon.get("purpose") for icon in manifest["icons"]] == [None, None, "maskable"]


def test_maskable_and_touch_icons_are_opaque(app: Flask, client: FlaskClient) -> None:
    image = Image.new("RGBA", (300, 300), (0, 0, 0, 0))
    image.paste((0, 0, 255, 255), (100, 100, 200, 200))
    upload(signed_in(app), encode(image, "PNG"))
    base = addresses(client.get("/").text)[0].rpartition("/")[0]
    for name in ("180", "maskable"):
        icon = decode(client.get(f"{base}/{name}.png").data)
        assert icon.mode == "RGB"
        assert f"#{bytes(icon.getpixel((0, 0))).hex()}" == PAPER  # type: ignore[arg-type]
    assert decode(client.get(f"{base}/192.png").data).convert("RGBA").getpixel((0, 0))[3] == 0  # type: ignore[index]


def test_favicon_answers_with_and_without_an_icon(app: Flask, client: FlaskClient) -> None:
    default = client.get("/favicon.ico")
    assert decode(default.data).info["sizes"] == {(16, 16), (32, 32), (48, 48)}
    ed = signed_in(app)
    upload(ed, square())
    changed = client.get("/favicon.ico", headers={"If-None-Match": default.headers["ETag"]})
    assert (changed.status_code, changed.mimetype) == (200, "image/vnd.microsoft.icon")
    assert decode(changed.data).convert("RGB").getpixel((5, 5)) == pytest.approx((200, 30, 30), abs=3)
    address = addresses(client.get("/").text)[0]
    assert ed.delete(PAGE, data={"csrf_token": csrf(ed, PAGE)}).status_code == 303
    assert client.get("/favicon.ico").data == default.data
    assert DEFAULT in client.get("/").text
    assert client.get(address).status_code == 404


def test_missing_file_falls_back_to_the_default(app: Flask, client: FlaskClient) -> None:
    upload(signed_in(app), square())
    for path in media_folder(app.config["SETTINGS"]).rglob("*-640.*"):
        path.unlink()
    assert client.get("/favicon.ico").status_code == 200
    assert client.get(addresses(client.get("/").text)[0]).status_code == 404


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "This file is empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG drawing"),
        (b"\x00\x00\x01\x00" + b"x" * 50, "not every browser can show"),
        (encode(Image.new("RGB", (300, 200))), "not square (300 by 200 pixels)"),
        (encode(Image.new("RGB", (179, 179)), "PNG"), "it needs 180 pixels"),
        (encode(Image.new("RGB", (400, 400)), "PNG")[:300], "damaged"),
        (encode(Image.new("1", (7000, 7000)), "PNG"), "megapixels"),
    ],
)
def test_other_files_are_refused_in_one_sentence(app: Flask, content: bytes, sentence: str) -> None:
    answer = upload(signed_in(app), content)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert current_site().icon == ""


def test_form_without_a_file_is_refused(app: Flask) -> None:
    ed = signed_in(app)
    assert ed.post(PAGE, data={"csrf_token": csrf(ed, PAGE), "icon": "text"}).status_code == 422


@pytest.mark.parametrize(
    "name", ["33.png", "512.jpg", "..%2f..%2fsecret_key", "maskable", "0512.png", "%00.png", "é.png"]
)
def test_only_listed_names_exist(app: Flask, client: FlaskClient, name: str) -> None:
    upload(signed_in(app), square())
    base = addresses(client.get("/").text)[0].rpartition("/")[0]
    assert client.get(f"{base}/{name}").status_code == 404
    assert client.get(f"/icons/{'0' * 40}/512.png").status_code == 404


def test_manifest_escapes_the_title(client: FlaskClient) -> None:
    title = 'The "Herald" </script> \\ é of a very long town'
    change_settings({"title": title, "language": "de"})
    answer = client.get("/manifest.webmanifest")
    manifest = json.loads(answer.data)
    assert answer.mimetype == "application/manifest+json"
    assert (manifest["name"], manifest["lang"], manifest["start_url"]) == (title, "de", "/")
    assert len(manifest["short_name"]) <= 13
    assert client.get("/manifest.webmanifest", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("accent", ACCENTS)
def test_theme_colors_are_those_of_the_stylesheet(client: FlaskClient, accent: str) -> None:
    change_settings({"accent": accent})
    css = (ROOT / "static/css/base.css").read_text()
    rule = rf'\[data-accent="{accent}"\] {{\s*--accent: light-dark\(oklch\(([^)]*)\), oklch\(([^)]*)\)\)'
    light, dark = (hex_color(*map(float, color.split())) for color in re.search(rule, css).groups())  # type: ignore[union-attr]
    assert THEME_COLORS[accent] == (light, dark)
    page = client.get("/").text
    assert f'<meta name="theme-color" content="{light}" media="(prefers-color-scheme: light)">' in page
    assert f'<meta name="theme-color" content="{dark}" media="(prefers-color-scheme: dark)">' in page


def hex_color(lightness: float, chroma: float, hue: float) -> str:
    """Convert oklch to sRGB; see CSS Color 4, 10."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    channels = (min(1.0, max(0.0, one)) for one in linear)
    encoded = (12.92 * one if one <= 0.0031308 else 1.055 * one ** (1 / 2.4) - 0.055 for one in channels)
    return "#" + "".join(f"{round(255 * one):02x}" for one in encoded)

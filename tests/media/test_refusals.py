"""What is no picture, or not one that can be shown to everybody: one sentence each, and nothing decoded."""

from __future__ import annotations

import pytest
from PIL import ImageFile
from PIL.WebPImagePlugin import WebPImageFile

from blog.media.processing import NoPicture, develop
from blog.media.sniffing import format_of
from tests.media.image_files import encoded, layered, png, quartered, webp

pytestmark = pytest.mark.usefixtures("speaking")

HEIF = b"\0\0\0\x18ftyp"
OTHERS = [
    (b"", "empty"),
    (b"GIF89a\x01\0\x01\0", "GIF"),
    (b"GIF87a\x01\0\x01\0", "GIF"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "SVG"),
    (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- drawn -->\n<svg></svg>", "SVG"),
    (b"<?xml version='1.0'?><!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'x'><svg/>", "SVG"),
    (HEIF + b"heic\0\0\0\0mif1", "HEIC"),
    (HEIF + b"mif1\0\0\0\0heic", "HEIC"),
    (HEIF + b"hevc", "HEIC"),
    (HEIF + b"avif\0\0\0\0mif1", "AVIF"),
    (HEIF + b"mp42", "video"),
    (HEIF + b"qt  ", "video"),
    (b"\x1a\x45\xdf\xa3webm", "video"),
    (b"%PDF-1.7\n", "PDF"),
    (b"\n\n%PDF-1.4", "PDF"),
    (b"<!DOCTYPE html><title>x</title><svg></svg>", "web page"),
    (b"\xef\xbb\xbf \n<html><body>", "web page"),
    (b"<!-- saved -->\n<HTML>", "web page"),
    (b"<script>alert(1)</script>", "web page"),
    ("\ufeff<!doctype html>".encode("utf-16-le"), "web page"),
    (b"II*\0\x08\0\0\0", "TIFF"),
    (b"MM\0*\0\0\0\x08", "TIFF"),
    (b"BM\x36\0\0\0\0\0\0\0\x36\0", "not every browser"),
    (b"\0\0\x01\0\x01\0", "not every browser"),
    (b"\0\0\0\x0cjP  \r\n", "not every browser"),
    (b"\xff\x0a\xfa", "not every browser"),
    (b"8BPS\0\x01", "not every browser"),
    (b"PK\x03\x04\x14\0", "archive"),
    (b"\x1f\x8b\x08\0", "archive"),
    (b"just words, and <svg> among them", "does not look like a picture"),
    (b"\x7fELF", "does not look like a picture"),
    (b"\0" * 500, "does not look like a picture"),
    (b"RIFF\0\0\0\0WAVE", "does not look like a picture"),
    (b"\xff\xd8", "does not look like a picture"),
    (b"<" * 2_000_000, "does not look like a picture"),
]


def sentence_of(content: bytes) -> str:
    with pytest.raises(NoPicture) as refused:
        develop(content)
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert sentence.count(". ") == 0
    assert len(sentence) < 140
    return sentence


@pytest.mark.parametrize(("content", "words"), OTHERS)
def test_each_is_told_what_it_looks_like(content: bytes, words: str) -> None:
    assert words in sentence_of(content)
    assert format_of(content) is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_breaks_off_is_refused(kind: str) -> None:
    content = encoded(quartered(900, 700), kind)
    for length in (12, 40, len(content) // 3, len(content) // 2, len(content) - 40):
        assert "damaged" in sentence_of(content[:length])


def test_what_only_begins_like_a_picture_is_refused() -> None:
    for beginning in (b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\x20\0\0\0WEBPVP8 ", b"RIFF\x20\0\0\0WEBPVP8X"):
        assert "damaged" in sentence_of(beginning + b"<script>alert(1)</script>" * 40)


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (8000, 5001), (40_000_001, 1), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_by_its_header(width: int, height: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: pytest.fail("it was decoded"))
    assert "40 are the most" in sentence_of(png(width, height, b"\0" * 100))


def test_a_webp_bomb_is_refused_by_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WebPImageFile, "load", lambda image: pytest.fail("it was decoded"))
    assert "40 are the most" in sentence_of(webp(16_383, 16_383))


def test_the_most_pixels_are_allowed() -> None:
    assert "damaged" in sentence_of(png(8000, 5000, b"\0" * 100))


def test_a_jpeg_that_goes_over_its_picture_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert develop(layered(20))
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: pytest.fail("it was decoded"))
    assert "layers" in sentence_of(layered(200))

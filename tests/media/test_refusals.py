"""Test which files are refused, before decoding and with one sentence."""

from __future__ import annotations

import pytest
from PIL import ImageFile
from PIL.WebPImagePlugin import WebPImageFile

from blog.media.picture_errors import PictureRefused
from blog.media.processing import process_picture
from blog.media.sniffing import detect_format
from tests.media.image_files import add_scans, encode, four_colors, png, webp

pytestmark = pytest.mark.usefixtures("translations")

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


def refusal_sentence(content: bytes) -> str:
    with pytest.raises(PictureRefused) as refused:
        process_picture(content)
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert sentence.count(". ") == 0
    assert len(sentence) < 140
    return sentence


@pytest.mark.parametrize(("content", "words"), OTHERS)
def test_a_refusal_names_the_detected_format(content: bytes, words: str) -> None:
    assert words in refusal_sentence(content)
    assert detect_format(content) is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_truncated_picture_is_refused(kind: str) -> None:
    content = encode(four_colors(900, 700), kind)
    for length in (12, 40, len(content) // 3, len(content) // 2, len(content) - 40):
        assert "damaged" in refusal_sentence(content[:length])


def test_a_signature_without_a_picture_is_refused() -> None:
    for signature in (b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\x20\0\0\0WEBPVP8 ", b"RIFF\x20\0\0\0WEBPVP8X"):
        assert "damaged" in refusal_sentence(signature + b"<script>alert(1)</script>" * 40)


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (8000, 5001), (40_000_001, 1), (2**31 - 1, 2**31 - 1)])
def test_a_decompression_bomb_is_refused_by_its_header(
    width: int, height: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: pytest.fail("it was decoded"))
    assert "40 are the most" in refusal_sentence(png(width, height, b"\0" * 100))


def test_a_webp_bomb_is_refused_by_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WebPImageFile, "load", lambda image: pytest.fail("it was decoded"))
    assert "40 are the most" in refusal_sentence(webp(16_383, 16_383))


def test_the_maximum_of_pixels_is_allowed() -> None:
    assert "damaged" in refusal_sentence(png(8000, 5000, b"\0" * 100))


def test_a_jpeg_with_too_many_scans_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert process_picture(add_scans(20))
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: pytest.fail("it was decoded"))
    assert "layers" in refusal_sentence(add_scans(200))

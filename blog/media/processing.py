"""Developing a picture: decoded within bounds, turned upright, brought to sRGB, and reduced to its two sizes.

Nothing but pixels goes on from here, so what was hidden in the file (EXIF, GPS, XMP, comments, another file behind
the picture) ends here. Everything here is for the worker of `keeping`: one picture at a time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from flask_babel import lazy_gettext as _
from PIL import Image, ImageCms

from blog.media.sniffing import format_of, refusal_of

SMALL, LARGE = 640, 1600
TALLEST = 4  # times the width: what is longer becomes narrower
MOST_PIXELS = 40_000_000
MOST_SCANS = 100
STRIP_PIXELS = 1_000_000

# ours is the check, and stricter; Pillow's would warn of what is still allowed
Image.MAX_IMAGE_PIXELS = None

ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
LYING = {TURNS[number] for number in (5, 6, 7, 8)}
SRGB = ImageCms.createProfile("sRGB")
MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")


DAMAGED = _("This picture is damaged, or breaks off before its end: upload it once more, or save it anew first.")
WANTING = _("This picture needs more memory than the server has: save it smaller.")


class NoPicture(Exception):
    """Why this cannot be kept as a picture: its text is one sentence for whoever uploads it."""


@dataclass(frozen=True)
class Encoding:
    """How a picture is written: the extension of its files, and what Pillow is told."""

    extension: str
    options: dict[str, Any]

    def of(self, image: Image.Image) -> bytes:
        # never straight into a file: Pillow does not notice when a full disk takes only a part
        image.save(written := BytesIO(), **self.options)
        return written.getvalue()


PHOTO = Encoding("jpg", {"format": "JPEG", "quality": 82, "optimize": True, "progressive": True})
CUT_OUT = Encoding("webp", {"format": "WEBP", "quality": 82})
DRAWING = Encoding("webp", {"format": "WEBP", "lossless": True})


@dataclass(frozen=True)
class Developed:
    """A picture in its two sizes, and how both are best written."""

    large: Image.Image
    small: Image.Image
    encoding: Encoding


def develop(content: bytes) -> Developed:
    """The picture in these bytes; of an animated one its first frame. Raises NoPicture."""
    kind = format_of(content)
    if kind is None:
        raise NoPicture(refusal_of(content))
    try:
        with Image.open(BytesIO(content), formats=[kind]) as image:
            _check(image, content)
            large = _bare(_in_srgb(_upright(image), image.info.get("icc_profile")))
    except NoPicture:
        raise
    except MemoryError as error:
        raise NoPicture(WANTING) from error
    except Exception as error:  # decoders raise whatever comes to them, from EOFError to struct.error
        raise NoPicture(DAMAGED) from error
    small = large.resize(fit(large.size, SMALL), Image.Resampling.LANCZOS)
    return Developed(large, small, _encoding(kind, small))


def fit(size: tuple[int, int], width: int) -> tuple[int, int]:
    """The size in pixels of what is at most so wide and TALLEST times as high, in proportion and never enlarged."""
    scale = min(1, width / size[0], TALLEST * width / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _check(image: Image.Image, content: bytes) -> None:
    """Refuse by the header alone, before anything is decoded."""
    pixels = image.width * image.height
    if pixels > MOST_PIXELS:
        raise NoPicture(
            _(
                "This picture has %(found)s megapixels, but %(most)s are the most: save it smaller and upload that.",
                found=f"{-(-pixels // 100_000) / 10:,.1f}",
                most=MOST_PIXELS // 1_000_000,
            )
        )
    if _layered(content):
        raise NoPicture(_("This JPEG is built in far too many layers: save it anew and upload that."))


def _layered(content: bytes) -> bool:
    """Whether a JPEG goes over its picture too often: each time costs a whole decoding, and takes but 100 bytes."""
    if not content.startswith(b"\xff\xd8") or content.count(b"\xff\xda") <= MOST_SCANS:
        return False
    # it may be by chance, in what stands behind the picture, such as a phone's film: only now look closely
    at, scans = 2, 0
    while (marker := MARKER.search(content, at)) and marker[1] != b"\xd9":
        scans += marker[1] == b"\xda"
        at = marker.end() + int.from_bytes(content[marker.end() : marker.end() + 2], "big")
    return scans > MOST_SCANS


def _upright(image: Image.Image) -> Image.Image:
    """Reduced to the larger size, then turned as the camera says."""
    if image.format == "PNG":
        image.load()  # its EXIF may stand behind its pixels, which must not break off unnoticed
    turn = TURNS.get(_orientation(image))
    size = fit(image.size[::-1], LARGE)[::-1] if turn in LYING else fit(image.size, LARGE)
    image.draft(None, size)  # a JPEG is decoded no larger than is needed
    reduced = _reduced(image, size)
    return reduced.transpose(turn) if turn is not None else reduced


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # broken EXIF is as good as none
        return 1


def _reduced(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """In 8 bits and of this size. It goes by strips, so that no second whole picture stands in memory."""
    (width, height), mode = image.size, _mode(image)
    factor = max(1, min(width // (2 * size[0]), height // (2 * size[1])))
    rows = max(1, STRIP_PIXELS // (width * factor)) * factor
    whole = image
    if factor > 1 or image.mode != mode:
        whole = Image.new(mode, (-(-width // factor), -(-height // factor)))
        for top in range(0, height, rows):
            strip = image.crop((0, top, width, min(top + rows, height)))
            whole.paste(_in_eight_bits(strip).convert(mode).reduce(factor), (0, top // factor))
    return whole.resize(size, Image.Resampling.LANCZOS, box=(0, 0, width / factor, height / factor))


def _mode(image: Image.Image) -> str:
    if image.mode in {"1", "L"} or image.mode.startswith("I"):
        return "RGBA" if "transparency" in image.info and image.mode == "L" else "L"
    if image.has_transparency_data:
        return "RGBA"
    return "CMYK" if image.mode == "CMYK" else "RGB"


def _in_eight_bits(strip: Image.Image) -> Image.Image:
    """Pillow would cut off what is above 255 instead of dividing it."""
    return strip.point(lambda value: value * (1 / 256)).convert("L") if strip.mode.startswith("I") else strip


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    shown = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile:
        try:
            given = ImageCms.getOpenProfile(BytesIO(profile))
            return ImageCms.profileToProfile(image, given, SRGB, outputMode=shown) or image
        except (OSError, ValueError, ImageCms.PyCMSError):
            pass  # a profile that is broken, or of another kind of picture, says nothing
    return image.convert("RGB") if image.mode == "CMYK" else image


def _bare(image: Image.Image) -> Image.Image:
    """Without what Pillow would write beside the pixels, and without transparency where nothing is transparent."""
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")
    image.info = {}
    return image


def _encoding(kind: str, small: Image.Image) -> Encoding:
    """A JPEG stays one. Of the others, drawings and screenshots are smaller without loss, and sharper; photos are not.
    The small size decides for both, since it is done in a moment.
    """
    if kind == "JPEG":
        return PHOTO
    lossy = CUT_OUT if small.mode == "RGBA" else PHOTO
    return min(DRAWING, lossy, key=lambda encoding: len(encoding.of(small)))

"""Process uploaded pictures: decode, rotate, convert to sRGB, reduce to two sizes.

Only pixels are written, so hidden content of the file (EXIF, GPS, XMP, comments, another file appended to the picture)
is dropped. Runs in the worker of `library`, one picture at a time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms

from blog.media.picture_errors import PictureRefused
from blog.media.sniffing import detect_format, refusal_code

SMALL, LARGE = 640, 1600
MAX_HEIGHT_RATIO = 4  # height / width; taller pictures become narrower
MAX_PIXELS = 40_000_000
MAX_JPEG_SCANS = 100
STRIP_PIXELS = 1_000_000

# `_check_limits` replaces Pillow's limit, which would warn about sizes that are allowed here.
Image.MAX_IMAGE_PIXELS = None

ORIENTATION = 0x0112
ORIENTATIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
QUARTER_TURNS = {ORIENTATIONS[number] for number in (5, 6, 7, 8)}
SRGB = ImageCms.createProfile("sRGB")
JPEG_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")


@dataclass(frozen=True)
class Encoding:
    """Represent how a picture is written: file extension and Pillow's options."""

    extension: str
    options: dict[str, Any]

    def encode(self, image: Image.Image) -> bytes:
        # Not into a file: Pillow does not notice when a full disk takes only a part.
        image.save(buffer := BytesIO(), **self.options)
        return buffer.getvalue()


PHOTO = Encoding("jpg", {"format": "JPEG", "quality": 82, "optimize": True, "progressive": True})
TRANSPARENT = Encoding("webp", {"format": "WEBP", "quality": 82})
DRAWING = Encoding("webp", {"format": "WEBP", "lossless": True})


@dataclass(frozen=True)
class ProcessedPicture:
    """Hold a picture in two sizes and its best encoding."""

    large: Image.Image
    small: Image.Image
    encoding: Encoding


def process_picture(content: bytes) -> ProcessedPicture:
    """Process the picture in `content`; of an animation, its first frame.

    Raises: PictureRefused.
    """
    kind = detect_format(content)
    if kind is None:
        raise PictureRefused(refusal_code(content))
    try:
        with Image.open(BytesIO(content), formats=[kind]) as image:
            _check_limits(image, content)
            large = _strip_metadata(_to_srgb(_reduce_upright(image), image.info.get("icc_profile")))
    except PictureRefused:
        raise
    except MemoryError as error:
        raise PictureRefused("out_of_memory") from error
    except Exception as error:  # decoders raise many types, from EOFError to struct.error
        raise PictureRefused("damaged") from error
    small = large.resize(fit_size(large.size, SMALL), Image.Resampling.LANCZOS)
    return ProcessedPicture(large, small, _choose_encoding(kind, small))


def fit_size(size: tuple[int, int], width: int) -> tuple[int, int]:
    """Return the proportional size in pixels that fits `width`, never enlarged.

    The height is at most MAX_HEIGHT_RATIO times `width`.
    """
    scale = min(1, width / size[0], MAX_HEIGHT_RATIO * width / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _check_limits(image: Image.Image, content: bytes) -> None:
    """Check pixels and scans by the header alone, before decoding."""
    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        found = f"{-(-pixels // 100_000) / 10:,.1f}"
        raise PictureRefused("many_pixels", found=found, most=MAX_PIXELS // 1_000_000)
    if _has_too_many_scans(content):
        raise PictureRefused("many_layers")


def _has_too_many_scans(content: bytes) -> bool:
    """Check for a JPEG whose many scans cost a full decoding each."""
    if not content.startswith(b"\xff\xd8") or content.count(b"\xff\xda") <= MAX_JPEG_SCANS:
        return False
    # The bytes may occur by chance, or in an appended video, so walk the markers.
    position, scans = 2, 0
    while (marker := JPEG_MARKER.search(content, position)) and marker[1] != b"\xd9":
        scans += marker[1] == b"\xda"
        position = marker.end() + int.from_bytes(content[marker.end() : marker.end() + 2], "big")
    return scans > MAX_JPEG_SCANS


def _reduce_upright(image: Image.Image) -> Image.Image:
    """Reduce to the larger size, then rotate by the EXIF orientation."""
    if image.format == "PNG":
        image.load()  # EXIF may follow the pixels, which must be complete
    transposition = ORIENTATIONS.get(_orientation(image))
    size = fit_size(image.size[::-1], LARGE)[::-1] if transposition in QUARTER_TURNS else fit_size(image.size, LARGE)
    image.draft(None, size)  # decodes a JPEG no larger than needed
    reduced = _reduce(image, size)
    return reduced.transpose(transposition) if transposition is not None else reduced


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # ignore broken EXIF
        return 1


def _reduce(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Convert to 8 bits and reduce, in strips to save memory."""
    (width, height), mode = image.size, _target_mode(image)
    factor = max(1, min(width // (2 * size[0]), height // (2 * size[1])))
    rows = max(1, STRIP_PIXELS // (width * factor)) * factor
    reduced = image
    if factor > 1 or image.mode != mode:
        reduced = Image.new(mode, (-(-width // factor), -(-height // factor)))
        for top in range(0, height, rows):
            strip = image.crop((0, top, width, min(top + rows, height)))
            reduced.paste(_to_eight_bits(strip).convert(mode).reduce(factor), (0, top // factor))
    return reduced.resize(size, Image.Resampling.LANCZOS, box=(0, 0, width / factor, height / factor))


def _target_mode(image: Image.Image) -> str:
    if image.mode in {"1", "L"} or image.mode.startswith("I"):
        return "RGBA" if "transparency" in image.info and image.mode == "L" else "L"
    if image.has_transparency_data:
        return "RGBA"
    return "CMYK" if image.mode == "CMYK" else "RGB"


def _to_eight_bits(strip: Image.Image) -> Image.Image:
    """Divide 16-bit values by 256; Pillow's convert() would clip them at 255."""
    return strip.point(lambda value: value * (1 / 256)).convert("L") if strip.mode.startswith("I") else strip


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile:
        try:
            source_profile = ImageCms.getOpenProfile(BytesIO(profile))
            return ImageCms.profileToProfile(image, source_profile, SRGB, outputMode=mode) or image
        except (OSError, ValueError, ImageCms.PyCMSError):
            pass  # ignore a broken profile, or one for another mode
    return image.convert("RGB") if image.mode == "CMYK" else image


def _strip_metadata(image: Image.Image) -> Image.Image:
    """Remove metadata and an alpha channel that is fully opaque."""
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")
    image.info = {}
    return image


def _choose_encoding(kind: str, small: Image.Image) -> Encoding:
    """Choose JPEG for a JPEG, else the smaller of lossless and lossy.

    The small size decides for both, because encoding it is fast.
    """
    if kind == "JPEG":
        return PHOTO
    lossy = TRANSPARENT if small.mode == "RGBA" else PHOTO
    return min(DRAWING, lossy, key=lambda encoding: len(encoding.encode(small)))

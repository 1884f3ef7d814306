"""Make pictures for tests, and files that only resemble pictures."""

from __future__ import annotations

import random
import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms, ImageDraw
from PIL.PngImagePlugin import PngInfo

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 160, 60), (40, 60, 200), (250, 250, 250)
SECRET = b"SECRET-51.5007N"


def four_colors(width: int = 120, height: int = 80) -> Image.Image:
    """Draw quarters: red and green above, blue and white below."""
    image = Image.new("RGB", (width, height), WHITE)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 2 - 1, height // 2 - 1), RED)
    draw.rectangle((width // 2, 0, width, height // 2 - 1), GREEN)
    draw.rectangle((0, height // 2, width // 2 - 1, height), BLUE)
    return image


def noise_image(width: int, height: int) -> Image.Image:
    """Draw noise, which no encoding compresses."""
    return Image.frombytes("RGB", (width, height), random.Random(1).randbytes(width * height * 3))


def encode(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    image.save(buffer := BytesIO(), kind, **options)
    return buffer.getvalue()


def decode(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


def make_exif(orientation: int = 1) -> Image.Exif:
    """Return EXIF with an orientation and a GPS position."""
    metadata = Image.Exif()
    metadata[0x0112] = orientation
    metadata[0x010E] = SECRET.decode()
    metadata.get_ifd(0x8825).update({1: "N", 2: (51.0, 30.0, 2.5)})
    return metadata


def png_text() -> PngInfo:
    """Return the text metadata of a PNG."""
    metadata = PngInfo()
    metadata.add_text("Comment", SECRET.decode())
    metadata.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    return metadata


def swapped_profile() -> bytes:
    """Return a color profile that swaps red and green."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"????", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"????", b"gXYZ", 1)


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, rows: bytes, *, bits: int = 8, colours: int = 2) -> bytes:
    """Return a PNG that claims this size; `rows` need not fit."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def webp(width: int, height: int) -> bytes:
    """Return a WebP that claims this size, at most 16,383."""
    content = encode(four_colors(), "WEBP", lossless=True)
    at = content.index(b"VP8L") + 9
    return content[:at] + ((width - 1) | (height - 1) << 14).to_bytes(4, "little") + content[at + 4 :]


def move_exif_to_end(content: bytes) -> bytes:
    """Move the EXIF of a PNG behind its pixels."""
    at = content.index(b"eXIf") - 4
    end = at + 12 + struct.unpack(">I", content[at : at + 4])[0]
    rest = content[:at] + content[end:]
    return rest[:-12] + content[at:end] + rest[-12:]


def add_scans(times: int) -> bytes:
    """Return a JPEG with that many additional scans."""
    content = encode(four_colors(), progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * times + content[-2:]


def is_near(actual: Any, expected: tuple[int, ...], tolerance: int = 12) -> bool:
    return all(abs(one - other) <= tolerance for one, other in zip(actual, expected, strict=True))

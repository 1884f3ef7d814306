"""Pictures for the tests, made on the spot, and files that only pretend."""

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


def quartered(width: int = 120, height: int = 80) -> Image.Image:
    """Red at the upper left, green at the upper right, blue and white below."""
    image = Image.new("RGB", (width, height), WHITE)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 2 - 1, height // 2 - 1), RED)
    draw.rectangle((width // 2, 0, width, height // 2 - 1), GREEN)
    draw.rectangle((0, height // 2, width // 2 - 1, height), BLUE)
    return image


def noise(width: int, height: int) -> Image.Image:
    """What no encoding makes small."""
    return Image.frombytes("RGB", (width, height), random.Random(1).randbytes(width * height * 3))


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    image.save(written := BytesIO(), kind, **options)
    return written.getvalue()


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


def exif(orientation: int = 1) -> Image.Exif:
    """A camera's notes: how it was held, and where it was."""
    said = Image.Exif()
    said[0x0112] = orientation
    said[0x010E] = SECRET.decode()
    said.get_ifd(0x8825).update({1: "N", 2: (51.0, 30.0, 2.5)})
    return said


def notes() -> PngInfo:
    """What a PNG may say of itself."""
    said = PngInfo()
    said.add_text("Comment", SECRET.decode())
    said.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    return said


def red_and_green_changed() -> bytes:
    """A colour profile by which the first channel is green and the second red."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"????", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"????", b"gXYZ", 1)


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, rows: bytes, *, bits: int = 8, colours: int = 2) -> bytes:
    """A PNG that claims this size, whatever its rows hold."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def webp(width: int, height: int) -> bytes:
    """A WebP that claims this size (at most 16,383), whatever it holds."""
    content = encoded(quartered(), "WEBP", lossless=True)
    at = content.index(b"VP8L") + 9
    return content[:at] + ((width - 1) | (height - 1) << 14).to_bytes(4, "little") + content[at + 4 :]


def with_exif_behind(content: bytes) -> bytes:
    """The same PNG, its EXIF moved behind its pixels, where the format allows it too."""
    at = content.index(b"eXIf") - 4
    end = at + 12 + struct.unpack(">I", content[at : at + 4])[0]
    rest = content[:at] + content[end:]
    return rest[:-12] + content[at:end] + rest[-12:]


def layered(times: int) -> bytes:
    """A JPEG that goes over its picture once more, and once more."""
    content = encoded(quartered(), progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * times + content[-2:]


def near(found: Any, wanted: tuple[int, ...], most: int = 12) -> bool:
    return all(abs(one - other) <= most for one, other in zip(found, wanted, strict=True))

"""Test processed pictures: upright, sRGB, 8 bits, right size, no metadata."""

from __future__ import annotations

import os

import pytest
from PIL import Image, ImageDraw

from blog.media.processing import ProcessedPicture, fit_size, process_picture
from tests.media import image_files
from tests.media.image_files import BLUE, GREEN, RED, SECRET, WHITE, decode, encode, four_colors, is_near

T = Image.Transpose
CAMERA_TRANSFORMS = {2: T.FLIP_LEFT_RIGHT, 3: T.ROTATE_180, 4: T.FLIP_TOP_BOTTOM, 5: T.TRANSPOSE}
CAMERA_TRANSFORMS |= {6: T.ROTATE_90, 7: T.TRANSVERSE, 8: T.ROTATE_270}


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    image = image.convert("RGB")
    right, low = image.width - 8, image.height - 8
    return [image.getpixel(position) for position in ((8, 8), (right, 8), (8, low), (right, low))]  # type: ignore[misc]


def encode_both(processed: ProcessedPicture) -> list[bytes]:
    return [processed.encoding.encode(image) for image in (processed.large, processed.small)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_rotated_by_its_exif_orientation(kind: str, orientation: int) -> None:
    rotated = four_colors().transpose(CAMERA_TRANSFORMS[orientation]) if orientation > 1 else four_colors()
    processed = process_picture(encode(rotated, kind, exif=image_files.make_exif(orientation)))
    assert processed.large.size == (120, 80)
    for actual, expected in zip(corners(processed.large), (RED, GREEN, BLUE, WHITE), strict=True):
        assert is_near(actual, expected)


def test_exif_behind_the_pixels_of_a_png_counts() -> None:
    rotated = encode(four_colors().transpose(CAMERA_TRANSFORMS[6]), "PNG", exif=image_files.make_exif(6))
    assert is_near(corners(process_picture(image_files.move_exif_to_end(rotated)).large)[0], RED)


def test_a_large_rotated_picture_is_measured_upright() -> None:
    processed = process_picture(
        encode(four_colors(4000, 2000).transpose(CAMERA_TRANSFORMS[6]), exif=image_files.make_exif(6))
    )
    assert processed.large.size == (1600, 800)
    assert processed.small.size == (640, 320)
    assert is_near(corners(processed.small)[1], GREEN)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_unknown_orientation_is_ignored(orientation: int) -> None:
    assert is_near(
        corners(process_picture(encode(four_colors(), exif=image_files.make_exif(orientation))).large)[0], RED
    )


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_broken_exif_is_ignored() -> None:
    for notes in (b"Exif\0\0nonsense", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0" + os.urandom(400)):
        assert is_near(corners(process_picture(encode(four_colors(), exif=notes)).large)[0], RED)


@pytest.mark.parametrize(
    ("size", "large", "small"),
    [
        ((1, 1), (1, 1), (1, 1)),
        ((300, 200), (300, 200), (300, 200)),
        ((1000, 500), (1000, 500), (640, 320)),
        ((1600, 900), (1600, 900), (640, 360)),
        ((5000, 3000), (1600, 960), (640, 384)),
        ((1, 20_000), (1, 6400), (1, 2560)),
        ((20_000, 1), (1600, 1), (640, 1)),
        ((400, 30_000), (85, 6400), (34, 2560)),
    ],
)
def test_both_sizes_are_proportional_and_never_enlarged(size, large, small) -> None:
    processed = process_picture(encode(Image.new("RGB", size, RED), "PNG"))
    assert (processed.large.size, processed.small.size) == (large, small)
    assert fit_size(large, 640) == small
    for content in encode_both(processed):
        assert is_near(decode(content).convert("RGB").getpixel((0, 0)), RED)


@pytest.mark.parametrize("profile", [None, b"broken " + SECRET, image_files.swapped_profile()])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_metadata_and_appended_content_are_removed(kind: str, profile: bytes | None) -> None:
    metadata = {
        "JPEG": {"xmp": b"<x:xmpmeta>" + SECRET, "comment": SECRET},
        "PNG": {"pnginfo": image_files.png_text()},
        "WEBP": {"xmp": b"<x:xmpmeta>" + SECRET},
    }
    upload = encode(four_colors(), kind, exif=image_files.make_exif(), icc_profile=profile, **metadata[kind])
    assert SECRET in upload
    for content in encode_both(process_picture(upload + b"PK\x03\x04<script>" + SECRET)):
        assert SECRET not in content
        assert b"script" not in content
        image = decode(content)
        assert not set(image.info) & {"exif", "xmp", "icc_profile", "comment", "photoshop", "Comment"}
        assert not image.getexif()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_colors_are_converted_to_srgb(kind: str) -> None:
    upload = encode(four_colors(), kind, icc_profile=image_files.swapped_profile())
    red, green, blue, white = corners(process_picture(upload).large)
    assert red[1] > 150 > red[0]
    assert green[0] > 130 > green[1]
    assert is_near(blue[2:], BLUE[2:], 30)
    assert is_near(white, WHITE)


def test_transparency_survives_color_conversion() -> None:
    image = four_colors().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    processed = process_picture(encode(image, "PNG", icc_profile=image_files.swapped_profile()))
    assert processed.large.mode == "RGBA"
    assert processed.large.getpixel((60, 0))[3] < 5
    assert processed.large.getpixel((10, 39))[1] > 150


@pytest.mark.parametrize("profile", [b"nonsense", b"", b"\0" * 200, image_files.swapped_profile()[:300]])
def test_a_broken_profile_is_ignored(profile: bytes) -> None:
    for image in (four_colors(), four_colors().convert("L"), four_colors().convert("CMYK")):
        assert is_near(corners(process_picture(encode(image, icc_profile=profile)).large)[3], WHITE)


def test_cmyk_becomes_rgb() -> None:
    processed = process_picture(encode(Image.new("CMYK", (90, 60), (0, 255, 255, 0))))
    assert processed.large.mode == "RGB"
    assert is_near(processed.large.getpixel((40, 40)), (255, 0, 0), 20)


def test_sixteen_bits_are_scaled_to_eight() -> None:
    grey = image_files.png(256, 1, b"\0" + b"".join(bytes([value, 0]) for value in range(256)), bits=16, colours=0)
    actual = process_picture(grey).large.convert("L")
    assert all(abs(actual.getpixel((position, 0)) - position) <= 2 for position in range(256))
    colour = image_files.png(2, 1, b"\0" + bytes([200, 9, 100, 9, 50, 9] * 2), bits=16)
    assert is_near(process_picture(colour).large.getpixel((0, 0)), (200, 100, 50), 2)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(90, 60), (5000, 100)])
def test_every_png_mode_gives_the_same_picture(mode: str, size: tuple[int, int]) -> None:
    image = Image.new("L", size, 255)
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2, size[1]), 0)
    processed = process_picture(encode(image.convert(mode), "PNG"))
    actual = processed.large.convert("RGB")
    assert is_near(actual.getpixel((2, 2)), (0, 0, 0))
    assert is_near(actual.getpixel((actual.width - 3, 2)), (255, 255, 255))
    assert processed.large.mode in {"L", "RGB"}


def test_a_palette_with_a_transparent_colour_stays_transparent() -> None:
    image = four_colors().quantize(8)
    image.info["transparency"] = image.getpixel((2, 2))
    processed = process_picture(encode(image, "PNG", transparency=image.getpixel((2, 2))))
    assert processed.encoding.extension == "webp"
    for content in encode_both(processed):
        assert decode(content).getpixel((2, 2))[3] == 0
        assert decode(content).getpixel((110, 70))[3] == 255


def test_drawings_stay_lossless_and_photos_become_jpeg() -> None:
    drawing = process_picture(encode(four_colors(800, 600), "PNG"))
    assert drawing.encoding.options["lossless"]
    assert is_near(decode(encode_both(drawing)[0]).getpixel((2, 2)), RED, 0)
    photo = image_files.noise_image(80, 60).resize((800, 600), Image.Resampling.BICUBIC)
    assert process_picture(encode(photo, "PNG")).encoding.extension == "jpg"
    assert process_picture(encode(four_colors(800, 600))).encoding.extension == "jpg"
    photo.putalpha(Image.linear_gradient("L").resize(photo.size))
    assert process_picture(encode(photo, "PNG")).encoding.options == {"format": "WEBP", "quality": 82}


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "MPO"])
def test_only_the_first_frame_is_used(kind: str) -> None:
    frames = [Image.new("RGB", (90, 60), colour) for colour in (RED, GREEN, BLUE)]
    upload = encode(frames[0], kind, save_all=True, append_images=frames[1:])
    for content in encode_both(process_picture(upload)):
        assert is_near(decode(content).convert("RGB").getpixel((40, 40)), RED)
        assert getattr(decode(content), "n_frames", 1) == 1


def test_an_appended_video_is_ignored() -> None:
    film = b"\0\0\0\x18ftypmp42" + b"\xff\xda12345" * 300
    assert is_near(corners(process_picture(encode(four_colors()) + film).large)[0], RED)

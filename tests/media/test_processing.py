"""What comes out of the darkroom: upright, in sRGB, in 8 bits, of the right size, and nothing but pixels."""

from __future__ import annotations

import os

import pytest
from PIL import Image, ImageDraw

from blog.media.processing import Developed, develop, fit
from tests.media import image_files
from tests.media.image_files import BLUE, GREEN, RED, SECRET, WHITE, encoded, near, opened, quartered

T = Image.Transpose
HELD = {2: T.FLIP_LEFT_RIGHT, 3: T.ROTATE_180, 4: T.FLIP_TOP_BOTTOM, 5: T.TRANSPOSE}
HELD |= {6: T.ROTATE_90, 7: T.TRANSVERSE, 8: T.ROTATE_270}


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    image = image.convert("RGB")
    right, low = image.width - 8, image.height - 8
    return [image.getpixel(at) for at in ((8, 8), (right, 8), (8, low), (right, low))]  # type: ignore[misc]


def written(developed: Developed) -> list[bytes]:
    return [developed.encoding.of(image) for image in (developed.large, developed.small)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_upright_however_the_camera_was_held(kind: str, orientation: int) -> None:
    held = quartered().transpose(HELD[orientation]) if orientation > 1 else quartered()
    developed = develop(encoded(held, kind, exif=image_files.exif(orientation)))
    assert developed.large.size == (120, 80)
    for found, wanted in zip(corners(developed.large), (RED, GREEN, BLUE, WHITE), strict=True):
        assert near(found, wanted)


def test_a_png_may_say_behind_its_pixels_how_it_was_held() -> None:
    held = encoded(quartered().transpose(HELD[6]), "PNG", exif=image_files.exif(6))
    assert near(corners(develop(image_files.with_exif_behind(held)).large)[0], RED)


def test_a_large_picture_that_was_held_upright_is_measured_as_it_is_seen() -> None:
    developed = develop(encoded(quartered(4000, 2000).transpose(HELD[6]), exif=image_files.exif(6)))
    assert developed.large.size == (1600, 800)
    assert developed.small.size == (640, 320)
    assert near(corners(developed.small)[1], GREEN)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_turns_nothing(orientation: int) -> None:
    assert near(corners(develop(encoded(quartered(), exif=image_files.exif(orientation))).large)[0], RED)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_broken_exif_is_as_good_as_none() -> None:
    for notes in (b"Exif\0\0nonsense", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0" + os.urandom(400)):
        assert near(corners(develop(encoded(quartered(), exif=notes)).large)[0], RED)


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
def test_both_sizes_are_in_proportion_and_never_enlarged(size, large, small) -> None:
    developed = develop(encoded(Image.new("RGB", size, RED), "PNG"))
    assert (developed.large.size, developed.small.size) == (large, small)
    assert fit(large, 640) == small
    for content in written(developed):
        assert near(opened(content).convert("RGB").getpixel((0, 0)), RED)


@pytest.mark.parametrize("profile", [None, b"broken " + SECRET, image_files.red_and_green_changed()])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_but_pixels_goes_on(kind: str, profile: bytes | None) -> None:
    beside = {
        "JPEG": {"xmp": b"<x:xmpmeta>" + SECRET, "comment": SECRET},
        "PNG": {"pnginfo": image_files.notes()},
        "WEBP": {"xmp": b"<x:xmpmeta>" + SECRET},
    }
    brought = encoded(quartered(), kind, exif=image_files.exif(), icc_profile=profile, **beside[kind])
    assert SECRET in brought
    for content in written(develop(brought + b"PK\x03\x04<script>" + SECRET)):
        assert SECRET not in content
        assert b"script" not in content
        image = opened(content)
        assert not set(image.info) & {"exif", "xmp", "icc_profile", "comment", "photoshop", "Comment"}
        assert not image.getexif()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_colours_are_brought_to_srgb_before_their_profile_goes(kind: str) -> None:
    brought = encoded(quartered(), kind, icc_profile=image_files.red_and_green_changed())
    red, green, blue, white = corners(develop(brought).large)
    assert red[1] > 150 > red[0]
    assert green[0] > 130 > green[1]
    assert near(blue[2:], BLUE[2:], 30)
    assert near(white, WHITE)


def test_a_transparent_picture_keeps_its_transparency_through_its_profile() -> None:
    image = quartered().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    developed = develop(encoded(image, "PNG", icc_profile=image_files.red_and_green_changed()))
    assert developed.large.mode == "RGBA"
    assert developed.large.getpixel((60, 0))[3] < 5
    assert developed.large.getpixel((10, 39))[1] > 150


@pytest.mark.parametrize("profile", [b"nonsense", b"", b"\0" * 200, image_files.red_and_green_changed()[:300]])
def test_a_broken_profile_changes_nothing(profile: bytes) -> None:
    for image in (quartered(), quartered().convert("L"), quartered().convert("CMYK")):
        assert near(corners(develop(encoded(image, icc_profile=profile)).large)[3], WHITE)


def test_inks_become_light() -> None:
    developed = develop(encoded(Image.new("CMYK", (90, 60), (0, 255, 255, 0))))
    assert developed.large.mode == "RGB"
    assert near(developed.large.getpixel((40, 40)), (255, 0, 0), 20)


def test_sixteen_bits_are_divided_and_not_cut_off() -> None:
    grey = image_files.png(256, 1, b"\0" + b"".join(bytes([value, 0]) for value in range(256)), bits=16, colours=0)
    found = develop(grey).large.convert("L")
    assert all(abs(found.getpixel((at, 0)) - at) <= 2 for at in range(256))
    colour = image_files.png(2, 1, b"\0" + bytes([200, 9, 100, 9, 50, 9] * 2), bits=16)
    assert near(develop(colour).large.getpixel((0, 0)), (200, 100, 50), 2)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(90, 60), (5000, 100)])
def test_every_kind_of_png_comes_out_the_same(mode: str, size: tuple[int, int]) -> None:
    image = Image.new("L", size, 255)
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2, size[1]), 0)
    developed = develop(encoded(image.convert(mode), "PNG"))
    found = developed.large.convert("RGB")
    assert near(found.getpixel((2, 2)), (0, 0, 0))
    assert near(found.getpixel((found.width - 3, 2)), (255, 255, 255))
    assert developed.large.mode in {"L", "RGB"}


def test_a_palette_with_a_transparent_colour_stays_transparent() -> None:
    image = quartered().quantize(8)
    image.info["transparency"] = image.getpixel((2, 2))
    developed = develop(encoded(image, "PNG", transparency=image.getpixel((2, 2))))
    assert developed.encoding.extension == "webp"
    for content in written(developed):
        assert opened(content).getpixel((2, 2))[3] == 0
        assert opened(content).getpixel((110, 70))[3] == 255


def test_drawings_stay_without_loss_and_photos_become_jpeg() -> None:
    drawing = develop(encoded(quartered(800, 600), "PNG"))
    assert drawing.encoding.options["lossless"]
    assert near(opened(written(drawing)[0]).getpixel((2, 2)), RED, 0)
    photo = image_files.noise(80, 60).resize((800, 600), Image.Resampling.BICUBIC)
    assert develop(encoded(photo, "PNG")).encoding.extension == "jpg"
    assert develop(encoded(quartered(800, 600))).encoding.extension == "jpg"
    photo.putalpha(Image.linear_gradient("L").resize(photo.size))
    assert develop(encoded(photo, "PNG")).encoding.options == {"format": "WEBP", "quality": 82}


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "MPO"])
def test_of_several_pictures_in_one_file_the_first_is_kept(kind: str) -> None:
    frames = [Image.new("RGB", (90, 60), colour) for colour in (RED, GREEN, BLUE)]
    brought = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    for content in written(develop(brought)):
        assert near(opened(content).convert("RGB").getpixel((40, 40)), RED)
        assert getattr(opened(content), "n_frames", 1) == 1


def test_a_phones_film_behind_the_picture_is_no_part_of_it() -> None:
    film = b"\0\0\0\x18ftypmp42" + b"\xff\xda12345" * 300
    assert near(corners(develop(encoded(quartered()) + film).large)[0], RED)

"""Test the processing of large pictures in a child process."""

from __future__ import annotations

import resource
import subprocess
import sys
from typing import Any

import pytest
from PIL import Image

from blog.media import worker_process
from blog.media.picture_errors import PictureRefused
from blog.media.worker_process import encode_picture, needs_worker
from blog.settings import ROOT
from tests.media.image_files import decode, encode, four_colors, png, webp

pytestmark = pytest.mark.usefixtures("translations")

PEAK = """
import re, sys
from pathlib import Path
from blog.media import worker_process
worker_process.MAX_BYTES_IN_SERVER = int(sys.argv[1])
content = sys.stdin.buffer.read()
def peak_kb(): return int(re.search("VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
before = peak_kb()
worker_process.encode_picture(content)
print(peak_kb() - before)
"""


@pytest.fixture
def always_in_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_process, "MAX_BYTES_IN_SERVER", 0)


def test_only_pictures_that_need_much_memory_go_to_the_worker() -> None:
    assert needs_worker(webp(8000, 5000))
    assert needs_worker(png(8000, 5000, b""))
    assert not needs_worker(webp(3000, 2000))
    assert not needs_worker(encode(Image.new("RGB", (8000, 5000)), "JPEG"))
    for content in (b"", b"GIF89a", b"RIFF....WEBP", webp(8001, 5000), png(60_000, 60_000, b"")):
        assert not needs_worker(content)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_the_worker_gives_the_same_result(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = encode(four_colors(2000, 1200), kind)
    in_server = encode_picture(content)
    monkeypatch.setattr(worker_process, "MAX_BYTES_IN_SERVER", 0)
    assert encode_picture(content) == in_server
    assert decode(in_server.large).size == in_server.size == (1600, 960)


def test_the_worker_takes_the_memory() -> None:
    content = encode(Image.new("RGB", (4000, 3000), "teal"), "WEBP")
    in_server, in_worker = (peak_kb(content, limit) for limit in (10**9, 0))
    assert in_worker < 60_000 < in_server


def peak_kb(content: bytes, limit: int) -> int:
    """Return by how many KB the peak memory of a process rises."""
    command = [sys.executable, "-c", PEAK, str(limit)]
    done = subprocess.run(command, input=content, cwd=ROOT, capture_output=True, check=True)
    return int(done.stdout)


def test_damage_found_in_the_worker_is_reported(always_in_worker: None) -> None:
    with pytest.raises(PictureRefused, match="damaged"):
        encode_picture(webp(4000, 3000))


@pytest.mark.parametrize(
    ("status", "words"), [(-9, "more memory"), (4, "more memory"), (3, "damaged"), (1, "more memory")]
)
def test_a_failed_worker_is_reported(
    always_in_worker: None, monkeypatch: pytest.MonkeyPatch, status: int, words: str
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], status, b"", b""))
    with pytest.raises(PictureRefused, match=words):
        encode_picture(encode(four_colors(), "WEBP"))


def test_a_timeout_of_the_worker_is_reported(always_in_worker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_process, "TIMEOUT_SECONDS", 0.01)
    with pytest.raises(PictureRefused, match="too long"):
        encode_picture(encode(four_colors(), "WEBP"))


def test_lack_of_memory_in_the_worker_is_reported(always_in_worker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    run, limit = subprocess.run, (400_000_000, 400_000_000)

    def starved(*arguments: Any, **options: Any) -> subprocess.CompletedProcess[bytes]:
        return run(*arguments, **options, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit))

    monkeypatch.setattr(subprocess, "run", starved)
    with pytest.raises(PictureRefused, match="more memory"):
        encode_picture(encode(Image.new("RGB", (6000, 5000), "teal"), "WEBP"))

"""Pictures that take much memory are developed in a process of their own, which may end without harm."""

from __future__ import annotations

import resource
import subprocess
import sys
from typing import Any

import pytest
from PIL import Image

from blog.media import worker_process
from blog.media.processing import NoPicture
from blog.media.worker_process import demanding, prints_of
from blog.settings import ROOT
from tests.media.image_files import encoded, opened, png, quartered, webp

pytestmark = pytest.mark.usefixtures("speaking")

PEAK = """
import re, sys
from pathlib import Path
from blog.media import apart
apart.MOST_HERE = int(sys.argv[1])
content = sys.stdin.buffer.read()
def peak(): return int(re.search("VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
before = peak()
apart.prints_of(content)
print(peak() - before)
"""


@pytest.fixture
def everything_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_process, "MOST_HERE", 0)


def test_only_what_takes_much_goes_there() -> None:
    assert demanding(webp(8000, 5000))
    assert demanding(png(8000, 5000, b""))
    assert not demanding(webp(3000, 2000))
    assert not demanding(encoded(Image.new("RGB", (8000, 5000)), "JPEG"))
    for content in (b"", b"GIF89a", b"RIFF....WEBP", webp(8001, 5000), png(60_000, 60_000, b"")):
        assert not demanding(content)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_it_comes_out_the_same(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(quartered(2000, 1200), kind)
    here = prints_of(content)
    monkeypatch.setattr(worker_process, "MOST_HERE", 0)
    assert prints_of(content) == here
    assert opened(here.large).size == here.size == (1600, 960)


def test_the_memory_is_taken_there_and_not_here() -> None:
    content = encoded(Image.new("RGB", (4000, 3000), "teal"), "WEBP")
    here, there = (peak(content, most_here) for most_here in (10**9, 0))
    assert there < 60_000 < here


def peak(content: bytes, most_here: int) -> int:
    """By how many KB the memory of a process rose that developed this."""
    command = [sys.executable, "-c", PEAK, str(most_here)]
    done = subprocess.run(command, input=content, cwd=ROOT, capture_output=True, check=True)
    return int(done.stdout)


def test_what_is_damaged_is_told_from_there_too(everything_apart: None) -> None:
    with pytest.raises(NoPicture, match="damaged"):
        prints_of(webp(4000, 3000))


@pytest.mark.parametrize(
    ("status", "words"), [(-9, "more memory"), (4, "more memory"), (3, "damaged"), (1, "more memory")]
)
def test_a_process_that_ends_is_a_sentence(
    everything_apart: None, monkeypatch: pytest.MonkeyPatch, status: int, words: str
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], status, b"", b""))
    with pytest.raises(NoPicture, match=words):
        prints_of(encoded(quartered(), "WEBP"))


def test_one_that_takes_too_long_is_a_sentence(everything_apart: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_process, "SECONDS", 0.01)
    with pytest.raises(NoPicture, match="too long"):
        prints_of(encoded(quartered(), "WEBP"))


def test_where_memory_runs_out_there_it_is_a_sentence(everything_apart: None, monkeypatch: pytest.MonkeyPatch) -> None:
    run, limit = subprocess.run, (400_000_000, 400_000_000)

    def starved(*given: Any, **options: Any) -> subprocess.CompletedProcess[bytes]:
        return run(*given, **options, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit))

    monkeypatch.setattr(subprocess, "run", starved)
    with pytest.raises(NoPicture, match="more memory"):
        prints_of(encoded(Image.new("RGB", (6000, 5000), "teal"), "WEBP"))

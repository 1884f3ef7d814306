"""Developing a picture in a process of its own, where decoding takes much memory: Pillow holds a WebP four times over.
Should there not be enough, it is that process which ends, and not the server.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from flask_babel import lazy_gettext as _
from PIL import Image

from blog.media.processing import DAMAGED, MOST_PIXELS, WANTING, NoPicture, develop
from blog.media.sniffing import format_of
from blog.settings import ROOT

# in bytes for a pixel, measured; a JPEG is decoded no larger than is needed
NEEDED = {"PNG": 5, "WEBP": 16}
MOST_HERE = 128_000_000
MOST_THERE = 2_000_000_000
SECONDS = 120
# its exit status; the sentences are made here, where it is known in which language
REFUSED, FAINTED = 3, 4


@dataclass(frozen=True)
class Prints:
    """Both sizes as files, how they are written, and the larger one's size in pixels."""

    extension: str
    size: tuple[int, int]
    small: bytes
    large: bytes


def prints_of(content: bytes) -> Prints:
    """The picture in these bytes; one that takes much is developed in a process of its own. Raises NoPicture."""
    return _from_apart(content) if demanding(content) else _developed(content)


def demanding(content: bytes) -> bool:
    """Whether decoding this takes much memory, by what its header says; what has none is refused soon enough."""
    kind = format_of(content)
    try:
        with Image.open(BytesIO(content), formats=[kind] if kind else []) as image:
            pixels = image.width * image.height
            return pixels <= MOST_PIXELS and NEEDED.get(kind or "", 0) * pixels > MOST_HERE
    except Exception:  # decoders raise whatever comes to them
        return False


def _developed(content: bytes) -> Prints:
    developed = develop(content)
    how = developed.encoding
    return Prints(how.extension, developed.large.size, how.of(developed.small), how.of(developed.large))


def _from_apart(content: bytes) -> Prints:
    command = [sys.executable, "-m", "blog.media.worker_process"]
    try:
        done = subprocess.run(command, input=content, cwd=ROOT, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise NoPicture(_("This picture takes too long to read: save it smaller.")) from None
    if done.returncode == REFUSED:
        raise NoPicture(DAMAGED)
    if done.returncode != 0:
        raise NoPicture(WANTING)
    told, _line, files = done.stdout.partition(b"\n")
    said = json.loads(told)
    return Prints(said["extension"], tuple(said["size"]), files[: said["small"]], files[said["small"] :])


def main() -> int:
    """In the process of its own: the picture comes by stdin; a line about it and both files go to stdout."""
    with suppress(OSError):  # where memory runs out, the system is to end this before the server
        Path("/proc/self/oom_score_adj").write_text("1000")
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MOST_THERE, MOST_THERE))
    try:
        prints = _developed(sys.stdin.buffer.read())
    except NoPicture as refusal:
        return FAINTED if isinstance(refusal.__cause__, MemoryError) else REFUSED
    except MemoryError:
        return FAINTED
    said = {"extension": prints.extension, "size": prints.size, "small": len(prints.small)}
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n" + prints.small + prints.large)
    return 0


if __name__ == "__main__":
    sys.exit(main())

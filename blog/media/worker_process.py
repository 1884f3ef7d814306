"""Process pictures that need much memory in a child process.

Pillow holds a WebP four times. If memory runs out, the child ends and the server does not.
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

from PIL import Image

from blog.media.picture_errors import PictureRefused
from blog.media.processing import MAX_PIXELS, process_picture
from blog.media.sniffing import detect_format
from blog.settings import ROOT

# Measured. JPEG is missing because it is decoded no larger than needed.
BYTES_PER_PIXEL = {"PNG": 5, "WEBP": 16}
MAX_BYTES_IN_SERVER = 128_000_000
MAX_BYTES_IN_WORKER = 2_000_000_000
TIMEOUT_SECONDS = 120
# What the server needs to know of a refusal.
EXIT_REFUSED, EXIT_OUT_OF_MEMORY = 3, 4


@dataclass(frozen=True)
class EncodedPicture:
    """Hold both encoded sizes, their extension and the larger size in pixels."""

    extension: str
    size: tuple[int, int]
    small: bytes
    large: bytes


def encode_picture(content: bytes) -> EncodedPicture:
    """Encode both sizes of a picture, in a child process if needed.

    Raises: PictureRefused.
    """
    return _encode_in_worker(content) if needs_worker(content) else _encode_here(content)


def needs_worker(content: bytes) -> bool:
    """Check by the header whether decoding needs much memory."""
    kind = detect_format(content)
    try:
        with Image.open(BytesIO(content), formats=[kind] if kind else []) as image:
            pixels = image.width * image.height
            return pixels <= MAX_PIXELS and BYTES_PER_PIXEL.get(kind or "", 0) * pixels > MAX_BYTES_IN_SERVER
    except Exception:  # decoders raise many types; `process_picture` refuses the file
        return False


def _encode_here(content: bytes) -> EncodedPicture:
    processed = process_picture(content)
    encoding = processed.encoding
    return EncodedPicture(
        encoding.extension, processed.large.size, encoding.encode(processed.small), encoding.encode(processed.large)
    )


def _encode_in_worker(content: bytes) -> EncodedPicture:
    command = [sys.executable, "-m", "blog.media.worker_process"]
    try:
        done = subprocess.run(  # noqa: S603
            command, input=content, cwd=ROOT, capture_output=True, timeout=TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise PictureRefused("slow_picture") from None
    if done.returncode == EXIT_REFUSED:
        raise PictureRefused("damaged")
    if done.returncode != 0:
        raise PictureRefused("out_of_memory")
    header, _line, files = done.stdout.partition(b"\n")
    metadata = json.loads(header)
    return EncodedPicture(
        metadata["extension"], tuple(metadata["size"]), files[: metadata["small"]], files[metadata["small"] :]
    )


def main() -> int:
    """Read a picture from stdin; write JSON and both files to stdout."""
    with suppress(OSError):  # out of memory, the kernel kills this process before the server
        Path("/proc/self/oom_score_adj").write_text("1000")
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MAX_BYTES_IN_WORKER, MAX_BYTES_IN_WORKER))
    try:
        encoded = _encode_here(sys.stdin.buffer.read())
    except PictureRefused as refusal:
        return EXIT_OUT_OF_MEMORY if isinstance(refusal.__cause__, MemoryError) else EXIT_REFUSED
    except MemoryError:
        return EXIT_OUT_OF_MEMORY
    metadata = {"extension": encoded.extension, "size": encoded.size, "small": len(encoded.small)}
    sys.stdout.buffer.write(json.dumps(metadata).encode() + b"\n" + encoded.small + encoded.large)
    return 0


if __name__ == "__main__":
    sys.exit(main())

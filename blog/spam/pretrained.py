"""Load and pack the weights that a new blog starts with.

NOTICE names their source. The file holds deflated 16-bit numbers; `flask filter train-start` makes it, always the same
from the same files.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from pathlib import Path

from blog.spam.weights import BUCKET_COUNT, Weights

FILE = Path(__file__).parent / "pretrained.bin"
QUANTUM = 16
"""Weight of one unit in the file, in 65536ths."""
MAX_QUANTA = 32_767


def load_pretrained() -> array[int]:
    """Load the shipped weights."""
    return unpack_weights(FILE.read_bytes())


def pack_weights(weights: Weights) -> bytes:
    quanta = array("h", (max(-MAX_QUANTA, min(MAX_QUANTA, round(weight / QUANTUM))) for weight in weights.buckets))
    if sys.byteorder == "big":
        quanta.byteswap()
    return zlib.compress(quanta.tobytes(), 9)


def unpack_weights(content: bytes) -> array[int]:
    quanta = array("h", zlib.decompress(content, bufsize=2 * BUCKET_COUNT))
    if sys.byteorder == "big":
        quanta.byteswap()
    return array("i", (number * QUANTUM for number in quanta))

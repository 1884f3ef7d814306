"""The weights that a new blog begins with, from texts that others marked; NOTICE beside this says which.

Kept as numbers of two bytes, deflated: made by `flask filter train-start`, the same from the same files.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from functools import cache
from pathlib import Path

from blog.spam.weights import BUCKETS, Weights

FILE = Path(__file__).parent / "pretrained.bin"
COARSE = 16
"""How many 65536ths one step of the file stands for."""
MOST = 32_767


@cache
def start() -> array[int]:
    """The numbers of the shipped file; nobody changes them."""
    return unpacked(FILE.read_bytes())


def packed(weights: Weights) -> bytes:
    coarse = array("h", (max(-MOST, min(MOST, round(weight / COARSE))) for weight in weights.all))
    if sys.byteorder == "big":
        coarse.byteswap()
    return zlib.compress(coarse.tobytes(), 9)


def unpacked(content: bytes) -> array[int]:
    coarse = array("h", zlib.decompress(content, bufsize=2 * BUCKETS))
    if sys.byteorder == "big":
        coarse.byteswap()
    return array("i", (number * COARSE for number in coarse))

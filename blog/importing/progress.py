"""How far an import is: a bar on a terminal, and now and then a line elsewhere."""

from __future__ import annotations

import time
from typing import TextIO

WIDTH = 30
SECONDS_ON_A_TERMINAL = 0.1
SECONDS_ELSEWHERE = 5


class ProgressBar:
    """Writes how far it is to `stream`, at most so often; erases its bar when it ends."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._bar = stream, stream.isatty()
        self._pause = SECONDS_ON_A_TERMINAL if self._bar else SECONDS_ELSEWHERE
        self._last = time.monotonic()

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._write("\r\x1b[K")

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self._last < self._pause:
            return
        self._last = time.monotonic()
        said = f"{done:,} of {total:,} entries" if total else f"reading the export, {done:,} entries so far"
        if self._bar:
            full = WIDTH * min(done, total) // total if total else 0
            self._write(f"\r\x1b[K[{'#' * full}{'-' * (WIDTH - full)}] {said}")
        else:
            self._write(f"{said[0].upper()}{said[1:]}.\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()

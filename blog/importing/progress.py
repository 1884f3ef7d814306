"""Show the progress of an import as a bar or lines."""

from __future__ import annotations

import time
from typing import TextIO

BAR_WIDTH = 30
TERMINAL_SECONDS = 0.1
LOG_SECONDS = 5


class ProgressBar:
    """Write a bar on a terminal, else an occasional line.

    The bar is erased at the end.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._bar = stream, stream.isatty()
        self._interval = TERMINAL_SECONDS if self._bar else LOG_SECONDS
        self._last = time.monotonic()

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._write("\r\x1b[K")

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self._last < self._interval:
            return
        self._last = time.monotonic()
        message = f"{done:,} of {total:,} entries" if total else f"reading the export, {done:,} entries so far"
        if self._bar:
            filled = BAR_WIDTH * min(done, total) // total if total else 0
            self._write(f"\r\x1b[K[{'#' * filled}{'-' * (BAR_WIDTH - filled)}] {message}")
        else:
            self._write(f"{message[0].upper()}{message[1:]}.\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()

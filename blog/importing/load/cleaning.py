"""Sanitize imported texts on all cores, in batches and in order.

The workers run only pure code (`blog.html`), so they need neither a database nor the app.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

import re2

from blog.html import PICTURE_TEXT, CleanedPost, imported_comment_html, post_html

MIN_POOL_CHARACTERS = 1_500_000
"""Below this, starting workers takes longer than the work."""


@dataclass(frozen=True, slots=True)
class OldHost:
    """Name the blog's old host and alias, whose links become local.

    `picture_text` stands for a picture that cannot be loaded; workers have no translations.
    """

    host: str = ""
    alias: str = ""
    picture_text: str = PICTURE_TEXT


class HasBody(Protocol):
    @property
    def body(self) -> str: ...


E = TypeVar("E", bound=HasBody)
R = TypeVar("R")
CleanBatch = Callable[[list[str], OldHost], list[R]]


def clean_posts(bodies: list[str], old_host: OldHost) -> list[CleanedPost]:
    options = {"host": old_host.host, "picture_text": old_host.picture_text}
    return [post_html(_replace_alias(body, old_host), **options) for body in bodies]


def clean_comments(bodies: list[str], old_host: OldHost) -> list[str]:
    options = {"host": old_host.host, "picture_text": old_host.picture_text}
    return [imported_comment_html(_replace_alias(body, old_host), **options) for body in bodies]


def _replace_alias(body: str, old_host: OldHost) -> str:
    """Make links to the blog's alias point to its host."""
    name = old_host.alias.removeprefix("www.").removesuffix(".blogspot.com")
    if not name or name not in body:
        return body
    # Blogger served a blog under a domain of every country
    domain = r"\.blogspot\.(?:com?\.)?[a-z]{2,3}" if old_host.alias.endswith(".blogspot.com") else ""
    link = rf"""(?i)(\bhref\s*=\s*["']?\s*)(?:https?:)?//(?:www\.)?{re2.escape(name)}{domain}([/"'?#:\s>])"""
    return str(re2.sub(link, lambda found: f"{found[1]}http://{old_host.host}{found[2]}", body))


class CleaningPool:
    """Clean batches in one worker per core; small imports need none."""

    def __init__(self, old_host: OldHost, cores: int | None = None) -> None:
        self._old_host = old_host
        self._cores = cores or _count_cores()
        self._characters = 0
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> CleaningPool:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def clean(self, batches: Iterable[list[E]], clean_batch: CleanBatch[R]) -> Iterator[list[tuple[E, R]]]:
        """Yield the batches in order, each entry with its cleaned text.

        Reads at most two batches per core ahead.
        """
        queue: deque[tuple[list[E], Callable[[], list[R]]]] = deque()
        for batch in batches:
            queue.append((batch, self._submit([entry.body for entry in batch], clean_batch)))
            while len(queue) > (2 * self._cores if self._pool else 0):
                yield _pair(*queue.popleft())
        while queue:
            yield _pair(*queue.popleft())

    def _submit(self, bodies: list[str], clean_batch: CleanBatch[R]) -> Callable[[], list[R]]:
        run_here = partial(clean_batch, bodies, self._old_host)
        self._characters += sum(map(len, bodies))
        small = not bodies or self._characters < MIN_POOL_CHARACTERS
        if small or self._cores == 1 or multiprocessing.current_process().daemon:
            return run_here
        self._pool = self._pool or _start_pool(self._cores)
        try:
            future = self._pool.submit(clean_batch, bodies, self._old_host)
        except BrokenProcessPool:
            return run_here
        return lambda: _wait_for(future, run_here)


def _pair(batch: Sequence[E], result: Callable[[], list[R]]) -> list[tuple[E, R]]:
    return list(zip(batch, result(), strict=True))


def _wait_for(future: Future[list[R]], run_here: Callable[[], list[R]]) -> list[R]:
    try:
        return future.result()
    except BrokenProcessPool:
        # a worker was killed, perhaps for lack of memory
        return run_here()


def _count_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start_pool(cores: int) -> ProcessPoolExecutor:
    # a process with threads and open databases must not be forked
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(cores, mp_context=context, initializer=_init_worker)


def _init_worker() -> None:
    """Ignore Ctrl-C in a worker, and exit when the import exits."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)

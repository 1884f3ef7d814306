"""Cleaning the texts of an import: on all cores where there are many, in batches and in their order.

What runs in the workers is pure (`blog.html`), so that they hold neither a database nor the app.
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

from blog.html import CleanedPost, imported_comment_html, post_html

ALONE = 1_500_000
"""So many characters this process cleans itself: starting others would take longer."""


@dataclass(frozen=True, slots=True)
class OldHost:
    """Where the blog stood: links to its `host` become local, and so do those to `alias`, its other name."""

    host: str = ""
    alias: str = ""


class Text(Protocol):
    @property
    def body(self) -> str: ...


E = TypeVar("E", bound=Text)
R = TypeVar("R")
Clean = Callable[[list[str], OldHost], list[R]]


def clean_posts(bodies: list[str], home: OldHost) -> list[CleanedPost]:
    return [post_html(_at_home(body, home), host=home.host) for body in bodies]


def clean_comments(bodies: list[str], home: OldHost) -> list[str]:
    return [imported_comment_html(_at_home(body, home), host=home.host) for body in bodies]


def _at_home(body: str, home: OldHost) -> str:
    """`body` with the links to the blog's other name leading to its host."""
    name = home.alias.removeprefix("www.").removesuffix(".blogspot.com")
    if not name or name not in body:
        return body
    # Blogger served a blog under a domain of every country
    domain = r"\.blogspot\.(?:com?\.)?[a-z]{2,3}" if home.alias.endswith(".blogspot.com") else ""
    link = rf"""(?i)(\bhref\s*=\s*["']?\s*)(?:https?:)?//(?:www\.)?{re2.escape(name)}{domain}([/"'?#:\s>])"""
    return str(re2.sub(link, lambda found: f"{found[1]}http://{home.host}{found[2]}", body))


class Cleaners:
    """The processes that clean, as many as there are cores: none where there is one, or little to do."""

    def __init__(self, home: OldHost, cores: int | None = None) -> None:
        self._home = home
        self._cores = cores or _cores()
        self._alone = 0
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Cleaners:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def cleaned(self, batches: Iterable[list[E]], clean: Clean[R]) -> Iterator[list[tuple[E, R]]]:
        """Each batch in its order, every entry with its text cleaned; a few batches ahead are in work meanwhile."""
        begun: deque[tuple[list[E], Callable[[], list[R]]]] = deque()
        for batch in batches:
            begun.append((batch, self._begin([entry.body for entry in batch], clean)))
            while len(begun) > (2 * self._cores if self._pool else 0):
                yield _together(*begun.popleft())
        while begun:
            yield _together(*begun.popleft())

    def _begin(self, bodies: list[str], clean: Clean[R]) -> Callable[[], list[R]]:
        here = partial(clean, bodies, self._home)
        self._alone += sum(map(len, bodies))
        if not bodies or self._cores == 1 or self._alone < ALONE or multiprocessing.current_process().daemon:
            return here
        self._pool = self._pool or _pool(self._cores)
        try:
            future = self._pool.submit(clean, bodies, self._home)
        except BrokenProcessPool:
            return here
        return lambda: _result(future, here)


def _together(batch: Sequence[E], result: Callable[[], list[R]]) -> list[tuple[E, R]]:
    return list(zip(batch, result(), strict=True))


def _result(future: Future[list[R]], here: Callable[[], list[R]]) -> list[R]:
    try:
        return future.result()
    except BrokenProcessPool:
        # a worker was killed, for want of memory perhaps: this process needs none
        return here()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _pool(cores: int) -> ProcessPoolExecutor:
    # spawned, since a process with threads and open databases must not be forked
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(cores, mp_context=context, initializer=_attend)


def _attend() -> None:
    """In a worker: leave Ctrl-C to the import, and end when it ends, however that comes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)

"""Run one round of all measurements, with a new server each."""

from __future__ import annotations

import asyncio
import re
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.comment_posting import Client, Writer, measure_posting
from bench.export import path_of, write_export
from bench.live_streams import StreamReader, close_streams, measure_delivery, open_streams
from bench.page_reading import read
from bench.servers import RunningServer, import_export, serving
from bench.thread_lengths import compare_threads, create_threads, inspect_threads

COMMENTS = 50
# Posts of the blog. The first is only read, the last is for the streams, the others get comments.
PAGES = 12
WARM_VIEWS = 50
DELIVERY_SAMPLES = 5

Figures = dict[str, float]


@dataclass(frozen=True)
class Scale:
    """Set the number and duration of measurements."""

    rounds: int
    seconds: float
    streams: int
    import_posts: int
    import_comments_each: int


FULL = Scale(rounds=3, seconds=5, streams=1000, import_posts=200, import_comments_each=20)
QUICK = Scale(rounds=1, seconds=1, streams=200, import_posts=20, import_comments_each=20)


@dataclass(frozen=True)
class Page:
    path: str
    post_id: int
    version: int


def create_blogs(folder: Path) -> Path:
    """Create a blog with PAGES posts and one with two threads.

    Each post has COMMENTS comments. Returns the instance of the former.
    """
    create_threads(folder / "threads")
    write_export(folder / "pages.xml", PAGES, COMMENTS)
    import_export(folder / "pages.xml", folder / "blog")
    return folder / "blog"


def run_round(scale: Scale, folder: Path, number: int) -> Figures:
    with serving("blog.server", folder / "blog", scale.streams) as blog:
        figures = asyncio.run(measure_memory_and_delivery(blog, scale))
        with ExitStack() as hello:
            hello_server = hello.enter_context(serving("bench.hello", folder / "hello"))
            figures |= asyncio.run(measure_reading(blog, hello_server, scale))
        figures |= asyncio.run(measure_writing(blog, scale, number + 1))
    return figures | measure_long_thread(scale, folder / "threads") | measure_import(scale, folder, number)


async def measure_memory_and_delivery(blog: RunningServer, scale: Scale) -> Figures:
    """Measure memory at rest and of streams, and the time of delivery.

    The server must have just started.
    """
    client = await Client.open(blog.port)
    page = await load_page(client, PAGES - 1)
    figures = {"rest": blog.memory()}
    writer = await Writer.open(blog.port, page.post_id)
    for _ in range(WARM_VIEWS):
        await client.ask(page.path)
    await writer.post(page.post_id)
    page = await load_page(client, PAGES - 1)
    before = blog.memory()
    streams = await open_streams(blog.port, f"/posts/{page.post_id}/live?since={page.version}", scale.streams)
    await asyncio.sleep(1)
    figures["stream"] = (blog.memory() - before) / scale.streams
    figures["told"] = max(
        [await measure_delivery(streams, writer, page.post_id, f"quiet{n}.") for n in range(DELIVERY_SAMPLES)]
    )
    served, figures["told.reading"] = await asyncio.gather(
        read(blog.url(path_of(0)), 3), measure_delivery_under_load(streams, writer, page.post_id)
    )
    close_streams(streams)
    return figures | {"streams.rate": served.rate, "streams.p99": served.p99}


async def measure_delivery_under_load(streams: list[StreamReader], writer: Writer, post_id: int) -> float:
    slowest = 0.0
    for number in range(DELIVERY_SAMPLES):
        await asyncio.sleep(0.4)
        slowest = max(slowest, await measure_delivery(streams, writer, post_id, f"busy{number}."))
    return slowest


async def measure_reading(blog: RunningServer, hello: RunningServer, scale: Scale) -> Figures:
    """Read the post page and Flask's hello world in turn."""
    pages = {"page": blog.url(path_of(0)), "hello": hello.url("/")}
    figures: Figures = {}
    for url in pages.values():
        await read(url, 1)
    for name, url in pages.items():
        latency = await read(url, scale.seconds)
        figures |= {f"{name}.rate": latency.rate, f"{name}.p50": latency.p50, f"{name}.p99": latency.p99}
    return figures | {"page.ratio": figures["page.rate"] / figures["hello.rate"]}


def measure_long_thread(scale: Scale, instance: Path) -> Figures:
    """Compare a long and a short thread on a new server."""
    paths, figures = inspect_threads(instance)
    with serving("blog.server", instance) as blog:
        return figures | asyncio.run(compare_threads(blog, paths, scale.seconds))


async def measure_writing(blog: RunningServer, scale: Scale, read_page: int) -> Figures:
    """Measure posting alone, then while readers read one of the pages.

    The writers go from page to page, so that the page being read does not grow much.
    """
    client = await Client.open(blog.port)
    posts = [(await load_page(client, number)).post_id for number in (read_page, *range(4, PAGES - 1))]
    without_readers = await measure_posting(blog.port, posts[1:], scale.seconds)
    with_readers, while_writing = await asyncio.gather(
        measure_posting(blog.port, posts, scale.seconds), read(blog.url(path_of(read_page)), scale.seconds)
    )
    return {
        "alone.rate": without_readers.rate,
        "alone.p50": without_readers.p50,
        "alone.p99": without_readers.p99,
        "posting.rate": with_readers.rate,
        "posting.p50": with_readers.p50,
        "posting.p99": with_readers.p99,
        "meanwhile.rate": while_writing.rate,
        "meanwhile.p50": while_writing.p50,
        "meanwhile.p99": while_writing.p99,
        "posting.ratio": with_readers.p99 / while_writing.p99,
    }


def measure_import(scale: Scale, folder: Path, number: int) -> Figures:
    """Measure a whole `flask import` into an empty blog."""
    file = folder / "import.xml"
    size = write_export(file, scale.import_posts, scale.import_comments_each, seed=2)
    seconds = import_export(file, folder / f"import-{number}")
    comments = scale.import_posts * scale.import_comments_each
    return {"import.comments": comments / seconds, "import.bytes": size / seconds, "import.size": float(size)}


async def load_page(client: Client, number: int) -> Page:
    """Load a page and return its data for live updates."""
    match = re.search(r'data-stream="/posts/(\d+)/live" data-version="(\d+)"', await client.ask(path_of(number)))
    if match is None:
        raise SystemExit(f"The page {path_of(number)} has no live updates.")
    return Page(path_of(number), int(match[1]), int(match[2]))

"""One round of every measurement, each taken from outside; a round starts a server of its own."""

from __future__ import annotations

import asyncio
import re
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.export import path_of, write_export
from bench.following import Follower, follow, leave, tell
from bench.lengths import compare, plant_threads, threads_in
from bench.reading import read
from bench.serving import Served, import_export, serving
from bench.writing import Client, Writer, write

COMMENTS = 50
# pages that a round writes under; the first is only read, the last holds the streams
PAGES = 12
WARM_VIEWS = 50
TELLINGS = 5

Figures = dict[str, float]


@dataclass(frozen=True)
class Extent:
    """How long and how much."""

    rounds: int
    seconds: float
    streams: int
    import_posts: int
    import_comments_each: int


FULL = Extent(rounds=3, seconds=5, streams=1000, import_posts=200, import_comments_each=20)
QUICK = Extent(rounds=1, seconds=1, streams=200, import_posts=20, import_comments_each=20)


@dataclass(frozen=True)
class Page:
    path: str
    post_id: int
    version: int


def plant(folder: Path) -> Path:
    """A blog with PAGES posts of COMMENTS comments each, whose instance is returned; and one with two threads."""
    plant_threads(folder / "threads")
    write_export(folder / "pages.xml", PAGES, COMMENTS)
    import_export(folder / "pages.xml", folder / "blog")
    return folder / "blog"


def one_round(extent: Extent, folder: Path, number: int) -> Figures:
    with serving("blog.server", folder / "blog", extent.streams) as blog:
        figures = asyncio.run(small(blog, extent))
        with ExitStack() as hello:
            against = hello.enter_context(serving("bench.hello", folder / "hello"))
            figures |= asyncio.run(reading(blog, against, extent))
        figures |= asyncio.run(writing(blog, extent, number + 1))
    return figures | lengths(extent, folder / "threads") | importing(extent, folder, number)


async def small(blog: Served, extent: Extent) -> Figures:
    """Memory at rest and of open streams, and how fast these are told, on a server that has just started."""
    client = await Client.open(blog.port)
    page = await look(client, PAGES - 1)
    figures = {"rest": blog.memory()}
    writer = await Writer.open(blog.port, page.post_id)
    for _ in range(WARM_VIEWS):
        await client.ask(page.path)
    await writer.post(page.post_id)
    page = await look(client, PAGES - 1)
    before = blog.memory()
    followers = await follow(blog.port, f"/posts/{page.post_id}/live?since={page.version}", extent.streams)
    await asyncio.sleep(1)
    figures["stream"] = (blog.memory() - before) / extent.streams
    figures["told"] = max([await tell(followers, writer, page.post_id, f"quiet{n}.") for n in range(TELLINGS)])
    served, figures["told.reading"] = await asyncio.gather(
        read(blog.url(path_of(0)), 3), tell_meanwhile(followers, writer, page.post_id)
    )
    leave(followers)
    return figures | {"streams.rate": served.rate, "streams.p99": served.p99}


async def tell_meanwhile(followers: list[Follower], writer: Writer, post_id: int) -> float:
    slowest = 0.0
    for number in range(TELLINGS):
        await asyncio.sleep(0.4)
        slowest = max(slowest, await tell(followers, writer, post_id, f"busy{number}."))
    return slowest


async def reading(blog: Served, hello: Served, extent: Extent) -> Figures:
    """The post page and Flask's hello world in turn, each warmed up."""
    pages = {"page": blog.url(path_of(0)), "hello": hello.url("/")}
    figures: Figures = {}
    for url in pages.values():
        await read(url, 1)
    for name, url in pages.items():
        took = await read(url, extent.seconds)
        figures |= {f"{name}.rate": took.rate, f"{name}.p50": took.p50, f"{name}.p99": took.p99}
    return figures | {"page.ratio": figures["page.rate"] / figures["hello.rate"]}


def lengths(extent: Extent, instance: Path) -> Figures:
    """The first page of a long thread and of a short one, on a server of their own."""
    paths, figures = threads_in(instance)
    with serving("blog.server", instance) as blog:
        return figures | asyncio.run(compare(blog, paths, extent.seconds))


async def writing(blog: Served, extent: Extent, read_page: int) -> Figures:
    """Comments posted, first with nobody reading, then while readers read one of the pages that are written under.

    The writers go from page to page, so that the one that is read does not grow much.
    """
    client = await Client.open(blog.port)
    posts = [(await look(client, number)).post_id for number in (read_page, *range(4, PAGES - 1))]
    alone = await write(blog.port, posts[1:], extent.seconds)
    together, meanwhile = await asyncio.gather(
        write(blog.port, posts, extent.seconds), read(blog.url(path_of(read_page)), extent.seconds)
    )
    return {
        "alone.rate": alone.rate,
        "alone.p50": alone.p50,
        "alone.p99": alone.p99,
        "posting.rate": together.rate,
        "posting.p50": together.p50,
        "posting.p99": together.p99,
        "meanwhile.rate": meanwhile.rate,
        "meanwhile.p50": meanwhile.p50,
        "meanwhile.p99": meanwhile.p99,
        "posting.ratio": together.p99 / meanwhile.p99,
    }


def importing(extent: Extent, folder: Path, number: int) -> Figures:
    """A whole `flask import`, from the start of the command to its end, into an empty blog."""
    file = folder / "import.xml"
    size = write_export(file, extent.import_posts, extent.import_comments_each, seed=2)
    seconds = import_export(file, folder / f"import-{number}")
    comments = extent.import_posts * extent.import_comments_each
    return {"import.comments": comments / seconds, "import.bytes": size / seconds, "import.size": float(size)}


async def look(client: Client, number: int) -> Page:
    """What a page says of itself to its live updates."""
    said = re.search(r'data-stream="/posts/(\d+)/live" data-version="(\d+)"', await client.ask(path_of(number)))
    if said is None:
        raise SystemExit(f"The page {path_of(number)} has no live updates.")
    return Page(path_of(number), int(said[1]), int(said[2]))

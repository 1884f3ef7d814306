"""A classic Blogger export of any size, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from xml.sax.saxutils import escape

HOST = "http://bench.blogspot.com"
FIRST = datetime(2012, 3, 1, 9, 0, tzinfo=timezone(timedelta(hours=2)))
REPLIES = 0.3
NAMES = ["Ann", "Bob", "Clara", "Dimitri", "Eun-ji", "Farid", "Gesa", "Hugo", "Ines", "Jarmila"]
SPOKEN = """
the a of and to in that it was for on as with they at from this have not but river heron weir morning council bridge
fish water reeds photograph evening again always nobody called paper wrote said seen standing quietly numbers returned
breeding pairs spring flood upstream report neighbour children counted years winter
"""
WORDS = SPOKEN.split()

HEAD = f"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns='http://www.w3.org/2005/Atom' xmlns:thr='http://purl.org/syndication/thread/1.0'>
<id>tag:blogger.com,1999:blog-1.archive</id><title type='text'>The Bench</title>
<link rel='alternate' type='text/html' href='{HOST}/'/>
"""


def write_export(file: Path, posts: int, comments_each: int, seed: int = 1) -> int:
    """Write an export of `posts` posts with `comments_each` comments under each; returns its size in bytes."""
    with file.open("w", encoding="utf-8") as out:
        out.write(HEAD)
        out.writelines(entries(posts, comments_each, Random(seed)))  # noqa: S311  the same at each run
        out.write("</feed>\n")
    return file.stat().st_size


def entries(posts: int, comments_each: int, random: Random) -> Iterator[str]:
    """First all posts, then all comments, as Blogger writes them."""
    for number in range(posts):
        yield post(number, random)
    for number in range(posts):
        standing: list[int] = []
        for place in range(comments_each):
            ident = 1_000_000 + number * comments_each + place
            parent = random.choice(standing) if standing and random.random() < REPLIES else None
            yield comment(ident, number, parent, random)
            standing.append(ident)


def path_of(number: int) -> str:
    """The path of the post with this number, which an import keeps."""
    return f"/{written(number):%Y/%m}/post-{number}.html"


def written(number: int) -> datetime:
    return FIRST + timedelta(hours=7 * number)


def post(number: int, random: Random) -> str:
    body = "".join(f"<p>{text(random, 60)}</p>" for _ in range(4))
    return entry(
        "post",
        number + 1,
        written(number),
        f"<title type='text'>Post {number}: {text(random, 6)[:60]}</title>"
        f"<content type='html'>{escape(body)}</content>"
        f"<link rel='alternate' type='text/html' href='{HOST}{path_of(number)}'/><author><name>Nora</name></author>",
    )


def comment(ident: int, under: int, parent: int | None, random: Random) -> str:
    at = written(under) + timedelta(minutes=ident % 10_000)
    body = "<br /><br />".join(text(random, 25) for _ in range(random.choice((1, 1, 2, 3))))
    if random.random() < 0.1:
        body += ' <a href="http://example.org/herons" rel="nofollow">there</a>'
    answers = f"<link rel='related' href='{HOST}/feeds/1/{under + 1}/comments/default/{parent}'/>" if parent else ""
    return entry(
        "comment",
        ident,
        at,
        f"<content type='html'>{escape(body)}</content>{answers}"
        f"<author><name>{random.choice(NAMES)}</name></author>"
        f"<thr:in-reply-to ref='tag:blogger.com,1999:blog-1.post-{under + 1}'/>",
    )


def entry(kind: str, ident: int, at: datetime, rest: str) -> str:
    moment = at.isoformat(timespec="milliseconds")
    return (
        f"<entry><id>tag:blogger.com,1999:blog-1.post-{ident}</id><published>{moment}</published>"
        f"<updated>{moment}</updated><category scheme='http://schemas.google.com/g/2005#kind' "
        f"term='http://schemas.google.com/blogger/2008/kind#{kind}'/>{rest}</entry>\n"
    )


def text(random: Random, words: int) -> str:
    """Some sentences, most of them about `words` words long, few of them much longer."""
    count = max(3, min(8 * words, round(random.lognormvariate(0, 0.6) * words)))
    return " ".join(random.choices(WORDS, k=count)).capitalize() + "."

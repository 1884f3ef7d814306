"""Write a classic Blogger export of any size, reproducible by its seed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from xml.sax.saxutils import escape

HOST = "http://bench.blogspot.com"
FIRST_DATE = datetime(2012, 3, 1, 9, 0, tzinfo=timezone(timedelta(hours=2)))
REPLY_RATE = 0.3
NAMES = ["Ann", "Bob", "Clara", "Dimitri", "Eun-ji", "Farid", "Gesa", "Hugo", "Ines", "Jarmila"]
VOCABULARY = """
the a of and to in that it was for on as with they at from this have not but river heron weir morning council bridge
fish water reeds photograph evening again always nobody called paper wrote said seen standing quietly numbers returned
breeding pairs spring flood upstream report neighbour children counted years winter
"""
WORDS = VOCABULARY.split()

HEAD = f"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns='http://www.w3.org/2005/Atom' xmlns:thr='http://purl.org/syndication/thread/1.0'>
<id>tag:blogger.com,1999:blog-1.archive</id><title type='text'>The Bench</title>
<link rel='alternate' type='text/html' href='{HOST}/'/>
"""


def write_export(file: Path, posts: int, comments_each: int, seed: int = 1) -> int:
    """Write an export; return its size in bytes.

    Each of `posts` posts has `comments_each` comments.
    """
    with file.open("w", encoding="utf-8") as out:
        out.write(HEAD)
        out.writelines(entries(posts, comments_each, Random(seed)))  # noqa: S311  the same at each run
        out.write("</feed>\n")
    return file.stat().st_size


def entries(posts: int, comments_each: int, random: Random) -> Iterator[str]:
    """Yield all posts, then all comments, as Blogger writes them."""
    for number in range(posts):
        yield post(number, random)
    for number in range(posts):
        earlier: list[int] = []
        for place in range(comments_each):
            entry_id = 1_000_000 + number * comments_each + place
            parent = random.choice(earlier) if earlier and random.random() < REPLY_RATE else None
            yield comment(entry_id, number, parent, random)
            earlier.append(entry_id)


def path_of(number: int) -> str:
    """Return the path of a post, which an import preserves."""
    return f"/{publication_date(number):%Y/%m}/post-{number}.html"


def publication_date(number: int) -> datetime:
    return FIRST_DATE + timedelta(hours=7 * number)


def post(number: int, random: Random) -> str:
    body = "".join(f"<p>{text(random, 60)}</p>" for _ in range(4))
    return entry(
        "post",
        number + 1,
        publication_date(number),
        f"<title type='text'>Post {number}: {text(random, 6)[:60]}</title>"
        f"<content type='html'>{escape(body)}</content>"
        f"<link rel='alternate' type='text/html' href='{HOST}{path_of(number)}'/><author><name>Nora</name></author>",
    )


def comment(entry_id: int, post_number: int, parent: int | None, random: Random) -> str:
    date = publication_date(post_number) + timedelta(minutes=entry_id % 10_000)
    body = "<br /><br />".join(text(random, 25) for _ in range(random.choice((1, 1, 2, 3))))
    if random.random() < 0.1:
        body += ' <a href="http://example.org/herons" rel="nofollow">there</a>'
    reply_link = (
        f"<link rel='related' href='{HOST}/feeds/1/{post_number + 1}/comments/default/{parent}'/>" if parent else ""
    )
    return entry(
        "comment",
        entry_id,
        date,
        f"<content type='html'>{escape(body)}</content>{reply_link}"
        f"<author><name>{random.choice(NAMES)}</name></author>"
        f"<thr:in-reply-to ref='tag:blogger.com,1999:blog-1.post-{post_number + 1}'/>",
    )


def entry(kind: str, entry_id: int, date: datetime, rest: str) -> str:
    moment = date.isoformat(timespec="milliseconds")
    return (
        f"<entry><id>tag:blogger.com,1999:blog-1.post-{entry_id}</id><published>{moment}</published>"
        f"<updated>{moment}</updated><category scheme='http://schemas.google.com/g/2005#kind' "
        f"term='http://schemas.google.com/blogger/2008/kind#{kind}'/>{rest}</entry>\n"
    )


def text(random: Random, words: int) -> str:
    """Return a random sentence of about `words` words.

    Few sentences are much longer, at most eight times.
    """
    count = max(3, min(8 * words, round(random.lognormvariate(0, 0.6) * words)))
    return " ".join(random.choices(WORDS, k=count)).capitalize() + "."

"""Exports made for one test: the classic feed with just the entries that it needs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from click.testing import Result
from flask import Flask

SAMPLES = Path(__file__).parent / "samples"
FIXTURES = Path(__file__).parents[3] / "shared" / "fixtures"
HOST = "http://heronpost.blogspot.com"
HEAD = (
    "<?xml version='1.0' encoding='UTF-8'?>\n<feed xmlns='http://www.w3.org/2005/Atom' "
    "xmlns:thr='http://purl.org/syndication/thread/1.0'><title type='text'>The Heron Post</title>"
    f"<link rel='alternate' href='{HOST}/'/>\n"
)


def entry(kind: str, ident: str, rest: str, at: str = "2011-07-01T12:00:00.000+02:00") -> str:
    return (
        f"<entry><id>tag:blogger.com,1999:blog-77.{ident}</id><published>{at}</published><updated>{at}</updated>"
        "<category scheme='http://schemas.google.com/g/2005#kind' "
        f"term='http://schemas.google.com/blogger/2008/kind#{kind}'/>{rest}</entry>\n"
    )


def post_entry(number: int, path: str | None = "", body: str = "Text.", **more: str) -> str:
    path = f"/2011/07/post-{number}.html" if path == "" else path
    link = f"<link rel='alternate' href={quoteattr(HOST + path)}/>" if path else ""
    return entry(
        "post",
        f"post-{number}",
        f"<title>Post {number}</title><content type='html'>{escape(body)}</content>{link}",
        **more,
    )


def setting_entry(name: str, value: str) -> str:
    return entry("settings", f"settings.{name}", f"<content type='text'>{escape(value)}</content>")


def comment_entry(number: int, post: int, parent: int | None = None, body: str = "Seen one.", **more: str) -> str:
    related = f"<link rel='related' href='http://www.blogger.com/feeds/77/{post}/comments/default/{parent}'/>"
    return entry(
        "comment",
        f"post-{number}",
        f"<content type='html'>{escape(body)}</content>{related if parent else ''}"
        f"<author><name>Ann</name></author><thr:in-reply-to ref='tag:blogger.com,1999:blog-77.post-{post}'/>",
        **more,
    )


def an_export(folder: Path, entries: Iterable[str], name: str = "blog.xml") -> Path:
    path = folder / name
    path.write_text(HEAD + "".join(entries) + "</feed>\n")
    return path


def run(app: Flask, *arguments: object) -> Result:
    return app.test_cli_runner().invoke(args=[str(argument) for argument in arguments])

"""Write small exports, in the classic format and in Takeout's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

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


TAKEOUT_HEAD = (
    "<?xml version='1.0' encoding='utf-8'?>\n<feed xmlns='http://www.w3.org/2005/Atom' "
    "xmlns:blogger='http://schemas.google.com/blogger/2018'><id>tag:blogger.com,1999:blog-77</id>"
    "<title>The Heron Post</title>\n"
)
SETTINGS = {
    "blog_name": "The Heron Post",
    "blog_description": "Birds &amp; weirs",
    "blog_locale": "en_GB",
    "blog_time_zone": "Europe/Berlin",
    "blog_subdomain": "heronpost",
    "blog_publishing_mode": "BLOGSPOT",
    "blog_comment_email": "owner@example.org",
}


def takeout_entry(kind: str, number: int, body: str = "Text.", **fields: str | None) -> str:
    """Return one entry of a Takeout feed.

    `fields` are its `blogger:` children, besides name, title, uri, labels and at.
    """
    at = fields.pop("at", None) or "2020-04-01T10:00:00Z"
    title, name, uri = fields.pop("title", None) or "", fields.pop("name", "Ann") or "", fields.pop("uri", None)
    labels = (fields.pop("labels", None) or "").split("|")
    children = {"status": "LIVE"} | fields
    return (
        f"<entry><id>tag:blogger.com,1999:blog-77.post-{number}</id><blogger:type>{kind}</blogger:type>"
        + "".join(f"<blogger:{key}>{escape(value or '')}</blogger:{key}>" for key, value in children.items())
        + f"<author><name>{name}</name>{f'<uri>{uri}</uri>' if uri else ''}<blogger:type>BLOGGER</blogger:type>"
        f"</author><title>{title}</title><content type='html'>{escape(body)}</content>"
        + "".join(f"<category scheme='tag:blogger.com,1999:blog-77' term={quoteattr(label)}/>" for label in labels)
        + f"<category/><link/><published>{at}</published><updated>{at}</updated><blogger:trashed/></entry>\n"
    )


def takeout_post(number: int, body: str = "Text.", kind: str = "POST", **fields: str | None) -> str:
    return takeout_entry(kind, number, body, **({"filename": f"/2020/04/post-{number}.html"} | fields))


def takeout_comment(number: int, post: int, parent: int | None = None, body: str = "Seen one.", **fields: str) -> str:
    reply = f"tag:blogger.com,1999:blog-77.post-{parent}" if parent else ""
    answered = {"parent": f"tag:blogger.com,1999:blog-77.post-{post}", "inReplyTo": reply}
    return takeout_entry("COMMENT", number, body, **(answered | fields))


def takeout_feed(*entries: str) -> str:
    return TAKEOUT_HEAD + "".join(entries) + "</feed>\n"


def settings_csv(**changed: str) -> str:
    settings = SETTINGS | changed
    return ",".join(settings) + "\n" + ",".join(f'"{value}"' for value in settings.values()) + "\n"


def a_takeout(folder: Path, files: dict[str, str | bytes], name: str = "takeout.zip") -> Path:
    """Write a zip with these files, by their paths in `Takeout/Blogger`."""
    path = folder / name
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr("Takeout/archive_browser.html", "<html></html>")
        for inside, content in files.items():
            archive.writestr(f"Takeout/Blogger/{inside}", content)
    return path


def one_blog(*entries: str, **changed: str) -> dict[str, str | bytes]:
    return {
        "Blogs/The Heron Post/feed.atom": takeout_feed(*entries),
        "Blogs/The Heron Post/settings.csv": settings_csv(**changed),
    }

"""Compare public pages, rendered afresh, with the versions that they depend on, after each commit."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from blog.comments.forms import _blank_form
from blog.comments.models import Comment
from blog.comments.thread import tree
from blog.comments.thread.branches import comment_cache
from blog.comments.thread.replies import reply_page_cache
from blog.db import db
from blog.posts.models import PAGE, Post
from blog.site.models import Site

BLOG = Path(__file__).parent.parent.parent / "blog"
# the default of `affects` by the name of the transaction
TRANSACTIONS = {"writing": "content", "changing_threads": "thread"}
# modules that pass a transaction on to their caller
PASSING = {"blog/db.py", "blog/comments/changes.py"}
NO_POST = 0
SITE_PAGES = ("/", "/privacy", "/subscribe", "/feeds/posts/default", "/feeds/posts/default?alt=json")
DISCOVERY = ("/robots.txt", "/sitemap.xml", "/sitemap.xml?page=1", "/sitemap-pages.xml", "/news-sitemap.xml")
# `site.content_version`; then the thread's version, or the site's for pages of NO_POST
Versions = tuple[int, int | None]


class Page(NamedTuple):
    """Hold a page and the versions that it depends on."""

    versions: Versions
    status: int
    html: bytes


@dataclass
class PageWitness:
    """Record the pages that changed without a version, and who has written.

    `posts` has the id of the post whose thread a path shows, or NO_POST. Paths stay when their page is gone.
    `needless` are writers that affect nothing by their declaration and raised a version of a page.
    """

    app: Flask
    posts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SITE_PAGES, NO_POST))
    posts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("/", "/privacy", *DISCOVERY), NO_POST))
    pages: dict[str, Page] = field(default_factory=dict)
    stale: list[tuple[str, str]] = field(default_factory=list)
    needless: set[str] = field(default_factory=set)
    writers: set[str] = field(default_factory=set)

    def check(self, writer: str) -> None:
        """Render all pages again, and note those that a cache would show as they were."""
        before, self.pages = self.pages, Context().run(self.render_all)
        self.writers.add(writer)
        for path, old in before.items():
            page = self.pages[path]
            # only pages with status 200 are cached
            if old.status == 200 and page.html != old.html and page.versions == old.versions:
                self.stale.append((writer, path))
            if page.versions != old.versions and WRITERS.get(writer) == "nothing":
                self.needless.add(writer)

    def render_all(self) -> dict[str, Page]:
        for cache in (tree.thread_page_cache, reply_page_cache, comment_cache):
            cache.clear()
        _blank_form.cache_clear()
        with self.app.app_context():
            self.posts |= find_paths()
            versions = read_versions()
        client = FlaskClient(self.app, self.app.response_class, use_cookies=False)
        found = {}
        for path, post_id in self.posts.items():
            answer = client.get(path)
            # a deleted post has no version
            found[path] = Page(versions.get(post_id, (0, None)), answer.status_code, answer.data)
        return found

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Check all pages after each commit of a write."""
        self.pages = Context().run(self.render_all)

        def check(session: Any) -> None:
            if session.info.get("writing"):
                self.check(calling_function())

        event.listen(db.session, "after_commit", check)
        try:
            yield
        finally:
            event.remove(db.session, "after_commit", check)


def find_paths() -> dict[str, int]:
    """Return the paths of posts with comments, of pages and of their lists, with the post whose thread they show."""
    found = dict.fromkeys(("/archive", "/archive/labels", "/archive/authors"), NO_POST)
    for post in db.session.scalars(Post.visible().where((Post.comment_count > 0) | (Post.kind == PAGE))):
        orders = ("", "?order=newest", "?order=agreed", "?page=2") if post.top_count > tree.PAGE_SIZE else ("",)
        found |= {f"{post.path}{query}": post.id for query in orders}
        found[f"/feeds/{post.id}/comments/default"] = post.id
        lists = [f"/search/label/{label.name}" for label in post.labels]
        lists += [f"/{post.published_at:%Y}/", f"/{post.published_at:%Y/%m}/"]
        lists += [f"/archive/{post.published_at:%Y}", f"/archive/{post.published_at:%Y/%m}"]
        lists += [f"/search/author/{quote(post.author_name)}"] if post.author_name else []
        found |= dict.fromkeys(lists, NO_POST)
    for comment in db.session.scalars(select(Comment).where(Comment.branch_count > 1)):
        found[f"/posts/{comment.post_id}/comments/{comment.id}/replies"] = comment.post_id
    return found


def read_versions() -> dict[int, Versions]:
    content, counts = db.session.execute(select(Site.content_version, Site.version)).one()
    threads = db.session.execute(select(Post.id, Post.thread_version))
    return {post_id: (content, version) for post_id, version in threads} | {NO_POST: (content, counts)}


def calling_function() -> str:
    """Return who opened the transaction, such as "blog/site/update.py: change_settings"; "" for a test."""
    frame: Any = sys._getframe()
    while frame:
        name = Path(frame.f_code.co_filename)
        if name.is_relative_to(BLOG) and (path := f"blog/{name.relative_to(BLOG)}") not in PASSING:
            return f"{path}: {frame.f_code.co_name}"
        frame = frame.f_back
    return ""


def all_writers() -> dict[str, str]:
    """Return all functions of the program that open a write transaction, with what they affect."""
    return {
        f"blog/{path.relative_to(BLOG)}: {function.name}": affected[0]
        for path in BLOG.rglob("*.py")
        if f"blog/{path.relative_to(BLOG)}" not in PASSING
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef) and (affected := list(filter(None, map(affects, own_nodes(function)))))
    }


def own_nodes(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Yield the nodes of a function without those of functions inside it."""
    waiting: list[ast.AST] = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef):
            waiting += ast.iter_child_nodes(node)


def affects(node: ast.AST) -> str:
    """Return what a call affects that opens a transaction; "" for other nodes."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        return ""
    default = TRANSACTIONS.get(node.func.id, "")
    declared = [word.value for word in node.keywords if word.arg == "affects" and default]
    return str(ast.literal_eval(declared[0])) if declared else default


WRITERS = all_writers()

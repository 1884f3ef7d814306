"""Loading a batch of posts and pages: each keeps its old address, its dates and its author's name."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select

from blog.db import db, now, writing
from blog.exchange import archive
from blog.exchange.batches import absent
from blog.exchange.reporting import Report
from blog.posts.models import PAGE, Post
from blog.posts.planting import remove_untouched_welcome
from blog.posts.publishing import derive, free_path, labelled
from blog.site.models import Site, current_site, raise_site_version


def load_posts(entries: list[archive.Post], host: str, report: Report) -> None:
    """Bring in those that do not stand yet, in one act. `host` is the blog's old one, whose links become local."""
    fresh = absent(entries, Post)
    written = [(entry, _post(entry, host, report)) for entry in fresh]
    report.standing += Counter(entry.kind for entry in entries) - Counter(entry.kind for entry in fresh)
    if not written:
        return
    with writing():
        remove_untouched_welcome()
        site, version = current_site(), raise_site_version()
        new = {entry.ref for entry in absent(fresh, Post)}
        paths = [entry.path for entry in fresh if entry.path]
        taken = set(db.session.scalars(select(Post.path).where(Post.path.in_(paths))))
        # those whose address is taken come last, so that no other's is given to them
        for entry, post in sorted(written, key=lambda pair: pair[0].path in taken):
            if entry.ref in new:
                post.labels = labelled(list(entry.labels))
                post.site_version = version
                _address(post, entry.path, taken, site, report)
                db.session.add(post)
                _note_post(post, report)


def _post(entry: archive.Post, host: str, report: Report) -> Post:
    coming = not entry.draft and entry.at > now()
    post = Post(
        import_ref=entry.ref,
        kind=entry.kind,
        title=" ".join(entry.title.split())[:500],
        published_at=None if entry.draft or coming else entry.at,
        created_at=entry.at,
        updated_at=entry.updated_at,
        author_name=entry.author_name[:200],
        author_ref=entry.author_ref if len(entry.author_ref or "") <= 500 else None,
        body=entry.body,
        quote="",
        note="",
    )
    report.future += coming
    for picture in derive(post, host=host):
        report.pictures.add(picture)
    return post


def _address(post: Post, old: str | None, taken: set[str | None], site: Site, report: Report) -> None:
    """Inside an act: a published post keeps its old address, unless it had none or another post has it here."""
    if post.published_at is None:
        return
    if old and old not in taken and len(old) <= 300:
        post.path = old
    else:
        post.path = free_path(post, post.published_at, site)
        report.moved.add(f"{old or 'without an address'}: now {post.path}")
    taken.add(post.path)


def _note_post(post: Post, report: Report) -> None:
    draft = post.published_at is None
    if post.kind == PAGE:
        report.pages, report.page_drafts = report.pages + 1, report.page_drafts + draft
    else:
        report.posts, report.post_drafts = report.posts + 1, report.post_drafts + draft
    report.labels.update(label.name for label in post.labels)

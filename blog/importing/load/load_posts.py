"""Loading a batch of posts and pages: each keeps its old address, its dates and its author's name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import select

from blog.db import db, now, writing
from blog.html import CleanedPost
from blog.importing import archive
from blog.importing.load.batches import absent
from blog.importing.report import Report
from blog.posts.labels import find_or_create_labels
from blog.posts.models import PAGE, Post
from blog.posts.publishing import derive_fields, find_free_path
from blog.posts.seed import remove_untouched_welcome
from blog.site.models import Site, current_site, raise_site_version

Cleaned = list[tuple[archive.Post, CleanedPost]]


def addressed_first(posts: Callable[[], Iterator[archive.Post]]) -> Iterator[archive.Post]:
    """Posts that bring their address before those that need one, so that no old address is given away."""
    waiting = False
    for post in posts():
        if post.path or post.draft:
            yield post
        else:
            waiting = True
    if waiting:
        yield from (post for post in posts() if not post.path and not post.draft)


def load_posts(entries: Cleaned, host: str, report: Report) -> None:
    """Bring in those that do not stand yet, in one act. `host` is the blog's old one."""
    if not entries:
        return
    written = [(entry, cleaned, _post(entry, cleaned, host)) for entry, cleaned in entries]
    with writing():
        remove_untouched_welcome()
        site, version = current_site(), raise_site_version()
        new = {entry.ref for entry in absent([entry for entry, _ in entries], Post)}
        paths = [entry.path for entry, _ in entries if entry.path]
        taken = set(db.session.scalars(select(Post.path).where(Post.path.in_(paths))))
        names = [name for entry, _ in entries for name in entry.labels]
        labels = {label.name: label for label in find_or_create_labels(names)}
        # those whose address is taken come last, so that no other's is given to them
        for entry, cleaned, post in sorted(written, key=lambda one: one[0].path in taken):
            if entry.ref in new:
                post.labels = [labels[name] for name in entry.labels]
                post.site_version = version
                _address(post, entry.path, taken, site, report)
                db.session.add(post)
                _note_post(entry, cleaned, post, report)


def _post(entry: archive.Post, cleaned: CleanedPost, host: str) -> Post:
    post = Post(
        import_ref=entry.ref,
        kind=entry.kind,
        title=" ".join(entry.title.split())[:500],
        published_at=None if entry.draft or _coming(entry) else entry.at,
        created_at=entry.at,
        updated_at=entry.updated_at,
        author_name=" ".join(entry.author_name.split())[:200],
        author_ref=entry.author_ref if len(entry.author_ref or "") <= 500 else None,
        body=entry.body,
        quote="",
        note="",
    )
    derive_fields(post, host=host, body=cleaned)
    return post


def _coming(entry: archive.Post) -> bool:
    return not entry.draft and entry.at > now()


def _address(post: Post, old: str | None, taken: set[str | None], site: Site, report: Report) -> None:
    """Inside an act: a post keeps its old address, unless it had none or another has it here; a draft needs none."""
    if old and old not in taken and len(old) <= 300:
        post.path = old
    elif post.published_at is not None:
        post.path = find_free_path(post, post.published_at, site)
        report.moved.add(f"{old or 'without an address'}: now {post.path}")
    taken.add(post.path)


def _note_post(entry: archive.Post, cleaned: CleanedPost, post: Post, report: Report) -> None:
    draft = post.published_at is None
    if post.kind == PAGE:
        report.pages, report.page_drafts = report.pages + 1, report.page_drafts + draft
    else:
        report.posts, report.post_drafts = report.posts + 1, report.post_drafts + draft
    report.labels.update(label.name for label in post.labels)
    report.future += _coming(entry)
    place = post.path or f"the draft “{post.headline}”"
    for address in cleaned.insecure_pictures:
        report.pictures.add(f"{address} (in {place})")
    for address in cleaned.embeds:
        report.embeds.add(f"{address} (in {place})")

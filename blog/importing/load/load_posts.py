"""Save batches of posts and pages with their old paths and dates."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import select

from blog.db import db, now, writing
from blog.html import CleanedPost
from blog.html.invisible_characters import clean_line
from blog.importing import archive
from blog.importing.load.batches import select_new
from blog.importing.report import Report
from blog.posts.addresses.old_paths import store_old_path
from blog.posts.labels import find_or_create_labels
from blog.posts.models import PAGE, Post
from blog.posts.publishing import derive_fields, find_free_path
from blog.posts.seed import remove_untouched_welcome
from blog.site.hub_pings import request_ping
from blog.site.models import Site, current_site, raise_site_version
from blog.stored_messages import message

MAX_REPORTED_URL = 500

CleanedEntries = list[tuple[archive.Post, CleanedPost]]


def with_path_first(posts: Callable[[], Iterator[archive.Post]]) -> Iterator[archive.Post]:
    """Yield posts with a path before those that need a new one.

    No new path can then take an old path of another post.
    """
    any_without_path = False
    for post in posts():
        if post.path or post.draft:
            yield post
        else:
            any_without_path = True
    if any_without_path:
        yield from (post for post in posts() if not post.path and not post.draft)


def load_posts(entries: CleanedEntries, host: str, report: Report) -> None:
    """Save the new posts in one transaction. `host` is the old host."""
    if not entries:
        return
    made = [(entry, cleaned, _make_post(entry, cleaned, host)) for entry, cleaned in entries]
    with writing():
        remove_untouched_welcome()
        site, version = current_site(), raise_site_version()
        new = {entry.ref for entry in select_new([entry for entry, _ in entries], Post)}
        paths = [entry.path for entry, _ in entries if entry.path]
        taken = set(db.session.scalars(select(Post.path).where(Post.path.in_(paths))))
        names = [name for entry, _ in entries for name in entry.labels]
        labels = {label.name: label for label in find_or_create_labels(names)}
        # posts whose path is taken come last, so that their new path is not one of this batch
        for entry, cleaned, post in sorted(made, key=lambda one: one[0].path in taken):
            if entry.ref in new:
                post.labels = [labels[name] for name in entry.labels]
                post.site_version = version
                _set_path(post, entry.path, taken, site, report)
                db.session.add(post)
                if entry.path and entry.path != post.path:
                    store_old_path(post, entry.path)
                _report_post(entry, cleaned, post, report)
        if any(post.published_at for entry, _, post in made if entry.ref in new):
            request_ping()


def _make_post(entry: archive.Post, cleaned: CleanedPost, host: str) -> Post:
    post = Post(
        import_ref=entry.ref,
        atom_id=entry.atom_id,
        kind=entry.kind,
        title=clean_line(entry.title)[:500],
        published_at=None if entry.draft or _is_future(entry) else entry.at,
        created_at=entry.at,
        updated_at=entry.updated_at,
        author_name=clean_line(entry.author_name)[:200],
        author_ref=entry.author_ref if len(entry.author_ref or "") <= 500 else None,
        body=entry.body,
        quote="",
        note="",
    )
    derive_fields(post, host=host, body=cleaned)
    return post


def _is_future(entry: archive.Post) -> bool:
    return not entry.draft and entry.at > now()


def _set_path(post: Post, old_path: str | None, taken: set[str | None], site: Site, report: Report) -> None:
    """Give a post its old path if free, else a new one.

    A draft needs none. Needs a transaction.
    """
    if old_path and old_path not in taken and len(old_path) <= 300:
        post.path = old_path
    elif post.published_at is not None:
        post.path = find_free_path(post, post.published_at, site)
        report.moved_posts.add(message("moved_post", old=old_path or [message("no_old_path")], new=post.path))
    taken.add(post.path)


def _report_post(entry: archive.Post, cleaned: CleanedPost, post: Post, report: Report) -> None:
    draft = post.published_at is None
    if post.kind == PAGE:
        report.pages, report.page_drafts = report.pages + 1, report.page_drafts + draft
    else:
        report.posts, report.post_drafts = report.posts + 1, report.post_drafts + draft
    report.labels.update(label.name for label in post.labels)
    report.future_posts += _is_future(entry)
    place = post.path or [message("draft_of", title=post.headline)]
    for url in cleaned.insecure_images:
        report.insecure_pictures.add(message("url_in_post", url=url[:MAX_REPORTED_URL], place=place))
    for url in cleaned.embeds:
        report.embeds.add(message("url_in_post", url=url[:MAX_REPORTED_URL], place=place))
    if cleaned.hidden:
        report.hidden_text.add(message("entry_place", place=place))
    if cleaned.removed:
        report.removed_content.add(message("removed_from_post", tags=", ".join(cleaned.removed), place=place))

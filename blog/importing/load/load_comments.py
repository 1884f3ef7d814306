"""Loading a batch of comments: each under its post, and under the comment that it answers."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from sqlalchemy import select

from blog.comments.changes import bump_versions
from blog.comments.models import VISIBLE, Comment
from blog.comments.screening import link_domains
from blog.comments.screening.link_domains import domains_in, links_in
from blog.comments.thread.counts import recount_branches, recount_posts
from blog.db import db, writing
from blog.importing import archive
from blog.importing.load.batches import absent
from blog.importing.report import Report
from blog.posts.models import Post
from blog.site.models import current_site

ANONYMOUS = "Anonymous"
Written = list[tuple[archive.Comment, Comment]]


def load_comments(entries: list[tuple[archive.Comment, str]], report: Report) -> None:
    """Bring in those that do not stand yet, each with its cleaned text, in one act.

    Parents stand already, or come before their replies.
    """
    if not entries:
        return
    fresh = [entry for entry, _ in entries]
    comments = [(entry, _comment(entry, body_html)) for entry, body_html in entries]
    with writing():
        new = {entry.ref for entry in absent(fresh, Comment)}
        posts = _ids({entry.post_ref for entry in fresh if entry.post_ref})
        report.postless += sum(entry.post_ref not in posts for entry in fresh)
        written = [(entry, comment) for entry, comment in comments if entry.ref in new and entry.post_ref in posts]
        for entry, comment in written:
            comment.post_id = posts[entry.post_ref or ""]
        _add_comments(written, report)


def _ids(refs: set[str]) -> dict[str, int]:
    found = db.session.execute(select(Post.import_ref, Post.id).where(Post.import_ref.in_(refs)))
    return {ref: post_id for ref, post_id in found if ref}


def _comment(entry: archive.Comment, body_html: str) -> Comment:
    comment = Comment(
        import_ref=entry.ref,
        anchor=entry.anchor,
        name=" ".join(entry.name.split())[:200] or ANONYMOUS,
        website=_website(entry.website),
        body=entry.body,
        body_html=body_html,
        created_at=entry.at,
        updated_at=entry.at,
        status=VISIBLE,
        status_at=entry.at,
    )
    if entry.removed:
        comment.remove("It was removed before it was imported.")
    return comment


def _website(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if parts.scheme in {"http", "https"} and parts.hostname and len(address) <= 500 else ""


def _add_comments(written: Written, report: Report) -> None:
    """Inside an act: give each its place, then count anew on every post that was answered."""
    versions = bump_versions({comment.post_id for _, comment in written})
    max_indent = current_site().max_indent
    parents = _standing({entry.parent_ref for entry, _ in written if entry.parent_ref})
    for generation in _generations(written):
        for entry, comment in generation:
            parent = parents.get(entry.parent_ref) if entry.parent_ref else None
            if parent and parent.post_id != comment.post_id:
                parent = None
            comment.place_under(parent, max_indent)
            comment.version = versions[comment.post_id]
            parents[entry.ref] = comment
            report.comments, report.removed = report.comments + 1, report.removed + entry.removed
            report.orphaned += parent is None and entry.parent_ref is not None
        db.session.add_all(comment for _, comment in generation)
        db.session.flush()
        link_domains.add_domains({comment.id: _domains(comment) for _, comment in generation})
    recount_branches({comment.root_id or comment.id for _, comment in written})
    recount_posts(set(versions))


def _generations(written: Written) -> Iterator[Written]:
    """`written` in parts, each of which answers what is in a part before or in none; the fewer, the faster."""
    generations: dict[str, int] = {}
    parts: list[Written] = []
    for entry, comment in written:
        place = generations[entry.ref] = generations.get(entry.parent_ref or "", -1) + 1
        if place == len(parts):
            parts.append([])
        parts[place].append((entry, comment))
    yield from parts


def _standing(refs: set[str]) -> dict[str | None, Comment]:
    found = db.session.scalars(select(Comment).where(Comment.import_ref.in_(refs)))
    return {comment.import_ref: comment for comment in found}


def _domains(comment: Comment) -> list[str]:
    return domains_in([comment.website, *links_in(comment.body_html)])

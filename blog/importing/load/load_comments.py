"""Save batches of comments under their posts and parents."""

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
from blog.importing.load.batches import select_new
from blog.importing.report import Report
from blog.posts.models import Post
from blog.site.models import current_site

ANONYMOUS = "Anonymous"
Pairs = list[tuple[archive.Comment, Comment]]


def load_comments(entries: list[tuple[archive.Comment, str]], report: Report) -> None:
    """Save the new comments, each with its cleaned text, in one transaction.

    Parents must be saved already or come before their replies.
    """
    if not entries:
        return
    incoming = [entry for entry, _ in entries]
    comments = [(entry, _make_comment(entry, body_html)) for entry, body_html in entries]
    with writing():
        new = {entry.ref for entry in select_new(incoming, Comment)}
        posts = _find_post_ids({entry.post_ref for entry in incoming if entry.post_ref})
        report.missing_posts += sum(entry.post_ref not in posts for entry in incoming)
        pairs = [(entry, comment) for entry, comment in comments if entry.ref in new and entry.post_ref in posts]
        for entry, comment in pairs:
            comment.post_id = posts[entry.post_ref or ""]
        _insert_comments(pairs, report)


def _find_post_ids(refs: set[str]) -> dict[str, int]:
    found = db.session.execute(select(Post.import_ref, Post.id).where(Post.import_ref.in_(refs)))
    return {ref: post_id for ref, post_id in found if ref}


def _make_comment(entry: archive.Comment, body_html: str) -> Comment:
    comment = Comment(
        import_ref=entry.ref,
        anchor=entry.anchor,
        name=" ".join(entry.name.split())[:200] or ANONYMOUS,
        website=_valid_website(entry.website),
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


def _valid_website(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in {"http", "https"} and parts.hostname and len(url) <= 500 else ""


def _insert_comments(pairs: Pairs, report: Report) -> None:
    """Place and save each comment, then recount. Needs a transaction."""
    versions = bump_versions({comment.post_id for _, comment in pairs})
    max_indent = current_site().max_indent
    parents = _find_comments({entry.parent_ref for entry, _ in pairs if entry.parent_ref})
    for generation in _split_generations(pairs):
        for entry, comment in generation:
            parent = parents.get(entry.parent_ref) if entry.parent_ref else None
            if parent and parent.post_id != comment.post_id:
                parent = None
            comment.place_under(parent, max_indent)
            comment.version = versions[comment.post_id]
            parents[entry.ref] = comment
            report.comments, report.removed_comments = report.comments + 1, report.removed_comments + entry.removed
            report.missing_parents += parent is None and entry.parent_ref is not None
        db.session.add_all(comment for _, comment in generation)
        db.session.flush()
        link_domains.add_domains({comment.id: _find_domains(comment) for _, comment in generation})
    recount_branches({comment.root_id or comment.id for _, comment in pairs})
    recount_posts(set(versions))


def _split_generations(pairs: Pairs) -> Iterator[Pairs]:
    """Split comments so that each part replies only to earlier parts.

    Fewer parts mean fewer flushes.
    """
    generations: dict[str, int] = {}
    parts: list[Pairs] = []
    for entry, comment in pairs:
        number = generations[entry.ref] = generations.get(entry.parent_ref or "", -1) + 1
        if number == len(parts):
            parts.append([])
        parts[number].append((entry, comment))
    yield from parts


def _find_comments(refs: set[str]) -> dict[str | None, Comment]:
    found = db.session.scalars(select(Comment).where(Comment.import_ref.in_(refs)))
    return {comment.import_ref: comment for comment in found}


def _find_domains(comment: Comment) -> list[str]:
    return domains_in([comment.website, *links_in(comment.body_html)])

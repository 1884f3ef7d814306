"""Save batches of comments under their posts and parents."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from blog.comments.changes import ThreadChange, changing_threads
from blog.comments.models import VISIBLE, Comment
from blog.comments.screening.link_domains import linked_domains
from blog.db import db
from blog.html.invisible_characters import clean_line
from blog.html.urls import is_website, normalize_website
from blog.importing import archive
from blog.importing.load.batches import select_new
from blog.importing.report import Report
from blog.posts.models import Post
from blog.stored_messages import message

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
    with changing_threads(notify=False) as change:
        new = {entry.ref for entry in select_new(incoming, Comment)}
        posts = _find_post_ids({entry.post_ref for entry in incoming if entry.post_ref})
        report.missing_posts += sum(entry.post_ref not in posts for entry in incoming)
        pairs = [(entry, comment) for entry, comment in comments if entry.ref in new and entry.post_ref in posts]
        for entry, comment in pairs:
            comment.post_id = posts[entry.post_ref or ""]
        _insert_comments(pairs, report, change)


def _find_post_ids(refs: set[str]) -> dict[str, int]:
    found = db.session.execute(select(Post.import_ref, Post.id).where(Post.import_ref.in_(refs)))
    return {ref: post_id for ref, post_id in found if ref}


def _make_comment(entry: archive.Comment, body_html: str) -> Comment:
    comment = Comment(
        import_ref=entry.ref,
        anchor=entry.anchor,
        name=clean_line(entry.name)[:200] or ANONYMOUS,
        website=_valid_website(entry.website),
        body=entry.body,
        body_html=body_html,
        created_at=entry.at,
        updated_at=entry.at,
        status=VISIBLE,
        status_at=entry.at,
    )
    if entry.removed:
        comment.remove(message("removed_before_import"))
    return comment


def _valid_website(url: str) -> str:
    website = normalize_website(url)
    return website if is_website(website) and len(website) <= 500 else ""


def _insert_comments(pairs: Pairs, report: Report, change: ThreadChange) -> None:
    """Place and save each comment."""
    change.load_threads({comment.post_id for _, comment in pairs})
    parents = _find_comments({entry.parent_ref for entry, _ in pairs if entry.parent_ref})
    for generation in _split_generations(pairs):
        for entry, comment in generation:
            parent = parents.get(entry.parent_ref) if entry.parent_ref else None
            if parent and parent.post_id != comment.post_id:
                parent = None
            change.add(comment, parent, linked_domains(comment.body_html, comment.website))
            parents[entry.ref] = comment
            report.comments, report.removed_comments = report.comments + 1, report.removed_comments + entry.removed
            report.missing_parents += parent is None and entry.parent_ref is not None
        db.session.flush()


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

"""Render live events: changed comments, counts and the desk's queue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flask import get_template_attribute, render_template
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from blog.comments.models import HELD, REMOVED, SPAM, VISIBLE, Comment
from blog.comments.moderation.queue import count_held
from blog.comments.thread.branches import Branch, nest
from blog.db import db, parse_id
from blog.live.events import TopicUpdate, sse_event
from blog.posts.models import POST, Post, visible_post
from blog.site.models import Site, current_site

SITE = "site"
# editors only
DESK = "desk"

# a reader who missed more changes reloads the thread
MAX_CHANGES = 100


def versions(topics: list[str]) -> dict[str, int]:
    """Return the current version of each topic that exists for readers."""
    ids = [post_id for topic in topics if (post_id := post_id_from_topic(topic))]
    found = db.session.execute(Post.visible().with_only_columns(Post.id, Post.thread_version).where(Post.id.in_(ids)))
    known = {f"post:{post_id}": version for post_id, version in found}
    version, queue_version = db.session.execute(select(Site.version, Site.queue_version)).one()
    return known | {SITE: version, DESK: queue_version}


def news(topic: str, since: int) -> TopicUpdate | None:
    """Render the events of a topic after version `since`.

    Returns None for a topic that readers may not follow.
    """
    if topic == SITE:
        return site_news(since)
    if topic == DESK:
        return desk_news(since)
    post = visible_post(post_id_from_topic(topic))
    return thread_news(post, since) if post else None


def post_id_from_topic(topic: str) -> int:
    return parse_id(topic.removeprefix("post:")) or 0


def thread_news(post: Post, since: int) -> TopicUpdate:
    """Render the events of one thread after version `since`."""
    # read the version before the comments, so that no change is skipped
    version = post.thread_version
    if since == version:
        return TopicUpdate(version)
    changed = select(Comment).where(Comment.post_id == post.id, Comment.version > since).limit(MAX_CHANGES + 1)
    comments = list(db.session.scalars(changed)) if since < version else []
    agreed = agreement_changes(post, since) if since < version else []
    if since > version or max(len(comments), len(agreed)) > MAX_CHANGES:
        return TopicUpdate(version, sse_event(render_event("reload", post), version))
    numbers = render_event("agreement_counts", agreed) if agreed else ""
    if not comments:
        return TopicUpdate(version, sse_event(numbers, version) if numbers else b"", quiet=True)
    branches = order_branches(comments)
    parts = [render_event("comment", branch) for branch in branches]
    parts.append(render_event("counts", post))
    ids = resume_versions(branches, since, version)
    # agreement counts go first, as version `since`: a reader who loses the rest asks for everything again
    first = sse_event(numbers, since) if numbers else b""
    return TopicUpdate(
        version, first + b"".join(sse_event(part, resume) for part, resume in zip(parts, ids, strict=True))
    )


def render_event(name: str, subject: object) -> str:
    """Render a macro of the live events."""
    return str(get_template_attribute("comments/live.html", name)(subject))


def agreement_changes(post: Post, since: int) -> list[Comment]:
    """Return the visible comments whose agreement count changed after a version."""
    changed = Comment.visible_on(post).where(Comment.agreements_changed_after(since))
    return list(db.session.scalars(changed.limit(MAX_CHANGES + 1)))


def order_branches(comments: list[Comment]) -> list[Branch]:
    """Sort changed comments, parents before replies, with their hidden ancestors.

    A hidden comment without a visible reply is marked as gone; one with a reply becomes a placeholder.
    """
    comments_by_id = with_ancestors(comments)
    placeholders = placeholder_ids(comments_by_id)
    totals = branch_totals({comment.root_id or comment.id for comment in comments})
    changed = {comment.id for comment in comments}
    ordered: list[Branch] = []

    def walk(branches: list[Branch]) -> None:
        for branch in branches:
            branch.gone = not branch.comment.visible and branch.comment.id not in placeholders
            if branch.comment.id in changed or not branch.comment.visible:
                total = totals[branch.comment.root_id or branch.comment.id]
                ordered.append(replace(branch, branches=[], parent_on_page=False, total=total))
            walk(branch.branches)

    walk(nest(comments_by_id))
    return ordered


def with_ancestors(comments: Iterable[Comment]) -> dict[int, Comment]:
    """Return comments and all their ancestors by id, in any state."""
    found = {comment.id: comment for comment in comments}
    while missing := {c.display_parent_id for c in found.values() if c.display_parent_id} - found.keys():
        parents = db.session.scalars(select(Comment).where(Comment.id.in_(missing)))
        found.update((comment.id, comment) for comment in parents)
    return found


def placeholder_ids(comments: dict[int, Comment]) -> set[int]:
    """Return the ids of hidden comments with a visible descendant."""
    hidden = [comment.id for comment in comments.values() if not comment.visible]
    return set(db.session.scalars(_with_visible_replies(hidden))) if hidden else set()


def _with_visible_replies(ids: list[int]) -> Select[Any]:
    """Select ids with a visible descendant, through hidden comments only.

    An index serves this, so visible comments cost nothing.
    """
    hidden = select(Comment.id.label("root"), Comment.id).where(Comment.id.in_(ids)).cte("hidden", recursive=True)
    under = select(hidden.c.root, Comment.id).join(hidden, Comment.display_parent_id == hidden.c.id)
    hidden = hidden.union(under.where(Comment.status.in_((HELD, SPAM, REMOVED))))
    reply = aliased(Comment)
    visible = select(reply.id).where(reply.display_parent_id == hidden.c.id, reply.status == VISIBLE)
    return select(hidden.c.root).where(visible.exists()).distinct()


def branch_totals(roots: set[int]) -> dict[int, int]:
    """Return the stored count of visible comments in each root's branch."""
    counts = select(Comment.id, Comment.branch_count).where(Comment.id.in_(roots))
    return dict(db.session.execute(counts).all())


def resume_versions(branches: list[Branch], since: int, version: int) -> list[int]:
    """Return the version from which to resume after each event.

    The last item is `version`, for the event with the count.
    """
    lowest, safe = version, [version]
    for branch in reversed(branches):
        safe.insert(0, max(since, lowest - 1))
        if branch.comment.version > since:
            lowest = min(lowest, branch.comment.version)
    return safe


def site_news(since: int) -> TopicUpdate:
    """Render changed comment counts, and posts new to home or gone.

    After an import these may be very many; then only those of the newest posts are sent.
    """
    version = current_site().version
    if since == version:
        return TopicUpdate(version)
    changed = select(Post).where(Post.published_at.is_not(None), Post.site_version > min(since, version))
    changed = changed.order_by(Post.published_at.desc(), Post.id.desc()).limit(MAX_CHANGES)
    posts = list(db.session.scalars(changed))
    parts = [render_event("post_count", post) for post in posts if post.published]
    if listed := [post for post in posts if post.kind == POST]:
        parts.append(render_event("new_posts", listed))
    return TopicUpdate(version, sse_event("".join(parts), version) if parts else b"")


def desk_news(since: int) -> TopicUpdate:
    """Render the number of comments in the moderation queue."""
    queue = count_held()
    if since == queue.version:
        return TopicUpdate(queue.version)
    return TopicUpdate(
        queue.version, sse_event(render_template("comments/moderation/desk/queue_count.live.html"), queue.version)
    )

"""What the live streams carry: the changes of a thread after a version, and of home's counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flask import render_template
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from blog.comments.models import HELD, REMOVED, SPAM, VISIBLE, Comment
from blog.comments.moderation.queue import waiting
from blog.comments.thread.branches import Branch, nest
from blog.db import db, row_id
from blog.live.events import News, event
from blog.posts.models import Post, visible_post
from blog.site.models import Site, current_site

SITE = "site"
# for editors alone
DESK = "desk"

# a reader who missed more than this loads the thread anew
MOST_CHANGES = 100


def versions(topics: list[str]) -> dict[str, int]:
    """The present version of each topic that a reader may follow."""
    ids = [post_id for topic in topics if (post_id := post_id_of(topic))]
    found = db.session.execute(Post.visible().with_only_columns(Post.id, Post.thread_version).where(Post.id.in_(ids)))
    known = {f"post:{post_id}": version for post_id, version in found}
    version, queue_version = db.session.execute(select(Site.version, Site.queue_version)).one()
    return known | {SITE: version, DESK: queue_version}


def news(topic: str, since: int) -> News | None:
    """The events that bring a page of this topic from version `since` to the present; None where nobody may see it."""
    if topic == SITE:
        return news_of_site(since)
    if topic == DESK:
        return news_of_desk(since)
    post = visible_post(post_id_of(topic))
    return news_of_thread(post, since) if post else None


def post_id_of(topic: str) -> int:
    return row_id(topic.removeprefix("post:")) or 0


def news_of_thread(post: Post, since: int) -> News:
    """The version stands in `post` before the comments are read, so that none can fall between."""
    version = post.thread_version
    if since == version:
        return News(version)
    changed = select(Comment).where(Comment.post_id == post.id, Comment.version > since).limit(MOST_CHANGES + 1)
    comments = list(db.session.scalars(changed)) if since < version else []
    agreed = agreed_with(post, since) if since < version else []
    if since > version or max(len(comments), len(agreed)) > MOST_CHANGES:
        return News(version, event(render_template("comments/anew.live.html", post=post), version))
    numbers = render_template("comments/agreed.live.html", comments=agreed) if agreed else ""
    if not comments:
        return News(version, event(numbers, version) if numbers else b"", quiet=True)
    branches = in_order(comments)
    parts = [render_template("comments/comment.live.html", branch=branch, post=post) for branch in branches]
    parts.append(render_template("comments/count.live.html", post=post))
    ids = resumes(branches, since, version)
    # the numbers first: whoever gets no further than them asks for everything again
    first = event(numbers, since) if numbers else b""
    return News(version, first + b"".join(event(part, resume) for part, resume in zip(parts, ids, strict=True)))


def agreed_with(post: Post, since: int) -> list[Comment]:
    """The visible comments with which more or fewer agree than at that version."""
    changed = Comment.visible_on(post).where(Comment.agreements_changed_after(since))
    return list(db.session.scalars(changed.limit(MOST_CHANGES + 1)))


def in_order(comments: list[Comment]) -> list[Branch]:
    """Parents before replies, with the hidden ones that a visible reply stands under; the rest of those are gone."""
    places = with_places(comments)
    kept = standing_places(places)
    totals = totals_of({comment.root_id or comment.id for comment in comments})
    asked = {comment.id for comment in comments}
    ordered: list[Branch] = []

    def walk(branches: list[Branch]) -> None:
        for branch in branches:
            branch.gone = not branch.comment.visible and branch.comment.id not in kept
            if branch.comment.id in asked or not branch.comment.visible:
                total = totals[branch.comment.root_id or branch.comment.id]
                ordered.append(replace(branch, branches=[], parent_on_page=False, total=total))
            walk(branch.branches)

    walk(nest(places))
    return ordered


def with_places(comments: Iterable[Comment]) -> dict[int, Comment]:
    """The comments by id, with every comment that they stand under, whatever its state."""
    found = {comment.id: comment for comment in comments}
    while wanted := {c.display_parent_id for c in found.values() if c.display_parent_id} - found.keys():
        places = db.session.scalars(select(Comment).where(Comment.id.in_(wanted)))
        found.update((comment.id, comment) for comment in places)
    return found


def standing_places(comments: dict[int, Comment]) -> set[int]:
    """Which of the hidden ones still have something visible under them."""
    hidden = [comment.id for comment in comments.values() if not comment.visible]
    return set(db.session.scalars(_keeping_a_place(hidden))) if hidden else set()


def _keeping_a_place(ids: list[int]) -> Select[Any]:
    """Goes down through hidden comments alone, by an index, so that the visible ones cost nothing."""
    hidden = select(Comment.id.label("root"), Comment.id).where(Comment.id.in_(ids)).cte("hidden", recursive=True)
    under = select(hidden.c.root, Comment.id).join(hidden, Comment.display_parent_id == hidden.c.id)
    hidden = hidden.union(under.where(Comment.status.in_((HELD, SPAM, REMOVED))))
    reply = aliased(Comment)
    visible = select(reply.id).where(reply.display_parent_id == hidden.c.id, reply.status == VISIBLE)
    return select(hidden.c.root).where(visible.exists()).distinct()


def totals_of(tops: set[int]) -> dict[int, int]:
    """How many visible responses the branches of these comments have, as the database counted them last."""
    counts = select(Comment.id, Comment.branch_count).where(Comment.id.in_(tops))
    return dict(db.session.execute(counts).all())


def resumes(branches: list[Branch], since: int, version: int) -> list[int]:
    """For each message the version that a reader who got no further may resume from, and `version` for the count."""
    lowest, safe = version, [version]
    for branch in reversed(branches):
        safe.insert(0, max(since, lowest - 1))
        if branch.comment.version > since:
            lowest = min(lowest, branch.comment.version)
    return safe


def news_of_site(since: int) -> News:
    """The counts on home that changed; of very many, as after an import, those of the newest posts."""
    version = current_site().version
    if since == version:
        return News(version)
    changed = Post.visible().where(Post.site_version > min(since, version))
    changed = changed.order_by(Post.published_at.desc(), Post.id.desc()).limit(MOST_CHANGES)
    parts = [render_template("posts/count.live.html", post=post) for post in db.session.scalars(changed)]
    return News(version, event("".join(parts), version) if parts else b"")


def news_of_desk(since: int) -> News:
    """How many comments wait, for those who decide on them."""
    standing = waiting()
    if since == standing.version:
        return News(standing.version)
    return News(standing.version, event(render_template("comments/desk/waiting.live.html"), standing.version))

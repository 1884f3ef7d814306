"""Change threads: the one way to add, edit, erase or decide on comments.

`changing_threads()` runs one write transaction. Inside it, load afresh what the decision depends on and change the
comments. What a change requires follows when the block ends, in the right order: the versions of the threads, link
domains, counts, notifications, and the lessons of the spam filter. Live streams are told after the commit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session, lazyload, load_only
from sqlalchemy.orm.util import identity_key

from blog.comments.followers.notifications import queue_notifications
from blog.comments.models import Comment, PendingAlert
from blog.comments.screening.lessons import learn
from blog.comments.screening.link_domains import add_domains, delete_domains
from blog.comments.thread.counts import recount_agreements, recount_threads
from blog.db import db, writing
from blog.html import excerpt
from blog.live.hub import hint
from blog.posts.models import Post
from blog.site.models import current_site
from blog.stored_messages import Message

AUDIT_EXCERPT_LENGTH = 120
# what a change needs of a post
POST_COLUMNS = (
    *(Post.thread_version, Post.site_version, Post.comment_count, Post.top_count),
    *(Post.published_at, Post.unpublished_at, Post.trashed_at),
)


@contextmanager
def changing_threads(notify: bool = True) -> Iterator[ThreadChange]:
    """Run one transaction that changes comments; then tell live streams.

    `notify` is False for comments that are old news, as in an import.
    """
    change, info = ThreadChange(), db.session().info
    with writing(affects="thread"):
        info["thread_change"] = change
        try:
            yield change
            change.finish(notify)
        finally:
            del info["thread_change"]
    change.announce()


class ThreadChange:
    """Collect what one transaction changes, and do what that requires.

    Comments that were loaded and changed are found by themselves.
    """

    def __init__(self) -> None:
        # dictionaries keep the order of the changes
        self._comments: dict[Comment, None] = {}
        self._new: dict[Comment, None] = {}
        self._voted: dict[Comment, None] = {}
        self._posts: dict[int, Post] = {}
        self._domains: dict[Comment, Collection[str]] = {}

    def add(self, comment: Comment, parent: Comment | None, domains: Collection[str]) -> None:
        """Add a comment as a reply to `parent`, or as a root.

        `domains` are those of its links.
        """
        comment.place_under(parent, current_site().max_indent)
        comment.version = self.version_of(comment.post_id)
        self._new[comment], self._domains[comment] = None, domains
        db.session.add(comment)

    def set_domains(self, comment: Comment, domains: Collection[str]) -> None:
        """Replace the link domains of a comment whose text has changed."""
        self._domains[comment] = domains

    def hold_by_rule(self, comment: Comment, reasons: Iterable[Message]) -> None:
        """Hold a comment and queue an alert to the editors."""
        comment.hold(*reasons)
        self.alert_editors(comment)

    def alert_editors(self, comment: Comment) -> None:
        """Queue an alert about a held comment."""
        db.session.add(PendingAlert(comment=comment))

    def recount_agreements(self, comment: Comment) -> None:
        """Recount the votes for a comment at the end; nothing else about it changed."""
        self._voted[comment] = None

    def load_threads(self, post_ids: Collection[int]) -> None:
        """Load the posts of many threads in one query."""
        known = (db.session.identity_map.get(identity_key(Post, post_id)) for post_id in post_ids)
        self._posts |= {post.id: post for post in known if isinstance(post, Post) and not inspect(post).expired}
        if missing := set(post_ids) - self._posts.keys():
            query = select(Post).where(Post.id.in_(missing)).options(load_only(*POST_COLUMNS), lazyload(Post.labels))
            self._posts |= {post.id: post for post in db.session.scalars(query)}

    def version_of(self, post_id: int) -> int:
        """Return the version that a thread gets by this change."""
        self.load_threads({post_id})
        return self._posts[post_id].thread_version + 1

    def collect(self, session: Session) -> None:
        self._comments |= dict.fromkeys(changed_comments(session))

    def finish(self, notify: bool) -> None:
        """Do what the changes require, before the commit."""
        self.collect(db.session())
        post_ids = {comment.post_id for comment in (*self._comments, *self._voted)}
        self.load_threads(post_ids)
        versions = {post_id: self.version_of(post_id) for post_id in post_ids}
        for comment in self._comments:
            comment.version = versions[comment.post_id]
        db.session.flush()
        for comment in self._voted:
            recount_agreements(comment, versions[comment.post_id])
        posts = [self._posts[post_id] for post_id in post_ids]
        if self._comments:
            delete_domains([comment.id for comment in self._domains if comment not in self._new])
            add_domains({comment.id: domains for comment, domains in self._domains.items()})
            recount_threads(posts, {comment.root_id or comment.id for comment in self._comments})
        for post in posts:
            post.thread_version = versions[post.id]
        if self._comments and notify:
            queue_notifications(list(self._comments))
        learn(comment for comment in self._comments if comment not in self._new)

    def announce(self) -> None:
        """Hint live streams at the changes, after the commit.

        A hint may be lost, doubled or late: streams compare versions.
        """
        changed = {comment.post_id for comment in self._comments}
        for post_id in changed:
            hint(f"post:{post_id}")
        for post_id in {comment.post_id for comment in self._voted} - changed:
            hint(f"post:{post_id}", quiet=True)
        if changed:
            hint("site")
            hint("desk")


def audit_label(comment: Comment) -> str:
    """Describe a comment for the audit log by its name and beginning."""
    return f"{comment.name}: {excerpt(comment.body_html, AUDIT_EXCERPT_LENGTH)}"


def _watch(session: Session, _context: Any, _instances: Any) -> None:
    """Collect the changed comments; refuse changes outside of `changing_threads()`."""
    if change := session.info.get("thread_change"):
        change.collect(session)
    elif session.info.get("writing") and changed_comments(session):
        raise RuntimeError("comments are changed within changing_threads() only")


def changed_comments(session: Session) -> list[Comment]:
    """Return the comments that the session is about to write."""
    comments = [one for one in (*session.new, *session.dirty) if isinstance(one, Comment)]
    return [comment for comment in comments if session.is_modified(comment)]


event.listen(db.session, "before_flush", _watch)

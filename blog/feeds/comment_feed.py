"""Build the feeds of comments: all, and those of a post."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import defer, joinedload

from blog.comments.models import VISIBLE, Comment
from blog.db import db, parse_id
from blog.feeds.absolute_html import absolute_html
from blog.feeds.atom_ids import comment_id, comments_feed_id, post_id
from blog.feeds.entries import Entry, Feed, Reference
from blog.feeds.feed_addresses import Place, head_links, post_comments_path
from blog.feeds.parameters import Parameters
from blog.feeds.selection import Listing, count_rows, select_keys, within
from blog.html.plain_text import plain_text, shorten
from blog.posts.models import Post, visible_post
from blog.site.models import Site, current_site
from blog.web.i18n import language_tag

# as at Blogger, whose widgets show it as the beginning of the text
TITLE_LENGTH = 60
SUMMARY_LENGTH = 300
# each comment that is skipped takes a look at its post
MAX_START = 5_000
MAX_NUMBER_LENGTH = 39
POST_COLUMNS = (
    Post.path, Post.title, Post.excerpt, Post.atom_id, Post.published_at, Post.unpublished_at, Post.trashed_at
)  # fmt: skip
PARENT_COLUMNS = (Comment.status, Comment.import_ref)


def find_post(number: str) -> Post | None:
    """Find the visible post with this id, here or at Blogger.

    Subscriptions to an imported blog ask for Blogger's number, which is longer than any of ours.
    """
    if (post_id := parse_id(number)) is not None and (post := visible_post(post_id)):
        return post
    if not (number.isascii() and number.isdigit() and len(number) <= MAX_NUMBER_LENGTH):
        return None
    return db.session.scalars(Post.visible().where(Post.import_ref == f"blogger:post-{number}")).one_or_none()


def build_comment_feed(
    place: Place, parameters: Parameters, post: Post | None = None, *, summary: bool, counted: bool
) -> Feed:
    """Build the feed of a post's comments, or of all."""
    site, listing = current_site(), list_comments(parameters, post, summary=summary)
    keys = select_keys(listing, parameters)
    comments = {one.id: one for one in db.session.scalars(_load(keys.ids)) if one.visible and one.post.published}
    entries = tuple(_make_entry(comments[key], site, place, summary) for key in keys.ids if key in comments)
    return Feed(
        feed_id=comments_feed_id(site, post),
        title=_("Responses to “%(title)s”", title=post.headline) if post else _("%(site)s: responses", site=site.title),
        subtitle="" if post else site.tagline,
        language=language_tag(),
        author=site.title,
        home=place.absolute(post.address if post else url_for("posts.index")),
        url=place.url,
        updated=max((entry.updated for entry in entries), default=post.updated_at if post else site.created_at),
        entries=entries,
        links=head_links(place, keys.older, keys.newer),
        start=parameters.start if not parameters.after and not parameters.before else None,
        size=parameters.size,
        total=count_rows(listing) if counted else None,
    )


def list_comments(parameters: Parameters, post: Post | None, *, summary: bool) -> Listing:
    """List the visible comments of visible posts, newest first.

    No index has the time of a comment's last change, so `updated-min` and `updated-max` mean when it was written.
    """
    query = (
        select(Comment)
        .join(Comment.post)
        .where(*Post.visible().whereclause.get_children())  # type: ignore[union-attr]
        .where(
            Comment.status == VISIBLE,
            *within(Comment.created_at, parameters.published_min, parameters.published_max),
            *within(Comment.created_at, parameters.updated_min, parameters.updated_max),
        )
    )
    if post is not None:
        query = query.where(Comment.post_id == post.id)
    length = literal(0) if summary else func.length(Comment.body_html)
    return Listing(query, Comment.created_at, Comment.id, length, MAX_START)


def _load(ids: list[int]) -> Select[Comment]:
    """Select comments by id alone: with more conditions SQLite searches them by another index."""
    options = (
        joinedload(Comment.post).load_only(*POST_COLUMNS).lazyload(Post.labels),
        joinedload(Comment.parent).load_only(*PARENT_COLUMNS),
        defer(Comment.body),
    )
    return select(Comment).where(Comment.id.in_(ids)).options(*options)


def _make_entry(comment: Comment, site: Site, place: Place, summary: bool) -> Entry:
    post, text = comment.post, plain_text(comment.body_html)
    url = place.absolute(url_for("comments.show", post_id=post.id, comment_id=comment.id))
    return Entry(
        entry_id=comment_id(comment, post, site),
        title=shorten(text, TITLE_LENGTH),
        url=url,
        published=comment.created_at,
        updated=max(comment.edited_at or comment.created_at, comment.created_at),
        author=comment.name,
        author_url=comment.website,
        summary=shorten(text, SUMMARY_LENGTH) if summary else "",
        html="" if summary else absolute_html(comment.body_html, place.origin, url),
        references=tuple(_references(comment, post, site, place)),
    )


def _references(comment: Comment, post: Post, site: Site, place: Place) -> list[Reference]:
    """Name the post, then the comment that this one answers if it can be seen."""
    feed = place.absolute(post_comments_path(post.id))
    references = [Reference(post_id(post, site), place.absolute(post.address))]
    if (parent := comment.parent) is not None and parent.visible:
        url = place.absolute(url_for("comments.show", post_id=post.id, comment_id=parent.id))
        references.append(Reference(comment_id(parent, post, site), url, feed))
    return references

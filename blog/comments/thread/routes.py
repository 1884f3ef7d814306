"""Serve the replies of long branches in pages."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from blog.comments.forms import blank_form
from blog.comments.models import Comment
from blog.comments.thread.branches import COLUMNS, CommentRow
from blog.comments.thread.replies import render_replies_page, replies_address
from blog.db import db
from blog.posts.models import visible_post
from blog.site.models import current_site
from blog.web.fragment_cache import CACHE_PLACEHOLDER
from blog.web.http_cache import cacheable

blueprint = Blueprint("thread", __name__)


@blueprint.get("/posts/<int:post_id>/comments/<int:comment_id>/replies")
def index_replies(post_id: int, comment_id: int) -> ResponseReturnValue:
    post, site = visible_post(post_id) or abort(404), current_site()
    root = find_root(post_id, comment_id) or abort(404)
    if root.id != comment_id:
        return redirect(replies_address(root))
    replies = render_replies_page(post, root, site, request.args.get("after"), request.args.get("before"))
    form = blank_form(post.id, post.address, site.language)
    page = render_template("comments/thread/replies.html", post=post, top=root, page=CACHE_PLACEHOLDER, form=form)
    return cacheable(page, replies)


def find_root(post_id: int, comment_id: int) -> CommentRow | None:
    """Find the root of a comment's branch if anything there is visible."""
    query = select(Comment.root_id).where(Comment.id == comment_id, Comment.post_id == post_id)
    row = db.session.execute(query).one_or_none()
    root_id = (row and row[0]) or comment_id
    roots = select(*COLUMNS).where(Comment.id == root_id, Comment.post_id == post_id, Comment.has_visible_branch())
    root = db.session.execute(roots).one_or_none()
    return CommentRow._make(root) if root else None

"""The readers' door to long branches: the replies under one comment, in pages of their own."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from blog.comments.forms import blank_form
from blog.comments.models import Comment
from blog.comments.thread.branches import COLUMNS, CommentRow
from blog.comments.thread.replies import replies_address, replies_page
from blog.db import db
from blog.posts.models import visible_post
from blog.site.models import current_site
from blog.web.fragment_cache import CACHE_PLACEHOLDER
from blog.web.http_cache import cacheable

blueprint = Blueprint("threads", __name__)


@blueprint.get("/posts/<int:post_id>/comments/<int:comment_id>/replies")
def index_replies(post_id: int, comment_id: int) -> ResponseReturnValue:
    post, site = visible_post(post_id) or abort(404), current_site()
    top = branch_top(post_id, comment_id) or abort(404)
    if top.id != comment_id:
        return redirect(replies_address(top))
    replies = replies_page(post, top, site, request.args.get("after"), request.args.get("before"))
    form = blank_form(post.id, post.path or "", site.language)
    return cacheable(
        render_template("comments/replies.html", post=post, top=top, page=CACHE_PLACEHOLDER, form=form), replies
    )


def branch_top(post_id: int, comment_id: int) -> CommentRow | None:
    """The comment at the top of a branch that shows something and that this comment stands in."""
    places = select(Comment.root_id).where(Comment.id == comment_id, Comment.post_id == post_id)
    root_id = db.session.execute(places).one_or_none()
    top = select(*COLUMNS).where(Comment.id == ((root_id and root_id[0]) or comment_id), Comment.post_id == post_id)
    row = db.session.execute(top.where(Comment.shows_something())).one_or_none()
    return CommentRow._make(row) if row else None

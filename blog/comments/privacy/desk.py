"""Let editors erase comments for a reader who asks outside the website."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template
from flask.typing import ResponseReturnValue

from blog.comments.models import Comment
from blog.comments.privacy.data_export import count_comments
from blog.comments.privacy.erasure import erase, erase_one
from blog.db import db
from blog.editors.access import the_editor

blueprint = Blueprint("privacy_desk", __name__, url_prefix="/desk/comments/<int:comment_id>/erasure")


@blueprint.get("/new")
def new(comment_id: int) -> ResponseReturnValue:
    comment = require_erasable_comment(comment_id)
    return render_template("comments/desk/erase.html", comment=comment, count=count_comments(comment.email))


@blueprint.post("")
def create(comment_id: int) -> ResponseReturnValue:
    comment = require_erasable_comment(comment_id)
    if comment.email:
        erase(comment.email, the_editor())
    else:
        erase_one(comment_id, editor=the_editor())
    return redirect(f"/desk/comments/{comment_id}", 303)


def require_erasable_comment(comment_id: int) -> Comment:
    comment = db.session.get(Comment, comment_id)
    return comment if comment and comment.is_erasable else abort(404)

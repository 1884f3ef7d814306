"""The editors' door to erasing, for a reader who asks in another way than by a link."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template
from flask.typing import ResponseReturnValue

from blog.comments.models import Comment
from blog.comments.privacy.data_export import count_under
from blog.comments.privacy.erasure import erase, erase_one
from blog.db import db
from blog.editors.access import signed_in_editor

blueprint = Blueprint("privacy_desk", __name__, url_prefix="/desk/comments/<int:comment_id>/erasure")


@blueprint.get("/new")
def new(comment_id: int) -> ResponseReturnValue:
    comment = the_comment(comment_id)
    return render_template("comments/desk/erase.html", comment=comment, count=count_under(comment.email))


@blueprint.post("")
def create(comment_id: int) -> ResponseReturnValue:
    comment = the_comment(comment_id)
    if comment.email:
        erase(comment.email, signed_in_editor())
    else:
        erase_one(comment_id, editor=signed_in_editor())
    return redirect(f"/desk/comments/{comment_id}", 303)


def the_comment(comment_id: int) -> Comment:
    """A reader's, whose text is still kept."""
    comment = db.session.get(Comment, comment_id)
    return comment if comment and comment.erasable else abort(404)

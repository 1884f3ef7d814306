"""The editors' door to comments: a plain list, and hold, approve and remove for each."""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from blog import errors, htmx
from blog.comments.listing import STATES, comments_in
from blog.comments.models import Comment
from blog.comments.moderating import NoSuchComment, approve, hold, remove
from blog.db import db
from blog.editors.locking import lock, the_editor

blueprint = lock(Blueprint("comments_desk", __name__, url_prefix="/desk/comments"))


@blueprint.errorhandler(NoSuchComment)
def show_nothing(_error: NoSuchComment) -> ResponseReturnValue:
    return errors.show(NotFound())


@blueprint.get("")
def index() -> ResponseReturnValue:
    state, words = request.args.get("state", "all"), request.args.get("q", "").strip()
    if state not in STATES:
        abort(404)
    page = comments_in(state, words, request.args.get("post", type=int), request.args.get("after"))
    return render_template("comments/desk/index.html", page=page, state=state, words=words, states=STATES)


@blueprint.get("/<int:comment_id>")
def show(comment_id: int) -> ResponseReturnValue:
    comment = db.session.get(Comment, comment_id) or abort(404)
    if htmx.wanted():
        return render_template("comments/desk/_verbs.html", comment=comment)
    return render_template("comments/desk/show.html", comment=comment)


@blueprint.post("/<int:comment_id>/approval")
def create_approval(comment_id: int) -> ResponseReturnValue:
    return decided(approve(comment_id))


@blueprint.post("/<int:comment_id>/hold")
def create_hold(comment_id: int) -> ResponseReturnValue:
    return decided(hold(comment_id, _("held by %(name)s", name=the_editor().name)))


@blueprint.post("/<int:comment_id>/removal")
def create_removal(comment_id: int) -> ResponseReturnValue:
    return decided(remove(comment_id, _("removed by %(name)s", name=the_editor().name)))


def decided(comment: Comment) -> ResponseReturnValue:
    """In its place by htmx; else the page that the editor came from, or the comment's own."""
    if htmx.wanted():
        return render_template("comments/desk/_verbs.html", comment=comment)
    onward = request.form.get("onward", "")
    here = onward if onward.startswith("/desk/comments") else f"/desk/comments/{comment.id}"
    return Response(status=303, headers={"Location": redirect(here).location})

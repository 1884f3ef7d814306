"""Let readers list, edit and withdraw the comments of this browser."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blog.comments.error_handlers import handle_errors
from blog.comments.forms import TextForm
from blog.comments.identity import current_visitor, set_reader_cookie
from blog.comments.live_events import order_branches
from blog.comments.models import HELD, Comment
from blog.comments.posting.edit import comments_by, edit_comment, edit_seconds_left, load_editable, withdraw_comment
from blog.comments.refusals import NoSuchComment
from blog.comments.thread.permalinks import build_permalink
from blog.posts.models import visible_post
from blog.web import htmx
from blog.web.csrf import csrf
from blog.web.forms.form_pages import FormPage
from blog.web.http_cache import private

blueprint = Blueprint("author_comments", __name__)
blueprint.after_request(set_reader_cookie)
blueprint.add_app_template_filter(edit_seconds_left)
handle_errors(blueprint)


def load_page(form: TextForm, post_id: int, comment_id: int) -> dict[str, Any]:
    form.body.id = f"own-{comment_id}-body"  # a page may have several edit forms open
    post = visible_post(post_id)
    if post is None:
        raise NoSuchComment
    return {"post": post}


EDIT_PAGE = FormPage(TextForm, "comments/posting/edit.html", "comments/posting/_edit.html", load_page)
REMOVAL_PAGE = FormPage(TextForm, "comments/posting/remove.html", "comments/posting/_remove.html", load_page)


@blueprint.get("/posts/<int:post_id>/comments/mine")
def index(post_id: int) -> ResponseReturnValue:
    post = visible_post(post_id) or abort(404)
    return private(
        render_template("comments/posting/author_index.html", post=post, comments=comments_by(post, current_visitor()))
    )


@blueprint.get("/posts/<int:post_id>/comments/held")
def show_held(post_id: int) -> ResponseReturnValue:
    """Show the reader's held comments, as a fragment for a cached page."""
    if not htmx.is_htmx_request():
        return index(post_id)
    post = visible_post(post_id) or abort(404)
    return private(render_template("comments/posting/_held.html", held=comments_by(post, current_visitor(), HELD)))


@blueprint.get("/posts/<int:post_id>/comments/<int:comment_id>/edit")
def edit(post_id: int, comment_id: int) -> ResponseReturnValue:
    comment = load_editable(post_id, comment_id, current_visitor())
    return EDIT_PAGE.show(TextForm(formdata=None, body=comment.body))


@blueprint.post("/posts/<int:post_id>/comments/<int:comment_id>")
@EDIT_PAGE.takes_text
def update(post_id: int, comment_id: int) -> ResponseReturnValue:
    load_editable(post_id, comment_id, current_visitor())
    form = TextForm()
    if not form.validate():
        return EDIT_PAGE.refuse(form)
    throttled = current_app.config["SETTINGS"].ratelimit_enabled
    return respond_updated(edit_comment(post_id, comment_id, current_visitor(), form.body.data or "", throttled))


@blueprint.get("/posts/<int:post_id>/comments/<int:comment_id>/removal")
def new_removal(post_id: int, comment_id: int) -> ResponseReturnValue:
    comment = load_editable(post_id, comment_id, current_visitor())
    return REMOVAL_PAGE.show(TextForm(formdata=None), comment=comment)


@blueprint.delete("/posts/<int:post_id>/comments/<int:comment_id>")
def destroy(post_id: int, comment_id: int) -> ResponseReturnValue:
    comment, form = load_editable(post_id, comment_id, current_visitor()), TextForm()
    form.validate()
    if form.token_refused:
        return REMOVAL_PAGE.refuse(form, comment=comment)
    return respond_withdrawn(withdraw_comment(post_id, comment_id, current_visitor()))


# these views check the CSRF token in the form, so that a refusal returns the text with a new token
for view in (update, destroy):
    csrf.exempt(view)


def respond_updated(comment: Comment) -> Response:
    if not htmx.is_htmx_request():
        mine = url_for(".index", post_id=comment.post_id)
        return private(redirect(build_permalink(comment, comment.post) if comment.visible else mine), 303)
    words = _("Your response has been changed."), _("Your response is waiting for approval.")
    return respond_with_swaps(comment, "talkback:changed", words[not comment.visible])


def respond_withdrawn(comment: Comment) -> Response:
    if not htmx.is_htmx_request():
        return private(redirect(url_for(".index", post_id=comment.post_id)), 303)
    return respond_with_swaps(comment, "talkback:withdrawn", _("Your response has been deleted."))


def respond_with_swaps(comment: Comment, event: str, sentence: str) -> Response:
    """Answer htmx with the changed comment and the author's held list."""
    held = [] if comment.visible else comments_by(comment.post, current_visitor(), HELD)
    answer = render_template(
        "comments/posting/author_change.htmx.html",
        branches=order_branches([comment]),
        comment=comment,
        post=comment.post,
        held=held,
    )
    detail = {
        "id": comment.id,
        "held": comment.status == HELD,
        "sentence": sentence,
        "seconds": edit_seconds_left(comment),
    }
    return htmx.trigger(private(answer), event, detail)

"""Let readers list, edit and withdraw the comments of this browser."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import NotFound

from blog.comments.forms import TextForm
from blog.comments.identity import current_reader, set_reader_cookie
from blog.comments.live_events import order_branches
from blog.comments.models import HELD, Comment
from blog.comments.posting.edit import comments_by, edit_comment, edit_seconds_left, load_editable, withdraw_comment
from blog.comments.refusals import NoSuchComment, Refused
from blog.comments.thread.permalinks import build_permalink
from blog.posts.models import visible_post
from blog.web import error_pages, htmx
from blog.web.csrf import csrf
from blog.web.error_pages import render_without_database, replace_page, show_unexpected_error
from blog.web.forms.typed_text import takes_text
from blog.web.http_cache import private

blueprint = Blueprint("author_comments", __name__)
blueprint.after_request(set_reader_cookie)
blueprint.add_app_template_filter(edit_seconds_left)

UNSAVED = lazy_gettext("Your response could not be saved. Your text is still here: please try again.")
TOKEN_REFUSED = lazy_gettext("Please press the button again to confirm that you sent this.")


@blueprint.get("/posts/<int:post_id>/comments/mine")
def index(post_id: int) -> ResponseReturnValue:
    post = visible_post(post_id) or abort(404)
    return private(
        render_template("comments/posting/author_index.html", post=post, comments=comments_by(post, current_reader()))
    )


@blueprint.get("/posts/<int:post_id>/comments/held")
def show_held(post_id: int) -> ResponseReturnValue:
    """Show the reader's held comments, as a fragment for a cached page."""
    if not htmx.is_htmx_request():
        return index(post_id)
    post = visible_post(post_id) or abort(404)
    return private(render_template("comments/posting/_held.html", held=comments_by(post, current_reader(), HELD)))


@blueprint.get("/posts/<int:post_id>/comments/<int:comment_id>/edit")
def edit(post_id: int, comment_id: int) -> ResponseReturnValue:
    comment = load_editable(post_id, comment_id, current_reader())
    return render_form("edit", post_id, comment_id, TextForm(formdata=None, body=comment.body))


@blueprint.post("/posts/<int:post_id>/comments/<int:comment_id>")
@takes_text(TextForm)
def update(post_id: int, comment_id: int) -> ResponseReturnValue:
    load_editable(post_id, comment_id, current_reader())
    form = TextForm()
    if not form.validate():
        return refuse_form("edit", post_id, comment_id, form)
    paced = current_app.config["SETTINGS"].ratelimit_enabled
    return respond_updated(edit_comment(post_id, comment_id, current_reader(), form.body.data or "", paced))


@blueprint.get("/posts/<int:post_id>/comments/<int:comment_id>/removal")
def new_removal(post_id: int, comment_id: int) -> ResponseReturnValue:
    comment = load_editable(post_id, comment_id, current_reader())
    return render_form("remove", post_id, comment_id, TextForm(formdata=None, body=comment.body), comment=comment)


@blueprint.delete("/posts/<int:post_id>/comments/<int:comment_id>")
def destroy(post_id: int, comment_id: int) -> ResponseReturnValue:
    comment, form = load_editable(post_id, comment_id, current_reader()), TextForm()
    form.validate()
    if form.token_refused:
        return refuse_form("remove", post_id, comment_id, form, comment=comment)
    return respond_withdrawn(withdraw_comment(post_id, comment_id, current_reader()))


# these views check the CSRF token in the form, so that a refusal returns the text with a new token
for view in (update, destroy):
    csrf.exempt(view)


@blueprint.errorhandler(NoSuchComment)
def show_not_found(_error: NoSuchComment) -> Response:
    if htmx.is_htmx_request():
        return private(render_template("comments/_refused.html", sentence=_("This response is no longer here.")), 404)
    return error_pages.show_error(NotFound())


@blueprint.errorhandler(Refused)
def show_refused(refusal: Refused) -> Response:
    """Show why an action was refused; after an edit, with its text."""
    post = visible_post(requested_ids()[0])
    if post is None:
        return show_not_found(NoSuchComment())
    if request.endpoint == "author_comments.update":
        return refuse_edit(refusal)
    template = "comments/_refused.html" if htmx.is_htmx_request() else "comments/refused.html"
    return private(render_template(template, sentence=refusal.sentence, post=post), refusal.status)


@blueprint.errorhandler(SQLAlchemyError)
def show_unavailable(error: SQLAlchemyError) -> Response:
    """Return the text of an edit while the database is unavailable.

    The page is rendered without the database.
    """
    answer = show_unexpected_error(error)
    return replace_page(answer, unsaved_edit()) if request.endpoint == "author_comments.update" else answer


def unsaved_edit() -> str:
    """Render the form of an edit with its text, without the database."""
    (post_id, comment_id), form = requested_ids(), TextForm()
    form.form_errors = [UNSAVED]
    template = "comments/posting/_edit.html" if htmx.is_htmx_request() else "comments/posting/edit.html"
    context = form_context(post_id, comment_id, form)
    return render_without_database(template, **context, post={"path": "", "headline": ""})


def refuse_edit(refusal: Refused) -> Response:
    """Show the edit form again with the text and the refusal."""
    post_id, comment_id = requested_ids()
    form = TextForm()
    form.form_errors = [refusal.sentence]
    answer = render_form("edit", post_id, comment_id, form, refusal.status, final=not refusal.wait)
    if refusal.wait:
        answer.headers["Retry-After"] = str(refusal.wait)
    return answer


def requested_ids() -> tuple[int, int]:
    """Return the ids of post and comment in the request's path."""
    arguments = request.view_args or {}
    return arguments["post_id"], arguments["comment_id"]


def render_form(verb: str, post_id: int, comment_id: int, form: TextForm, status: int = 200, **more: Any) -> Response:
    """Render a form, as a fragment for htmx or a page."""
    template = f"comments/posting/_{verb}.html" if htmx.is_htmx_request() else f"comments/posting/{verb}.html"
    post = visible_post(post_id) or abort(404)
    return private(render_template(template, **form_context(post_id, comment_id, form), post=post, **more), status)


def form_context(post_id: int, comment_id: int, form: TextForm) -> dict[str, Any]:
    # a page may have several edit forms open, so each field needs its own id
    form.body.id = f"own-{comment_id}-body"
    return {"post_id": post_id, "comment_id": comment_id, "form": form, "inline": htmx.is_htmx_request()}


def refuse_form(verb: str, post_id: int, comment_id: int, form: TextForm, **more: Any) -> Response:
    if form.token_refused:
        form.form_errors = [TOKEN_REFUSED]
    return render_form(verb, post_id, comment_id, form, 403 if form.token_refused else 422, **more)


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
    held = [] if comment.visible else comments_by(comment.post, current_reader(), HELD)
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

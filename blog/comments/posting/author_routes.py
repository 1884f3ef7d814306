"""The readers' door to their own responses: what this browser wrote here, and changing it or taking it away."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import NotFound

from blog.comments.forms import TextForm
from blog.comments.identity import current_reader, remember
from blog.comments.live_events import in_order
from blog.comments.models import HELD, Comment
from blog.comments.posting.edit import changeable, edit_comment, own_comments, seconds_left, withdraw_comment
from blog.comments.refusals import NoSuchComment, Refused
from blog.comments.thread.permalinks import place_of
from blog.posts.models import visible_post
from blog.web import error_pages, htmx
from blog.web.csrf import csrf
from blog.web.error_pages import rendered, replaced, unexpected
from blog.web.forms.typed_text import takes_text
from blog.web.http_cache import private

blueprint = Blueprint("own_comments", __name__)
blueprint.after_request(remember)
blueprint.add_app_template_filter(seconds_left)

UNSAVED = lazy_gettext("Your response could not be saved. Your text is still here: please try again.")
UNPROVEN = lazy_gettext("Please press the button again to confirm that you sent this.")


@blueprint.get("/posts/<int:post_id>/comments/mine")
def index(post_id: int) -> ResponseReturnValue:
    post = visible_post(post_id) or abort(404)
    return private(
        render_template("comments/posting/author_index.html", post=post, comments=own_comments(post, current_reader()))
    )


@blueprint.get("/posts/<int:post_id>/comments/held")
def show_held(post_id: int) -> ResponseReturnValue:
    """A fragment, for a page whose browser remembers that something of its reader's waits here."""
    if not htmx.wanted():
        return index(post_id)
    post = visible_post(post_id) or abort(404)
    return private(render_template("comments/posting/_held.html", held=own_comments(post, current_reader(), HELD)))


@blueprint.get("/posts/<int:post_id>/comments/<int:comment_id>/edit")
def edit(post_id: int, comment_id: int) -> ResponseReturnValue:
    comment = changeable(post_id, comment_id, current_reader())
    return shown("edit", post_id, comment_id, TextForm(formdata=None, body=comment.body))


@blueprint.post("/posts/<int:post_id>/comments/<int:comment_id>")
@takes_text(TextForm)
def update(post_id: int, comment_id: int) -> ResponseReturnValue:
    changeable(post_id, comment_id, current_reader())
    form = TextForm()
    if not form.validate():
        return refused_by_form("edit", post_id, comment_id, form)
    paced = current_app.config["SETTINGS"].ratelimit_enabled
    return updated(edit_comment(post_id, comment_id, current_reader(), form.body.data or "", paced))


@blueprint.get("/posts/<int:post_id>/comments/<int:comment_id>/removal")
def new_removal(post_id: int, comment_id: int) -> ResponseReturnValue:
    comment = changeable(post_id, comment_id, current_reader())
    return shown("remove", post_id, comment_id, TextForm(formdata=None, body=comment.body), comment=comment)


@blueprint.delete("/posts/<int:post_id>/comments/<int:comment_id>")
def destroy(post_id: int, comment_id: int) -> ResponseReturnValue:
    comment, form = changeable(post_id, comment_id, current_reader()), TextForm()
    form.validate()
    if form.token_refused:
        return refused_by_form("remove", post_id, comment_id, form, comment=comment)
    return destroyed(withdraw_comment(post_id, comment_id, current_reader()))


for view in (update, destroy):  # each tests its form's own token, so that the text comes back with a fresh one
    csrf.exempt(view)


@blueprint.errorhandler(NoSuchComment)
def show_nothing(_error: NoSuchComment) -> Response:
    if htmx.wanted():
        return private(render_template("comments/_refused.html", sentence=_("This response is no longer here.")), 404)
    return error_pages.show(NotFound())


@blueprint.errorhandler(Refused)
def show_refused(refusal: Refused) -> Response:
    """The sentence; after a text was sent, with the text."""
    post_id, comment_id = asked()
    post = visible_post(post_id)
    if post is None:
        return show_nothing(NoSuchComment())
    if request.endpoint != "own_comments.update":
        template = "comments/_refused.html" if htmx.wanted() else "comments/refused.html"
        return private(render_template(template, sentence=refusal.sentence, post=post), refusal.status)
    form = TextForm()
    form.form_errors = [refusal.sentence]
    return waiting(shown("edit", post_id, comment_id, form, refusal.status, final=not refusal.wait), refusal)


@blueprint.errorhandler(SQLAlchemyError)
def keep(error: SQLAlchemyError) -> Response:
    """The database is away or full: a text that was sent goes back, on a page that is made without it."""
    answer = unexpected(error)
    if request.endpoint != "own_comments.update":
        return answer
    (post_id, comment_id), form = asked(), TextForm()
    form.form_errors = [UNSAVED]
    template = "comments/posting/_edit.html" if htmx.wanted() else "comments/posting/edit.html"
    page = rendered(template, **values(post_id, comment_id, form), post={"path": "", "headline": ""})
    return replaced(answer, page)


def waiting(answer: Response, refusal: Refused) -> Response:
    if refusal.wait:
        answer.headers["Retry-After"] = str(refusal.wait)
    return answer


def asked() -> tuple[int, int]:
    """The post and the comment of this request's address."""
    given = request.view_args or {}
    return given["post_id"], given["comment_id"]


def shown(verb: str, post_id: int, comment_id: int, form: TextForm, status: int = 200, **more: Any) -> Response:
    """The form of a verb: in its place by htmx, else on a page of its own."""
    template = f"comments/posting/_{verb}.html" if htmx.wanted() else f"comments/posting/{verb}.html"
    post = visible_post(post_id) or abort(404)
    return private(render_template(template, **values(post_id, comment_id, form), post=post, **more), status)


def values(post_id: int, comment_id: int, form: TextForm) -> dict[str, Any]:
    # more than one may be open in a page, beside the form that all share
    form.body.id = f"own-{comment_id}-body"
    return {"post_id": post_id, "comment_id": comment_id, "form": form, "inline": htmx.wanted()}


def refused_by_form(verb: str, post_id: int, comment_id: int, form: TextForm, **more: Any) -> Response:
    if form.token_refused:
        form.form_errors = [UNPROVEN]
    return shown(verb, post_id, comment_id, form, 403 if form.token_refused else 422, **more)


def updated(comment: Comment) -> Response:
    if not htmx.wanted():
        mine = url_for(".index", post_id=comment.post_id)
        return private(redirect(place_of(comment, comment.post) if comment.visible else mine), 303)
    words = _("Your response has been changed."), _("Your response is waiting for approval.")
    return told(comment, "talkback:changed", words[not comment.visible])


def destroyed(comment: Comment) -> Response:
    if not htmx.wanted():
        return private(redirect(url_for(".index", post_id=comment.post_id)), 303)
    return told(comment, "talkback:withdrawn", _("Your response has been deleted."))


def told(comment: Comment, event: str, sentence: str) -> Response:
    """What everybody is sent, and for its writer what still waits."""
    held = [] if comment.visible else own_comments(comment.post, current_reader(), HELD)
    answer = render_template(
        "comments/posting/author_change.htmx.html",
        branches=in_order([comment]),
        comment=comment,
        post=comment.post,
        held=held,
    )
    detail = {"id": comment.id, "held": comment.status == HELD, "sentence": sentence, "seconds": seconds_left(comment)}
    return htmx.trigger(private(answer), event, detail)

"""The readers' door to comments: the form, posting, permalinks."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_limiter import RateLimitExceeded
from sqlalchemy.exc import SQLAlchemyError

from blog.comments.followers.subscriptions import FollowRequest, follow
from blog.comments.forms import THREAD, CommentForm, is_key, new_key
from blog.comments.identity import current_reader, migrate_session_key, reader_from_cookie, reader_key, remember
from blog.comments.live_events import in_order
from blog.comments.models import HELD, Comment, posted_before
from blog.comments.posting.closing import closed_because
from blog.comments.posting.edit import own_comments, seconds_left
from blog.comments.posting.submit import Draft, post_comment
from blog.comments.refusals import NoSuchPost, Refused
from blog.comments.thread.permalinks import place_of
from blog.db import db, row_id
from blog.editors.access import current_editor
from blog.html import comment_html, quotation
from blog.mail.outbox import mail_set_up
from blog.posts.models import Post, visible_post
from blog.web import htmx, rate_limits
from blog.web.csrf import csrf
from blog.web.error_pages import RETRY_SECONDS, note_failure, rendered, replaced, unexpected
from blog.web.forms.typed_text import takes_text
from blog.web.http_cache import private
from blog.web.keyed_hashes import address_key
from blog.web.rate_limits import PREVIEWS, TOKENS, limited

blueprint = Blueprint("comments", __name__)
blueprint.after_request(remember)
blueprint.add_app_template_global(closed_because)
blueprint.add_app_template_global(mail_set_up)

UNSAVED = lazy_gettext("Your response could not be saved. Your text is still here: please try again.")


@blueprint.get("/posts/<int:post_id>/comments/token")
@limited(TOKENS)
def show_token(post_id: int) -> ResponseReturnValue:
    reader_key()
    return private(render_template("comments/posting/_token.html", form=CommentForm(formdata=None, key=new_key())))


@blueprint.get("/posts/<int:post_id>/comments/new")
@limited(TOKENS)
def new(post_id: int) -> ResponseReturnValue:
    post = visible_post(post_id) or abort(404)
    parent = visible_comment(post, request.args.get("parent", type=row_id)) or abort(404)
    reader_key()
    form = CommentForm(formdata=None, key=new_key(), body=quoted(parent) if request.args.get("quote") else "")
    return private(render_template("comments/posting/new.html", post=post, parent=parent, form=form))


@blueprint.post("/posts/<int:post_id>/comments")
@csrf.exempt  # without JavaScript it arrives without a token, and gets the confirm page
@takes_text(CommentForm)
def create(post_id: int) -> ResponseReturnValue:
    migrate_session_key()
    post, form = visible_post(post_id) or abort(404), CommentForm.sent()
    if already := sent_before(form):
        return taken(already, form)
    if not form.validate():
        return refused_by_form(post, form)
    return posted(post, form)


@blueprint.post("/posts/<int:post_id>/comments/preview")
@csrf.exempt  # as above
@limited(PREVIEWS)
@takes_text(CommentForm)
def create_preview(post_id: int) -> ResponseReturnValue:
    post, form = visible_post(post_id) or abort(404), CommentForm.sent()
    form.validate()
    if form.token_refused:
        return in_place_of_form(refused_by_form(post, form))
    preview = "" if form.body.errors else comment_html(form.body.data or "")
    if not htmx.wanted():
        return the_form(post, form, 422 if form.errors else 200, preview)
    page = render_template("comments/posting/_preview.html", form=form, shown=preview)
    return private(page, 422 if form.body.errors else 200)


@blueprint.get("/posts/<int:post_id>/comments/<int:comment_id>")
def show(post_id: int, comment_id: int) -> ResponseReturnValue:
    post = visible_post(post_id) or abort(404)
    comment = visible_comment(post, comment_id) or abort(404)
    return redirect(place_of(comment, post), 302)


@blueprint.get("/live")
@blueprint.get("/posts/<int:post_id>/live")
def show_live(post_id: int | None = None) -> ResponseReturnValue:
    """Only where no shell stands before this app, which answers these itself: nothing will come."""
    return Response(status=204)


def visible_comment(post: Post, comment_id: int | None) -> Comment | None:
    query = Comment.visible_on(post).where(Comment.id == comment_id)
    return db.session.scalars(query).one_or_none()


def quoted(comment: Comment) -> str:
    address = url_for("comments.show", post_id=comment.post_id, comment_id=comment.id)
    return quotation(comment.body_html, comment.name, address)


def sent_before(form: CommentForm) -> Comment | None:
    """A retry by the same reader after an answer that was lost, whatever has become of the token meanwhile."""
    if not is_key(request.form.get("key")):
        return None
    comment = posted_before(request.form["key"])
    if comment and comment.reader_key != reader_from_cookie():
        form.key.data = new_key()  # somebody else's: it must show nothing of theirs, nor stand in the way
        return None
    return comment


def draft(post: Post, form: CommentForm) -> Draft:
    """An editor who is signed in answers as that editor, whatever stands in the fields of a reader."""
    editor = current_editor()
    return Draft(
        post_id=post.id,
        parent_id=form.parent,
        name=editor.name if editor else form.name.data or _("Anonymous"),
        email="" if editor else form.email.data or "",
        website="" if editor else form.website.data or "",
        body=form.body.data or "",
        key=form.key.data or new_key(),
        reader_key=reader_key(),
        address_key=address_key(request.remote_addr),
        trapped=bool(form.subject.data),
        seconds=form.seconds,
        editor_id=editor.id if editor else None,
    )


def posted(post: Post, form: CommentForm) -> Response:
    try:
        return taken(post_comment(draft(post, form), current_app.config["SETTINGS"].ratelimit_enabled), form)
    except Refused as refusal:
        return refused(post, form, refusal)
    except NoSuchPost:
        abort(404)
    except SQLAlchemyError as error:
        return unsaved(post, form, error)


def taken(comment: Comment, form: CommentForm) -> Response:
    told = followed(comment, form)
    if not htmx.wanted():
        return taken_plainly(comment, told)
    kept = {name: form[name].data for name in ("name", "email", "website", "follow")}
    values = {"form": CommentForm(formdata=None, key=new_key(), **kept), "post": comment.post, "told": told}
    template = "comments/posting/create.htmx.html" if comment.visible else "comments/posting/held.htmx.html"
    branch, held = in_order([comment])[-1], own_comments(comment.post, current_reader(), HELD)
    answer = private(render_template(template, branch=branch, held=held, comment=comment, **values))
    sentence = _("Your response has been posted.") if comment.visible else _("Your response is waiting for approval.")
    detail = {"comment": htmx.dom_id(comment), "held": not comment.visible, "sentence": f"{sentence} {told}".strip()}
    detail |= {"id": comment.id, "seconds": seconds_left(comment)}
    return htmx.trigger(answer, "talkback:posted", detail)


def taken_plainly(comment: Comment, told: str) -> Response:
    """A page that says what else there is to say; else to the comment."""
    if comment.visible and not told:
        return private(redirect(place_of(comment, comment.post)), 303)
    held = own_comments(comment.post, current_reader(), HELD)
    place = place_of(comment, comment.post) if comment.visible else ""
    return private(render_template("comments/posting/held.html", held=held, post=comment.post, told=told, place=place))


def followed(comment: Comment, form: CommentForm) -> str:
    """Begin what the reader wants to be told of by mail; the sentence about it, which is the same for any address."""
    if not form.wish or comment.editor_id is not None:
        return ""
    if not form.subject.data:  # what a program sends is no reason to write to anybody
        wish = FollowRequest(comment, form.wish == THREAD, address_key(request.remote_addr))
        follow(wish, current_app.config["SETTINGS"].ratelimit_enabled)
    return str(_("We will e-mail you new replies. If your address is not confirmed yet, use the link in our mail."))


def refused_by_form(post: Post, form: CommentForm) -> Response:
    if form.token_refused and len(form.errors) == 1:
        return unproven(post, form)
    return the_form(post, form, 422)


def unproven(post: Post, form: CommentForm) -> Response:
    """Ask to send once more. Without JavaScript no token is the first of two steps."""
    expired = bool(request.form.get("csrf_token"))
    if expired:
        form.form_errors = [_("This form was open for too long. Your text is still here: please post it again.")]
    elif htmx.wanted():
        form.form_errors = [_("Please press the button again to confirm that you sent this.")]
    return the_form(post, form, 403 if htmx.wanted() or expired else 200)


def refused(post: Post, form: CommentForm, refusal: Refused) -> Response:
    form.form_errors = [refusal.sentence]
    answer = the_form(post, form, refusal.status)
    if refusal.wait:
        answer.headers["Retry-After"] = str(refusal.wait)
    return answer


def unsaved(post: Post, form: CommentForm, error: SQLAlchemyError) -> Response:
    """A full disk, a database that is away: the text goes back, to be sent again."""
    note_failure(error)
    db.session.rollback()
    return refused(post, form, Refused(str(UNSAVED), 503, RETRY_SECONDS))


@blueprint.errorhandler(RateLimitExceeded)
def slow_down(error: RateLimitExceeded) -> Response:
    """Give the text of a preview back with the sentence."""
    if request.endpoint != "comments.create_preview":
        return rate_limits.slow_down(error)
    post, wait = visible_post((request.view_args or {})["post_id"]) or abort(404), rate_limits.seconds_left()
    sentence = _("You are too fast. Please wait %(wait)d seconds and press the button again.", wait=wait)
    return in_place_of_form(refused(post, CommentForm.sent(), Refused(sentence, 429, wait)))


@blueprint.errorhandler(SQLAlchemyError)
def keep(error: SQLAlchemyError) -> Response:
    """The database is away: what was sent by a plain form goes back on a page that is made without it."""
    answer = unexpected(error)
    if request.endpoint not in {"comments.create", "comments.create_preview"} or htmx.wanted():
        return answer
    form = CommentForm.sent()
    form.form_errors = [UNSAVED]
    reader_key()
    values = {"post": {"id": (request.view_args or {})["post_id"]}, "parent": form.parent and {"id": form.parent}}
    return replaced(answer, rendered("comments/posting/unsaved.html", form=form, **values))


def in_place_of_form(answer: Response) -> Response:
    """Where a preview was asked for: the answer is the form itself."""
    return htmx.retarget(answer, "#comment-form", "outerHTML") if htmx.wanted() else answer


def the_form(post: Post, form: CommentForm, status: int, preview: str = "") -> Response:
    """The same form back with the text in it and a fresh token: in its place by htmx, else on a page of its own.

    Without a token, or beyond a limit, there is no preview, since Markdown is slow.
    """
    parent = visible_comment(post, form.parent)
    template = "comments/posting/_form.html" if htmx.wanted() else "comments/posting/confirm.html"
    reader_key()
    return private(
        render_template(template, post=post, form=form, parent=parent, shown=preview, inline=htmx.wanted()), status
    )

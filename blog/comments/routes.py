"""Let readers post comments: CSRF token, form, preview, permalink."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_limiter import RateLimitExceeded
from sqlalchemy.exc import SQLAlchemyError

from blog.comments.followers.subscriptions import FollowRequest, follow
from blog.comments.forms import MAIL_THREAD, CommentForm, is_submission_key, new_submission_key
from blog.comments.identity import (
    current_reader,
    ensure_reader_key,
    migrate_session_key,
    reader_from_cookie,
    set_reader_cookie,
)
from blog.comments.live_events import order_branches
from blog.comments.models import HELD, Comment, find_by_submission_key
from blog.comments.posting.closing import closed_because
from blog.comments.posting.edit import comments_by, edit_seconds_left
from blog.comments.posting.submit import NewComment, post_comment
from blog.comments.refusals import NoSuchPost, Refused
from blog.comments.thread.permalinks import build_permalink
from blog.db import db, parse_id
from blog.editors.access import current_editor
from blog.html import comment_html, quotation
from blog.mail.outbox import mail_enabled
from blog.posts.models import Post, visible_post
from blog.web import htmx, rate_limits
from blog.web.csrf import csrf
from blog.web.error_pages import (
    RETRY_SECONDS,
    log_failure,
    render_without_database,
    replace_page,
    show_unexpected_error,
)
from blog.web.forms.typed_text import takes_text
from blog.web.http_cache import private
from blog.web.keyed_hashes import address_key
from blog.web.rate_limits import FORM_LIMIT, PREVIEW_LIMIT, rate_limit

blueprint = Blueprint("comments", __name__)
blueprint.after_request(set_reader_cookie)
blueprint.add_app_template_global(closed_because)
blueprint.add_app_template_global(mail_enabled)

UNSAVED = lazy_gettext("Your response could not be saved. Your text is still here: please try again.")


@blueprint.get("/posts/<int:post_id>/comments/token")
@rate_limit(FORM_LIMIT)
def show_token(post_id: int) -> ResponseReturnValue:
    ensure_reader_key()
    return private(
        render_template("comments/posting/_token.html", form=CommentForm(formdata=None, key=new_submission_key()))
    )


@blueprint.get("/posts/<int:post_id>/comments/new")
@rate_limit(FORM_LIMIT)
def new(post_id: int) -> ResponseReturnValue:
    post = visible_post(post_id) or abort(404)
    parent = visible_comment(post, request.args.get("parent", type=parse_id)) or abort(404)
    ensure_reader_key()
    body = quote_comment(parent) if request.args.get("quote") else ""
    form = CommentForm(formdata=None, key=new_submission_key(), body=body)
    return private(render_template("comments/posting/new.html", post=post, parent=parent, form=form))


@blueprint.post("/posts/<int:post_id>/comments")
@csrf.exempt  # without JavaScript the form has no token yet; the confirm page supplies it
@takes_text(CommentForm)
def create(post_id: int) -> ResponseReturnValue:
    migrate_session_key()
    post, form = visible_post(post_id) or abort(404), CommentForm.from_request()
    if earlier := find_retry(form):
        return respond_posted(earlier, form)
    if not form.validate():
        return refuse_form(post, form)
    return post_and_respond(post, form)


@blueprint.post("/posts/<int:post_id>/comments/preview")
@csrf.exempt  # for the same reason
@rate_limit(PREVIEW_LIMIT)
@takes_text(CommentForm)
def create_preview(post_id: int) -> ResponseReturnValue:
    post, form = visible_post(post_id) or abort(404), CommentForm.from_request()
    form.validate()
    if form.token_refused:
        return in_place_of_form(refuse_form(post, form))
    return respond_preview(post, form)


@blueprint.get("/posts/<int:post_id>/comments/<int:comment_id>")
def show(post_id: int, comment_id: int) -> ResponseReturnValue:
    post = visible_post(post_id) or abort(404)
    comment = visible_comment(post, comment_id) or abort(404)
    return redirect(build_permalink(comment, post), 302)


@blueprint.get("/live")
@blueprint.get("/posts/<int:post_id>/live")
def show_live(post_id: int | None = None) -> ResponseReturnValue:
    """Tell clients under plain WSGI that there are no live events."""
    return Response(status=204)


def respond_preview(post: Post, form: CommentForm) -> Response:
    """Show how the text will look, or why it cannot be posted."""
    preview = "" if form.body.errors else comment_html(form.body.data or "")
    if not htmx.is_htmx_request():
        return render_form(post, form, 422 if form.errors else 200, preview)
    page = render_template("comments/posting/_preview.html", form=form, preview=preview)
    return private(page, 422 if form.body.errors else 200)


def visible_comment(post: Post, comment_id: int | None) -> Comment | None:
    query = Comment.visible_on(post).where(Comment.id == comment_id)
    return db.session.scalars(query).one_or_none()


def quote_comment(comment: Comment) -> str:
    address = url_for("comments.show", post_id=comment.post_id, comment_id=comment.id)
    return quotation(comment.body_html, comment.name, address)


def find_retry(form: CommentForm) -> Comment | None:
    """Return the comment that this reader already posted with the same key.

    So a retry after a lost answer succeeds even if its CSRF token has expired.
    """
    if not is_submission_key(request.form.get("key")):
        return None
    comment = find_by_submission_key(request.form["key"])
    if comment and comment.reader_key != reader_from_cookie():
        form.key.data = new_submission_key()  # somebody else used this key: neither show their comment nor fail
        return None
    return comment


def new_comment_from(post: Post, form: CommentForm) -> NewComment:
    """Gather the fields of a comment; a signed-in editor's account overrides them."""
    editor = current_editor()
    return NewComment(
        post_id=post.id,
        parent_id=form.parent,
        name=editor.name if editor else form.name.data or _("Anonymous"),
        email="" if editor else form.email.data or "",
        website="" if editor else form.website.data or "",
        body=form.body.data or "",
        key=form.key.data or new_submission_key(),
        reader_key=ensure_reader_key(),
        address_key=address_key(request.remote_addr),
        trapped=bool(form.subject.data),
        seconds=form.seconds,
        editor_id=editor.id if editor else None,
    )


def post_and_respond(post: Post, form: CommentForm) -> Response:
    try:
        comment = post_comment(new_comment_from(post, form), current_app.config["SETTINGS"].ratelimit_enabled)
        return respond_posted(comment, form)
    except Refused as refusal:
        return show_refusal(post, form, refusal)
    except NoSuchPost:
        abort(404)
    except SQLAlchemyError as error:
        return show_unsaved(post, form, error)


def respond_posted(comment: Comment, form: CommentForm) -> Response:
    mail_sentence = request_mail(comment, form)
    if not htmx.is_htmx_request():
        return respond_without_htmx(comment, mail_sentence)
    typed = {name: form[name].data for name in ("name", "email", "website", "follow")}
    new_form = CommentForm(formdata=None, key=new_submission_key(), **typed)
    values = {"form": new_form, "post": comment.post, "mail_sentence": mail_sentence}
    template = "comments/posting/create.htmx.html" if comment.visible else "comments/posting/held.htmx.html"
    branch, held = order_branches([comment])[-1], comments_by(comment.post, current_reader(), HELD)
    answer = private(render_template(template, branch=branch, held=held, comment=comment, **values))
    sentence = _("Your response has been posted.") if comment.visible else _("Your response is waiting for approval.")
    detail = {"comment": htmx.dom_id(comment), "held": not comment.visible}
    detail |= {"sentence": f"{sentence} {mail_sentence}".strip()}
    detail |= {"id": comment.id, "seconds": edit_seconds_left(comment)}
    return htmx.trigger(answer, "talkback:posted", detail)


def respond_without_htmx(comment: Comment, mail_sentence: str) -> Response:
    """Redirect to the comment, or show a page about its state."""
    if comment.visible and not mail_sentence:
        return private(redirect(build_permalink(comment, comment.post)), 303)
    held = comments_by(comment.post, current_reader(), HELD)
    permalink = build_permalink(comment, comment.post) if comment.visible else ""
    values = {"held": held, "post": comment.post, "mail_sentence": mail_sentence, "place": permalink}
    return private(render_template("comments/posting/held.html", **values))


def request_mail(comment: Comment, form: CommentForm) -> str:
    """Request a subscription if wanted; return the sentence about it.

    The sentence is the same for any address, so it reveals no subscriber.
    """
    if not form.mail_choice or comment.editor_id is not None:
        return ""
    if not form.subject.data:  # the honeypot: never send mail because of a bot
        request_to_follow = FollowRequest(comment, form.mail_choice == MAIL_THREAD, address_key(request.remote_addr))
        follow(request_to_follow, current_app.config["SETTINGS"].ratelimit_enabled)
    return str(_("We will e-mail you new replies. If your address is not confirmed yet, use the link in our mail."))


def refuse_form(post: Post, form: CommentForm) -> Response:
    if form.token_refused and len(form.errors) == 1:
        return refuse_token(post, form)
    return render_form(post, form, 422)


def refuse_token(post: Post, form: CommentForm) -> Response:
    """Show the form with a new token, to be sent again.

    Without JavaScript a form without a token is the first of two steps.
    """
    expired = bool(request.form.get("csrf_token"))
    if expired:
        form.form_errors = [_("This form was open for too long. Your text is still here: please post it again.")]
    elif htmx.is_htmx_request():
        form.form_errors = [_("Please press the button again to confirm that you sent this.")]
    return render_form(post, form, 403 if htmx.is_htmx_request() or expired else 200)


def show_refusal(post: Post, form: CommentForm, refusal: Refused) -> Response:
    form.form_errors = [refusal.sentence]
    answer = render_form(post, form, refusal.status)
    if refusal.wait:
        answer.headers["Retry-After"] = str(refusal.wait)
    return answer


def show_unsaved(post: Post, form: CommentForm, error: SQLAlchemyError) -> Response:
    """Return the text after a failed write, as on a full disk."""
    log_failure(error)
    db.session.rollback()
    return show_refusal(post, form, Refused(str(UNSAVED), 503, RETRY_SECONDS))


@blueprint.errorhandler(RateLimitExceeded)
def slow_down(error: RateLimitExceeded) -> Response:
    """Refuse a throttled request; return the text of a preview."""
    if request.endpoint != "comments.create_preview":
        return rate_limits.show_rate_limit(error)
    post, wait = visible_post((request.view_args or {})["post_id"]) or abort(404), rate_limits.seconds_until_reset()
    sentence = _("You are too fast. Please wait %(wait)d seconds and press the button again.", wait=wait)
    return in_place_of_form(show_refusal(post, CommentForm.from_request(), Refused(sentence, 429, wait)))


@blueprint.errorhandler(SQLAlchemyError)
def show_unavailable(error: SQLAlchemyError) -> Response:
    """Return the text of a plain form while the database is away.

    The page is rendered without the database.
    """
    answer = show_unexpected_error(error)
    if request.endpoint not in {"comments.create", "comments.create_preview"} or htmx.is_htmx_request():
        return answer
    form = CommentForm.from_request()
    form.form_errors = [UNSAVED]
    ensure_reader_key()
    values = {"post": {"id": (request.view_args or {})["post_id"]}, "parent": form.parent and {"id": form.parent}}
    return replace_page(answer, render_without_database("comments/posting/unsaved.html", form=form, **values))


def in_place_of_form(answer: Response) -> Response:
    """Make htmx replace the form instead of showing a preview."""
    return htmx.retarget(answer, "#comment-form", "outerHTML") if htmx.is_htmx_request() else answer


def render_form(post: Post, form: CommentForm, status: int, preview: str = "") -> Response:
    """Render the form with its text and a new token.

    Callers pass no preview before the token and the throttle are checked, since Markdown is slow.
    """
    parent = visible_comment(post, form.parent)
    template = "comments/posting/_form.html" if htmx.is_htmx_request() else "comments/posting/confirm.html"
    ensure_reader_key()
    return private(
        render_template(template, post=post, form=form, parent=parent, preview=preview, inline=htmx.is_htmx_request()),
        status,
    )

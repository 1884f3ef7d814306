"""Let readers post comments: CSRF token, form, preview, permalink."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blog.comments.error_handlers import handle_errors
from blog.comments.followers.subscriptions import FollowRequest, follow
from blog.comments.forms import MAIL_THREAD, CommentForm
from blog.comments.identity import (
    current_visitor,
    ensure_reader_key,
    migrate_session_key,
    set_reader_cookie,
)
from blog.comments.live_events import order_branches
from blog.comments.models import HELD, Comment
from blog.comments.posting.closing import closed_because
from blog.comments.posting.edit import change_identity, comments_by, edit_seconds_left
from blog.comments.posting.submit import look_up, post_comment
from blog.comments.refusals import NoSuchPost
from blog.comments.screening.submission import Submission
from blog.comments.submission_keys import is_submission_key, new_submission_key
from blog.comments.thread.permalinks import build_permalink
from blog.db import db, parse_id
from blog.html import comment_html, quotation
from blog.mail.outbox import mail_enabled
from blog.posts.models import Post, visible_post
from blog.site.models import current_site
from blog.web import htmx
from blog.web.csrf import UNCONFIRMED, csrf
from blog.web.forms.form_pages import FormPage
from blog.web.http_cache import private
from blog.web.keyed_hashes import address_key
from blog.web.rate_limits import FORM_LIMIT, PREVIEW_LIMIT, rate_limit

blueprint = Blueprint("comments", __name__)
blueprint.after_request(set_reader_cookie)
blueprint.add_app_template_global(closed_because)
blueprint.add_app_template_global(mail_enabled)
handle_errors(blueprint)


def load_comment_page(form: CommentForm, post_id: int) -> dict[str, Any]:
    """Return the post and the parent; send the reader's cookie."""
    ensure_reader_key()
    post = visible_post(post_id)
    if post is None:
        raise NoSuchPost
    return {"post": post, "parent": visible_comment(post, form.parent)}


COMMENT_PAGE = FormPage(
    CommentForm,
    "comments/posting/confirm.html",
    "comments/posting/_form.html",
    load_comment_page,
    selector="#comment-form",  # the target of a preview is its place
)


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
@COMMENT_PAGE.takes_text
def create(post_id: int) -> ResponseReturnValue:
    migrate_session_key()
    post, form = visible_post(post_id) or abort(404), CommentForm.from_request()
    submission = submission_from(post, form)
    earlier = look_up(submission).earlier
    # a retry after a lost answer succeeds even if its token has expired
    if not (earlier and submission.has_identity_of(earlier)) and not form.validate():
        return refuse_form(form)
    return respond_posted(save_response(earlier, submission), form)


@blueprint.post("/posts/<int:post_id>/comments/preview")
@csrf.exempt  # for the same reason
@rate_limit(PREVIEW_LIMIT)
@COMMENT_PAGE.takes_text
def create_preview(post_id: int) -> ResponseReturnValue:
    visible_post(post_id) or abort(404)
    form = CommentForm.from_request()
    form.validate()
    return refuse_form(form) if form.token_refused else respond_preview(form)


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


def respond_preview(form: CommentForm) -> Response:
    """Show how the text will look, or why it cannot be posted."""
    preview = "" if form.body.errors else comment_html(form.body.data or "", current_site().language)
    if not htmx.is_htmx_request():
        return COMMENT_PAGE.show(form, 422 if form.errors else 200, preview=preview)
    page = render_template("comments/posting/_preview.html", form=form, preview=preview)
    return private(page, 422 if form.body.errors else 200)


def visible_comment(post: Post, comment_id: int | None) -> Comment | None:
    query = Comment.visible_on(post).where(Comment.id == comment_id)
    return db.session.scalars(query).one_or_none()


def quote_comment(comment: Comment) -> str:
    address = url_for("comments.show", post_id=comment.post_id, comment_id=comment.id)
    return quotation(comment.body_html, comment.name, address)


def save_response(earlier: Comment | None, submission: Submission) -> Comment:
    throttled = current_app.config["SETTINGS"].ratelimit_enabled
    if earlier:
        return change_identity(earlier, submission, current_visitor(), throttled)
    return post_comment(submission, throttled)


def submission_from(post: Post, form: CommentForm) -> Submission:
    """Gather the fields of a comment; a signed-in editor's account overrides them."""
    visitor = current_visitor(ensure_key=True)
    editor = visitor.editor
    return Submission(
        post_id=post.id,
        parent_id=form.parent,
        name=editor.name if editor else form.name.data or _("Anonymous"),
        email="" if editor else form.email.data or "",
        website="" if editor else form.website.data or "",
        body=form.body.data or "",
        key=form.key.data if is_submission_key(form.key.data) else new_submission_key(),
        reader_key=visitor.reader_key,
        address_key=visitor.address_key,
        trapped=bool(form.subject.data),
        seconds=form.seconds,
        editor_id=visitor.editor_id,
    )


def respond_posted(comment: Comment, form: CommentForm) -> Response:
    mail_sentence = request_mail(comment, form)
    if not htmx.is_htmx_request():
        return respond_without_htmx(comment, mail_sentence)
    typed = {name: form[name].data for name in ("name", "email", "website", "follow")}
    new_form = CommentForm(formdata=None, key=new_submission_key(), **typed)
    values = {"form": new_form, "post": comment.post}
    template = "comments/posting/create.htmx.html" if comment.visible else "comments/posting/held.htmx.html"
    branch, held = order_branches([comment])[-1], comments_by(comment.post, current_visitor(), HELD)
    answer = private(render_template(template, branch=branch, held=held, comment=comment, **values))
    sentence = _("Your response has been posted.") if comment.visible else _("Your response is waiting for approval.")
    detail = {"comment": htmx.dom_id(comment), "held": not comment.visible}
    detail |= {"sentence": f"{sentence} {mail_sentence}".strip(), "mail": mail_sentence}
    detail |= {"id": comment.id, "seconds": edit_seconds_left(comment)}
    return htmx.trigger(answer, "talkback:posted", detail)


def respond_without_htmx(comment: Comment, mail_sentence: str) -> Response:
    """Redirect to the comment, or show a page about its state."""
    if comment.visible and not mail_sentence:
        return private(redirect(build_permalink(comment, comment.post)), 303)
    held = comments_by(comment.post, current_visitor(), HELD)
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


def refuse_form(form: CommentForm) -> Response:
    """Show the form with its errors, or only with a new token.

    Without JavaScript a form without a token is the first of two steps.
    """
    if not form.token_refused or form.errors.keys() - {"csrf_token", "key"}:
        return COMMENT_PAGE.show(form, 422)
    sentence = form.why_unconfirmed or (UNCONFIRMED if htmx.is_htmx_request() else "")
    form.form_errors = [sentence] if sentence else []
    return COMMENT_PAGE.show(form, 403 if sentence else 200)

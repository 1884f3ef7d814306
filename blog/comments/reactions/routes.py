"""Let readers agree with a comment (a vote) or report it."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_limiter import RateLimitExceeded
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import NotFound

from blog.comments.forms import ReaderForm, ReportForm
from blog.comments.identity import current_voice, set_reader_cookie
from blog.comments.models import Agreement, Comment
from blog.comments.reactions.agreements import (
    agree,
    require_agreeable_comment,
    require_visible_comment,
    withdraw_agreement,
)
from blog.comments.reactions.reports import report
from blog.comments.refusals import NoSuchComment, Refused
from blog.comments.thread.permalinks import build_permalink
from blog.posts.models import visible_post
from blog.web import error_pages, htmx
from blog.web.csrf import csrf
from blog.web.error_pages import render_without_database, replace_page, show_unexpected_error
from blog.web.forms.typed_text import takes_text
from blog.web.http_cache import private
from blog.web.rate_limits import AGREEMENT_LIMIT, FORM_LIMIT, REPORT_LIMIT, rate_limit, seconds_until_reset

blueprint = Blueprint("reactions", __name__, url_prefix="/posts/<int:post_id>/comments/<int:comment_id>")
blueprint.after_request(set_reader_cookie)

REPORTING = "reactions.create_report"
UNPROVEN = lazy_gettext("Please press the button again to confirm that you sent this.")
UNSAVED = lazy_gettext("This could not be saved. Your text is still here: please try again.")


@blueprint.get("/agreement/new")
@rate_limit(FORM_LIMIT)
def new_agreement(post_id: int, comment_id: int) -> ResponseReturnValue:
    """Show the form for browsers without JavaScript."""
    return render_agreement_form(
        require_agreeable_comment(post_id, comment_id, current_voice()), ReaderForm(formdata=None)
    )


@blueprint.post("/agreement")
@rate_limit(AGREEMENT_LIMIT)
def create_agreement(post_id: int, comment_id: int) -> ResponseReturnValue:
    comment, form = require_agreeable_comment(post_id, comment_id, current_voice()), ReaderForm()
    if not form.validate():
        return refuse_token(comment, form)
    return render_agreement_count(agree(post_id, comment_id, current_voice(ensure_key=True)))


@blueprint.delete("/agreement")
@rate_limit(AGREEMENT_LIMIT)
def destroy_agreement(post_id: int, comment_id: int) -> ResponseReturnValue:
    comment, form = require_agreeable_comment(post_id, comment_id, current_voice()), ReaderForm()
    if not form.validate():
        return refuse_token(comment, form)
    return render_agreement_count(withdraw_agreement(post_id, comment_id, current_voice(ensure_key=True)))


@blueprint.get("/reports/new")
@rate_limit(FORM_LIMIT)
def new_report(post_id: int, comment_id: int) -> ResponseReturnValue:
    return render_report_form(require_visible_comment(post_id, comment_id), ReportForm(formdata=None))


@blueprint.post("/reports")
@rate_limit(REPORT_LIMIT)
@takes_text(ReportForm)
def create_report(post_id: int, comment_id: int) -> ResponseReturnValue:
    comment, form = require_visible_comment(post_id, comment_id), ReportForm()
    if not form.validate():
        if form.token_refused:
            form.form_errors = [UNPROVEN]
        return render_report_form(comment, form, 403 if form.token_refused else 422)
    return confirm_report(comment, report(post_id, comment_id, current_voice(ensure_key=True), form.reason.data or ""))


for view in (create_agreement, destroy_agreement, create_report):  # each checks the token of its form
    csrf.exempt(view)


@blueprint.errorhandler(NoSuchComment)
def show_missing_comment(_error: NoSuchComment) -> Response:
    if htmx.is_htmx_request():
        return private(render_template("comments/_refused.html", sentence=_("This response is no longer here.")), 404)
    return error_pages.show_error(NotFound())


@blueprint.errorhandler(Refused)
def show_refused(refusal: Refused) -> Response:
    if not htmx.is_htmx_request() and refusal.status == 404:
        return error_pages.show_error(NotFound())
    template = "comments/_refused.html" if htmx.is_htmx_request() else "comments/refused.html"
    post = visible_post((request.view_args or {})["post_id"])
    return private(render_template(template, sentence=refusal.sentence, post=post), refusal.status)


@blueprint.errorhandler(RateLimitExceeded)
def show_rate_limit(_error: RateLimitExceeded) -> Response:
    """Refuse for now, and return the typed reason with the form."""
    wait = seconds_until_reset()
    sentence = _("You are too fast. Please wait %(wait)d seconds and press the button again.", wait=wait)
    answer = refuse_report(sentence) if request.endpoint == REPORTING else show_refused(Refused(sentence, 429, wait))
    answer.headers["Retry-After"] = str(wait)
    return answer


@blueprint.errorhandler(SQLAlchemyError)
def show_unsaved_report(error: SQLAlchemyError) -> Response:
    """Return the typed reason on a page that needs no database."""
    answer = show_unexpected_error(error)
    return replace_page(answer, unsaved_report()) if request.endpoint == REPORTING else answer


def unsaved_report() -> str:
    """Render the report form with the typed reason, without the database."""
    (post_id, comment_id), form = (request.view_args or {}).values(), ReportForm()
    form.form_errors = [UNSAVED]
    comment = {"id": comment_id, "post_id": post_id, "name": "", "body_html": "", "post": {"path": "", "headline": ""}}
    inline = htmx.is_htmx_request()
    template = "comments/reactions/_report.html" if inline else "comments/reactions/report.html"
    return render_without_database(template, comment=comment, form=form, inline=inline)


def refuse_report(sentence: str) -> Response:
    form = ReportForm()
    form.form_errors = [sentence]
    return render_report_form(require_visible_comment(**(request.view_args or {})), form, 429)


def render_agreement_form(comment: Comment, form: ReaderForm, status: int = 200) -> Response:
    agrees = current_voice().find(comment, Agreement) is not None
    return private(render_template("comments/reactions/agree.html", comment=comment, form=form, agrees=agrees), status)


def refuse_token(comment: Comment, form: ReaderForm) -> Response:
    if htmx.is_htmx_request():
        return private(render_template("comments/_refused.html", sentence=UNPROVEN), 403)
    form.form_errors = [UNPROVEN]
    return render_agreement_form(comment, form, 403)


def render_agreement_count(comment: Comment) -> Response:
    if htmx.is_htmx_request():
        return private(render_template("comments/reactions/agree.htmx.html", comment=comment))
    return private(redirect(build_permalink(comment, comment.post)), 303)


def render_report_form(comment: Comment, form: ReportForm, status: int = 200) -> Response:
    template = "comments/reactions/_report.html" if htmx.is_htmx_request() else "comments/reactions/report.html"
    form.reason.id = f"report-{comment.id}-reason"  # a page may have several open
    return private(render_template(template, comment=comment, form=form, inline=htmx.is_htmx_request()), status)


def confirm_report(comment: Comment, new: bool) -> Response:
    first = _("Thank you. The editors will check this response.")
    again = _("Thank you. You have already reported this response.")
    sentence = first if new else again
    template = "comments/reactions/_reported.html" if htmx.is_htmx_request() else "comments/reactions/reported.html"
    answer = private(render_template(template, sentence=sentence, post=comment.post))
    return htmx.trigger(answer, "talkback:reported", {"id": comment.id, "sentence": sentence})

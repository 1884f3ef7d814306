"""The readers' door to what others wrote: agreeing with a response, and reporting it."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_limiter import RateLimitExceeded
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import NotFound

from blog.comments.forms import ReaderForm, ReportForm
from blog.comments.identity import current_voice, remember
from blog.comments.models import Agreement, Comment
from blog.comments.reactions.agreements import agree, agreeable, no_longer_agree, visible_comment
from blog.comments.reactions.reports import report
from blog.comments.refusals import NoSuchComment, Refused
from blog.comments.thread.permalinks import place_of
from blog.posts.models import visible_post
from blog.web import error_pages, htmx
from blog.web.csrf import csrf
from blog.web.error_pages import rendered, replaced, unexpected
from blog.web.forms.typed_text import takes_text
from blog.web.http_cache import private
from blog.web.rate_limits import AGREEMENTS, REPORTS, TOKENS, limited, seconds_left

blueprint = Blueprint("voices", __name__, url_prefix="/posts/<int:post_id>/comments/<int:comment_id>")
blueprint.after_request(remember)

UNPROVEN = lazy_gettext("Please press the button again to confirm that you sent this.")
UNSAVED = lazy_gettext("This could not be saved. Your text is still here: please try again.")


@blueprint.get("/agreement/new")
@limited(TOKENS)
def new_agreement(post_id: int, comment_id: int) -> ResponseReturnValue:
    """For those without JavaScript; elsewhere the response's own link does it in its place."""
    return the_agreement(agreeable(post_id, comment_id, current_voice()), ReaderForm(formdata=None))


@blueprint.post("/agreement")
@limited(AGREEMENTS)
def create_agreement(post_id: int, comment_id: int) -> ResponseReturnValue:
    comment, form = agreeable(post_id, comment_id, current_voice()), ReaderForm()
    if not form.validate():
        return unproven(comment, form)
    return counted(agree(post_id, comment_id, current_voice(speaking=True)))


@blueprint.delete("/agreement")
@limited(AGREEMENTS)
def destroy_agreement(post_id: int, comment_id: int) -> ResponseReturnValue:
    comment, form = agreeable(post_id, comment_id, current_voice()), ReaderForm()
    if not form.validate():
        return unproven(comment, form)
    return counted(no_longer_agree(post_id, comment_id, current_voice(speaking=True)))


@blueprint.get("/reports/new")
@limited(TOKENS)
def new_report(post_id: int, comment_id: int) -> ResponseReturnValue:
    return the_report(visible_comment(post_id, comment_id), ReportForm(formdata=None))


@blueprint.post("/reports")
@limited(REPORTS)
@takes_text(ReportForm)
def create_report(post_id: int, comment_id: int) -> ResponseReturnValue:
    comment, form = visible_comment(post_id, comment_id), ReportForm()
    if not form.validate():
        if form.token_refused:
            form.form_errors = [UNPROVEN]
        return the_report(comment, form, 403 if form.token_refused else 422)
    return reported(comment, report(post_id, comment_id, current_voice(speaking=True), form.reason.data or ""))


for view in (create_agreement, destroy_agreement, create_report):  # each tests its form's own token
    csrf.exempt(view)


@blueprint.errorhandler(NoSuchComment)
def show_nothing(_error: NoSuchComment) -> Response:
    if htmx.wanted():
        return private(render_template("comments/_refused.html", sentence=_("This response is no longer here.")), 404)
    return error_pages.show(NotFound())


@blueprint.errorhandler(Refused)
def show_refused(refusal: Refused) -> Response:
    if not htmx.wanted() and refusal.status == 404:
        return error_pages.show(NotFound())
    template = "comments/_refused.html" if htmx.wanted() else "comments/refused.html"
    post = visible_post((request.view_args or {})["post_id"])
    return private(render_template(template, sentence=refusal.sentence, post=post), refusal.status)


@blueprint.errorhandler(RateLimitExceeded)
def slow_down(_error: RateLimitExceeded) -> Response:
    """What was written goes back with the sentence."""
    wait = seconds_left()
    sentence = _("You are too fast. Please wait %(wait)d seconds and press the button again.", wait=wait)
    if request.endpoint == "voices.create_report":
        form = ReportForm()
        form.form_errors = [sentence]
        answer = the_report(visible_comment(**(request.view_args or {})), form, 429)
    else:
        answer = show_refused(Refused(sentence, 429, wait))
    answer.headers["Retry-After"] = str(wait)
    return answer


@blueprint.errorhandler(SQLAlchemyError)
def keep(error: SQLAlchemyError) -> Response:
    """The database is away or full: what was written goes back, on a page that is made without it."""
    answer = unexpected(error)
    if request.endpoint != "voices.create_report":
        return answer
    (post_id, comment_id), form = (request.view_args or {}).values(), ReportForm()
    form.form_errors = [UNSAVED]
    comment = {"id": comment_id, "post_id": post_id, "name": "", "body_html": "", "post": {"path": "", "headline": ""}}
    template = "comments/reactions/_report.html" if htmx.wanted() else "comments/reactions/report.html"
    return replaced(answer, rendered(template, comment=comment, form=form, inline=htmx.wanted()))


def the_agreement(comment: Comment, form: ReaderForm, status: int = 200) -> Response:
    agrees = current_voice().on(comment, Agreement) is not None
    return private(render_template("comments/reactions/agree.html", comment=comment, form=form, agrees=agrees), status)


def unproven(comment: Comment, form: ReaderForm) -> Response:
    if htmx.wanted():
        return private(render_template("comments/_refused.html", sentence=UNPROVEN), 403)
    form.form_errors = [UNPROVEN]
    return the_agreement(comment, form, 403)


def counted(comment: Comment) -> Response:
    if htmx.wanted():
        return private(render_template("comments/reactions/agree.htmx.html", comment=comment))
    return private(redirect(place_of(comment, comment.post)), 303)


def the_report(comment: Comment, form: ReportForm, status: int = 200) -> Response:
    template = "comments/reactions/_report.html" if htmx.wanted() else "comments/reactions/report.html"
    form.reason.id = f"report-{comment.id}-reason"  # more than one may be open in a page
    return private(render_template(template, comment=comment, form=form, inline=htmx.wanted()), status)


def reported(comment: Comment, new: bool) -> Response:
    first = _("Thank you. The editors will check this response.")
    again = _("Thank you. You have already reported this response.")
    sentence = first if new else again
    template = "comments/reactions/_reported.html" if htmx.wanted() else "comments/reactions/reported.html"
    answer = private(render_template(template, sentence=sentence, post=comment.post))
    return htmx.trigger(answer, "talkback:reported", {"id": comment.id, "sentence": sentence})

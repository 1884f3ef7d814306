"""Let readers agree with a comment (a vote) or report it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blog.comments.error_handlers import handle_errors
from blog.comments.forms import ReaderForm, ReportForm
from blog.comments.identity import current_visitor, set_reader_cookie
from blog.comments.models import Agreement, Comment
from blog.comments.reactions.agreements import (
    agree,
    find_reaction,
    require_agreeable_comment,
    require_visible_comment,
    withdraw_agreement,
)
from blog.comments.reactions.reports import report
from blog.comments.refusals import Refused
from blog.comments.thread.permalinks import build_permalink
from blog.web import htmx
from blog.web.csrf import UNCONFIRMED, csrf
from blog.web.forms.form_pages import FormPage
from blog.web.http_cache import private
from blog.web.rate_limits import AGREEMENT_LIMIT, FORM_LIMIT, REPORT_LIMIT, rate_limit

blueprint = Blueprint("reactions", __name__, url_prefix="/posts/<int:post_id>/comments/<int:comment_id>")
blueprint.after_request(set_reader_cookie)
handle_errors(blueprint)


def load_report_page(form: ReportForm, post_id: int, comment_id: int) -> dict[str, Any]:
    form.reason.id = f"report-{comment_id}-reason"  # a page may have several open
    comment = require_visible_comment(post_id, comment_id)
    return {"comment": comment, "post": comment.post}


REPORT_PAGE = FormPage(
    ReportForm, "comments/reactions/report.html", "comments/reactions/_report.html", load_report_page
)


@blueprint.get("/agreement/new")
@rate_limit(FORM_LIMIT)
def new_agreement(post_id: int, comment_id: int) -> ResponseReturnValue:
    """Show the form for browsers without JavaScript."""
    return render_agreement_form(
        require_agreeable_comment(post_id, comment_id, current_visitor()), ReaderForm(formdata=None)
    )


@blueprint.post("/agreement")
@rate_limit(AGREEMENT_LIMIT)
def create_agreement(post_id: int, comment_id: int) -> ResponseReturnValue:
    comment, form = require_agreeable_comment(post_id, comment_id, current_visitor()), ReaderForm()
    if not form.validate():
        return refuse_token(comment, form)
    return render_agreement_count(agree(post_id, comment_id, current_visitor(ensure_key=True)))


@blueprint.delete("/agreement")
@rate_limit(AGREEMENT_LIMIT)
def destroy_agreement(post_id: int, comment_id: int) -> ResponseReturnValue:
    comment, form = require_agreeable_comment(post_id, comment_id, current_visitor()), ReaderForm()
    if not form.validate():
        return refuse_token(comment, form)
    return render_agreement_count(withdraw_agreement(post_id, comment_id, current_visitor(ensure_key=True)))


@blueprint.get("/reports/new")
@rate_limit(FORM_LIMIT)
def new_report(post_id: int, comment_id: int) -> ResponseReturnValue:
    return REPORT_PAGE.show(ReportForm(formdata=None))


@blueprint.post("/reports")
@rate_limit(REPORT_LIMIT)
@REPORT_PAGE.takes_text
def create_report(post_id: int, comment_id: int) -> ResponseReturnValue:
    comment, form = require_visible_comment(post_id, comment_id), ReportForm()
    if not form.validate():
        return REPORT_PAGE.refuse(form)
    new = report(post_id, comment_id, current_visitor(ensure_key=True), form.reason.data or "")
    return confirm_report(comment, new)


for view in (create_agreement, destroy_agreement, create_report):  # each checks the token of its form
    csrf.exempt(view)


def render_agreement_form(comment: Comment, form: ReaderForm, status: int = 200) -> Response:
    agrees = find_reaction(current_visitor(), comment, Agreement) is not None
    return private(render_template("comments/reactions/agree.html", comment=comment, form=form, agrees=agrees), status)


def refuse_token(comment: Comment, form: ReaderForm) -> Response:
    if htmx.is_htmx_request():
        raise Refused(str(UNCONFIRMED), 403)
    form.form_errors = [UNCONFIRMED]
    return render_agreement_form(comment, form, 403)


def render_agreement_count(comment: Comment) -> Response:
    if htmx.is_htmx_request():
        return private(render_template("comments/reactions/agree.htmx.html", comment=comment))
    return private(redirect(build_permalink(comment, comment.post)), 303)


def confirm_report(comment: Comment, new: bool) -> Response:
    first = _("Thank you. The editors will check this response.")
    again = _("Thank you. You have already reported this response.")
    sentence = first if new else again
    template = "comments/reactions/_reported.html" if htmx.is_htmx_request() else "comments/reactions/reported.html"
    answer = private(render_template(template, sentence=sentence, post=comment.post))
    return htmx.trigger(answer, "talkback:reported", {"id": comment.id, "sentence": sentence})

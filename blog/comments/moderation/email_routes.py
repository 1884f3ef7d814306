"""Serve the pages behind the links in editors' mail.

GET changes nothing, since mail programs open links. The address of a page is its key, so it is sent nowhere else.
"""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template
from flask.typing import ResponseReturnValue

from blog.comments.forms import BanForm
from blog.comments.models import Comment
from blog.comments.moderation.bans import possible_bans
from blog.comments.moderation.email_actions import (
    Decision,
    LinkExpired,
    decide_by_mail,
    read_decision,
    read_reversal,
    reversal_token,
    undo_by_mail,
)
from blog.db import db
from blog.editors.audit_log import BAN
from blog.web.csrf import csrf
from blog.web.forms.typed_text import takes_text
from blog.web.http_cache import private
from blog.web.rate_limits import FORM_LIMIT, rate_limit

blueprint = Blueprint("moderation_email", __name__, url_prefix="/mail")


@blueprint.after_request
def add_private_headers(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@blueprint.get("/decisions/<token>")
@rate_limit(FORM_LIMIT)
def show_decision(token: str) -> ResponseReturnValue:
    return render_question(token, read_decision(token), BanForm(formdata=None, meta={"csrf": False}))


@blueprint.post("/decisions/<token>")
@rate_limit(FORM_LIMIT)
@takes_text(BanForm)
def create_decision(token: str) -> ResponseReturnValue:
    decision, form = read_decision(token), BanForm(meta={"csrf": False})
    if decision.verb == BAN and not form.validate():
        return render_question(token, decision, form, 422)
    entry = decide_by_mail(decision, form.choices.data or [], form.reason.data or "")
    return redirect(f"/mail/reversals/{reversal_token(decision.editor, entry)}", 303)


@blueprint.get("/reversals/<token>")
@rate_limit(FORM_LIMIT)
def show_reversal(token: str) -> ResponseReturnValue:
    editor, entry = read_reversal(token)
    comment = db.session.get(Comment, entry.comment_id)
    return private(
        render_template("comments/moderation/email/result.html", entry=entry, comment=comment, by=editor, token=token)
    )


@blueprint.post("/reversals/<token>")
@rate_limit(FORM_LIMIT)
def create_reversal(token: str) -> ResponseReturnValue:
    undo_by_mail(*read_reversal(token))
    return redirect(f"/mail/reversals/{token}", 303)


# the token in the address proves the origin
for view in (create_decision, create_reversal):
    csrf.exempt(view)


@blueprint.errorhandler(LinkExpired)
def show_expired_link(dead: LinkExpired) -> Response:
    token = reversal_token(*dead.undoable) if dead.undoable else ""
    page = render_template("comments/moderation/email/link_expired.html", dead=dead, comment=dead.comment, token=token)
    return private(page, dead.status)


def render_question(token: str, decision: Decision, form: BanForm, status: int = 200) -> Response:
    values = {"comment": decision.comment, "by": decision.editor, "verb": decision.verb, "form": form}
    choices = possible_bans(decision.comment) if decision.verb == BAN else {}
    return private(
        render_template("comments/moderation/email/decision.html", **values, choices=choices, token=token), status
    )

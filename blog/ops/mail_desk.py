"""Let editors see the outbox, choose alerts and send test mails."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blog.comments.moderation.alerts import alert_choices, set_alert_choice
from blog.db import writing
from blog.editors.access import may, signed_in_editor
from blog.feeds.websub import hub_failure
from blog.mail.outbox import mail_enabled, put_mail, wake_sender
from blog.mail.rendering import render_mail
from blog.mail.status import TEST, outbox_status
from blog.site.hub_pings import hub_ping
from blog.web import htmx
from blog.web.rate_limits import rate_limit

blueprint = Blueprint("mail_desk", __name__, url_prefix="/desk/mail")

TEST_RATE_LIMIT = "5 per minute; 30 per hour"


@blueprint.get("")
def show() -> ResponseReturnValue:
    return the_page()


@blueprint.get("/outbox")
def show_outbox() -> ResponseReturnValue:
    """Render the outbox, which htmx polls while a test mail is sent."""
    if not htmx.is_htmx_request():
        return redirect("/desk/mail", 303)
    return render_template("ops/desk/_mail.html", outbox=outbox_status(signed_in_editor().email))


@blueprint.post("/tests")
@rate_limit(TEST_RATE_LIMIT)
def create_test() -> ResponseReturnValue:
    if not mail_enabled():
        return the_page(_("Mail is not set up, so no test mail can be sent.")), 409
    letter = render_mail("test")
    with writing(affects="nothing"):
        put_mail(signed_in_editor().email, *letter, TEST)
    wake_sender()
    return redirect("/desk/mail", 303)


@blueprint.post("/choice")
def update_choice() -> ResponseReturnValue:
    choice = request.form.get("held_mail", "")
    if choice not in alert_choices():
        return the_page(_("Please choose one of these.")), 422
    set_alert_choice(signed_in_editor(), choice)
    return redirect("/desk/mail?saved", 303)


def the_page(refusal: str = "") -> str:
    how = outbox_status(signed_in_editor().email) if may("mail_desk.show_outbox") else None
    values = {"choices": alert_choices(), "saved": "saved" in request.args}
    values |= {"ping": hub_ping(), "hub_failure": hub_failure()} if how else {}
    return render_template("ops/desk/mail.html", outbox=how, set_up=mail_enabled(), refusal=refusal, **values)

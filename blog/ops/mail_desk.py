"""The editors' door to mail: what one is told of, how it stands with the outbox, and a test mail to oneself."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blog.comments.moderation.alerts import choose_held_mail, held_mail_words
from blog.db import writing
from blog.editors.access import may, signed_in_editor
from blog.mail.outbox import hint_mail, mail_set_up, put_mail
from blog.mail.rendering import render_mail
from blog.mail.status import TEST, standing
from blog.web import htmx
from blog.web.rate_limits import limited

blueprint = Blueprint("mail_desk", __name__, url_prefix="/desk/mail")

TESTS = "5 per minute; 30 per hour"


@blueprint.get("")
def show() -> ResponseReturnValue:
    return the_page()


@blueprint.get("/outbox")
def show_outbox() -> ResponseReturnValue:
    """What htmx asks for while a test mail is on its way."""
    if not htmx.wanted():
        return redirect("/desk/mail", 303)
    return render_template("site/desk/_mail.html", standing=standing(signed_in_editor().email))


@blueprint.post("/tests")
@limited(TESTS)
def create_test() -> ResponseReturnValue:
    if not mail_set_up():
        return the_page(_("Mail is not set up, so no test mail can be sent.")), 409
    letter = render_mail("test")
    with writing():
        put_mail(signed_in_editor().email, *letter, TEST)
    hint_mail()
    return redirect("/desk/mail", 303)


@blueprint.post("/choice")
def update_choice() -> ResponseReturnValue:
    choice = request.form.get("held_mail", "")
    if choice not in held_mail_words():
        return the_page(_("Choose one of these.")), 422
    choose_held_mail(signed_in_editor(), choice)
    return redirect("/desk/mail?saved", 303)


def the_page(refusal: str = "") -> str:
    how = standing(signed_in_editor().email) if may("mail_desk.show_outbox") else None
    values = {"choices": held_mail_words(), "saved": "saved" in request.args}
    return render_template("site/desk/mail.html", standing=how, set_up=mail_set_up(), refusal=refusal, **values)

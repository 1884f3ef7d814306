"""The readers' door to what is kept of them: in words for everybody, and to whoever proves an e-mail address what was
written under it, to take along or to have erased. A link from a mail proves it, so these pages need no cookie.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.exceptions import TooManyRequests

from blog.comments.forms import LinkForm
from blog.comments.privacy.data_export import count_under, exported, response_under, responses_under
from blog.comments.privacy.email_proof import proven, send_link
from blog.comments.privacy.erasure import erase, erase_one
from blog.db import parse_id
from blog.mail.outbox import mail_set_up
from blog.web.csrf import csrf
from blog.web.http_cache import cacheable, private
from blog.web.rate_limits import rate_limit, seconds_until_reset

LINKS = "5 per minute; 20 per hour"
UNPROVEN = lazy_gettext("Please press the button once more, so that it is certain that you sent this.")

blueprint = Blueprint("privacy", __name__, url_prefix="/privacy")


class NotProven(Exception):
    """The link is not ours, or its day is over."""


@blueprint.after_request
def keep_link(response: Response) -> Response:
    """The link is the proof: no page that is gone to learns it, and nobody finds it."""
    if "token" in (request.view_args or {}):
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.errorhandler(NotProven)
def show_expired(_error: NotProven) -> ResponseReturnValue:
    return private(render_template("comments/privacy/expired.html", set_up=mail_set_up()), 410)


@blueprint.get("")
def show() -> ResponseReturnValue:
    return cacheable(render_template("comments/privacy/show.html", set_up=mail_set_up()))


@blueprint.get("/link/new")
def new_link() -> ResponseReturnValue:
    if not mail_set_up():
        return not_set_up()
    return the_form(LinkForm(formdata=None))


@blueprint.post("/link")
@rate_limit(LINKS)
def create_link() -> ResponseReturnValue:
    form = LinkForm()
    if not mail_set_up():
        return not_set_up()
    if not form.validate():
        return refused(form)
    send_link(form.email.data or "", current_app.config["SETTINGS"].ratelimit_enabled)
    return private(render_template("comments/privacy/sent.html", email=form.email.data))


@blueprint.get("/<token>")
def index(token: str) -> ResponseReturnValue:
    email = the_address(token)
    values = {"token": token, "email": email, "erased": parse_id(request.args.get("erased"))}
    page = responses_under(email, request.args.get("after"))
    return private(render_template("comments/privacy/index.html", page=page, **values))


@blueprint.get("/<token>/export")
def show_export(token: str) -> ResponseReturnValue:
    answer = Response("".join(exported(the_address(token))), mimetype="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="responses.json"'
    return private(answer)


@blueprint.get("/<token>/erasure/new")
def new_erasure(token: str) -> ResponseReturnValue:
    email = the_address(token)
    values = {"token": token, "email": email, "count": count_under(email)}
    return private(render_template("comments/privacy/erase_all.html", **values))


@blueprint.post("/<token>/erasure")
def create_erasure(token: str) -> ResponseReturnValue:
    return erased(token, erase(the_address(token)))


@blueprint.get("/<token>/comments/<int:comment_id>/erasure/new")
def new_comment_erasure(token: str, comment_id: int) -> ResponseReturnValue:
    comment = response_under(the_address(token), comment_id) or abort(404)
    return private(render_template("comments/privacy/erase.html", comment=comment, token=token))


@blueprint.post("/<token>/comments/<int:comment_id>/erasure")
def create_comment_erasure(token: str, comment_id: int) -> ResponseReturnValue:
    return erased(token, int(erase_one(comment_id, the_address(token))))


# the form tests its own token; the others are proven by the link, which no other site knows
for view in (create_link, create_erasure, create_comment_erasure):
    csrf.exempt(view)


@blueprint.errorhandler(TooManyRequests)
def keep_typed(_error: TooManyRequests) -> ResponseReturnValue:
    form, wait = LinkForm(), seconds_until_reset()
    form.form_errors = [_("That was often. Please wait %(wait)d seconds and press the button again.", wait=wait)]
    answer = the_form(form, 429)
    answer.headers["Retry-After"] = str(wait)
    return answer


def the_address(token: str) -> str:
    email = proven(token)
    if email is None:
        raise NotProven
    return email


def the_form(form: LinkForm, status: int = 200) -> Response:
    return private(render_template("comments/privacy/link.html", form=form), status)


def not_set_up() -> Response:
    """The page for everybody, which says whom to ask instead."""
    return private(render_template("comments/privacy/show.html", set_up=False), 409)


def refused(form: LinkForm) -> Response:
    if form.csrf_token.errors:
        form.form_errors = [UNPROVEN]
    return the_form(form, 403 if form.csrf_token.errors else 422)


def erased(token: str, count: int) -> Response:
    return private(redirect(url_for(".index", token=token, erased=count or None)), 303)

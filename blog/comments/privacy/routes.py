"""Show what is stored; let readers export or erase their comments.

A link from a mail verifies the e-mail address, so these pages need no cookie.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.exceptions import TooManyRequests

from blog.comments.forms import LinkForm
from blog.comments.privacy.data_export import count_comments, export_comments, find_comment, list_comments
from blog.comments.privacy.email_proof import send_link, verified_email
from blog.comments.privacy.erasure import erase, erase_one
from blog.db import row_id
from blog.mail.outbox import mail_set_up
from blog.web.csrf import csrf
from blog.web.http_cache import fresh, private
from blog.web.rate_limits import limited, seconds_left

LINK_LIMIT = "5 per minute; 20 per hour"
UNPROVEN = lazy_gettext("Please press the button once more, so that it is certain that you sent this.")

blueprint = Blueprint("privacy", __name__, url_prefix="/privacy")


class InvalidLink(Exception):
    """Refuse a link that is forged or expired."""


@blueprint.after_request
def protect_token(response: Response) -> Response:
    """Keep the token in the address from other sites and search engines."""
    if "token" in (request.view_args or {}):
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.errorhandler(InvalidLink)
def show_expired(_error: InvalidLink) -> ResponseReturnValue:
    return private(render_template("comments/privacy/expired.html", set_up=mail_set_up()), 410)


@blueprint.get("")
def show() -> ResponseReturnValue:
    return fresh(render_template("comments/privacy/show.html", set_up=mail_set_up()))


@blueprint.get("/link/new")
def new_link() -> ResponseReturnValue:
    if not mail_set_up():
        return show_mail_unavailable()
    return render_link_form(LinkForm(formdata=None))


@blueprint.post("/link")
@limited(LINK_LIMIT)
def create_link() -> ResponseReturnValue:
    form = LinkForm()
    if not mail_set_up():
        return show_mail_unavailable()
    if not form.validate():
        return refuse_form(form)
    send_link(form.email.data or "", current_app.config["SETTINGS"].ratelimit_enabled)
    return private(render_template("comments/privacy/sent.html", email=form.email.data))


@blueprint.get("/<token>")
def index(token: str) -> ResponseReturnValue:
    email = require_email(token)
    values = {"token": token, "email": email, "erased": row_id(request.args.get("erased"))}
    page = list_comments(email, request.args.get("after"))
    return private(render_template("comments/privacy/index.html", page=page, **values))


@blueprint.get("/<token>/export")
def show_export(token: str) -> ResponseReturnValue:
    answer = Response("".join(export_comments(require_email(token))), mimetype="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="responses.json"'
    return private(answer)


@blueprint.get("/<token>/erasure/new")
def new_erasure(token: str) -> ResponseReturnValue:
    email = require_email(token)
    values = {"token": token, "email": email, "count": count_comments(email)}
    return private(render_template("comments/privacy/erase_all.html", **values))


@blueprint.post("/<token>/erasure")
def create_erasure(token: str) -> ResponseReturnValue:
    return redirect_to_list(token, erase(require_email(token)))


@blueprint.get("/<token>/comments/<int:comment_id>/erasure/new")
def new_comment_erasure(token: str, comment_id: int) -> ResponseReturnValue:
    comment = find_comment(require_email(token), comment_id) or abort(404)
    return private(render_template("comments/privacy/erase.html", comment=comment, token=token))


@blueprint.post("/<token>/comments/<int:comment_id>/erasure")
def create_comment_erasure(token: str, comment_id: int) -> ResponseReturnValue:
    return redirect_to_list(token, int(erase_one(comment_id, require_email(token))))


# the form checks its own token; the secret link proves the others
for view in (create_link, create_erasure, create_comment_erasure):
    csrf.exempt(view)


@blueprint.errorhandler(TooManyRequests)
def show_rate_limit(_error: TooManyRequests) -> ResponseReturnValue:
    form, wait = LinkForm(), seconds_left()
    form.form_errors = [_("That was often. Please wait %(wait)d seconds and press the button again.", wait=wait)]
    answer = render_link_form(form, 429)
    answer.headers["Retry-After"] = str(wait)
    return answer


def require_email(token: str) -> str:
    email = verified_email(token)
    if email is None:
        raise InvalidLink
    return email


def render_link_form(form: LinkForm, status: int = 200) -> Response:
    return private(render_template("comments/privacy/link.html", form=form), status)


def show_mail_unavailable() -> Response:
    """Show the public page, which names whom to ask instead."""
    return private(render_template("comments/privacy/show.html", set_up=False), 409)


def refuse_form(form: LinkForm) -> Response:
    if form.csrf_token.errors:
        form.form_errors = [UNPROVEN]
    return render_link_form(form, 403 if form.csrf_token.errors else 422)


def redirect_to_list(token: str, count: int) -> Response:
    return private(redirect(url_for(".index", token=token, erased=count or None)), 303)

"""Show what is stored; let readers export or erase their comments.

A link from a mail verifies the e-mail address, so these pages need no cookie.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blog.comments.error_handlers import handle_errors
from blog.comments.forms import LinkForm
from blog.comments.privacy.data_export import count_comments, export_comments, find_comment, list_comments
from blog.comments.privacy.email_proof import send_link, verified_email
from blog.comments.privacy.erasure import erase, erase_one
from blog.db import parse_id
from blog.mail.outbox import mail_enabled
from blog.web.csrf import csrf
from blog.web.forms.form_pages import FormPage
from blog.web.http_cache import cacheable, private
from blog.web.rate_limits import rate_limit

LINK_LIMIT = "5 per minute; 20 per hour"
LINK_PAGE = FormPage(LinkForm, "comments/privacy/link.html")

blueprint = Blueprint("privacy", __name__, url_prefix="/privacy")
handle_errors(blueprint)


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
    return private(render_template("comments/privacy/expired.html", set_up=mail_enabled()), 410)


@blueprint.get("")
def show() -> ResponseReturnValue:
    return cacheable(render_template("comments/privacy/show.html", set_up=mail_enabled()))


@blueprint.get("/link/new")
def new_link() -> ResponseReturnValue:
    if not mail_enabled():
        return show_mail_unavailable()
    return LINK_PAGE.show(LinkForm(formdata=None))


@blueprint.post("/link")
@rate_limit(LINK_LIMIT)
@LINK_PAGE.takes_text
def create_link() -> ResponseReturnValue:
    form = LinkForm()
    if not mail_enabled():
        return show_mail_unavailable()
    if not form.validate():
        return LINK_PAGE.refuse(form)
    send_link(form.email.data or "", current_app.config["SETTINGS"].ratelimit_enabled)
    return private(render_template("comments/privacy/sent.html", email=form.email.data))


@blueprint.get("/<token>")
def index(token: str) -> ResponseReturnValue:
    email = require_email(token)
    values = {"token": token, "email": email, "erased": parse_id(request.args.get("erased"))}
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


def require_email(token: str) -> str:
    email = verified_email(token)
    if email is None:
        raise InvalidLink
    return email


def show_mail_unavailable() -> Response:
    """Show the public page, which names whom to ask instead."""
    return private(render_template("comments/privacy/show.html", set_up=False), 409)


def redirect_to_list(token: str, count: int) -> Response:
    return private(redirect(url_for(".index", token=token, erased=count or None)), 303)

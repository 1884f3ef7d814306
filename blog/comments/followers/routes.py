"""The readers' door to what they follow by mail. Each link carries its own proof, so that no cookie is asked for;
whoever only looks at one, as programs do that read mail, changes nothing.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from blog.comments.followers.subscriptions import (
    confirm,
    end,
    end_all,
    end_one,
    follows_of,
    is_silenced,
    send_link,
    silence,
)
from blog.comments.followers.unsubscribe_links import CONFIRM, END, key_and_post, manage_path, managed_key, masked
from blog.comments.forms import LinkForm
from blog.comments.identity import reader_from_cookie
from blog.mail.outbox import mail_set_up
from blog.web.csrf import csrf
from blog.web.http_cache import private
from blog.web.rate_limits import rate_limit

blueprint = Blueprint("following", __name__, url_prefix="/mail")
blueprint.add_app_template_filter(masked)

LINKS = "5 per minute; 30 per hour"


@blueprint.after_request
def keep_to_itself(response: Response) -> Response:
    """No other site learns the address of such a page, and no search engine lists it."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.get("")
def new_link() -> ResponseReturnValue:
    mail_set_up() or abort(404)
    return link_page(LinkForm(formdata=None))


@blueprint.post("")
@rate_limit(LINKS)
def create_link() -> ResponseReturnValue:
    mail_set_up() or abort(404)
    form = LinkForm()
    if not form.validate():
        return link_page(form, 403 if form.csrf_token.errors else 422)
    send_link(form.email.data or "")
    return link_page(form, sent=True)


@blueprint.get("/follows/<token>/confirmation")
def new_confirmation(token: str) -> ResponseReturnValue:
    return confirmation_page(*known(CONFIRM, token))


@blueprint.post("/follows/<token>/confirmation")
def create_confirmation(token: str) -> ResponseReturnValue:
    key, post_id = known(CONFIRM, token)
    confirm(key, post_id, reader_from_cookie())
    return confirmation_page(key, post_id)


@blueprint.get("/follows/<token>/end")
def new_end(token: str) -> ResponseReturnValue:
    return end_page(*known(END, token))


@blueprint.post("/follows/<token>/end")
def create_end(token: str) -> ResponseReturnValue:
    """By the button, or by a mail program (RFC 8058)."""
    key, post_id = known(END, token)
    end(key, post_id)
    return end_page(key, post_id)


@blueprint.get("/<token>")
def show(token: str) -> ResponseReturnValue:
    return the_page(token)


@blueprint.delete("/<token>/follows/<int:follow_id>")
def destroy(token: str, follow_id: int) -> ResponseReturnValue:
    end_one(managed_key(token) or abort(404), follow_id)
    return the_page(token)


@blueprint.delete("/<token>/follows")
def destroy_all(token: str) -> ResponseReturnValue:
    end_all(managed_key(token) or abort(404))
    return the_page(token)


@blueprint.post("/<token>/silence")
def create_silence(token: str) -> ResponseReturnValue:
    silence(managed_key(token) or abort(404))
    return the_page(token)


# the token in the address, which nobody else knows, is the proof; the form for a link tests its own
for view in (create_link, create_confirmation, create_end, destroy, destroy_all, create_silence):
    csrf.exempt(view)


@blueprint.errorhandler(404)
def show_nothing(_error: Exception) -> ResponseReturnValue:
    return private(render_template("comments/following/unknown.html"), 404)


def known(purpose: str, token: str) -> tuple[str, int]:
    return key_and_post(purpose, token) or abort(404)


def link_page(form: LinkForm, status: int = 200, sent: bool = False) -> Response:
    return private(render_template("comments/following/link.html", form=form, sent=sent), status)


def confirmation_page(key: str, post_id: int) -> Response:
    return page("confirm", follows=follows_of(key, post_id), manage=manage_path(key))


def end_page(key: str, post_id: int) -> Response:
    return page("end", follows=follows_of(key, post_id))


def the_page(token: str) -> Response:
    key = managed_key(token) or abort(404)
    return page("index", follows=follows_of(key), token=token, silenced=is_silenced(key))


def page(name: str, **values: Any) -> Response:
    return private(render_template(f"comments/following/{name}.html", here=request.path, **values))

"""Let readers confirm, list and end their subscriptions.

The token in each link is the proof, so no cookie is needed. A GET changes nothing, since mail programs open links.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from blog.comments.error_handlers import handle_errors
from blog.comments.followers.subscriptions import (
    confirm,
    follows_of,
    is_suppressed,
    send_manage_link,
    suppress,
    unfollow,
    unfollow_all,
    unfollow_post,
)
from blog.comments.followers.unsubscribe_links import (
    CONFIRM,
    END,
    manage_path,
    mask_email,
    read_manage_token,
    read_post_token,
)
from blog.comments.forms import LinkForm
from blog.comments.identity import reader_from_cookie
from blog.mail.outbox import mail_enabled
from blog.web.csrf import csrf
from blog.web.forms.form_pages import FormPage
from blog.web.http_cache import private
from blog.web.rate_limits import rate_limit

blueprint = Blueprint("followers", __name__, url_prefix="/mail")
blueprint.add_app_template_filter(mask_email, "masked")
handle_errors(blueprint)

LINK_LIMIT = "5 per minute; 30 per hour"
LINK_PAGE = FormPage(LinkForm, "comments/followers/link.html")


@blueprint.after_request
def protect_token(response: Response) -> Response:
    """Keep the token in the address from other sites and search engines."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.get("")
def new_link() -> ResponseReturnValue:
    mail_enabled() or abort(404)
    return LINK_PAGE.show(LinkForm(formdata=None))


@blueprint.post("")
@rate_limit(LINK_LIMIT)
@LINK_PAGE.takes_text
def create_link() -> ResponseReturnValue:
    mail_enabled() or abort(404)
    form = LinkForm()
    if not form.validate():
        return LINK_PAGE.refuse(form)
    send_manage_link(form.email.data or "")
    return LINK_PAGE.show(form, sent=True)


@blueprint.get("/follows/<token>/confirmation")
def new_confirmation(token: str) -> ResponseReturnValue:
    return render_confirmation(*require_post_token(CONFIRM, token))


@blueprint.post("/follows/<token>/confirmation")
def create_confirmation(token: str) -> ResponseReturnValue:
    key, post_id = require_post_token(CONFIRM, token)
    confirm(key, post_id, reader_from_cookie())
    return render_confirmation(key, post_id)


@blueprint.get("/follows/<token>/end")
def new_end(token: str) -> ResponseReturnValue:
    return render_end(*require_post_token(END, token))


@blueprint.post("/follows/<token>/end")
def create_end(token: str) -> ResponseReturnValue:
    """Unsubscribe, by the button or by a mail program (RFC 8058)."""
    key, post_id = require_post_token(END, token)
    unfollow_post(key, post_id)
    return render_end(key, post_id)


@blueprint.get("/<token>")
def show(token: str) -> ResponseReturnValue:
    return render_subscriptions(token)


@blueprint.delete("/<token>/follows/<int:follow_id>")
def destroy(token: str, follow_id: int) -> ResponseReturnValue:
    unfollow(require_manage_token(token), follow_id)
    return render_subscriptions(token)


@blueprint.delete("/<token>/follows")
def destroy_all(token: str) -> ResponseReturnValue:
    unfollow_all(require_manage_token(token))
    return render_subscriptions(token)


@blueprint.post("/<token>/silence")
def create_silence(token: str) -> ResponseReturnValue:
    suppress(require_manage_token(token))
    return render_subscriptions(token)


# the secret token in the address is the proof; the form for a link checks its own token
for view in (create_link, create_confirmation, create_end, destroy, destroy_all, create_silence):
    csrf.exempt(view)


@blueprint.errorhandler(404)
def show_unknown_link(_error: Exception) -> ResponseReturnValue:
    return private(render_template("comments/followers/link_expired.html"), 404)


def require_post_token(purpose: str, token: str) -> tuple[str, int]:
    return read_post_token(purpose, token) or abort(404)


def require_manage_token(token: str) -> str:
    return read_manage_token(token) or abort(404)


def render_confirmation(key: str, post_id: int) -> Response:
    return render_page("confirm", follows=follows_of(key, post_id), manage=manage_path(key))


def render_end(key: str, post_id: int) -> Response:
    return render_page("unsubscribe", follows=follows_of(key, post_id))


def render_subscriptions(token: str) -> Response:
    key = require_manage_token(token)
    return render_page("index", follows=follows_of(key), token=token, silenced=is_suppressed(key))


def render_page(name: str, **values: Any) -> Response:
    return private(render_template(f"comments/followers/{name}.html", here=request.path, **values))

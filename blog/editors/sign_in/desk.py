"""Serve one-time links. GET changes nothing, since mail programs open links."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blog.editors.accounts import EmailTaken, OwnerExists, add_owner, set_password_by_link, use_sign_in_link
from blog.editors.forms import FirstRunForm, NewPasswordForm
from blog.editors.models import has_owner
from blog.editors.passwords import MAX_WAIT_SECONDS, TooBusy
from blog.editors.sessions import AccountChanged
from blog.editors.sign_in.begin_session import complete_sign_in
from blog.editors.sign_in.one_time_links import FIRST_RUN, PASSWORD, SIGN_IN, LinkSpent, find_link
from blog.web.forms.typed_text import takes_text
from blog.web.http_cache import private
from blog.web.rate_limits import SIGN_IN_LIMIT, rate_limit

blueprint = Blueprint("account_links", __name__, url_prefix="/desk")


@blueprint.after_request
def limit_referrer(response: Response) -> Response:
    """Send only the origin as Referer, since the path is secret."""
    response.headers["Referrer-Policy"] = "strict-origin"
    return response


@blueprint.errorhandler(LinkSpent)
@blueprint.errorhandler(AccountChanged)
@blueprint.errorhandler(OwnerExists)
def show_spent_link(_error: Exception) -> ResponseReturnValue:
    return private(render_template("editors/desk/link_expired.html", first_run=not has_owner()), 404)


@blueprint.errorhandler(EmailTaken)
def refuse_taken_email(_error: EmailTaken) -> ResponseReturnValue:
    form = FirstRunForm()
    form.email.errors = [_("An account with this e-mail address already exists.")]
    return first_run_page(form, (request.view_args or {})["token"], 422)


@blueprint.get("/first-run/<token>")
@rate_limit(SIGN_IN_LIMIT)
def new_owner(token: str) -> ResponseReturnValue:
    return first_run_page(first_run_form(token), token)


@blueprint.post("/first-run/<token>")
@rate_limit(SIGN_IN_LIMIT)
@takes_text(FirstRunForm)
def create_owner(token: str) -> ResponseReturnValue:
    form = first_run_form(token)
    if not form.validate():
        return first_run_page(form, token, 422)
    try:
        owner = add_owner(*form.account_values(), token)
    except TooBusy:
        return first_run_page(with_busy_error(form), token, 503)
    return complete_sign_in(owner, remember=False, onward="/desk/")


@blueprint.get("/sign-in/<token>")
@rate_limit(SIGN_IN_LIMIT)
def show_sign_in(token: str) -> ResponseReturnValue:
    link = find_link(SIGN_IN, token)
    return private(render_template("editors/desk/sign_in_link.html", link=link, token=token))


@blueprint.post("/sign-in/<token>")
@rate_limit(SIGN_IN_LIMIT)
def create_sign_in(token: str) -> ResponseReturnValue:
    return complete_sign_in(use_sign_in_link(token), remember=False, onward="/desk/")


@blueprint.get("/password/<token>")
@rate_limit(SIGN_IN_LIMIT)
def edit_password(token: str) -> ResponseReturnValue:
    editor = find_link(PASSWORD, token).editor
    return password_page(NewPasswordForm(editor, formdata=None), token)


@blueprint.post("/password/<token>")
@rate_limit(SIGN_IN_LIMIT)
def update_password(token: str) -> ResponseReturnValue:
    form = NewPasswordForm(find_link(PASSWORD, token).editor)
    if not form.validate():
        return password_page(form, token, 422)
    try:
        editor = set_password_by_link(token, form.password.data or "")
    except TooBusy:
        return password_page(with_busy_error(form), token, 503)
    return complete_sign_in(editor, remember=False, onward="/desk/")


def first_run_form(token: str) -> FirstRunForm:
    """Return the form of a valid first-run link. Raises LinkSpent."""
    find_link(FIRST_RUN, token)
    return FirstRunForm()


def with_busy_error(form: NewPasswordForm) -> NewPasswordForm:
    form.form_errors = [_("The server is busy. Please try again in a few seconds.")]
    return form


def first_run_page(form: NewPasswordForm, token: str, status: int = 200) -> Response:
    return render_private(render_template("editors/desk/first_run.html", form=form, token=token), status)


def password_page(form: NewPasswordForm, token: str, status: int = 200) -> Response:
    return render_private(render_template("editors/desk/new_password.html", form=form, token=token), status)


def render_private(page: str, status: int) -> Response:
    answer = private(page, status)
    if status == 503:
        answer.headers["Retry-After"] = str(MAX_WAIT_SECONDS)
    return answer

"""The door for links that are good once. Looking at one changes nothing, since programs look at links in messages."""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blog.editors.accounts import OwnerExists, Taken, add_owner, use_password_link, use_sign_in_link
from blog.editors.forms import FirstRunForm, NewPasswordForm
from blog.editors.models import has_owner
from blog.editors.passwords import MAX_WAIT_SECONDS, TooBusy
from blog.editors.sessions import AccountChanged
from blog.editors.sign_in.begin_session import let_in
from blog.editors.sign_in.one_time_links import FIRST_RUN, PASSWORD, SIGN_IN, LinkSpent, find_link
from blog.web.forms.typed_text import takes_text
from blog.web.http_cache import private
from blog.web.rate_limits import SIGN_IN_LIMIT as OFTEN
from blog.web.rate_limits import rate_limit

blueprint = Blueprint("account_links", __name__, url_prefix="/desk")


@blueprint.after_request
def hide_address(response: Response) -> Response:
    """Send the origin alone as Referer. A form needs that much: without it browsers say that they come from nowhere."""
    response.headers["Referrer-Policy"] = "strict-origin"
    return response


@blueprint.errorhandler(LinkSpent)
@blueprint.errorhandler(AccountChanged)
@blueprint.errorhandler(OwnerExists)
def show_spent(_error: Exception) -> ResponseReturnValue:
    return private(render_template("editors/desk/link_spent.html", first_run=not has_owner()), 404)


@blueprint.get("/first-run/<token>")
@rate_limit(OFTEN)
def new_owner(token: str) -> ResponseReturnValue:
    find_link(FIRST_RUN, token)
    return first_run_page(FirstRunForm(formdata=None), token)


@blueprint.post("/first-run/<token>")
@rate_limit(OFTEN)
@takes_text(FirstRunForm)
def create_owner(token: str) -> ResponseReturnValue:
    form = FirstRunForm()
    find_link(FIRST_RUN, token)
    if not form.validate():
        return first_run_page(form, token, 422)
    try:
        owner = add_owner(form.email.data or "", (form.name.data or "").strip(), form.password.data or "", token)
    except Taken:
        form.email.errors = [_("There is an account with this e-mail address already.")]
        return first_run_page(form, token, 422)
    except TooBusy:
        return first_run_page(busy(form), token, 503)
    return let_in(owner, remember=False, onward="/desk/")


@blueprint.get("/sign-in/<token>")
@rate_limit(OFTEN)
def show_sign_in(token: str) -> ResponseReturnValue:
    link = find_link(SIGN_IN, token)
    return private(render_template("editors/desk/sign_in_link.html", link=link, token=token))


@blueprint.post("/sign-in/<token>")
@rate_limit(OFTEN)
def create_sign_in(token: str) -> ResponseReturnValue:
    return let_in(use_sign_in_link(token), remember=False, onward="/desk/")


@blueprint.get("/password/<token>")
@rate_limit(OFTEN)
def edit_password(token: str) -> ResponseReturnValue:
    editor = find_link(PASSWORD, token).editor
    return password_page(NewPasswordForm(editor, formdata=None), token)


@blueprint.post("/password/<token>")
@rate_limit(OFTEN)
def update_password(token: str) -> ResponseReturnValue:
    form = NewPasswordForm(find_link(PASSWORD, token).editor)
    if not form.validate():
        return password_page(form, token, 422)
    try:
        editor = use_password_link(token, form.password.data or "")
    except TooBusy:
        return password_page(busy(form), token, 503)
    return let_in(editor, remember=False, onward="/desk/")


def busy(form: NewPasswordForm) -> NewPasswordForm:
    form.form_errors = [_("Other passwords are being checked just now. Please try again in a few seconds.")]
    return form


def first_run_page(form: NewPasswordForm, token: str, status: int = 200) -> Response:
    return with_wait(render_template("editors/desk/first_run.html", form=form, token=token), status)


def password_page(form: NewPasswordForm, token: str, status: int = 200) -> Response:
    return with_wait(render_template("editors/desk/new_password.html", form=form, token=token), status)


def with_wait(page: str, status: int) -> Response:
    answer = private(page, status)
    if status == 503:
        answer.headers["Retry-After"] = str(MAX_WAIT_SECONDS)
    return answer

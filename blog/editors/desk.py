"""Let editors sign in and out and change their password."""

from __future__ import annotations

import logging
import re
from math import ceil

from flask import Blueprint, Response, make_response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import validate_csrf
from werkzeug.exceptions import Forbidden, RequestEntityTooLarge
from wtforms.validators import ValidationError

from blog.editors.access import OwnerRequired, SignInRequired, current_editor, signed_in_editor
from blog.editors.accounts import NotAllowed, change_password
from blog.editors.forms import ChangePasswordForm, SignInForm
from blog.editors.models import editor_by_email
from blog.editors.passwords import MAX_WAIT_SECONDS, TooBusy
from blog.editors.sessions import (
    AccountChanged,
    authenticate,
    end_session,
    recently_expired_session,
    verify_current_password,
)
from blog.editors.sign_in.begin_session import complete_sign_in, pending_fields
from blog.editors.sign_in.device_cookies import device_key, remember_device
from blog.editors.sign_in.password_attempts import TooManyFailures
from blog.media.late_photos import store_late_photo
from blog.media.picture_errors import PictureRefused
from blog.web import error_pages, htmx
from blog.web.http_cache import private
from blog.web.keyed_hashes import address_key
from blog.web.rate_limits import SIGN_IN_LIMIT, RateLimitExceeded, rate_limit

log = logging.getLogger(__name__)

# never sent back in a page
SECRET_FIELDS = {"csrf_token", "password", "again", "current"}

blueprint = Blueprint("editors", __name__, url_prefix="/desk")


@blueprint.get("/sign-in")
def new_session() -> ResponseReturnValue:
    onward = safe_onward_path(request.args.get("next", ""))
    if current_editor():
        return redirect(onward, 303)
    return render_sign_in(SignInForm(formdata=None), 200, pending=[], onward=onward)


@blueprint.post("/session")
@rate_limit(SIGN_IN_LIMIT)
def create_session() -> ResponseReturnValue:
    form, email = SignInForm(), request.form.get("email", "")
    if not form.validate():
        return refuse_sign_in(form, 422)
    editor = authenticate(email, form.password.data or "", address_key(request.remote_addr), device_key(email))
    if editor is None:
        return refuse_sign_in(form, 403, _("The e-mail address or the password is wrong."))
    return complete_sign_in(editor, form.remember.data, safe_onward_path(request.form.get("onward", "")))


@blueprint.delete("/session")
def destroy_session() -> ResponseReturnValue:
    end_session(session["desk"])
    session.clear()
    answer = make_response(redirect("/desk/sign-in?signed-out", 303))
    answer.headers["Clear-Site-Data"] = '"cache"'  # "storage" would delete unsent drafts
    return answer


@blueprint.get("/password")
def edit_password() -> ResponseReturnValue:
    return render_template("editors/desk/password.html", form=ChangePasswordForm(formdata=None))


@blueprint.post("/password")
def update_password() -> ResponseReturnValue:
    form, editor = ChangePasswordForm(signed_in_editor()), signed_in_editor()
    if not form.validate():
        return render_template("editors/desk/password.html", form=form), 422
    if not verify_current_password(editor, form.current.data or "", address_key(request.remote_addr)):
        form.current.errors = [_("This is not your current password.")]
        return render_template("editors/desk/password.html", form=form), 422
    change_password(editor, form.password.data or "", session["desk"])
    return remember_device(private(redirect("/desk/password?changed", 303), 303), editor)


@blueprint.errorhandler(RateLimitExceeded)
@blueprint.errorhandler(TooManyFailures)
@blueprint.errorhandler(TooBusy)
@blueprint.errorhandler(AccountChanged)
@blueprint.errorhandler(NotAllowed)
def show_refusal(error: Exception) -> ResponseReturnValue:
    """Show why a password was refused; keep the pending fields."""
    sentence, status, wait = describe_refusal(error)
    if request.endpoint != "editors.update_password":
        return refuse_sign_in(SignInForm(), status, sentence, wait)
    form = ChangePasswordForm(current_editor())
    form.form_errors = [sentence]
    return add_retry_after(private(render_template("editors/desk/password.html", form=form), status), wait)


@blueprint.app_errorhandler(OwnerRequired)
def show_owners_only(_: OwnerRequired) -> ResponseReturnValue:
    """Show the submitted text for copying, since the role changed meanwhile."""
    if htmx.is_htmx_request():
        return error_pages.show_error(Forbidden())
    try:
        fields = [(name, value) for name, value in submitted_fields() if value.strip()]
    except RequestEntityTooLarge as error:
        return error_pages.show_error(error)
    return private(render_template("editors/desk/owners_only.html", typed=fields), 403)


@blueprint.app_errorhandler(SignInRequired)
def show_sign_in(_: SignInRequired) -> ResponseReturnValue:
    """Show the sign-in form with the submitted fields and photo."""
    if htmx.is_htmx_request():
        return Response(status=403, headers={"HX-Redirect": "/desk/sign-in"})
    try:
        fields = submitted_fields()
    except RequestEntityTooLarge as error:
        return error_pages.show_error(error)
    pending = [*fields, *set_photo_aside()]
    return render_sign_in(SignInForm(formdata=None), 403, pending, request.full_path.rstrip("?"))


def submitted_fields() -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.form.items(multi=True) if name not in SECRET_FIELDS]


def describe_refusal(error: Exception) -> tuple[str, int, int]:
    """Return the message, the status and the seconds to wait."""
    if isinstance(error, TooManyFailures):
        editor = editor_by_email(request.form.get("email", "")) or current_editor()
        log.info("password refused after many failures, account %s", editor.id if editor else "unknown")
        minutes = ceil(error.seconds / 60)
        if not error.strangers_only:
            return _("Too many attempts. Please wait %(minutes)d minutes.", minutes=minutes), 429, error.seconds
        return known_browsers_only(minutes), 429, error.seconds
    if isinstance(error, TooBusy):
        wait = MAX_WAIT_SECONDS
        return _("The server is busy. Please try again in a few seconds."), 503, wait
    if isinstance(error, RateLimitExceeded):
        wait = error.seconds
        return _("Too many attempts. Please wait %(seconds)d seconds.", seconds=wait), 429, wait
    return _("This account was just changed. Please sign in again."), 403, 0


def known_browsers_only(minutes: int) -> str:
    sentence: str = _(
        "Too many wrong passwords. For %(minutes)d minutes only browsers that signed in to this account before may "
        "try. Whoever runs the server can make a link that signs you in: flask editors sign-in-link.",
        minutes=minutes,
    )
    return sentence


def set_photo_aside() -> list[tuple[str, str]]:
    """Store the submitted photo for later; return the field that names it.

    Browsers never fill in a file again. Needs a recently expired session and its form token, since the cookie
    outlives the session.
    """
    photo = request.files.get("photo_file")
    expired = recently_expired_session(session["desk"]) if photo and "desk" in session else None
    if not photo or expired is None:
        return []
    try:
        validate_csrf(request.form.get("csrf_token"))
        return [("late_photo", store_late_photo(expired, photo.read()))]
    except (ValidationError, PictureRefused):
        return []


def render_sign_in(form: SignInForm, status: int, pending: list[tuple[str, str]], onward: str) -> Response:
    page = render_template("editors/desk/sign_in.html", form=form, pending=pending, onward=onward)
    return private(page, status)


def refuse_sign_in(form: SignInForm, status: int, sentence: str = "", wait: int = 0) -> Response:
    form.form_errors = [sentence] if sentence else []
    answer = render_sign_in(form, status, pending_fields(), safe_onward_path(request.form.get("onward", "")))
    return add_retry_after(answer, wait)


def add_retry_after(answer: Response, seconds: int) -> Response:
    if seconds:
        answer.headers["Retry-After"] = str(seconds)
    return answer


def safe_onward_path(path: str) -> str:
    """Return the path if it is below /desk/, else /desk/."""
    leaves_desk = "//" in path or ".." in path
    return path if re.fullmatch(r"/desk/[\w/?&=%.+-]*", path, re.ASCII) and not leaves_desk else "/desk/"

"""The editors' door to their own account: signing in and out, the password."""

from __future__ import annotations

import logging
import re
from math import ceil

from flask import Blueprint, Response, make_response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import validate_csrf
from werkzeug.exceptions import Forbidden, RequestEntityTooLarge, TooManyRequests
from wtforms.validators import ValidationError

from blog.editors.access import OwnersOnly, SignedOut, current_editor, the_editor
from blog.editors.accounts import NotAllowed, change_password
from blog.editors.forms import ChangePasswordForm, SignInForm
from blog.editors.models import editor_of
from blog.editors.passwords import MAX_WAIT_SECONDS, TooBusy
from blog.editors.sessions import AccountChanged, editor_with, end_session, just_expired, password_is_right
from blog.editors.sign_in.begin_session import kept_from_form, let_in
from blog.editors.sign_in.device_cookies import device_key, remember_device
from blog.editors.sign_in.password_attempts import TooManyFailures
from blog.media.late_photos import set_aside
from blog.media.library import NoPicture
from blog.web import error_pages, htmx
from blog.web.http_cache import private
from blog.web.keyed_hashes import address_key
from blog.web.rate_limits import SIGN_IN_LIMIT, rate_limit, seconds_until_reset

log = logging.getLogger(__name__)

# never given back, since a page is no place for them
SECRETS = {"csrf_token", "password", "again", "current"}

blueprint = Blueprint("editors", __name__, url_prefix="/desk")


@blueprint.get("/sign-in")
def new_session() -> ResponseReturnValue:
    onward = onward_path(request.args.get("next", ""))
    if current_editor():
        return redirect(onward, 303)
    return sign_in_page(SignInForm(formdata=None), 200, kept=[], onward=onward)


@blueprint.post("/session")
@rate_limit(SIGN_IN_LIMIT)
def create_session() -> ResponseReturnValue:
    form, email = SignInForm(), request.form.get("email", "")
    if not form.validate():
        return refused(form, 422)
    editor = editor_with(email, form.password.data or "", address_key(request.remote_addr), device_key(email))
    if editor is None:
        return refused(form, 403, _("The e-mail address or the password is not right."))
    return let_in(editor, form.remember.data, onward_path(request.form.get("onward", "")))


@blueprint.delete("/session")
def destroy_session() -> ResponseReturnValue:
    end_session(session["desk"])
    session.clear()
    answer = make_response(redirect("/desk/sign-in?signed-out", 303))
    answer.headers["Clear-Site-Data"] = '"cache"'  # "storage" would delete what is being written
    return answer


@blueprint.get("/password")
def edit_password() -> ResponseReturnValue:
    return render_template("editors/desk/password.html", form=ChangePasswordForm(formdata=None))


@blueprint.post("/password")
def update_password() -> ResponseReturnValue:
    form, editor = ChangePasswordForm(the_editor()), the_editor()
    if not form.validate():
        return render_template("editors/desk/password.html", form=form), 422
    if not password_is_right(editor, form.current.data or "", address_key(request.remote_addr)):
        form.current.errors = [_("This is not your present password.")]
        return render_template("editors/desk/password.html", form=form), 422
    change_password(editor, form.password.data or "", session["desk"])
    return remember_device(private(redirect("/desk/password?changed", 303), 303), editor)


@blueprint.errorhandler(TooManyRequests)
@blueprint.errorhandler(TooManyFailures)
@blueprint.errorhandler(TooBusy)
@blueprint.errorhandler(AccountChanged)
@blueprint.errorhandler(NotAllowed)
def try_later(error: Exception) -> ResponseReturnValue:
    """What was kept of an editor's own, and the e-mail address, outlive every refusal."""
    sentence, status, wait = obstacle(error)
    if request.endpoint != "editors.update_password":
        return refused(SignInForm(), status, sentence, wait)
    form = ChangePasswordForm(current_editor())
    form.form_errors = [sentence]
    return with_wait(private(render_template("editors/desk/password.html", form=form), status), wait)


@blueprint.app_errorhandler(OwnersOnly)
def show_owners_only(_: OwnersOnly) -> ResponseReturnValue:
    """What was typed before the role changed is shown, to be copied."""
    if htmx.is_htmx_request():
        return error_pages.show_error(Forbidden())
    try:
        typed = [(name, value) for name, value in typed_fields() if value.strip()]
    except RequestEntityTooLarge as error:
        return error_pages.show_error(error)
    return private(render_template("editors/desk/owners_only.html", typed=typed), 403)


@blueprint.app_errorhandler(SignedOut)
def show_sign_in(_: SignedOut) -> ResponseReturnValue:
    """What was sent after the session had ended is kept, of its files a photo, and goes on after signing in."""
    if htmx.is_htmx_request():
        return Response(status=403, headers={"HX-Redirect": "/desk/sign-in"})
    try:
        kept = typed_fields()
    except RequestEntityTooLarge as error:
        return error_pages.show_error(error)
    return sign_in_page(SignInForm(formdata=None), 403, [*kept, *photo_from_form()], request.full_path.rstrip("?"))


def typed_fields() -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.form.items(multi=True) if name not in SECRETS]


def obstacle(error: Exception) -> tuple[str, int, int]:
    """Why nothing was done: a sentence, the status, and how many seconds to wait."""
    if isinstance(error, TooManyFailures):
        editor = editor_of(request.form.get("email", "")) or current_editor()
        log.info("password refused after many failures, account %s", editor.id if editor else "unknown")
        minutes = ceil(error.seconds / 60)
        if not error.strangers_only:
            return _("Too many tries. Please wait %(minutes)d minutes.", minutes=minutes), 429, error.seconds
        return closed_to_strangers(minutes), 429, error.seconds
    if isinstance(error, TooBusy):
        wait = MAX_WAIT_SECONDS
        return _("Other passwords are being checked just now. Please try again in a few seconds."), 503, wait
    if isinstance(error, TooManyRequests):
        wait = seconds_until_reset()
        return _("Too many tries. Please wait %(seconds)d seconds.", seconds=wait), 429, wait
    return _("This account has just been changed. Please sign in again."), 403, 0


def closed_to_strangers(minutes: int) -> str:
    sentence: str = _(
        "Too many wrong passwords. For %(minutes)d minutes only browsers that signed in to this account before may "
        "try. Whoever runs the server can make a link that signs you in: flask editors sign-in-link.",
        minutes=minutes,
    )
    return sentence


def photo_from_form() -> list[tuple[str, str]]:
    """Set a photo aside that was sent along, since no browser fills in a file again, and name it by a field.

    Only for a session that has just expired, with its token: a cookie alone lasts longer than its session.
    """
    photo = request.files.get("photo_file")
    expired = just_expired(session["desk"]) if photo and "desk" in session else None
    if not photo or expired is None:
        return []
    try:
        validate_csrf(request.form.get("csrf_token"))
        return [("late_photo", set_aside(expired, photo.read()))]
    except (ValidationError, NoPicture):
        return []


def sign_in_page(form: SignInForm, status: int, kept: list[tuple[str, str]], onward: str) -> Response:
    page = render_template("editors/desk/sign_in.html", form=form, kept=kept, onward=onward)
    return private(page, status)


def refused(form: SignInForm, status: int, sentence: str = "", wait: int = 0) -> Response:
    form.form_errors = [sentence] if sentence else []
    answer = sign_in_page(form, status, kept_from_form(), onward_path(request.form.get("onward", "")))
    return with_wait(answer, wait)


def with_wait(answer: Response, seconds: int) -> Response:
    if seconds:
        answer.headers["Retry-After"] = str(seconds)
    return answer


def onward_path(path: str) -> str:
    """Where to go after signing in: an address of the desk, never one that leads elsewhere."""
    astray = "//" in path or ".." in path
    return path if re.fullmatch(r"/desk/[\w/?&=%.+-]*", path, re.ASCII) and not astray else "/desk/"

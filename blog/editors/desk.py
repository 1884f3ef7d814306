"""The editors' door to their accounts: first run, signing in and out, the password."""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import validate_csrf
from werkzeug.exceptions import RequestEntityTooLarge, TooManyRequests
from wtforms.validators import ValidationError

from blog import errors, htmx
from blog.caching import private
from blog.db import row_id
from blog.editors.accounts import Taken, add_owner, change_password, first_run_open
from blog.editors.auditing import entries, undoable, verb_word
from blog.editors.forms import ChangePasswordForm, FirstRunForm, SignInForm
from blog.editors.locking import SignedOut, current_editor, lock, the_editor, unlocked
from blog.editors.models import Editor
from blog.editors.passwords import fits
from blog.editors.signing_in import begin_session, editor_with, end_session, just_expired, seconds_to_wait
from blog.limits import SIGN_IN, limited, seconds_left
from blog.media.keeping import NoPicture
from blog.media.late_photos import set_aside
from blog.security import address_key

blueprint = lock(Blueprint("editors", __name__, url_prefix="/desk"))


@blueprint.get("/first-run/<token>")
@unlocked
def new_owner(token: str) -> ResponseReturnValue:
    if not first_run_open(token):
        abort(404)
    return private(render_template("editors/desk/first_run.html", form=FirstRunForm(formdata=None), token=token))


@blueprint.post("/first-run/<token>")
@unlocked
def create_owner(token: str) -> ResponseReturnValue:
    form = FirstRunForm()
    if not first_run_open(token):
        abort(404)
    if not form.validate():
        return private(render_template("editors/desk/first_run.html", form=form, token=token), 422)
    try:
        owner = add_owner(form.email.data or "", form.name.data or "", form.password.data or "")
    except Taken:
        abort(404)
    return let_in(owner, remember=False, onward="/desk/")


@blueprint.get("/sign-in")
@unlocked
def new_session() -> ResponseReturnValue:
    onward = onward_path(request.args.get("next", ""))
    if current_editor():
        return redirect(onward, 303)
    return sign_in_page(SignInForm(formdata=None), 200, kept=[], onward=onward)


@blueprint.post("/session")
@unlocked
@limited(SIGN_IN)
def create_session() -> ResponseReturnValue:
    form, email = SignInForm(), request.form.get("email", "")
    if not form.validate():
        return refused(form, 422)
    if wait := seconds_to_wait(email, address_key(request.remote_addr)):
        return refused(form, 429, _("Too many tries. Please wait %(minutes)d minutes.", minutes=wait // 60 + 1), wait)
    editor = editor_with(email, form.password.data or "", address_key(request.remote_addr))
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
    form, editor = ChangePasswordForm(), the_editor()
    if form.validate() and not fits(form.current.data or "", editor.password_hash):
        form.current.errors = [_("This is not your present password.")]
    if form.errors:
        return render_template("editors/desk/password.html", form=form), 422
    change_password(editor, form.password.data or "", session["desk"])
    return redirect("/desk/password?changed", 303)


@blueprint.errorhandler(TooManyRequests)
def keep_typed(_error: TooManyRequests) -> ResponseReturnValue:
    """What was kept of an editor's own, and the e-mail address, outlive the limit."""
    wait = seconds_left()
    return refused(SignInForm(), 429, _("Too many tries. Please wait %(seconds)d seconds.", seconds=wait), wait)


@blueprint.get("/audit")
def index_audit() -> ResponseReturnValue:
    comment_id = row_id(request.args.get("comment"))
    page = entries(comment_id, request.args.get("after"))
    return render_template("editors/desk/audit.html", page=page, comment_id=comment_id)


for word in (verb_word, undoable):
    blueprint.add_app_template_global(word)


@blueprint.app_errorhandler(SignedOut)
def show_sign_in(_: SignedOut) -> ResponseReturnValue:
    """What was sent after the session had ended is kept, of its files a photo, and goes on after signing in."""
    if htmx.wanted():
        return Response(status=403, headers={"HX-Redirect": "/desk/sign-in"})
    try:
        kept = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    except RequestEntityTooLarge as error:
        return errors.show(error)
    return sign_in_page(SignInForm(formdata=None), 403, [*kept, *photo_from_form()], request.full_path.rstrip("?"))


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


def let_in(editor: Editor, remember: bool, onward: str) -> Response:
    """Signed in from here on, by a session and a form token that nobody had before."""
    kept, reader = kept_from_form(), session.get("reader")
    session.clear()
    g.pop("csrf_token", None)  # Flask-WTF keeps the old session's for the rest of the request
    if reader:
        session["reader"] = reader
    session["desk"] = begin_session(editor, remember)
    session.permanent = remember
    if kept:
        return private(render_template("editors/desk/go_on.html", kept=kept, onward=onward))
    return private(redirect(onward, 303), 303)


def refused(form: SignInForm, status: int, sentence: str = "", wait: int = 0) -> Response:
    form.form_errors = [sentence] if sentence else []
    answer = sign_in_page(form, status, kept_from_form(), onward_path(request.form.get("onward", "")))
    if wait:
        answer.headers["Retry-After"] = str(wait)
    return answer


def kept_from_form() -> list[tuple[str, str]]:
    return [
        (name.removeprefix("kept-"), value) for name, value in request.form.items(multi=True) if name[:5] == "kept-"
    ]


def onward_path(path: str) -> str:
    """Where to go after signing in: an address of the desk, never one that leads elsewhere."""
    astray = "//" in path or ".." in path
    return path if re.fullmatch(r"/desk/[\w/?&=%.+-]*", path, re.ASCII) and not astray else "/desk/"

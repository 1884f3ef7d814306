"""The owner's door to all accounts."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blog.db import db
from blog.editors.access import the_editor
from blog.editors.accounts import (
    LastOwner,
    NotAllowed,
    Taken,
    add_editor,
    change_role,
    password_link,
    remove_editor,
    sign_out,
)
from blog.editors.forms import AddForm, RoleForm
from blog.editors.models import EDITOR, OWNER, Editor, all_editors
from blog.editors.passwords import MAX_WAIT_SECONDS, TooBusy
from blog.editors.sessions import sessions_of
from blog.settings import Settings
from blog.web.forms.typed_text import takes_text
from blog.web.http_cache import private

blueprint = Blueprint("accounts_desk", __name__, url_prefix="/desk/editors")


@blueprint.errorhandler(LastOwner)
def show_last_owner(_error: LastOwner) -> ResponseReturnValue:
    refusal = _("This is the only owner. Make another account an owner first.")
    return show_account(account(int((request.view_args or {})["editor_id"])), refusal, 409)


@blueprint.errorhandler(NotAllowed)
def show_gone(_error: NotAllowed) -> ResponseReturnValue:
    return show_list(_("This account or yours was just changed. Nothing was done."), 409)


@blueprint.get("")
def index() -> ResponseReturnValue:
    return show_list()


@blueprint.post("")
@takes_text(AddForm)
def create() -> ResponseReturnValue:
    form = AddForm()
    if not form.validate():
        return show_list(status=422, form=form)
    try:
        editor = add_editor(*form.given(), by=the_editor())
    except Taken:
        form.email.errors = [_("An account with this e-mail address already exists.")]
        return show_list(status=422, form=form)
    except TooBusy:
        return show_list(_("The server is busy. Please try again in a few seconds."), 503, form)
    return redirect("/desk/editors?added", 303) if form.password.data else show_link(editor)


@blueprint.get("/<int:editor_id>")
def show(editor_id: int) -> ResponseReturnValue:
    return show_account(account(editor_id))


@blueprint.post("/<int:editor_id>/role")
def update_role(editor_id: int) -> ResponseReturnValue:
    editor, form = account(editor_id), RoleForm()
    if not form.validate():
        return show_account(editor, _("Please choose a role."), 422)
    change_role(editor, form.role.data or "", the_editor())
    return redirect("/desk/editors?saved" if the_editor().role == OWNER else "/desk/", 303)


@blueprint.post("/<int:editor_id>/links")
def create_link(editor_id: int) -> ResponseReturnValue:
    return show_link(account(editor_id))


@blueprint.delete("/<int:editor_id>/sessions")
def destroy_sessions(editor_id: int) -> ResponseReturnValue:
    sign_out(account(editor_id), the_editor())
    return redirect(f"/desk/editors/{editor_id}?signed-out", 303)


@blueprint.get("/<int:editor_id>/removal/new")
def confirm_removal(editor_id: int) -> ResponseReturnValue:
    return render_template("editors/desk/removal.html", account=account(editor_id))


@blueprint.delete("/<int:editor_id>")
def destroy(editor_id: int) -> ResponseReturnValue:
    remove_editor(account(editor_id), the_editor())
    return redirect("/desk/editors?removed", 303)


def account(editor_id: int) -> Editor:
    editor = db.session.get(Editor, editor_id)
    if editor is None or editor.removed_at is not None:
        abort(404)
    return editor


def show_list(refusal: str = "", status: int = 200, form: AddForm | None = None) -> Response:
    form = form or AddForm(formdata=None)
    rows = [(editor, sessions_of(editor)) for editor in all_editors()]
    page = render_template("editors/desk/accounts.html", rows=rows, form=form, refusal=refusal, roles=role_words())
    answer = private(page, status)
    if status == 503:
        answer.headers["Retry-After"] = str(MAX_WAIT_SECONDS)
    return answer


def show_account(editor: Editor, refusal: str = "", status: int = 200) -> Response:
    values = {"account": editor, "count": sessions_of(editor), "refusal": refusal, "roles": role_words()}
    return private(render_template("editors/desk/account.html", **values), status)


def show_link(editor: Editor) -> Response:
    """The link is shown once, since only its hash is stored."""
    settings: Settings = current_app.config["SETTINGS"]
    link = (settings.blog_url or request.host_url).rstrip("/") + password_link(editor, the_editor())
    return private(render_template("editors/desk/account_link.html", account=editor, link=link))


def role_words() -> dict[str, str]:
    return {EDITOR: _("Editor"), OWNER: _("Owner")}

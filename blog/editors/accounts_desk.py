"""Let owners manage accounts at /desk/editors."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blog.db import db
from blog.editors.access import signed_in_editor
from blog.editors.accounts import (
    EmailTaken,
    LastOwner,
    NotAllowed,
    add_editor,
    change_role,
    create_password_link,
    remove_editor,
    sign_out,
)
from blog.editors.forms import AddEditorForm, RoleForm
from blog.editors.models import EDITOR, OWNER, Editor, all_editors
from blog.editors.passwords import MAX_WAIT_SECONDS, TooBusy
from blog.editors.sessions import count_sessions
from blog.settings import Settings
from blog.web.forms.typed_text import takes_text
from blog.web.http_cache import private

blueprint = Blueprint("accounts_desk", __name__, url_prefix="/desk/editors")


@blueprint.errorhandler(LastOwner)
def refuse_last_owner(_error: LastOwner) -> ResponseReturnValue:
    refusal = _("This is the only owner. Make somebody else an owner first.")
    return render_account(find_account(int((request.view_args or {})["editor_id"])), refusal, 409)


@blueprint.errorhandler(NotAllowed)
def refuse_not_allowed(_error: NotAllowed) -> ResponseReturnValue:
    return render_list(_("This account, or yours, has just been changed. Nothing was done."), 409)


@blueprint.errorhandler(EmailTaken)
def refuse_taken_email(_error: EmailTaken) -> ResponseReturnValue:
    form = AddEditorForm()
    form.email.errors = [_("There is an account with this e-mail address already.")]
    return render_list(status=422, form=form)


@blueprint.errorhandler(TooBusy)
def refuse_while_busy(_error: TooBusy) -> ResponseReturnValue:
    sentence = _("Passwords are being checked just now. Please try again in a few seconds.")
    return render_list(sentence, 503, AddEditorForm())


@blueprint.get("")
def index() -> ResponseReturnValue:
    return render_list()


@blueprint.post("")
@takes_text(AddEditorForm)
def create() -> ResponseReturnValue:
    form = AddEditorForm()
    if not form.validate():
        return render_list(status=422, form=form)
    editor = add_editor(*form.account_values(), by=signed_in_editor())
    return redirect("/desk/editors?added", 303) if form.password.data else render_new_link(editor)


@blueprint.get("/<int:editor_id>")
def show(editor_id: int) -> ResponseReturnValue:
    return render_account(find_account(editor_id))


@blueprint.post("/<int:editor_id>/role")
def update_role(editor_id: int) -> ResponseReturnValue:
    editor, form = find_account(editor_id), RoleForm()
    if not form.validate():
        return render_account(editor, _("Choose one of the roles."), 422)
    change_role(editor, form.role.data or "", signed_in_editor())
    return redirect("/desk/editors?saved" if signed_in_editor().role == OWNER else "/desk/", 303)


@blueprint.post("/<int:editor_id>/links")
def create_link(editor_id: int) -> ResponseReturnValue:
    return render_new_link(find_account(editor_id))


@blueprint.delete("/<int:editor_id>/sessions")
def destroy_sessions(editor_id: int) -> ResponseReturnValue:
    sign_out(find_account(editor_id), signed_in_editor())
    return redirect(f"/desk/editors/{editor_id}?signed-out", 303)


@blueprint.get("/<int:editor_id>/removal/new")
def confirm_removal(editor_id: int) -> ResponseReturnValue:
    return render_template("editors/desk/removal.html", account=find_account(editor_id))


@blueprint.delete("/<int:editor_id>")
def destroy(editor_id: int) -> ResponseReturnValue:
    remove_editor(find_account(editor_id), signed_in_editor())
    return redirect("/desk/editors?removed", 303)


def find_account(editor_id: int) -> Editor:
    editor = db.session.get(Editor, editor_id)
    if editor is None or editor.removed_at is not None:
        abort(404)
    return editor


def render_list(refusal: str = "", status: int = 200, form: AddEditorForm | None = None) -> Response:
    form = form or AddEditorForm(formdata=None)
    rows = [(editor, count_sessions(editor)) for editor in all_editors()]
    page = render_template("editors/desk/accounts.html", rows=rows, form=form, refusal=refusal, roles=role_names())
    answer = private(page, status)
    if status == 503:
        answer.headers["Retry-After"] = str(MAX_WAIT_SECONDS)
    return answer


def render_account(editor: Editor, refusal: str = "", status: int = 200) -> Response:
    values = {"account": editor, "count": count_sessions(editor), "refusal": refusal, "roles": role_names()}
    return private(render_template("editors/desk/account.html", **values), status)


def render_new_link(editor: Editor) -> Response:
    """Show a new link once; only its hash is stored."""
    settings: Settings = current_app.config["SETTINGS"]
    link = (settings.blog_url or request.host_url).rstrip("/") + create_password_link(editor, signed_in_editor())
    return private(render_template("editors/desk/link.html", account=editor, link=link))


def role_names() -> dict[str, str]:
    return {EDITOR: _("Editor"), OWNER: _("Owner")}

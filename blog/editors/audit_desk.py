"""The owner's door to the audit log."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from blog.db import parse_id
from blog.editors.audit_log import entries, undoable, verb_word

blueprint = Blueprint("audit_desk", __name__, url_prefix="/desk/audit")

for word in (verb_word, undoable):
    blueprint.add_app_template_global(word)


@blueprint.get("")
def index() -> ResponseReturnValue:
    comment_id = parse_id(request.args.get("comment"))
    page = entries(comment_id, request.args.get("after"))
    return render_template("editors/desk/audit.html", page=page, comment_id=comment_id)

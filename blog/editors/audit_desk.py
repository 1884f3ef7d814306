"""Show the audit log to owners at /desk/audit."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from blog.db import parse_id
from blog.editors.audit_log import can_undo, describe_reason, list_entries, verb_label

blueprint = Blueprint("audit_desk", __name__, url_prefix="/desk/audit")

for function in (verb_label, can_undo, describe_reason):
    blueprint.add_app_template_global(function)


@blueprint.get("")
def index() -> ResponseReturnValue:
    comment_id = parse_id(request.args.get("comment"))
    page = list_entries(comment_id, request.args.get("after"))
    return render_template("editors/desk/audit.html", page=page, comment_id=comment_id)

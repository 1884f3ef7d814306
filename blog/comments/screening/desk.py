"""Show editors how accurate the spam filter is; set its strictness."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from blog.comments.screening.accuracy import measure_accuracy
from blog.site.forms import STRICTNESS
from blog.site.update import change_settings

blueprint = Blueprint("screening_desk", __name__, url_prefix="/desk/filter")


@blueprint.get("")
def show() -> ResponseReturnValue:
    values = {"figures": measure_accuracy(), "strictness": STRICTNESS, "saved": "saved" in request.args}
    return render_template("comments/screening/desk/filter.html", **values)


@blueprint.post("")
def update() -> ResponseReturnValue:
    strictness = request.form.get("filter_strictness", "")
    if strictness not in dict(STRICTNESS):
        abort(400)
    change_settings({"filter_strictness": strictness})
    return redirect("/desk/filter?saved", 303)

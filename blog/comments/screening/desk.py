"""The editors' door to the filter: what it was worth here, and how strict it is."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from blog.comments.screening.accuracy import figures
from blog.site.forms import STRICTNESS
from blog.site.update import change_settings

blueprint = Blueprint("comments_filter", __name__, url_prefix="/desk/filter")


@blueprint.get("")
def show() -> ResponseReturnValue:
    values = {"figures": figures(), "strictness": STRICTNESS, "saved": "saved" in request.args}
    return render_template("comments/screening/desk/filter.html", **values)


@blueprint.post("")
def update() -> ResponseReturnValue:
    strictness = request.form.get("filter_strictness", "")
    if strictness not in dict(STRICTNESS):
        abort(400)
    change_settings({"filter_strictness": strictness})
    return redirect("/desk/filter?saved", 303)

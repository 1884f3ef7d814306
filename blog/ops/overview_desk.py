"""Show editors what waits, at /desk/."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from blog.comments.models import HELD, VISIBLE
from blog.editors.access import may
from blog.ops.overview import Failures, count_by_day, count_failures, newest_comments, newest_drafts

blueprint = Blueprint("overview_desk", __name__, url_prefix="/desk")


@blueprint.get("/")
def show() -> ResponseReturnValue:
    values = {"waiting": newest_comments(HELD), "latest": newest_comments(VISIBLE), "drafts": newest_drafts()}
    failures = count_failures() if may("jobs_desk.index") else Failures()
    return render_template("ops/desk/overview.html", **values, days=count_by_day(), failures=failures)

"""Show owners the background jobs at /desk/jobs."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from blog.ops.job_runs import list_jobs

blueprint = Blueprint("jobs_desk", __name__, url_prefix="/desk/jobs")


@blueprint.get("")
def index() -> ResponseReturnValue:
    return render_template("ops/desk/jobs.html", jobs=list_jobs())

"""Redirect Blogger's other addresses of lists to ours."""

from __future__ import annotations

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue

from blog.posts.addresses.blogger_times import read_key
from blog.posts.addresses.missing_pages import answer_missing
from blog.web.http_cache import permanent_redirect

blueprint = Blueprint("blogger", __name__)

DAY = "<int(fixed_digits=4):year>_<int(fixed_digits=2):month>_<int(fixed_digits=2):day>"


@blueprint.get("/index.html")
def show_home() -> ResponseReturnValue:
    return permanent_redirect(url_for("posts.index"))


@blueprint.get(f"/{DAY}_archive.html")
@blueprint.get(f"/{DAY}_<name>_archive.html")
@blueprint.get(f"/archives/{DAY}_archive.html")
def show_month(year: int, month: int, **_more: int | str) -> ResponseReturnValue:
    """Redirect to the month of a monthly, weekly or daily archive."""
    if not 1 <= month <= 12:
        abort(answer_missing(request.path))
    return permanent_redirect(url_for("posts.index_time", year=year, month=month))


@blueprint.get("/search")
def show_posts() -> ResponseReturnValue:
    """Redirect to the posts before `updated-max`; other addresses of a search lead home."""
    if words := request.args.get("q", "").replace("\0", ""):
        abort(answer_missing(f"/{words}"))
    return permanent_redirect(url_for("posts.index", after=read_key(request.args.get("updated-max"))))

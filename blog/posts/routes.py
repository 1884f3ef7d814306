"""Serve home, archives, labels and posts with their threads."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.routing import PathConverter

from blog.comments.forms import blank_form
from blog.comments.thread.permalinks import build_permalink, find_comment_at
from blog.comments.thread.tree import read_order, render_thread_page
from blog.posts.lists import all_posts, neighbours, posts_in, posts_with_label
from blog.posts.models import post_at
from blog.posts.old_paths import find_moved
from blog.posts.suggestions import suggest_labels, suggest_posts
from blog.site.models import current_site
from blog.web import error_pages, htmx
from blog.web.fragment_cache import CACHE_PLACEHOLDER
from blog.web.http_cache import cacheable, private


class LabelConverter(PathConverter):
    """Match a label, which may begin with a slash."""

    regex = ".*?"
    part_isolating = False


blueprint = Blueprint("posts", __name__)
blueprint.record_once(lambda state: state.app.url_map.converters.update(label=LabelConverter))


@blueprint.get("/")
def index() -> ResponseReturnValue:
    version = current_site().version
    page = all_posts(**page_keys())
    return cacheable(render_template("posts/index.html", page=page, version=version))


@blueprint.get("/search/label/<label:name>", merge_slashes=False)
def index_label(name: str) -> ResponseReturnValue:
    version = current_site().version
    page = posts_with_label(name, **page_keys())
    if not page.items:
        abort(answer_missing(label=name))
    return cacheable(render_template("posts/index.html", page=page, version=version, label=name))


@blueprint.get("/<int(fixed_digits=4):year>/")
@blueprint.get("/<int(fixed_digits=4):year>/<int(fixed_digits=2):month>/")
def index_time(year: int, month: int | None = None) -> ResponseReturnValue:
    version = current_site().version
    page = posts_in(year, month, **page_keys())
    if not page.items:
        abort(404)
    return cacheable(render_template("posts/index.html", page=page, version=version, year=year, month=month))


def page_keys() -> dict[str, str | None]:
    """Return where the page of a list begins or ends."""
    return {"after": request.args.get("after"), "before": request.args.get("before")}


def answer_missing(path: str = "", label: str = "") -> Response | int:
    """Redirect from an old path, or return 410, or a page for 404 that proposes others."""
    moved, gone = find_moved(path) if path else (None, False)
    if moved or gone or htmx.is_htmx_request():
        return permanent_redirect(moved) if moved else 410 if gone else 404
    posts, labels = suggest_posts(path), suggest_labels(label or path)
    answer = error_pages.render_error(404, "posts/not_found.html", posts=posts, labels=labels)
    return private(answer, 404)


def permanent_redirect(address: str) -> Response:
    """Redirect for good; browsers ask again, since an address may be used anew."""
    answer = make_response(redirect(address, 301))
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@blueprint.get("/<path:path>")
def show(path: str) -> ResponseReturnValue:
    post, site = post_at(f"/{path}") or abort(answer_missing(f"/{path}")), current_site()
    if comment := find_comment_at(post, request.args.get("showComment", "")):
        return redirect(build_permalink(comment, post))
    order, number = read_order(request.args.get("order"), site), request.args.get("page", 1, int)
    thread = render_thread_page(post, site, order, number, request.args.get("after"))
    context = {"form": blank_form(post.id, post.address, site.language), "neighbours": neighbours(post)}
    return cacheable(render_template("posts/show.html", post=post, page=CACHE_PLACEHOLDER, **context), thread)

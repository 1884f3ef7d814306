"""The readers' door to posts: home, archives, labels, and a post with its thread."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from blog.comments.forms import blank_form
from blog.comments.thread.permalinks import build_permalink, find_comment_at
from blog.comments.thread.tree import read_order, render_thread_page
from blog.posts.lists import all_posts, neighbours, posts_in, posts_labelled, taken_down
from blog.posts.models import post_at
from blog.site.models import current_site
from blog.web.fragment_cache import PLACE
from blog.web.http_cache import fresh

blueprint = Blueprint("posts", __name__)


@blueprint.get("/")
def index() -> ResponseReturnValue:
    version = current_site().version
    page = all_posts(request.args.get("after"))
    return fresh(render_template("posts/index.html", page=page, version=version))


@blueprint.get("/search/label/<path:name>")
def index_label(name: str) -> ResponseReturnValue:
    version = current_site().version
    page = posts_labelled(name, request.args.get("after"))
    if not page.items:
        abort(404)
    return fresh(render_template("posts/index.html", page=page, version=version, label=name))


@blueprint.get("/<int(fixed_digits=4):year>/")
@blueprint.get("/<int(fixed_digits=4):year>/<int(fixed_digits=2):month>/")
def index_time(year: int, month: int | None = None) -> ResponseReturnValue:
    version = current_site().version
    page = posts_in(year, month, request.args.get("after"))
    if not page.items:
        abort(404)
    return fresh(render_template("posts/index.html", page=page, version=version, year=year, month=month))


@blueprint.get("/<path:path>")
def show(path: str) -> ResponseReturnValue:
    post, site = post_at(f"/{path}") or abort(410 if taken_down(f"/{path}") else 404), current_site()
    if comment := find_comment_at(post, request.args.get("showComment", "")):
        return redirect(build_permalink(comment, post))
    order, number = read_order(request.args.get("order"), site), request.args.get("page", 1, int)
    thread = render_thread_page(post, site, order, number, request.args.get("after"))
    shown = {"form": blank_form(post.id, f"/{path}", site.language), "neighbours": neighbours(post)}
    return fresh(render_template("posts/show.html", post=post, page=PLACE, **shown), thread)

"""Serve home, archives, labels and posts with their threads."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from blog.comments.forms import blank_form
from blog.comments.thread.permalinks import comment_of_time, place_of
from blog.comments.thread.tree import order_asked_for, thread_page
from blog.posts.lists import all_posts, is_gone, neighbours, posts_in, posts_with_label
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
    page = posts_with_label(name, request.args.get("after"))
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
    post, site = post_at(f"/{path}") or abort(410 if is_gone(f"/{path}") else 404), current_site()
    if comment := comment_of_time(post, request.args.get("showComment", "")):
        return redirect(place_of(comment, post))
    order, number = order_asked_for(request.args.get("order"), site), request.args.get("page", 1, int)
    thread = thread_page(post, site, order, number, request.args.get("after"))
    context = {"form": blank_form(post.id, f"/{path}", site.language), "neighbours": neighbours(post)}
    return fresh(render_template("posts/show.html", post=post, page=PLACE, **context), thread)

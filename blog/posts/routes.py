"""The readers' door to posts: home, archives, labels, and a post with its thread."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from blog.caching import fresh
from blog.comments.forms import blank_form
from blog.comments.threads import thread_of
from blog.posts.listing import all_posts, neighbours, posts_in, posts_labelled, taken_down
from blog.posts.models import post_at
from blog.site.models import current_site

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
    post = post_at(f"/{path}") or abort(410 if taken_down(f"/{path}") else 404)
    return fresh(
        render_template(
            "posts/show.html",
            post=post,
            version=post.thread_version,  # read with the post, before its comments
            thread=thread_of(post),
            form=blank_form(post.id, f"/{path}", current_site().language),
            neighbours=neighbours(post),
        )
    )

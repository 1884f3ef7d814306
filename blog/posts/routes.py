"""Serve home, archives, labels and posts with their threads."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.routing import PathConverter

from blog.comments.forms import blank_form
from blog.comments.thread.permalinks import build_permalink, find_comment_at
from blog.comments.thread.tree import read_order, render_thread_page
from blog.discovery.metadata import describe_list, describe_post
from blog.discovery.structured_data import thread_comments
from blog.posts.addresses.blogger_times import read_key
from blog.posts.addresses.missing_pages import answer_missing
from blog.posts.lists import all_posts, neighbours, posts_by, posts_in, posts_with_label
from blog.posts.models import post_at, quote_path
from blog.site.models import current_site
from blog.web.fragment_cache import CACHE_PLACEHOLDER
from blog.web.http_cache import cacheable, permanent_redirect
from blog.web.pagination import page_keys


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
    return render_list(page=page, version=version)


@blueprint.get("/search/label/<label:name>", merge_slashes=False)
def index_label(name: str) -> ResponseReturnValue:
    if key := read_key(request.args.get("updated-max")):
        return permanent_redirect(url_for("posts.index_label", name=name, after=key))
    version = current_site().version
    page = posts_with_label(name, **page_keys())
    if not page.items:
        abort(answer_missing(label=name))
    return render_list(page=page, version=version, label=name)


@blueprint.get("/search/author/<label:author>", merge_slashes=False)
def index_author(author: str) -> ResponseReturnValue:
    version = current_site().version
    page = posts_by(author, **page_keys())
    if not page.items:
        abort(404)
    return render_list(page=page, version=version, author=author)


@blueprint.get("/<int(fixed_digits=4):year>/")
@blueprint.get("/<int(fixed_digits=4):year>/<int(fixed_digits=2):month>/")
def index_time(year: int, month: int | None = None) -> ResponseReturnValue:
    version = current_site().version
    page = posts_in(year, month, **page_keys())
    if not page.items:
        abort(404)
    return render_list(page=page, version=version, year=year, month=month)


def render_list(**values: Any) -> Response:
    metadata = describe_list(current_site(), quote_path(request.path), **page_keys())
    return cacheable(render_template("posts/index.html", metadata=metadata, **values))


@blueprint.get("/<path:path>")
def show(path: str) -> ResponseReturnValue:
    post, site = post_at(f"/{path}") or abort(answer_missing(f"/{path}")), current_site()
    if comment := find_comment_at(post, request.args.get("showComment", "")):
        return redirect(build_permalink(comment, post))
    order, number = read_order(request.args.get("order"), site), request.args.get("page", 1, int)
    thread = render_thread_page(post, site, order, number, request.args.get("after"))
    context = {"form": blank_form(post.id, post.address, site.language), "neighbours": neighbours(post)}
    context |= {"metadata": describe_post(post, site, thread), "page": CACHE_PLACEHOLDER}
    return cacheable(render_template("posts/show.html", post=post, **context), thread.html, thread_comments(thread))

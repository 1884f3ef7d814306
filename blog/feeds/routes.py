"""Serve the feeds at Blogger's addresses, and the page that explains them."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blog.discovery.metadata import describe_list
from blog.discovery.public_address import public_address
from blog.feeds.comment_feed import build_comment_feed, find_post
from blog.feeds.feed_addresses import Place
from blog.feeds.feed_formats import MEDIA_TYPES, render_feed
from blog.feeds.label_filter import split_labels
from blog.feeds.parameters import JSON, RSS, SCRIPT, Parameters, WrongParameter, read_parameters
from blog.feeds.post_feed import Wanted, build_post_feed, has_posts
from blog.site.models import current_site
from blog.web.error_pages import render_sentence
from blog.web.http_cache import cacheable

SUMMARY = "summary"
# "full" and "default" are the same at Blogger too, where the whole text is published
FORM = "<any(default,full,summary):form>"

blueprint = Blueprint("feeds", __name__)


@blueprint.get(f"/feeds/posts/{FORM}", strict_slashes=False)
@blueprint.get(f"/feeds/posts/{FORM}/-/<label:name>", merge_slashes=False)
def index_posts(form: str, name: str = "") -> ResponseReturnValue:
    return show_posts(form, labels=split_labels(name))


@blueprint.get("/feeds/authors/<label:name>", merge_slashes=False)
def index_author(name: str) -> ResponseReturnValue:
    return show_posts(author=name or abort(404))


@blueprint.get(f"/feeds/comments/{FORM}", strict_slashes=False)
@blueprint.get(f"/feeds/<post_id>/comments/{FORM}", strict_slashes=False)
def index_comments(form: str, post_id: str = "") -> ResponseReturnValue:
    post = (find_post(post_id) or abort(404)) if post_id else None
    parameters, options = query_parameters(), {"summary": form == SUMMARY}
    feed = build_comment_feed(feed_place(parameters), parameters, post, counted=is_counted(parameters), **options)
    return render_feed(feed, parameters)


@blueprint.get("/atom.xml")
def redirect_atom() -> ResponseReturnValue:
    return redirect(url_for(".index_posts", form="default"), 301)


@blueprint.get("/rss.xml")
def redirect_rss() -> ResponseReturnValue:
    return redirect(url_for(".index_posts", form="default", alt=RSS), 301)


@blueprint.get("/subscribe")
def show() -> ResponseReturnValue:
    metadata = describe_list(current_site(), request.path)
    return cacheable(render_template("feeds/show.html", origin=public_address(), metadata=metadata))


@blueprint.errorhandler(WrongParameter)
def refuse(error: WrongParameter) -> ResponseReturnValue:
    answer = render_sentence("errors/error.html", str(error), 400, headline=_("Bad request"))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def show_posts(form: str = "", labels: tuple[str, ...] = (), author: str = "") -> ResponseReturnValue:
    parameters = query_parameters()
    wanted = Wanted(labels, author, summary=form == SUMMARY, counted=is_counted(parameters))
    feed = build_post_feed(feed_place(parameters), parameters, wanted)
    # as at the page of a label, which says no more of a draft's label than of one that does not exist
    return render_feed(feed, parameters) if feed.entries or has_posts(wanted) else abort(404)


def is_counted(parameters: Parameters) -> bool:
    """Return whether the format has the number of all entries, which takes a query."""
    return parameters.format in {JSON, SCRIPT}


def query_parameters() -> Parameters:
    return read_parameters(request.args, current_site().zone)


def feed_place(parameters: Parameters) -> Place:
    path = url_for(request.endpoint or "", **request.view_args or {})
    return Place(public_address(), path, parameters.query, MEDIA_TYPES[parameters.format])

"""Serve the archive: years, months, titles, labels and authors."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from blog.db import parse_id
from blog.discovery.metadata import describe_list
from blog.posts.archive.models import Author
from blog.posts.archive.year_tree import (
    Names,
    has_years_before,
    months_in,
    most_used,
    names_after,
    titles_in,
    years_before,
)
from blog.posts.models import Label, quote_path
from blog.site.models import current_site
from blog.web.http_cache import cacheable
from blog.web.pagination import page_keys

blueprint = Blueprint("archive", __name__)


@blueprint.get("/archive")
def show() -> ResponseReturnValue:
    years = years_before(parse_id(request.args.get("before")))
    months = months_in(years[0].of) if years else []
    more = bool(years) and has_years_before(years[-1].of)
    names = {"labels": most_used(Label), "authors": most_used(Author)}
    return respond("posts/archive/show.html", years=years, months=months, more_years=more, **names)


@blueprint.get("/archive/<int(fixed_digits=4):year>")
def show_year(year: int) -> ResponseReturnValue:
    months = months_in(year) or abort(404)
    return respond("posts/archive/year.html", year=year, months=months)


@blueprint.get("/archive/<int(fixed_digits=4):year>/<int(fixed_digits=2):month>")
def show_month(year: int, month: int) -> ResponseReturnValue:
    page = titles_in(year, month, **page_keys())
    if not page.items:
        abort(404)
    context = {"page": page, "month": date(year, month, 1), "address": request.path}
    return respond("posts/archive/month.html", **context)


@blueprint.get("/archive/labels")
def index_labels() -> ResponseReturnValue:
    return render_names(names_after(Label, requested_name()), of_labels=True)


@blueprint.get("/archive/authors")
def index_authors() -> ResponseReturnValue:
    return render_names(names_after(Author, requested_name()), of_labels=False)


def requested_name() -> str:
    """Return the name after which the page begins; databases refuse NUL."""
    return request.args.get("after", "").replace("\0", "")


def render_names(names: Names, *, of_labels: bool) -> ResponseReturnValue:
    return respond("posts/archive/names.html", names=names, of_labels=of_labels)


def respond(template: str, **values: Any) -> ResponseReturnValue:
    metadata = describe_list(current_site(), quote_path(request.path))
    return cacheable(render_template(template, metadata=metadata, **values))

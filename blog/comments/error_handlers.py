"""Answer refusals and errors of readers' views, with what was typed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, make_response, render_template, request
from flask_babel import lazy_gettext
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import NotFound

from blog.comments.refusals import GONE, NoSuchComment, NoSuchPost, Refused, TooFast
from blog.db import db, parse_id
from blog.db_errors import is_temporary
from blog.posts.models import visible_post
from blog.web import error_pages, htmx
from blog.web.forms.form_pages import FormPage, requested_form_page
from blog.web.http_cache import private
from blog.web.rate_limits import RateLimitExceeded

UNSAVED = lazy_gettext("This could not be saved. Your text is still here: please try again.")


def handle_errors(blueprint: Blueprint) -> None:
    """Register the error handlers of readers' views."""
    blueprint.register_error_handler(Refused, show_refused)
    blueprint.register_error_handler(NoSuchPost, show_missing)
    blueprint.register_error_handler(NoSuchComment, show_missing)
    blueprint.register_error_handler(RateLimitExceeded, show_rate_limit)
    blueprint.register_error_handler(SQLAlchemyError, show_unavailable)


def show_refused(refusal: Refused) -> Response:
    """Show a refusal in the form with its text, or by itself."""
    try:
        answer = show_in_form(page, refusal) if (page := requested_form_page()) else show_sentence(refusal)
    except Exception as error:
        # Flask would answer 500 to an error in a handler
        return make_response(current_app.handle_user_exception(error))
    return add_retry_after(answer, refusal.wait)


def show_in_form(page: FormPage, refusal: Refused) -> Response:
    return page.show(page.refill(refusal.sentence), refusal.status, final=not refusal.wait)


def show_sentence(refusal: Refused) -> Response:
    """Show a refusal where htmx expects the comment's form, or on a page."""
    post = visible_post((request.view_args or {})["post_id"])
    if post is None or (refusal.status == 404 and not htmx.is_htmx_request()):
        raise NoSuchComment
    template = "comments/_refused.html" if htmx.is_htmx_request() else "comments/refused.html"
    return private(render_template(template, sentence=refusal.sentence, post=post), refusal.status)


def show_missing(_error: NoSuchPost | NoSuchComment) -> Response:
    """Answer 404, with the text to copy."""
    if htmx.is_htmx_request() and is_about_a_comment():
        return private(render_template("comments/_refused.html", sentence=GONE), 404)
    return error_pages.show_error(NotFound())


def show_rate_limit(error: RateLimitExceeded) -> Response:
    if requested_form_page() or is_about_a_comment():
        return show_refused(TooFast(error.seconds))
    return error_pages.show_error(error)


def show_unavailable(error: SQLAlchemyError) -> Response:
    """Show the form with its text, without what cannot be loaded."""
    if (page := requested_form_page()) is None:
        return error_pages.show_unexpected_error(error)
    error_pages.log_failure(error)
    db.session.rollback()
    form = page.refill(str(UNSAVED))
    try:
        values = page.load(form, **(request.view_args or {}))
    except (SQLAlchemyError, NoSuchPost, NoSuchComment):
        values = stand_ins()
    if is_temporary(error):
        return add_retry_after(page.render(form, 503, values), error_pages.RETRY_SECONDS)
    return page.render(form, 500, values)


def stand_ins() -> dict[str, Any]:
    """Return the ids in the request in place of the records."""
    parent_id = parse_id(request.form.get("parent_id"))
    post = {"id": (request.view_args or {}).get("post_id")}
    return {"post": post, "comment": {}, "parent": {"id": parent_id} if parent_id else None}


def add_retry_after(answer: Response, wait: int) -> Response:
    if wait:
        answer.headers["Retry-After"] = str(wait)
    return answer


def is_about_a_comment() -> bool:
    """Return whether the path names a comment, beside which htmx shows the answer."""
    return "comment_id" in (request.view_args or {})

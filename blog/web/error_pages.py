"""Answer every error with a page, or for htmx with a sentence: never a stack trace, never nothing."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, current_app, g, make_response, render_template, request
from flask_babel import gettext as _
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable

from blog.db import db
from blog.db_errors import is_disk_full, is_temporary, reason_of
from blog.disk_reserve import free_reserve
from blog.web import htmx

RETRY_SECONDS = 30


def init(app: Flask) -> None:
    app.register_error_handler(HTTPException, show)
    app.register_error_handler(Exception, unexpected)


def show(error: HTTPException) -> Response:
    """The page of an HTTP error; redirects and answers that already stand pass through."""
    if error.response is not None or error.code is None or error.code < 400:
        return make_response(error.get_response())
    if isinstance(error, InternalServerError) and isinstance(error.original_exception, Exception):
        # raised while another error was answered
        return unexpected(error.original_exception)
    headline, sentence = sentences(error.code)
    if htmx.wanted():
        answer = htmx.retarget(said("errors/_message.html", sentence, error.code), "#comment-error", "innerHTML")
    else:
        answer = said("errors/error.html", sentence, error.code, headline=headline)
    answer.headers["Cache-Control"] = "no-store"
    if "Retry-After" in (given := dict(error.get_headers())):
        answer.headers["Retry-After"] = given["Retry-After"]
    return answer


def said(template: str, sentence: str, code: int, **more: Any) -> Response:
    """The sentence on its page; alone where even the page cannot be made (an untrusted host)."""
    try:
        return make_response(rendered(template, sentence=sentence, **more), code)
    except Exception:
        current_app.logger.warning("An error's page could not be made", exc_info=code >= 500)
        return Response(sentence, code, content_type="text/plain; charset=utf-8")


def rendered(template: str, **values: Any) -> str:
    """The page; where the database is away, under a masthead without the blog's own name, and as for a reader."""
    try:
        return render_template(template, **values)
    except SQLAlchemyError:
        return render_template(template, **values, current_site=lambda: {"title": "Talkback"}, editor=lambda: None)


def unexpected(error: Exception) -> Response:
    """A database that is away or full is a matter of time; anything else is a fault of ours."""
    note_failure(error)
    db.session.rollback()
    fault = ServiceUnavailable(retry_after=RETRY_SECONDS) if is_temporary(error) else InternalServerError()
    answer = show(fault)
    if request.method not in {"GET", "HEAD"} and not htmx.wanted():
        give_back(answer, fault.code)
    return answer


def note_failure(error: Exception) -> None:
    """Log one line where the database is away or full, and all that is known of anything else.

    For an editor a full disk gets the reserve, so that sending it again succeeds.
    """
    if is_disk_full(error) and g.get("editor"):
        free_reserve()
    if is_temporary(error):
        current_app.logger.warning("The database cannot be used just now (%s)", reason_of(error))
    else:
        current_app.logger.error("A request failed", exc_info=error)


def is_secret(field: str) -> bool:
    """Tell whether a field holds a password, which no page repeats."""
    return "password" in field.lower() or field in {"current", "again"}


def give_back(answer: Response, code: int) -> None:
    """Put all that a plain form sent on the error's page, in a form that sends it again with the same proof."""
    try:
        sent = [(name, value) for name, value in request.form.items(multi=True) if not is_secret(name)]
    except (HTTPException, OSError):  # the form itself could not be read, or no disk had room for its files
        return
    # what a person wrote has blanks in it; keys and tokens have none
    fields = [(name, value, len(value.split()) > 1) for name, value in sent]
    headline, sentence = sentences(code)
    if any(name != "csrf_token" for name, _value in sent):
        lost = any(file.filename for file in request.files.values())
        page = said("errors/unsaved.html", sentence, code, headline=headline, fields=fields, lost=lost)
        answer.set_data(page.get_data())


def replaced(answer: Response, page: str) -> Response:
    """The error's answer, with this page in place of its own."""
    answer.set_data(page)
    answer.mimetype = "text/html"
    for name in ("HX-Retarget", "HX-Reswap"):
        answer.headers.pop(name, None)
    return answer


def sentences(code: int) -> tuple[str, str]:
    """A headline and one sentence that says what a reader can do."""
    known = {
        400: (_("Bad request"), _("The request could not be read. Go back and try again.")),
        403: (_("Not allowed"), _("You may not open this page.")),
        404: (_("Page not found"), _("There is no page at this address. It may have moved or never been published.")),
        405: (_("Method not allowed"), _("This address cannot be used like that. Go back and try again.")),
        410: (_("No longer here"), _("This page was removed.")),
        413: (
            _("Too large"),
            _(
                "That is more than can be sent here. Please shorten it, or choose a smaller file; "
                "your browser still has it: go back."
            ),
        ),
        429: (_("Too many requests"), _("Please wait a moment and try again.")),
        503: (
            _("The site is busy"),
            _("The site cannot answer at the moment. Please try again shortly. Nothing that you wrote is lost."),
        ),
    }
    if code in known:
        return known[code]
    if code < 500:
        return known[400]
    return _("Something went wrong"), _("This is our fault. The error was logged. Please try again shortly.")

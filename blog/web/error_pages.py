"""Answer every error with a page, or htmx with one sentence."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, current_app, g, make_response, render_template, request
from flask_babel import gettext as _
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable

from blog.db import db
from blog.db_errors import error_reason, is_disk_full, is_temporary
from blog.disk_reserve import free_reserve
from blog.web import htmx

RETRY_SECONDS = 30


def init(app: Flask) -> None:
    app.register_error_handler(HTTPException, show_error)
    app.register_error_handler(Exception, show_unexpected_error)


def show_error(error: HTTPException) -> Response:
    """Render the page of an HTTP error; pass finished responses through."""
    if error.response is not None or error.code is None or error.code < 400:
        return make_response(error.get_response())
    if isinstance(error, InternalServerError) and isinstance(error.original_exception, Exception):
        # an error handler failed itself
        return show_unexpected_error(error.original_exception)
    if htmx.is_htmx_request():
        sentence = render_sentence("errors/_message.html", error_texts(error.code)[1], error.code)
        answer = htmx.retarget(sentence, "#comment-error", "innerHTML")
    else:
        answer = render_error(error.code)
    answer.headers["Cache-Control"] = "no-store"
    if "Retry-After" in (error_headers := dict(error.get_headers())):
        answer.headers["Retry-After"] = error_headers["Retry-After"]
    return answer


def render_error(code: int, template: str = "errors/error.html", **more: Any) -> Response:
    """Render the page of an error, or one that says more."""
    headline, sentence = error_texts(code)
    return render_sentence(template, sentence, code, headline=headline, **more)


def render_sentence(template: str, sentence: str, code: int, **more: Any) -> Response:
    """Render a sentence on a page, or as plain text."""
    try:
        return make_response(render_without_database(template, sentence=sentence, **more), code)
    except Exception:
        current_app.logger.warning("The error page could not be rendered", exc_info=code >= 500)
        return Response(sentence, code, content_type="text/plain; charset=utf-8")


def render_without_database(template: str, **values: Any) -> str:
    """Render a template; without a database, a generic one for readers."""
    try:
        return render_template(template, **values)
    except SQLAlchemyError:
        return render_template(template, **values, current_site=lambda: {"title": "Talkback"}, editor=lambda: None)


def show_unexpected_error(error: Exception) -> Response:
    """Answer 503 for a temporary database error, 500 for any other exception."""
    log_failure(error)
    db.session.rollback()
    fault = ServiceUnavailable(retry_after=RETRY_SECONDS) if is_temporary(error) else InternalServerError()
    answer = show_error(fault)
    if request.method not in {"GET", "HEAD"} and not htmx.is_htmx_request():
        return_form_fields(answer, fault.code)
    return answer


def log_failure(error: Exception) -> None:
    """Log one line for a temporary database error, else the traceback.

    For an editor a full disk releases the reserved space, so that sending the form again succeeds.
    """
    if is_disk_full(error) and g.get("editor"):
        free_reserve()
    if is_temporary(error):
        current_app.logger.warning("The database is unavailable (%s)", error_reason(error))
    else:
        current_app.logger.error("A request failed", exc_info=error)


def is_password_field(field: str) -> bool:
    """Return whether a field holds a password, which no page repeats."""
    return "password" in field.lower() or field in {"current", "again"}


def return_form_fields(answer: Response, code: int) -> None:
    """Put the submitted fields on the error page, to be sent again."""
    try:
        sent = [(name, value) for name, value in request.form.items(multi=True) if not is_password_field(name)]
    except (HTTPException, OSError):  # the form could not be parsed, or the disk is full
        return
    # text with spaces is shown for copying; keys and tokens have none
    fields = [(name, value, len(value.split()) > 1) for name, value in sent]
    headline, sentence = error_texts(code)
    if any(name != "csrf_token" for name, _value in sent):
        lost = any(file.filename for file in request.files.values())
        page = render_sentence("errors/unsaved.html", sentence, code, headline=headline, fields=fields, lost=lost)
        answer.set_data(page.get_data())


def error_texts(code: int) -> tuple[str, str]:
    """Return the headline and the sentence of an error page."""
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
        501: (_("Not supported"), _("This address answers in another format only.")),
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

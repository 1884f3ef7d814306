"""Public answers: the same for everybody, kept by anyone, and asked for again each time."""

from __future__ import annotations

from hashlib import sha256

from flask import Response, make_response, request
from werkzeug.wrappers import Response as BaseResponse

from blog.web.fragment_cache import NOTHING, PLACE, Kept


def fresh(page: str, part: Kept = NOTHING) -> Response:
    """A page that may be kept but must be checked before each use; 304 where the browser's copy still holds.

    `part` goes where the page has PLACE.
    """
    own = page.encode()
    answer = make_response(own.replace(PLACE.encode(), part.html, 1))
    answer.headers["Cache-Control"] = "no-cache"
    answer.set_etag(sha256(own + part.digest).hexdigest()[:24])
    answer.make_conditional(request)
    answer.headers.pop("Date", None)  # whoever serves the app dates its answers
    return answer


def private(page: str | BaseResponse, status: int = 200) -> Response:
    """An answer for one reader alone, which nobody keeps."""
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer

"""Set the HTTP cache headers of public and private pages."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from flask import Response, make_response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from blog.web.fragment_cache import CACHE_PLACEHOLDER, CachedFragment


def cacheable(
    page: str, *parts: CachedFragment, media_type: str = "text/html", changed_at: datetime | None = None
) -> Response:
    """Build a public response with `no-cache` and an ETag, or 304.

    The parts replace CACHE_PLACEHOLDER in the page, in their order. `changed_at` is for Last-Modified.
    """
    body = page.encode()
    first, *others = body.split(CACHE_PLACEHOLDER.encode())
    pieces = [piece for part, other in zip(parts, others, strict=True) for piece in (part.html, other)]
    answer = make_response(b"".join([first, *pieces]))
    answer.content_type = f"{media_type}; charset=utf-8"
    answer.headers["Cache-Control"] = "no-cache"
    answer.set_etag(sha256(body + b"".join(part.digest for part in parts)).hexdigest()[:24])
    answer.last_modified = changed_at
    answer.make_conditional(request)
    answer.headers.pop("Date", None)  # the server adds its own
    return answer


def permanent_redirect(address: str) -> Response:
    """Redirect for good; browsers ask again, since a post may get the address."""
    answer = make_response(redirect(address, 301))
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def private(page: str | BaseResponse, status: int = 200) -> Response:
    """Build a response for one reader, with `no-store`."""
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer

"""Set the HTTP cache headers of public and private pages."""

from __future__ import annotations

from hashlib import sha256

from flask import Response, make_response, request
from werkzeug.wrappers import Response as BaseResponse

from blog.web.fragment_cache import CACHE_PLACEHOLDER, CachedFragment


def cacheable(page: str, *parts: CachedFragment) -> Response:
    """Build a public response with `no-cache` and an ETag, or 304.

    The parts replace CACHE_PLACEHOLDER in the page, in their order.
    """
    body = page.encode()
    first, *others = body.split(CACHE_PLACEHOLDER.encode())
    pieces = [piece for part, other in zip(parts, others, strict=True) for piece in (part.html, other)]
    answer = make_response(b"".join([first, *pieces]))
    answer.headers["Cache-Control"] = "no-cache"
    answer.set_etag(sha256(body + b"".join(part.digest for part in parts)).hexdigest()[:24])
    answer.make_conditional(request)
    answer.headers.pop("Date", None)  # the server adds its own
    return answer


def private(page: str | BaseResponse, status: int = 200) -> Response:
    """Build a response for one reader, with `no-store`."""
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer

"""Read the times in Blogger's addresses of lists."""

from __future__ import annotations

from datetime import datetime, timedelta

from blog.site.models import current_site
from blog.web.pagination import EPOCH

MAX_LENGTH = 40


def read_key(text: str | None) -> str | None:
    """Return the key of the page before a time such as 2011-07-01T00:00:00-07:00.

    A time without offset is one of the site. None if malformed.
    """
    if not text or len(text) > MAX_LENGTH:
        return None
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign that was not escaped
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=current_site().zone)
    return f"{(at - EPOCH) // timedelta(milliseconds=1)}-0"

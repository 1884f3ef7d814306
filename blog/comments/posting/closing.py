"""Whether a thread takes responses, and if not, why, in a sentence for its readers."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import ngettext

from blog.db import now
from blog.posts.models import Post
from blog.site.models import READING, current_site


def closed_because(post: Post) -> str:
    """Why no response can be added under this post; "" where readers may answer."""
    site = current_site()
    if site.rule == READING:
        return str(_("Responses are closed on this blog."))
    if post.comments_closed_at is not None or post.comment_rule == READING:
        return str(_("Responses to this post are closed."))
    if post.closed(site.close_after_days, now()):
        days = ngettext("%(num)d day", "%(num)d days", site.close_after_days)
        return str(_("Responses to this post were closed after %(days)s.", days=days))
    return ""

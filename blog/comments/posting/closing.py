"""Decide whether a thread takes comments."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import ngettext

from blog.db import now
from blog.posts.models import Post
from blog.site.models import READ_ONLY, current_site


def closed_because(post: Post) -> str:
    """Explain why a thread is closed; "" if it is open."""
    site = current_site()
    if site.rule == READ_ONLY:
        return str(_("Responses are closed on this blog."))
    if post.comments_closed_at is not None or post.comment_rule == READ_ONLY:
        return str(_("Responses to this post are closed."))
    if post.is_closed(site.close_after_days, now()):
        days = ngettext("%(num)d day", "%(num)d days", site.close_after_days)
        return str(_("Responses to this post were closed after %(days)s.", days=days))
    return ""

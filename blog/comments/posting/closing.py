"""Whether a thread takes responses, and if not, why, in a sentence for its readers."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import ngettext

from blog.db import now
from blog.posts.models import Post
from blog.site.models import READ_ONLY, current_site


def closed_because(post: Post) -> str:
    """Why no response can be added under this post; "" where readers may answer."""
    site = current_site()
    if site.rule == READ_ONLY:
        return str(_("This thread was closed: this blog is for reading only at present."))
    if post.comments_closed_at is not None or post.comment_rule == READ_ONLY:
        return str(_("This thread was closed; no more responses can be added."))
    if post.is_closed(site.close_after_days, now()):
        days = ngettext("%(num)d day", "%(num)d days", site.close_after_days)
        return str(_("This thread was closed after %(days)s; no more responses can be added.", days=days))
    return ""

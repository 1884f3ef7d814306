"""Change the site's settings."""

from __future__ import annotations

from typing import Any

from blog.db import writing
from blog.live.hub import hint
from blog.site.models import current_site


def change_settings(values: dict[str, Any]) -> None:
    """Set these columns of the site's row; strip texts."""
    with writing():
        site = current_site()
        for name, value in values.items():
            setattr(site, name, value.strip() if isinstance(value, str) else value)
        site.language = site.language.replace("-", "_")
    hint("site")

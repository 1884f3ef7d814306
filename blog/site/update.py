"""Change the site's settings."""

from __future__ import annotations

from typing import Any

from blog.db import writing
from blog.live.hub import hint
from blog.site.models import current_site


def change_settings(values: dict[str, Any]) -> list[str]:
    """Set these columns of the site's row; return the changed ones.

    Texts are stripped.
    """
    with writing():
        site = current_site()
        before = {name: getattr(site, name) for name in values}
        for name, value in values.items():
            setattr(site, name, value.strip() if isinstance(value, str) else value)
        site.language = site.language.replace("-", "_")
        changed = [name for name, value in before.items() if getattr(site, name) != value]
    hint("site")
    return changed

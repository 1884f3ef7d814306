from __future__ import annotations

from tests.mail.conftest import office, settings

__all__ = ["office", "settings"]

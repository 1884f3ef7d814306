from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from blog.settings import Settings
from tests.mail.post_office import PostOffice, post_office


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as office:
        yield office


@pytest.fixture
def settings(tmp_path: Path, database: str, office: PostOffice) -> Settings:
    """Return settings that send mail to the test server."""
    plain = Settings(blog_instance=tmp_path, database_url=database, ratelimit_enabled=False)
    return replace(plain, **office.settings)

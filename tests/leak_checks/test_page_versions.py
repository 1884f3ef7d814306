"""Check that no operation changes a public page without a version that the page depends on."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from blog.importing import job
from blog.settings import Settings
from tests.leak_checks import operations
from tests.leak_checks.everything import build_world
from tests.leak_checks.page_versions import WRITERS, PageWitness
from tests.leak_checks.test_reading import short_pages
from tests.mail.conftest import office
from tests.mail.post_office import PostOffice

__all__ = ["office"]

EXCUSED = {"blog/site/models.py: ensure_site": "a blog without its row has no pages"}


@pytest.fixture
def settings(tmp_path: Path, database: str, office: PostOffice) -> Settings:
    mail = office.settings | {"blog_url": "http://localhost"}
    return Settings(blog_instance=tmp_path, database_url=database, ratelimit_enabled=False, **mail)


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)], indirect=True)
def test_each_operation_raises_the_versions_of_the_pages_that_it_changes(
    app: Flask, office: PostOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "start_worker", lambda import_id: None)  # else the import runs in another process
    witness = PageWitness(app)
    with short_pages():
        with witness.watch():
            operations.found_blog(app)
        world = build_world(app)
        with witness.watch():
            operations.import_an_export(world, tmp_path)
            operations.send_mail(world, office)
            for change in operations.OPERATIONS:
                change(world)
    assert witness.stale == []
    assert witness.needless == set()
    assert WRITERS.keys() - witness.writers == EXCUSED.keys()

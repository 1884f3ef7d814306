"""Write posts for feeds."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from blog.posts.models import Post
from tests.factories import a_post

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def curated(app: Flask) -> Post:
    """Return a post that has every field."""
    return a_post(
        'Herons "return" & stay',
        published_at=AT,
        updated_at=AT,
        labels=("Birds", "Rivers"),
        author_name="Ed",
        standfirst="The standfirst.",
        photo_url="https://pictures.example/heron.png",
        photo_alt="A heron",
        photo_caption="The caption",
        photo_credit="The credit",
        source_name="The Paper",
        source_title="The source & more",
        source_url="https://paper.example/a?b=1&c=2",
        quote="The quote.",
        body='<p>The body. <a href="/p/about.html">here</a> <a href="#n1">n</a> <img src="/media/x.jpg" alt=""></p>'
        '<p id="n1">It says <code>&lt;a href="/literal"&gt;</code></p>',
        note="The note.",
    )

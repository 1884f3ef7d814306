"""Read for the hub what changed in the conversation."""

from __future__ import annotations

from flask import Flask

from blog.comments import live_events
from blog.db import db
from blog.live.events import TopicUpdate


class CommentSource:
    """Read topics and updates of comments for the hub."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def versions(self, topics: list[str]) -> dict[str, int]:
        with self.app.app_context():
            return live_events.versions(topics)

    def read_update(self, topic: str, since: int) -> TopicUpdate | None:
        # templates need a request context to build URLs
        with self.app.test_request_context("/"):
            try:
                return live_events.news(topic, since)
            finally:
                db.session.remove()

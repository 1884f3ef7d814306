from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from flask import Flask

from blog.db import db, now, writing
from blog.feeds.websub import (
    GIVE_UP_AFTER,
    TOPICS,
    hub_failure,
    hub_links,
    link_header,
    send_next_ping,
)
from blog.importing.load.run import load_export
from blog.posts.editing import PUBLISH, SAVE, PostInput, stamp, write_post
from blog.posts.models import Post
from blog.posts.publishing import publish_post, restore_post, trash_post, unpublish_post
from blog.site.hub_pings import request_ping
from blog.site.models import HubPing, current_site
from blog.site.update import change_settings
from tests.factories import a_post, signed_in
from tests.importing.export_files import an_export, post_entry
from tests.site.test_settings import save
from tests.web.safe_fetch.loopback_server import LoopbackServer, loopback_server, page

BLOG = "https://blog.example.org"
DONE = b"HTTP/1.1 204 No Content\r\n\r\n"
BUSY = page(b"", status="503 Busy")


@pytest.fixture
def hub(app: Flask) -> Iterator[LoopbackServer]:
    """Set up a blog that tells a hub on this machine."""
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], blog_url=BLOG)
    with loopback_server() as server:
        server.answers["/"] = DONE
        change_settings({"websub_hub": server.url()})
        yield server


def ping() -> HubPing | None:
    db.session.rollback()
    db.session.expire_all()
    return db.session.query(HubPing).one_or_none()


def is_due() -> bool:
    found = ping()
    return bool(found and found.due_at)


def test_ping_names_every_feed_of_all_posts(hub: LoopbackServer) -> None:
    publish_post(a_post(draft=True).id)
    assert send_next_ping(network=hub.network())
    head, _, body = hub.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST / HTTP/1.1\r\n")
    assert parse_qsl(body.decode()) == [("hub.mode", "publish"), *(("hub.url", f"{BLOG}{topic}") for topic in TOPICS)]
    assert not send_next_ping(network=hub.network())
    assert hub_failure() == ""


def test_each_change_of_a_published_post_is_told_once(hub: LoopbackServer, app: Flask, tmp_path: Path) -> None:
    draft = write_post(None, PostInput({"title": "New", "body": "Text"}), SAVE, "")
    assert not is_due()
    post_id = draft.id
    trash_post(post_id)
    restore_post(post_id)
    assert not is_due()
    changes = [
        lambda: write_post(post_id, PostInput({"title": "New"}), PUBLISH, stamp(db.session.get_one(Post, post_id))),
        lambda: write_post(post_id, PostInput({"title": "Newer"}), SAVE, stamp(db.session.get_one(Post, post_id))),
        lambda: unpublish_post(post_id),
        lambda: publish_post(post_id),
        lambda: trash_post(post_id),
        lambda: restore_post(post_id),
        lambda: load_export(an_export(tmp_path, [post_entry(number) for number in range(3)])),
    ]
    for change in changes:
        db.session.rollback()
        change()
        assert is_due()
        assert send_next_ping(network=hub.network())
        assert not is_due()
    assert len(hub.requests) == len(changes)


def test_changes_coalesce_in_one_ping(hub: LoopbackServer) -> None:
    for number in range(5):
        publish_post(a_post(f"Post {number}", draft=True).id)
    assert send_next_ping(network=hub.network())
    assert not send_next_ping(network=hub.network())
    assert len(hub.requests) == 1


def test_change_while_the_hub_is_told_needs_another_ping(hub: LoopbackServer) -> None:
    publish_post(a_post(draft=True).id)

    def publish_meanwhile(_host: str, _port: int) -> list[str]:
        publish_post(a_post("Meanwhile", draft=True).id)
        return ["127.0.0.1"]

    assert send_next_ping(network=hub.network(resolve=publish_meanwhile))
    assert is_due()
    assert send_next_ping(network=hub.network())
    assert not is_due()


def test_ping_is_part_of_the_transaction(hub: LoopbackServer) -> None:
    with pytest.raises(ZeroDivisionError), writing():
        request_ping()
        raise ZeroDivisionError
    assert ping() is None


def test_failures_are_tried_again_and_given_up_after_a_day(hub: LoopbackServer, app: Flask) -> None:
    hub.answers["/"] = BUSY
    publish_post(a_post(draft=True).id)
    at = now()
    end = at + GIVE_UP_AFTER + timedelta(hours=12)
    tries = []
    while is_due() and at < end:
        if send_next_ping(at, hub.network()):
            tries.append(at)
        at += timedelta(minutes=1)
    found = ping()
    assert found
    assert found.given_up_at
    assert 8 <= len(tries) <= 20
    assert tries[-1] - tries[0] >= GIVE_UP_AFTER
    assert hub_failure() == "The hub answered with the status 503."
    browser = signed_in(app)
    assert "The hub answered with the status 503." in browser.get("/desk/mail").text
    assert "could not be told of changes" in browser.get("/desk/").text
    hub.answers["/"] = DONE
    publish_post(a_post("Later", draft=True).id)
    assert send_next_ping(network=hub.network())
    assert hub_failure() == ""
    assert "could not be told" not in browser.get("/desk/").text


def test_ping_of_a_crashed_process_is_sent_when_its_lease_ends(hub: LoopbackServer) -> None:
    publish_post(a_post(draft=True).id)

    def crash(_host: str, _port: int) -> list[str]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send_next_ping(network=hub.network(resolve=crash))
    assert not send_next_ping(network=hub.network())
    assert send_next_ping(now() + timedelta(minutes=3), hub.network())


def test_hub_on_a_private_address_is_refused(hub: LoopbackServer) -> None:
    change_settings({"websub_hub": "http://127.0.0.1/"})
    publish_post(a_post(draft=True).id)
    assert send_next_ping()
    assert hub_failure() == "127.0.0.1 is not a public server, so it is not asked."
    assert hub.requests == []


def test_ping_to_a_former_hub_is_dropped(hub: LoopbackServer) -> None:
    publish_post(a_post(draft=True).id)
    change_settings({"websub_hub": ""})
    assert not send_next_ping(network=hub.network())
    assert (ping(), hub.requests) == (None, [])


def test_blog_without_public_address_tells_nobody(hub: LoopbackServer, app: Flask) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], blog_url="")
    publish_post(a_post(draft=True).id)
    assert not send_next_ping(network=hub.network())
    assert hub_links("/feeds/posts/default") == []
    assert "BLOG_URL is not set" in signed_in(app).get("/desk/mail").text


def test_feeds_of_all_posts_name_the_hub(hub: LoopbackServer) -> None:
    address = f"{BLOG}/feeds/posts/default?alt=rss"
    assert hub_links(address) == [("hub", hub.url()), ("self", address)]
    assert link_header(address) == f'<{hub.url()}>; rel="hub", <{address}>; rel="self"'
    for other in ("/feeds/posts/default/-/Birds", "/feeds/posts/default?max-results=5", "/feeds/comments/default"):
        assert hub_links(f"{BLOG}{other}") == []
    change_settings({"websub_hub": ""})
    assert (hub_links(address), link_header(address)) == ([], "")


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("websub_hub", "https://hub.example/", True),
        ("websub_hub", "https://hub.example/\"><script>", False),
        ("websub_hub", "file:///etc/passwd", False),
        ("websub_hub", "https://a:b@hub.example/", False),
        ("websub_hub", "hub.example", False),
        ("security_contact", "ann@example.org", True),
        ("security_contact", "https://example.org/security", True),
        ("security_contact", "http://example.org/", False),
        ("security_contact", "ann@example.org\nEncryption: x", False),
        ("security_contact", "somebody", False),
    ],
)  # fmt: skip
def test_settings_accept_addresses_only(app: Flask, name: str, value: str, accepted: bool) -> None:
    answer = save(signed_in(app), **{name: value})
    assert answer.status_code == (303 if accepted else 422)
    db.session.expire_all()
    assert getattr(current_site(), name) == (value if accepted else "")

"""Check that a real server forgets hidden comments: pages, streams, log."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import text

from blog.comments.identity import Visitor
from blog.comments.live_events import versions
from blog.comments.models import Comment
from blog.comments.posting.edit import edit_comment
from blog.db import db, writing
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER
from blog.posts.models import Post
from blog.posts.publishing import unpublish_post
from tests.comments.moderation.test_desk_live import PASSWORD, Browser
from tests.factories import a_comment, a_post
from tests.leak_checks.everything import marker
from tests.live_server import Server

PARTS = ("body", "name", "website", "email", "why")
PROXIED_ADDRESS = "198.51.100.7"


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    return serve()


@pytest.fixture
def browser(server: Server) -> Iterator[Callable[[], Browser]]:
    browsers: list[Browser] = []

    def open_browser() -> Browser:
        browsers.append(Browser(server))
        return browsers[-1]

    yield open_browser
    for one in browsers:
        one.close()


@pytest.fixture
def ed(browser: Callable[[], Browser]) -> Browser:
    ed = browser()
    ed.sign_in()
    return ed


@pytest.fixture
def marked(blog: Flask) -> Comment:
    """Write a comment with a marker in each field, between others."""
    post = a_post("Herons return", labels=("Herons",))
    a_comment(post, "The first.")
    who = {
        "name": marker("name"),
        "email": f"{marker('email')}@example.org",
        "website": f"https://{marker('website')}.org/",
    }
    comment = a_comment(post, marker("body"), reader_key=marker("reader"), address_key=marker("address"), **who)
    a_comment(post, "The last.")
    return comment


def paths_of(comment: Comment) -> list[str]:
    """Return the paths where a comment is, or might be, served."""
    post, here = comment.post, f"/posts/{comment.post_id}/comments"
    query = ["", "?order=newest", "?page=1", "?anew=1", f"?showComment={comment.position}"]
    forms = [f"/{comment.id}", f"/new?parent={comment.id}", f"/new?parent={comment.id}&quote=1", "/mine", "/held"]
    forms += [f"/{comment.id}/edit", f"/{comment.id}/removal"]
    return [f"{post.path}{one}" for one in query] + [f"{here}{one}" for one in forms] + ["/", "/search/label/Herons"]


def streams(post: Post) -> dict[str, str]:
    """Return the paths of a post's live streams by topic."""
    return {f"post:{post.id}": f"/posts/{post.id}/live", "site": "/live"}


def version(topic: str) -> int:
    db.session.rollback()
    return versions([topic])[topic]


def read_stream(stream: HTTPResponse, until: int) -> str:
    """Read a stream up to a version, or to its end."""
    lines: list[str] = []
    while line := stream.readline().decode():
        lines.append(line)
        if not line.strip() and f"id: {until}\n" in lines:
            break
    return "".join(lines)


def read_new_streams(browser: Callable[[], Browser], post: Post) -> str:
    """Read all streams from the start and after a reconnect."""
    found = ""
    for topic, path in streams(post).items():
        for at in (0, version(topic) - 1):
            for query, headers in ((f"?since={at}", {}), ("", {"Last-Event-ID": str(at)})):
                found += read_stream(browser().send("GET", path + query, **headers), version(topic))
    return found


def response_text(answer: HTTPResponse) -> str:
    return f"{answer.getheaders()}\n{answer.read().decode()}"


def markers_in(text: str) -> set[str]:
    return {part for part in PARTS if marker(part) in text.lower()}


def decide(ed: Browser, comment: Comment, noun: str) -> None:
    """Press a button of the comment's desk page, with a reason."""
    page = ed.send("GET", f"/desk/comments/{comment.id}").read().decode()
    form = dict(re.findall(r'name="(csrf_token|seen)" value="([^"]*)"', page))
    sent = urlencode(form | {"why": marker("why")})
    assert ed.send("POST", f"/desk/comments/{comment.id}/{noun}", sent).status == 303


@pytest.mark.parametrize(("noun", "replied"), [("hold", False), ("spam", False), ("removal", True)])
def test_comment_hidden_by_an_editor_is_served_nowhere(
    browser: Callable[[], Browser], ed: Browser, marked: Comment, noun: str, replied: bool
) -> None:
    post = marked.post
    if replied:
        a_comment(post, "Under it.", marked)
    answers = {path: browser().send("GET", path) for path in paths_of(marked)}
    tags = {path: answer.getheader("ETag", '"none"') for path, answer in answers.items()}
    assert markers_in("".join(map(response_text, answers.values()))) == {"body", "name", "website"}
    assert markers_in(read_new_streams(browser, post)) == {"body", "name", "website"}
    followed = {topic: browser().send("GET", f"{path}?since={version(topic)}") for topic, path in streams(post).items()}
    for topic, stream in followed.items():
        read_stream(stream, version(topic))
    decide(ed, marked, noun)
    for topic, stream in followed.items():
        assert markers_in(read_stream(stream, version(topic))) == set()
    for path, tag in tags.items():
        answer = browser().send("GET", path, **{"If-None-Match": tag})
        assert answer.status != 304
        assert markers_in(response_text(answer)) == set(), path
    assert markers_in(read_new_streams(browser, post)) == set()
    assert markers_in(response_text(ed.send("GET", f"/desk/comments/{marked.id}"))) == set(PARTS)


def test_old_text_of_an_edited_comment_is_served_nowhere(browser: Callable[[], Browser], marked: Comment) -> None:
    post = marked.post
    topic, path = next(iter(streams(post).items()))
    stream = browser().send("GET", f"{path}?since=0")
    assert "body" in markers_in(read_stream(stream, version(topic)))
    assert marker("body") in response_text(browser().send("GET", post.path or ""))
    edit_comment(post.id, marked.id, Visitor(marker("reader"), ""), "As it reads now.", throttled=False)
    html = read_stream(stream, version(topic)) + read_new_streams(browser, post)
    html += "".join(response_text(browser().send("GET", place)) for place in paths_of(marked))
    assert "As it reads now." in html
    assert markers_in(html) == {"name", "website"}


def test_comments_of_an_unpublished_post_are_served_nowhere(browser: Callable[[], Browser], marked: Comment) -> None:
    post = marked.post
    topic, path = next(iter(streams(post).items()))
    stream, page = browser().send("GET", f"{path}?since={version(topic)}"), browser().send("GET", post.path or "")
    assert "body" in markers_in(response_text(page))
    read_stream(stream, version(topic))
    unpublish_post(post.id)
    assert markers_in(stream.read().decode()) == set()
    for place in [*paths_of(marked), path, f"{path}?since=0"]:
        answer = browser().send("GET", place, **{"If-None-Match": page.getheader("ETag", ""), "Last-Event-ID": "0"})
        assert answer.status in ({200} if place == "/" else {404, 410}), place
        assert markers_in(response_text(answer)) == set(), place


def test_log_contains_no_personal_data(blog: Flask, instance: Path, database: str) -> None:
    """Include a failed write, and an address that a proxy forwards."""
    post = a_post()
    add_editor(f"{marker('editor')}@example.org", "Ed", OWNER, PASSWORD)
    server = Server(instance, DATABASE_URL=database)
    reader, forwarded = Browser(server), {"X-Forwarded-For": PROXIED_ADDRESS}
    here = f"/posts/{post.id}/comments"
    try:
        tokens = dict(
            re.findall(r'name="(csrf_token|key)" value="([^"]*)"', response_text(reader.send("GET", f"{here}/token")))
        )
        fields = {"body": marker("body"), "name": marker("name"), "email": f"{marker('email')}@example.org"}
        sent = urlencode(tokens | fields | {"website": f"https://{marker('website')}.org/"})
        with refuse_inserts():
            assert reader.send("POST", here, sent, **forwarded).status == 500
        assert reader.send("POST", here, sent, **forwarded).status == 303
        failed = urlencode(tokens | {"email": f"{marker('editor')}@example.org", "password": marker("password")})
        assert reader.send("POST", "/desk/session", failed, **forwarded).status == 403
        reader.send("GET", f"/{marker('path')}?{marker('query')}", **forwarded).read()
    finally:
        reader.close()
        server.stop()
    log = re.sub(r"(?m)^Talkback is open at .*$", "", server.log.read_text())
    assert "A request failed" in log
    secrets = [PROXIED_ADDRESS, "127.0.0.1", "@example", "zq", *tokens.values(), reader.cookie.partition("=")[2]]
    comment = db.session.query(Comment).one()
    secrets += [comment.address_key, comment.reader_key]
    assert [one for one in secrets if one in log] == []


@contextmanager
def refuse_inserts() -> Iterator[None]:
    """Make the database refuse new comments."""
    refuse = "CREATE TRIGGER refused BEFORE INSERT ON comments "
    if db.engine.dialect.name == "sqlite":
        execute(refuse + "BEGIN SELECT RAISE(ABORT, 'refused'); END")
    else:
        execute("CREATE FUNCTION refuse() RETURNS trigger AS 'BEGIN RAISE ''refused''; END' LANGUAGE plpgsql")
        execute(refuse + "FOR EACH ROW EXECUTE FUNCTION refuse()")
    yield
    execute("DROP TRIGGER refused" + ("" if db.engine.dialect.name == "sqlite" else " ON comments"))
    if db.engine.dialect.name == "postgresql":
        execute("DROP FUNCTION refuse")


def execute(statement: str) -> None:
    with writing():
        db.session.execute(text(statement))

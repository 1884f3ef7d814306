"""What a real server still says of a response after an editor took it away: on pages, in streams, in its log."""

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

from blog.comments.identity import Writer
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
from tests.leak_checks.everything import word
from tests.live_server import Server

PARTS = ("body", "name", "website", "email", "why")
AWAY = "198.51.100.7"


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    return serve()


@pytest.fixture
def browser(server: Server) -> Iterator[Callable[[], Browser]]:
    opened: list[Browser] = []

    def open_one() -> Browser:
        opened.append(Browser(server))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def ed(browser: Callable[[], Browser]) -> Browser:
    ed = browser()
    ed.sign_in()
    return ed


@pytest.fixture
def marked(blog: Flask) -> Comment:
    """A response with a word of its own in each field, among others."""
    post = a_post("Herons return", labels=("Herons",))
    a_comment(post, "The first.")
    who = {"name": word("name"), "email": f"{word('email')}@example.org", "website": f"https://{word('website')}.org/"}
    comment = a_comment(post, word("body"), reader_key=word("reader"), address_key=word("address"), **who)
    a_comment(post, "The last.")
    return comment


def places(comment: Comment) -> list[str]:
    """Where a response was to be read, and where somebody might still look for it."""
    post, here = comment.post, f"/posts/{comment.post_id}/comments"
    asked = ["", "?order=newest", "?page=1", "?anew=1", f"?showComment={comment.position}"]
    forms = [f"/{comment.id}", f"/new?parent={comment.id}", f"/new?parent={comment.id}&quote=1", "/mine", "/held"]
    forms += [f"/{comment.id}/edit", f"/{comment.id}/removal"]
    return [f"{post.path}{one}" for one in asked] + [f"{here}{one}" for one in forms] + ["/", "/search/label/Herons"]


def streams(post: Post) -> dict[str, str]:
    """The topics that a reader may follow here, and where."""
    return {f"post:{post.id}": f"/posts/{post.id}/live", "site": "/live"}


def version(topic: str) -> int:
    db.session.rollback()
    return versions([topic])[topic]


def brought(stream: HTTPResponse, until: int) -> str:
    """All that a stream says until it stands at this version, or until its end."""
    lines: list[str] = []
    while line := stream.readline().decode():
        lines.append(line)
        if not line.strip() and f"id: {until}\n" in lines:
            break
    return "".join(lines)


def brought_anew(browser: Callable[[], Browser], post: Post) -> str:
    """What the streams bring to whoever begins now, and to those who go on where they left off."""
    found = ""
    for topic, path in streams(post).items():
        for at in (0, version(topic) - 1):
            for asked, headers in ((f"?since={at}", {}), ("", {"Last-Event-ID": str(at)})):
                found += brought(browser().send("GET", path + asked, **headers), version(topic))
    return found


def said(answer: HTTPResponse) -> str:
    return f"{answer.getheaders()}\n{answer.read().decode()}"


def words_in(text: str) -> set[str]:
    return {part for part in PARTS if word(part) in text.lower()}


def decide(ed: Browser, comment: Comment, noun: str) -> None:
    """By the button of the comment's page, with a reason."""
    page = ed.send("GET", f"/desk/comments/{comment.id}").read().decode()
    form = dict(re.findall(r'name="(csrf_token|seen)" value="([^"]*)"', page))
    sent = urlencode(form | {"why": word("why")})
    assert ed.send("POST", f"/desk/comments/{comment.id}/{noun}", sent).status == 303


@pytest.mark.parametrize(("noun", "replied"), [("hold", False), ("spam", False), ("removal", True)])
def test_what_an_editor_took_away_is_said_by_nobody_any_longer(
    browser: Callable[[], Browser], ed: Browser, marked: Comment, noun: str, replied: bool
) -> None:
    post = marked.post
    if replied:
        a_comment(post, "Under it.", marked)
    answers = {path: browser().send("GET", path) for path in places(marked)}
    tags = {path: answer.getheader("ETag", '"none"') for path, answer in answers.items()}
    assert words_in("".join(map(said, answers.values()))) == {"body", "name", "website"}
    assert words_in(brought_anew(browser, post)) == {"body", "name", "website"}
    followed = {topic: browser().send("GET", f"{path}?since={version(topic)}") for topic, path in streams(post).items()}
    for topic, stream in followed.items():
        brought(stream, version(topic))
    decide(ed, marked, noun)
    for topic, stream in followed.items():
        assert words_in(brought(stream, version(topic))) == set()
    for path, tag in tags.items():
        answer = browser().send("GET", path, **{"If-None-Match": tag})
        assert answer.status != 304
        assert words_in(said(answer)) == set(), path
    assert words_in(brought_anew(browser, post)) == set()
    assert words_in(said(ed.send("GET", f"/desk/comments/{marked.id}"))) == set(PARTS)


def test_what_its_writer_wrote_before_is_said_by_nobody_any_longer(
    browser: Callable[[], Browser], marked: Comment
) -> None:
    post = marked.post
    topic, path = next(iter(streams(post).items()))
    stream = browser().send("GET", f"{path}?since=0")
    assert "body" in words_in(brought(stream, version(topic)))
    assert word("body") in said(browser().send("GET", post.path or ""))
    edit_comment(post.id, marked.id, Writer(word("reader")), "As it reads now.", paced=False)
    told = brought(stream, version(topic)) + brought_anew(browser, post)
    told += "".join(said(browser().send("GET", place)) for place in places(marked))
    assert "As it reads now." in told
    assert words_in(told) == {"name", "website"}


def test_a_post_that_was_taken_down_takes_its_responses_along(browser: Callable[[], Browser], marked: Comment) -> None:
    post = marked.post
    topic, path = next(iter(streams(post).items()))
    stream, page = browser().send("GET", f"{path}?since={version(topic)}"), browser().send("GET", post.path or "")
    assert "body" in words_in(said(page))
    brought(stream, version(topic))
    unpublish_post(post.id)
    assert words_in(stream.read().decode()) == set()
    for place in [*places(marked), path, f"{path}?since=0"]:
        answer = browser().send("GET", place, **{"If-None-Match": page.getheader("ETag", ""), "Last-Event-ID": "0"})
        assert answer.status in ({200} if place == "/" else {404, 410}), place
        assert words_in(said(answer)) == set(), place


def test_the_log_says_nothing_of_who_writes_and_what(blog: Flask, instance: Path, database: str) -> None:
    """Not even of what could not be saved. The reader comes by a proxy, whose word for the address is taken."""
    post = a_post()
    add_editor(f"{word('editor')}@example.org", "Ed", OWNER, PASSWORD)
    server = Server(instance, DATABASE_URL=database)
    reader, away = Browser(server), {"X-Forwarded-For": AWAY}
    here = f"/posts/{post.id}/comments"
    try:
        given = dict(re.findall(r'name="(csrf_token|key)" value="([^"]*)"', said(reader.send("GET", f"{here}/token"))))
        fields = {"body": word("body"), "name": word("name"), "email": f"{word('email')}@example.org"}
        sent = urlencode(given | fields | {"website": f"https://{word('website')}.org/"})
        with nothing_can_be_added():
            assert reader.send("POST", here, sent, **away).status == 503
        assert reader.send("POST", here, sent, **away).status == 303
        failed = urlencode(given | {"email": f"{word('editor')}@example.org", "password": word("password")})
        assert reader.send("POST", "/desk/session", failed, **away).status == 403
        reader.send("GET", f"/{word('path')}?{word('query')}", **away).read()
    finally:
        reader.close()
        server.stop()
    log = re.sub(r"(?m)^Talkback is open at .*$", "", server.log.read_text())
    assert "A request failed" in log
    kept = [AWAY, "127.0.0.1", "@example", "zq", *given.values(), reader.cookie.partition("=")[2]]
    comment = db.session.query(Comment).one()
    kept += [comment.address_key, comment.reader_key]
    assert [one for one in kept if one in log] == []


@contextmanager
def nothing_can_be_added() -> Iterator[None]:
    """As long as this stands the database refuses every new comment."""
    refuse = "CREATE TRIGGER refused BEFORE INSERT ON comments "
    if db.engine.dialect.name == "sqlite":
        run(refuse + "BEGIN SELECT RAISE(ABORT, 'refused'); END")
    else:
        run("CREATE FUNCTION refuse() RETURNS trigger AS 'BEGIN RAISE ''refused''; END' LANGUAGE plpgsql")
        run(refuse + "FOR EACH ROW EXECUTE FUNCTION refuse()")
    yield
    run("DROP TRIGGER refused" + ("" if db.engine.dialect.name == "sqlite" else " ON comments"))
    if db.engine.dialect.name == "postgresql":
        run("DROP FUNCTION refuse")


def run(statement: str) -> None:
    with writing():
        db.session.execute(text(statement))

"""Test that every place tells the one true number of responses, after hundreds of random acts."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from blog.comments.identity import Visitor
from blog.comments.models import VISIBLE, Comment
from blog.comments.moderation.bans import ban
from blog.comments.moderation.decisions import Pick, decide
from blog.comments.moderation.editor_reply import CannotReply, reply_to_comment
from blog.comments.moderation.undo import NotUndone, undo
from blog.comments.posting.edit import edit_comment, withdraw_comment
from blog.comments.privacy.erasure import erase, erase_one
from blog.comments.reactions.agreements import agree
from blog.comments.reactions.reports import report
from blog.comments.refusals import NoSuchComment, NoSuchPost, Refused
from blog.comments.thread import tree
from blog.db import db
from blog.editors import audit_log
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER, AuditEntry, Editor
from blog.posts.models import Post
from blog.posts.publishing import publish_post, unpublish_post
from blog.site.update import change_settings
from tests.discovery.descriptions import all_comments, article, graph
from tests.factories import a_comment, a_post

ACTS = 500
CHECK_EVERY = 100
REFUSALS = (Refused, NoSuchComment, NoSuchPost, CannotReply, NotUndone)
READERS = ("ann", "bob", "cem")
NUMBER = r'data-count="(\d+)"'


def in_heading(client: FlaskClient, post: Post) -> int:
    return first_number(rf'id="response-count"[^>]*{NUMBER}', client.get(post.path or "").text)


def in_byline(client: FlaskClient, post: Post) -> int:
    return first_number(rf'id="post-{post.id}-count"[^>]*{NUMBER}', client.get(post.path or "").text)


def on_home(client: FlaskClient, post: Post) -> int:
    return first_number(rf'id="post-{post.id}-count"[^>]*{NUMBER}', client.get("/").text)


def in_structured_data(client: FlaskClient, post: Post) -> int:
    return int(article(client.get(post.path or "").text)["commentCount"])


def as_articles(client: FlaskClient, post: Post) -> int:
    """Count the responses on all pages of the thread."""
    return sum(page.count('class="reply"') for page in pages(client, post))


def as_described_comments(client: FlaskClient, post: Post) -> int:
    """Count the comments in the JSON-LD of all pages; the short texts of this test all fit in."""
    return sum(len(all_comments(graph(page)[0])) for page in pages(client, post))


def in_atom(client: FlaskClient, post: Post) -> int:
    return first_number(r"<thr:total>(\d+)</thr:total>", feed_entry(client, post, "", "entry"))


def in_rss(client: FlaskClient, post: Post) -> int:
    return first_number(r"<slash:comments>(\d+)</slash:comments>", feed_entry(client, post, "?alt=rss", "item"))


def in_feed_of_responses(client: FlaskClient, post: Post) -> int:
    page = client.get(f"/feeds/{post.id}/comments/default?alt=json&max-results=1").text
    return int(json.loads(page)["feed"]["openSearch$totalResults"]["$t"])


def feed_entry(client: FlaskClient, post: Post, query: str, tag: str) -> str:
    """Return the entry of a post in a feed of posts."""
    entries = client.get(f"/feeds/posts/default{query}").text.split(f"<{tag}>")
    return next(entry for entry in entries if f"{post.path}</link>" in entry or f'{post.path}"' in entry)


# the one list of places that tell the number
PLACES: tuple[Callable[[FlaskClient, Post], int], ...] = (
    in_heading,
    in_byline,
    on_home,
    in_structured_data,
    as_articles,
    as_described_comments,
    in_atom,
    in_rss,
    in_feed_of_responses,
)


def first_number(pattern: str, page: str) -> int:
    found = re.search(pattern, page)
    assert found, pattern
    return int(found[1])


def pages(client: FlaskClient, post: Post) -> list[str]:
    """Fetch all pages of a thread, each by the link of the one before."""
    found, address = list[str](), post.path or ""
    while address:
        found.append(client.get(address).text)
        later = re.search(r'href="([^"#]*)#thread-page" rel="next"', found[-1])
        address = later[1].replace("&amp;", "&") if later else ""
    return found


class Actor:
    """Do one random act at a time, through the program's own operations."""

    def __init__(self, seed: int, editor: Editor, posts: list[Post]) -> None:
        self.random, self.editor, self.posts, self.done = Random(seed), editor, posts, Counter[str]()

    def act(self) -> None:
        """Act once; a refusal is an act too, and must change no number."""
        verb = self.random.choices([self.comment, self.reply, self.moderate, self.other], [5, 5, 6, 5])[0]
        db.session.rollback()
        try:
            name = verb()
        except REFUSALS as refusal:
            name = type(refusal).__name__
        self.done[name] += 1

    def comment(self) -> str:
        a_comment(self.random.choice(self.posts), f"Number {self.random.random()}", **self.reader())
        return "comment"

    def reply(self) -> str:
        parent = self.any_comment()
        a_comment(db.session.get_one(Post, parent.post_id), f"Answer {self.random.random()}", parent, **self.reader())
        return "reply"

    def moderate(self) -> str:
        verbs = [audit_log.HOLD, audit_log.APPROVE, audit_log.APPROVE, audit_log.SPAM, audit_log.REMOVE]
        verb, picks = self.random.choice(verbs), [Pick(self.any_comment().id) for _ in range(self.random.randint(1, 3))]
        decide(verb, picks, self.editor)
        return verb

    def other(self) -> str:
        verbs = [
            self.undo,
            self.edit,
            self.withdraw,
            self.answer,
            self.agree,
            self.report,
            self.erase,
            self.ban,
            self.hide,
        ]
        verb = self.random.choices(verbs, [6, 3, 1, 3, 2, 3, 1, 1, 1])[0]
        verb()
        return verb.__name__

    def undo(self) -> None:
        entries = db.session.scalars(select(AuditEntry.id).order_by(AuditEntry.id.desc()).limit(5)).all()
        if entries:
            undo(self.random.choice(entries), self.editor)

    def edit(self) -> None:
        comment = self.any_comment()
        visitor, text = Visitor(comment.reader_key or "", "there"), f"Edited {self.random.random()}"
        edit_comment(comment.post_id, comment.id, visitor, text, throttled=False)

    def withdraw(self) -> None:
        comment = self.any_comment()
        withdraw_comment(comment.post_id, comment.id, Visitor(comment.reader_key or "", "there"))

    def answer(self) -> None:
        reply_to_comment(self.any_comment().id, self.editor, "An editor’s answer.", f"key {self.random.random()}")

    def agree(self) -> None:
        comment = self.any_comment()
        agree(comment.post_id, comment.id, self.visitor())

    def report(self) -> None:
        comment = self.any_comment()
        report(comment.post_id, comment.id, self.visitor(), "A reason.")

    def erase(self) -> None:
        if self.random.random() < 0.1:
            erase(f"{self.random.choice(READERS)}@example.org", self.editor)
        else:
            erase_one(self.any_comment().id, editor=self.editor)

    def ban(self) -> None:
        ban(Pick(self.any_comment().id), [], "A reason.", self.editor)

    def hide(self) -> None:
        post = self.random.choice(self.posts)
        unpublish_post(post.id)
        publish_post(post.id)

    def any_comment(self) -> Comment:
        ids = db.session.scalars(select(Comment.id).order_by(Comment.id.desc()).limit(120)).all()
        return db.session.get_one(Comment, self.random.choice(ids)) if ids else a_comment(self.posts[0])

    def reader(self) -> dict[str, str]:
        name = self.random.choice(READERS)
        return {"name": name.title(), "email": f"{name}@example.org", "reader_key": name, "address_key": name}

    def visitor(self) -> Visitor:
        return Visitor(f"voice {self.random.random()}", f"place {self.random.random()}")


@pytest.mark.parametrize("seed", [15])
def test_all_places_tell_the_true_number_after_random_acts(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(tree, "PAGE_SIZE", 12)
    change_settings({"filter_strictness": "off", "reports_to_hold": 2, "max_indent": 2})
    posts = [a_post("Herons return"), a_post("Otters return")]
    actor = Actor(seed, add_editor("ed@example.org", "Ed", OWNER, "a sentence to remember"), posts)
    for number in range(1, ACTS + 1):
        actor.act()
        if number % CHECK_EVERY == 0:
            check(client, posts, f"act {number}: {dict(actor.done)}")
    expected = {"comment", "reply", "undo", "edit", "withdraw", "answer", "report", "erase", "hide", *audit_verbs()}
    assert expected <= actor.done.keys()


def audit_verbs() -> set[str]:
    return {audit_log.HOLD, audit_log.APPROVE, audit_log.SPAM, audit_log.REMOVE}


def check(client: FlaskClient, posts: list[Post], when: str) -> None:
    db.session.rollback()
    for post in posts:
        query = select(func.count()).where(Comment.post_id == post.id, Comment.status == VISIBLE)
        true = db.session.execute(query).scalar_one()
        found = {place.__name__: place(client, post) for place in PLACES}
        assert found == dict.fromkeys(found, true), when

"""A blog with something of every kind in it, and in each a word of its own by which it is found again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from blog.comments.followers.notifications import WAIT, send_next_digest
from blog.comments.followers.subscriptions import send_next_confirmation
from blog.comments.identity import COOKIE, Voice, Writer
from blog.comments.models import HELD, Agreement, Ban, Comment, Follow, Report, Suppression
from blog.comments.moderation.alerts import alert_editors
from blog.comments.moderation.bans import ban
from blog.comments.moderation.decisions import Pick, decide
from blog.comments.posting.edit import edit_comment, withdraw_comment
from blog.comments.privacy.email_proof import send_link
from blog.comments.reactions.agreements import agree
from blog.comments.reactions.reports import report
from blog.db import db, now, writing
from blog.editors import audit_log
from blog.editors.accounts import add_editor, create_password_link, create_sign_in_link
from blog.editors.models import EDITOR, AccountLink, AuditEntry, Editor, EditorSession, SignInFailure
from blog.importing.models import DONE, Import
from blog.mail.models import Mail
from blog.media.models import Picture
from blog.posts.models import PAGE, Label, Post
from blog.posts.publishing import trash_post, unpublish_post
from blog.site.update import change_settings
from tests.factories import a_comment, a_post, answer, csrf, sign_in, signed_in
from tests.test_routes import a_picture

TEXTS = ("title", "standfirst", "body", "note", "quote", "author_name", "source_name", "source_title")
TEXTS += ("photo_caption", "photo_alt", "photo_credit")
# a word of fewer letters may stand anywhere
LEAST = 6
NOBODYS: dict[str, Any] = {"reader_key": None, "address_key": None}


@dataclass
class World:
    """The blog and who comes to it. `shown` are the words that everybody may read, `shut` those for editors alone,
    `own` those for their writer too; `never` are those that no page has for anybody, `unkept` those that no row has
    either.
    """

    app: Flask
    nobody: FlaskClient
    reader: FlaskClient
    ed: FlaskClient
    shown: list[str] = field(default_factory=list)
    shut: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)
    never: list[str] = field(default_factory=list)
    unkept: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    def starts(self) -> list[str]:
        """Every route with everything that there is, whether or not it may be read there."""
        found = [address for rule in self.app.url_map.iter_rules() for address in self.filled(str(rule))]
        for path in db.session.scalars(select(Post.path).where(Post.path.is_not(None))):
            found += [f"{path}?order=newest", f"{path}?order=agreed", f"{path}?page=2", f"{path}?page=99&order=newest"]
        for comment in db.session.scalars(select(Comment)):
            found.append(f"{comment.post.path}?showComment={comment.position}")
            found.append(f"/posts/{comment.post_id}/comments/new?parent={comment.id}&quote=1")
        return found

    def mailed(self) -> list[str]:
        """Every link in every mail."""
        db.session.rollback()
        texts = db.session.scalars(select(Mail.text)).all()
        return [path for text in texts for path in re.findall(r"http://localhost(/\S*)", text)]

    def filled(self, rule: str) -> list[str]:
        """The addresses of a rule; a comment stands under its own post and, wrongly, under another."""
        parts = re.findall(r"<(?:[^<>]*:)?(\w+)>", rule)
        ids = {
            "post_id": Post.id, "comment_id": Comment.id, "label_id": Label.id, "import_id": Import.id,
            "ban_id": Ban.id, "entry_id": AuditEntry.id, "follow_id": Follow.id, "path": func.substr(Post.path, 2),
            "name": Label.name if "label" in rule else Picture.digest, "editor_id": Editor.id,
        }  # fmt: skip
        others: dict[str, list[Any]] = {"year": [now().year], "month": ["01", "11"], "filename": ["img/icon.svg"]}
        others["token"] = ["guess", *self.tokens]
        if parts == ["post_id", "comment_id"]:
            standing = db.session.execute(select(Comment.post_id, Comment.id)).all()
            values: Iterable[Any] = [*standing, *((1, comment_id) for _, comment_id in standing)]
        else:
            values = product(*(others.get(part) or db.session.scalars(select(ids[part])).all() for part in parts))
        return [re.sub(r"<[^<>]*>", "{}", rule).format(*some) for some in values if None not in some]


def word(*parts: str) -> str:
    return "zq" + "".join(parts).replace("_", "").lower()


def make(app: Flask) -> World:
    world = World(app, app.test_client(use_cookies=False), app.test_client(), signed_in(app))
    bea = add_editor(f"{word('editor', 'email')}@example.org", "Bea", EDITOR, "another sentence here")
    change_settings(
        {"max_indent": 1, "muted": word("muted"), "menu": "About | /p/about.html", "tagline": word("tagline")}
    )
    write_posts(world)
    write_thread(world, bea)
    write_own(world, bea)
    write_the_rest(world)
    write_mail(world)
    # only their hashes are stored; both may be looked at
    world.tokens = [link.rpartition("/")[2] for link in (create_sign_in_link(bea), create_password_link(bea))]
    remember_what_no_page_has(world)
    return world


def marked_post(what: str, words: list[str], **more: Any) -> Post:
    texts = {name: word(what, name) for name in TEXTS}
    label = word(what, "label")
    words += [*texts.values(), word(what, "source", "address"), label]
    address = f"https://{word(what, 'source', 'address')}.example/"
    refs = {name: word(what, name) for name in ("author_ref", "import_ref", "submission_key")}
    return a_post(**texts, **refs, source_url=address, photo_url="/static/img/icon.svg", labels=(label,), **more)


def write_posts(world: World) -> None:
    """One of each state, between posts that are shown."""
    at = iter(now() - timedelta(days=30 * n) for n in range(20))
    a_post("The newest", published_at=next(at), labels=("Herons",))
    marked_post("draft", world.shut, draft=True, path=f"/2026/11/{word('draft', 'slug')}.html")
    unpublish_post(marked_post("unpublished", world.shut, published_at=next(at)).id)
    marked_post("shown", world.shown, published_at=next(at))
    trash_post(marked_post("trashed", world.shut, published_at=next(at)).id)
    for number in range(4):
        a_post(f"Older {number}", published_at=next(at), labels=("Herons",))
    a_post("About", kind=PAGE)
    marked_post("draftpage", world.shut, draft=True, kind=PAGE)
    unpublish_post(marked_post("unpublishedpage", world.shut, kind=PAGE).id)
    world.never.append(word("draft", "slug"))
    for post in db.session.scalars(select(Post).where(Post.title.startswith("zq"))):
        hidden = world.shown if post.published else world.shut
        # as it was, before its post was taken down: nobody can answer there any longer
        with writing():
            db.session.add(bare_comment(post, name=word(post.title, "commenter"), body=word(post.title, "comment")))
        hidden += [word(post.title, "commenter"), word(post.title, "comment")]


def bare_comment(post: Post, **fields: Any) -> Comment:
    return Comment(post_id=post.id, body_html=f"<p>{fields['body']}</p>", branch_count=1, version=1, **fields)


def marked_comment(world: World, kind: str) -> Comment:
    """By a reader of its own; everything of it is for editors alone, until somebody says otherwise."""
    keys = {name: word(kind, name) for name in ("key", "reader_key", "address_key")}
    said = {"name": word(kind, "name"), "email": f"{word(kind, 'email')}@example.org", "body": word(kind, "body")}
    world.shut += [word(kind, name) for name in ("body", "name", "email", "website")]
    website = f"https://{word(kind, 'website')}.example/"
    return a_comment(the_post(word("shown", "title")), **keys, **said, website=website)


def imported_comment(world: World, kind: str, parent: Comment | None = None) -> Comment:
    """Without an address or a key of whoever wrote it."""
    world.shut += [word(kind, "body"), word(kind, "name")]
    return a_comment(the_post(word("shown", "title")), word(kind, "body"), parent, name=word(kind, "name"), **NOBODYS)


def the_post(title: str) -> Post:
    return db.session.scalars(select(Post).where(Post.title == title)).one()


def write_thread(world: World, bea: Editor) -> None:
    """Several pages of a thread, with a comment in every state, alone and with something visible under it."""
    visible = marked_comment(world, "visible")
    for part in ("body", "name", "website"):
        world.shut.remove(word("visible", part))
        world.shown.append(word("visible", part))
    for verb in (audit_log.HOLD, audit_log.SPAM, audit_log.REMOVE):
        hidden = [marked_comment(world, verb), imported_comment(world, f"{verb}place")]
        reply = a_comment(visible.post, f"Under a hidden one: {verb}.", hidden[1], **NOBODYS)
        hidden.append(imported_comment(world, f"{verb}reply", reply))
        a_comment(visible.post, f"Flat: {verb}.", hidden[2], **NOBODYS)
        for one in hidden:
            world.shut.append(word(verb, str(one.id), "why"))
            decide(verb, [Pick(one.id)], bea, world.shut[-1])
    write_what_rules_hold(world, bea)
    edited = a_comment(visible.post, word("edited", "before"), reader_key=word("edited", "key"))
    edit_comment(edited.post_id, edited.id, Writer(word("edited", "key")), "As it reads now.", paced=False)
    gone = a_comment(visible.post, word("withdrawn", "body"), reader_key=word("withdrawn", "key"))
    withdraw_comment(gone.post_id, gone.id, Writer(word("withdrawn", "key")))
    world.shut += [word("edited", "before"), word("withdrawn", "body")]


def write_what_rules_hold(world: World, bea: Editor) -> None:
    assert a_comment(the_post("The newest"), f"{word('muted')} {word('held', 'by', 'rule')}", **NOBODYS).status == HELD
    banned, domain = marked_comment(world, "banned"), f"domain:{word('banned', 'website')}.example"
    ban(Pick(banned.id), ["reader", "address", "email", domain], word("ban", "reason"), bea)
    world.shut += [word("muted"), word("held", "by", "rule"), word("ban", "reason")]


def write_own(world: World, bea: Editor) -> None:
    """The reader's own responses, which may be changed yet: one that is shown, and one that waits."""
    post = the_post("The newest")
    assert answer(world.reader, post, word("mine", "shown"), name="Rae").status_code == 200
    assert answer(world.reader, post, word("mine", "held"), name="Rae").status_code == 200
    db.session.rollback()
    held = db.session.scalars(select(Comment).where(Comment.body == word("mine", "held"))).one()
    decide(audit_log.HOLD, [Pick(held.id)], bea)
    world.shown.append(word("mine", "shown"))
    world.own.append(word("mine", "held"))


def write_the_rest(world: World) -> None:
    """An import, a picture, a sign-in that failed, and what was only looked at before it was sent."""
    names = [word("import", part) for part in ("name", "report")]
    with writing():
        db.session.add(Import(name=names[0], report=f'["{names[1]}"]', state=DONE, done=1, total=1))
    world.shut += names
    a_picture()
    sign_in(world.app.test_client(), f"{word('editor', 'email')}@example.org", "a wrong sentence")
    post, seen = the_post("The newest"), {name: word("preview", name) for name in ("title", "note", "body")}
    token = {"csrf_token": csrf(world.ed, "/desk/password")}
    assert seen["note"] in world.ed.post("/desk/posts/preview", data=seen | token).text
    assert seen["body"] in world.reader.post(f"/posts/{post.id}/comments/preview", data=seen).text
    world.unkept += seen.values()


def write_mail(world: World) -> None:
    """A reader follows, agrees and reports; mail goes to the reader and to the editor, with links that decide."""
    post, email = the_post("The newest"), f"{word('follower', 'email')}@example.org"
    world.shut += [word("follower", "email"), word("report", "reason")]
    assert answer(world.reader, post, "Tell me more.", email=email, follow="thread").status_code == 200
    db.session.rollback()
    (wish,) = db.session.scalars(select(Follow)).all()
    decide(audit_log.APPROVE, [Pick(wish.awaits_id or 0)], db.session.scalars(select(Editor)).all()[0])
    assert send_next_confirmation()
    (confirm,) = [path for path in world.mailed() if path.endswith("/confirmation")]
    assert world.reader.post(confirm).status_code == 200
    told = a_comment(post, "That is told of.", **NOBODYS)
    voice = Voice(word("voice", "reader"), word("voice", "address"))
    agree(post.id, told.id, voice)
    report(post.id, told.id, voice, word("report", "reason"))
    with writing():
        db.session.add(Suppression(email_key=word("silence")))
    send_link(email, paced=False)
    assert send_next_digest(now() + 2 * WAIT)
    assert alert_editors(now() + 2 * WAIT)
    world.shut += {path.split("/")[3] for path in world.mailed() if "/decisions/" in path}


def remember_what_no_page_has(world: World) -> None:
    db.session.rollback()
    columns = (
        Comment.submission_key, Comment.reader_key, Comment.address_key, EditorSession.key, Editor.password_hash,
        SignInFailure.account_key, SignInFailure.address_key, Post.author_ref, Post.import_ref, Post.submission_key,
        Agreement.reader_key, Agreement.address_key, Report.reader_key, Report.address_key, Suppression.email_key,
        Follow.reader_key, Follow.address_key, Follow.email_key, AccountLink.key,
    )  # fmt: skip
    kept = {value for column in columns for value in db.session.scalars(select(column)) if value}
    world.never += [value for value in kept if len(value) > LEAST]
    world.shut.append(word("editor", "email"))
    number = world.reader.get_cookie(COOKIE).value.split(".")[0]  # type: ignore[union-attr]
    with world.ed.session_transaction() as session:
        world.unkept += [session["desk"], number, world.app.config["SECRET_KEY"]]

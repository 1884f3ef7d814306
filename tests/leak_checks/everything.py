"""Fill a blog with every kind of record, each with a marker."""

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

from blog.comments.changes import changing_threads
from blog.comments.followers.notifications import DIGEST_DELAY, send_next_digest
from blog.comments.followers.subscriptions import send_next_confirmation
from blog.comments.identity import COOKIE, Visitor
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
from blog.ops.job_runs import Run, describe_error, save_runs
from blog.posts.addresses.old_paths import store_old_path
from blog.posts.archive.models import Author
from blog.posts.models import PAGE, Label, OldPath, Post
from blog.posts.publishing import trash_post, unpublish_post
from blog.posts.related import relate_posts
from blog.site.models import HubPing
from blog.site.update import change_settings
from tests.factories import a_comment, a_post, answer, csrf, sign_in, signed_in
from tests.test_routes import a_picture

TEXTS = ("title", "standfirst", "body", "note", "quote", "author_name", "source_name", "source_title")
TEXTS += ("photo_caption", "photo_alt", "photo_credit")
# shorter values may occur by chance
MIN_SECRET_LENGTH = 6
NO_KEYS: dict[str, Any] = {"reader_key": None, "address_key": None}


@dataclass
class World:
    """Hold the blog, its visitors, and markers by who may read them.

    `public`: everybody. `hidden`: editors. `author_only`: editors and the author. `secret`: nobody, stored only.
    `unstored`: nobody, and in no row.
    """

    app: Flask
    nobody: FlaskClient
    reader: FlaskClient
    ed: FlaskClient
    public: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    author_only: list[str] = field(default_factory=list)
    secret: list[str] = field(default_factory=list)
    unstored: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    def start_paths(self) -> list[str]:
        """Return every route with every record, allowed or not."""
        found = [address for rule in self.app.url_map.iter_rules() for address in self.fill_rule(str(rule))]
        for path in db.session.scalars(select(Post.path).where(Post.path.is_not(None))):
            found += [f"{path}?order=newest", f"{path}?order=agreed", f"{path}?page=2", f"{path}?page=99&order=newest"]
        found += db.session.scalars(select(OldPath.path))
        for comment in db.session.scalars(select(Comment)):
            found.append(f"{comment.post.path}?showComment={comment.position}")
            found.append(f"/posts/{comment.post_id}/comments/new?parent={comment.id}&quote=1")
        return found

    def mailed_paths(self) -> list[str]:
        """Return the links in all mails."""
        db.session.rollback()
        texts = db.session.scalars(select(Mail.text)).all()
        return [path for text in texts for path in re.findall(r"http://localhost(/\S*)", text)]

    def fill_rule(self, rule: str) -> list[str]:
        """Return the addresses of a rule; comments also under a wrong post."""
        parts = re.findall(r"<(?:[^<>]*:)?(\w+)>", rule)
        ids = {
            "post_id": Post.id, "comment_id": Comment.id, "label_id": Label.id, "import_id": Import.id,
            "ban_id": Ban.id, "entry_id": AuditEntry.id, "follow_id": Follow.id, "path": func.substr(Post.path, 2),
            "name": Label.name if "label" in rule else Picture.digest, "editor_id": Editor.id,
            "author": Author.name, "digest": Picture.digest,
        }  # fmt: skip
        others: dict[str, list[Any]] = {
            "year": [now().year],
            "month": ["01", "11"],
            "day": ["01"],
            "filename": ["img/icon.svg"],
            "form": ["default"],
        }
        others["token"] = ["guess", *self.tokens]
        if parts == ["post_id", "comment_id"]:
            pairs = db.session.execute(select(Comment.post_id, Comment.id)).all()
            values: Iterable[Any] = [*pairs, *((1, comment_id) for _, comment_id in pairs)]
        else:
            values = product(*(others.get(part) or db.session.scalars(select(ids[part])).all() for part in parts))
        return [re.sub(r"<[^<>]*>", "{}", rule).format(*some) for some in values if None not in some]


def marker(*parts: str) -> str:
    return "zq" + "".join(parts).replace("_", "").lower()


def build_world(app: Flask) -> World:
    world = World(app, app.test_client(use_cookies=False), app.test_client(), signed_in(app))
    bea = add_editor(f"{marker('editor', 'email')}@example.org", "Bea", EDITOR, "another sentence here")
    change_settings(
        {
            "max_indent": 1,
            "muted": marker("muted"),
            "websub_hub": "https://hub.example/",
            "menu": "About | /p/about.html",
            "tagline": marker("tagline"),
        }
    )
    change_settings({"websub_hub": "https://hub.example/"})
    write_posts(world)
    while relate_posts():
        pass
    write_thread(world, bea)
    write_readers_comments(world, bea)
    write_other_records(world)
    write_mail(world)
    # the database has only their hashes
    world.tokens = [link.rpartition("/")[2] for link in (create_sign_in_link(bea), create_password_link(bea))]
    collect_secrets(world)
    return world


def marked_post(what: str, words: list[str], **more: Any) -> Post:
    texts = {name: marker(what, name) for name in TEXTS}
    label = marker(what, "label")
    words += [*texts.values(), marker(what, "source", "address"), label]
    address = f"https://{marker(what, 'source', 'address')}.example/"
    refs = {name: marker(what, name) for name in ("author_ref", "import_ref", "submission_key")}
    return a_post(**texts, **refs, source_url=address, photo_url="/static/img/icon.svg", labels=(label,), **more)


def write_posts(world: World) -> None:
    """Write a post of each state between published posts."""
    at = iter(now() - timedelta(days=30 * n) for n in range(20))
    a_post("The newest", published_at=next(at), labels=("Herons",))
    marked_post("draft", world.hidden, draft=True, path=f"/2026/11/{marker('draft', 'slug')}.html")
    unpublish_post(marked_post("unpublished", world.hidden, published_at=next(at)).id)
    marked_post("shown", world.public, published_at=next(at))
    trash_post(marked_post("trashed", world.hidden, published_at=next(at)).id)
    for number in range(4):
        a_post(f"Older {number}", published_at=next(at), labels=("Herons",))
    a_post("About", kind=PAGE)
    marked_post("draftpage", world.hidden, draft=True, kind=PAGE)
    unpublish_post(marked_post("unpublishedpage", world.hidden, kind=PAGE).id)
    world.secret.append(marker("draft", "slug"))
    for post in db.session.scalars(select(Post).where(Post.title.startswith("zq"))):
        hidden = world.public if post.published else world.hidden
        # added directly, since readers cannot comment on unpublished posts
        with changing_threads():
            db.session.add(bare_comment(post, name=marker(post.title, "commenter"), body=marker(post.title, "comment")))
        hidden += [marker(post.title, "commenter"), marker(post.title, "comment")]
        with writing():
            store_old_path(post, f"/old/{marker(post.title, 'old')}")


def bare_comment(post: Post, **fields: Any) -> Comment:
    return Comment(post_id=post.id, body_html=f"<p>{fields['body']}</p>", branch_count=1, version=1, **fields)


def marked_comment(world: World, kind: str) -> Comment:
    """Write a comment by a new reader, with markers for editors only."""
    keys = {name: marker(kind, name) for name in ("key", "reader_key", "address_key")}
    fields = {
        "name": marker(kind, "name"),
        "email": f"{marker(kind, 'email')}@example.org",
        "body": marker(kind, "body"),
    }
    world.hidden += [marker(kind, name) for name in ("body", "name", "email", "website")]
    website = f"https://{marker(kind, 'website')}.example/"
    return a_comment(post_titled(marker("shown", "title")), **keys, **fields, website=website)


def imported_comment(world: World, kind: str, parent: Comment | None = None) -> Comment:
    """Write a comment without keys, as imports do."""
    world.hidden += [marker(kind, "body"), marker(kind, "name")]
    return a_comment(
        post_titled(marker("shown", "title")), marker(kind, "body"), parent, name=marker(kind, "name"), **NO_KEYS
    )


def post_titled(title: str) -> Post:
    return db.session.scalars(select(Post).where(Post.title == title)).one()


def write_thread(world: World, bea: Editor) -> None:
    """Write several pages of comments in every state, with and without replies."""
    visible = marked_comment(world, "visible")
    for part in ("body", "name", "website"):
        world.hidden.remove(marker("visible", part))
        world.public.append(marker("visible", part))
    for verb in (audit_log.HOLD, audit_log.SPAM, audit_log.REMOVE):
        hidden = [marked_comment(world, verb), imported_comment(world, f"{verb}place")]
        reply = a_comment(visible.post, f"Under a hidden one: {verb}.", hidden[1], **NO_KEYS)
        hidden.append(imported_comment(world, f"{verb}reply", reply))
        a_comment(visible.post, f"Flat: {verb}.", hidden[2], **NO_KEYS)
        for one in hidden:
            world.hidden.append(marker(verb, str(one.id), "why"))
            decide(verb, [Pick(one.id)], bea, audit_log.note(world.hidden[-1]))
    write_held_comments(world, bea)
    edited = a_comment(visible.post, marker("edited", "before"), reader_key=marker("edited", "key"))
    edit_comment(edited.post_id, edited.id, Visitor(marker("edited", "key"), ""), "As it reads now.", throttled=False)
    withdrawn = a_comment(visible.post, marker("withdrawn", "body"), reader_key=marker("withdrawn", "key"))
    withdraw_comment(withdrawn.post_id, withdrawn.id, Visitor(marker("withdrawn", "key"), ""))
    world.hidden += [marker("edited", "before"), marker("withdrawn", "body")]


def write_held_comments(world: World, bea: Editor) -> None:
    assert (
        a_comment(post_titled("The newest"), f"{marker('muted')} {marker('held', 'by', 'rule')}", **NO_KEYS).status
        == HELD
    )
    banned, domain = marked_comment(world, "banned"), f"domain:{marker('banned', 'website')}.example"
    ban(Pick(banned.id), ["reader", "address", "email", domain], marker("ban", "reason"), bea)
    world.hidden += [marker("muted"), marker("held", "by", "rule"), marker("ban", "reason")]


def write_readers_comments(world: World, bea: Editor) -> None:
    """Write two comments that the reader may edit: visible and held."""
    post = post_titled("The newest")
    assert answer(world.reader, post, marker("mine", "shown"), name="Rae").status_code == 200
    assert answer(world.reader, post, marker("mine", "held"), name="Rae").status_code == 200
    db.session.rollback()
    held = db.session.scalars(select(Comment).where(Comment.body == marker("mine", "held"))).one()
    decide(audit_log.HOLD, [Pick(held.id)], bea)
    world.public.append(marker("mine", "shown"))
    world.author_only.append(marker("mine", "held"))


def write_other_records(world: World) -> None:
    """Write an import, a failed job, a picture, a failed sign-in and previews."""
    names = [marker("import", part) for part in ("name", "report")]
    with writing():
        db.session.add(Import(name=names[0], report=f'["{names[1]}"]', state=DONE, done=1, total=1))
    world.hidden += names
    failed = describe_error(type(error := marker("job", "error"), (Exception,), {})())
    with writing():
        ping = db.session.scalars(select(HubPing)).one()
        ping.failed_at, ping.last_error = now(), f'[{{"code": "{marker("ping", "error")}"}}]'
    world.hidden.append(marker("ping", "error"))
    save_runs([Run("retention", 3600, now(), now(), failed, now())], {"retention"})
    world.hidden.append(error)
    a_picture()
    sign_in(world.app.test_client(), f"{marker('editor', 'email')}@example.org", "a wrong sentence")
    post, previewed = post_titled("The newest"), {name: marker("preview", name) for name in ("title", "note", "body")}
    token = {"csrf_token": csrf(world.ed, "/desk/password")}
    assert previewed["note"] in world.ed.post("/desk/posts/preview", data=previewed | token).text
    assert previewed["body"] in world.reader.post(f"/posts/{post.id}/comments/preview", data=previewed).text
    world.unstored += previewed.values()


def write_mail(world: World) -> None:
    """Follow, agree and report; send the mails to reader and editor."""
    post, email = post_titled("The newest"), f"{marker('follower', 'email')}@example.org"
    world.hidden += [marker("follower", "email"), marker("report", "reason")]
    assert answer(world.reader, post, "Tell me more.", email=email, follow="thread").status_code == 200
    db.session.rollback()
    (subscription,) = db.session.scalars(select(Follow)).all()
    decide(audit_log.APPROVE, [Pick(subscription.awaits_id or 0)], db.session.scalars(select(Editor)).all()[0])
    assert send_next_confirmation()
    (confirm,) = [path for path in world.mailed_paths() if path.endswith("/confirmation")]
    assert world.reader.post(confirm).status_code == 200
    followed_comment = a_comment(post, "That is told of.", **NO_KEYS)
    voice = Visitor(marker("voice", "reader"), marker("voice", "address"))
    agree(post.id, followed_comment.id, voice)
    report(post.id, followed_comment.id, voice, marker("report", "reason"))
    with writing():
        db.session.add(Suppression(email_key=marker("silence")))
    send_link(email, throttled=False)
    assert send_next_digest(now() + 2 * DIGEST_DELAY)
    assert alert_editors(now() + 2 * DIGEST_DELAY)
    world.hidden += {path.split("/")[3] for path in world.mailed_paths() if "/decisions/" in path}


def collect_secrets(world: World) -> None:
    db.session.rollback()
    columns = (
        Comment.submission_key, Comment.reader_key, Comment.address_key, EditorSession.key, Editor.password_hash,
        SignInFailure.account_key, SignInFailure.address_key, Post.author_ref, Post.import_ref, Post.submission_key,
        Agreement.reader_key, Agreement.address_key, Report.reader_key, Report.address_key, Suppression.email_key,
        Follow.reader_key, Follow.address_key, Follow.email_key, AccountLink.key,
    )  # fmt: skip
    secrets = {value for column in columns for value in db.session.scalars(select(column)) if value}
    world.secret += [value for value in secrets if len(value) > MIN_SECRET_LENGTH]
    world.hidden.append(marker("editor", "email"))
    number = world.reader.get_cookie(COOKIE).value.split(".")[0]  # type: ignore[union-attr]
    with world.ed.session_transaction() as session:
        world.unstored += [session["desk"], number, world.app.config["SECRET_KEY"]]

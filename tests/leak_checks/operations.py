"""Run every operation that writes, on a blog with every kind of record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from blog.comments.followers.notifications import DIGEST_DELAY, send_next_digest
from blog.comments.followers.subscriptions import (
    confirm,
    send_manage_link,
    send_next_confirmation,
    suppress,
    unfollow_post,
)
from blog.comments.identity import Visitor
from blog.comments.models import Ban, Comment, Follow
from blog.comments.moderation.alerts import alert_editors, set_alert_choice
from blog.comments.moderation.bans import ban, unban
from blog.comments.moderation.decisions import Pick, decide
from blog.comments.moderation.editor_reply import reply_to_comment
from blog.comments.moderation.undo import undo
from blog.comments.posting.edit import edit_comment, withdraw_comment
from blog.comments.privacy.email_proof import send_link
from blog.comments.privacy.erasure import erase
from blog.comments.privacy.retention import delete_all_expired
from blog.comments.reactions.agreements import agree, withdraw_agreement
from blog.comments.reactions.reports import report
from blog.comments.screening.lessons import learn_from_log
from blog.db import db, now, writing
from blog.dev.fill import Extent, fill
from blog.discovery.card_pictures import draw_cards
from blog.editors import accounts, audit_log
from blog.editors.audit_log import note
from blog.editors.models import EDITOR, HOURLY, OWNER, AuditEntry, Editor, SignInFailure
from blog.editors.sessions import authenticate, end_session, verify_current_password
from blog.editors.sign_in.password_attempts import MAX_PER_ACCOUNT, account_key
from blog.feeds.websub import send_next_ping
from blog.importing.job import queue_import, run_import
from blog.mail.retention import forget_mails
from blog.mail.sending import send_next
from blog.ops.job_runs import Run, save_runs
from blog.posts.editing import PUBLISH, SAVE, UNPUBLISH, PostInput, stamp, write_post
from blog.posts.labels import delete_label, rename_label
from blog.posts.models import Label
from blog.posts.publishing import publish_post, restore_post, trash_post, unpublish_post
from blog.posts.related import relate_posts
from blog.posts.seed import add_demo_posts, add_welcome_post
from blog.site.clock import check_clock
from blog.site.update import change_settings
from tests.factories import a_comment, answer, csrf
from tests.importing.export_files import an_export, comment_entry, post_entry, setting_entry
from tests.leak_checks.everything import World, marker, post_titled
from tests.mail.post_office import PostOffice
from tests.test_routes import a_picture

PASSWORD = "a sentence to remember"
YEAR = timedelta(days=365)


def found_blog(app: Flask) -> None:
    """Do what only an empty blog allows."""
    add_welcome_post()
    token = accounts.create_first_run_link().rpartition("/")[2]
    accounts.add_owner("olive@example.org", "Olive", PASSWORD, token)


def import_an_export(world: World, folder: Path) -> None:
    """Import settings, posts and comments; `queue_import` must start no worker."""
    entries = [setting_entry("BLOG_NAME", "The Heron Post"), post_entry(1, at="2011-07-01T12:00:00.000+02:00")]
    entries += [post_entry(2, path=None), comment_entry(8, 1), comment_entry(9, 1, parent=8)]
    with an_export(folder, entries).open("rb") as export:
        run_import(queue_import("blog.xml", export, "").id)


def change_posts(world: World) -> None:
    draft = write_post(None, PostInput({"title": "New", "body": "Text"}, labels=["Herons"]), SAVE, "")
    write_post(draft.id, PostInput({"title": "New"}), PUBLISH, stamp(draft))
    shown = post_titled(marker("shown", "title"))
    for title, rule in (("Changed", "all"), (marker("shown", "title"), "")):
        shown = write_post(shown.id, PostInput({"title": title}, comment_rule=rule), SAVE, stamp(shown))
    shown = write_post(shown.id, PostInput({}, comments_open=False), UNPUBLISH, stamp(shown))
    write_post(shown.id, PostInput({}), PUBLISH, stamp(shown))
    for change in (unpublish_post, publish_post, trash_post, restore_post):
        change(post_titled("The newest").id)
    while relate_posts():
        pass


def change_labels(world: World) -> None:
    names = "Herons", marker("shown", "label")
    herons, other = (db.session.scalars(select(Label).where(Label.name == name)).one() for name in names)
    rename_label(herons.id, "Grey herons")
    rename_label(other.id, "Grey herons")
    delete_label(herons.id)


def change_all_settings(world: World) -> None:
    for name, value in (("accent", "blue"), ("timezone", "Asia/Tokyo"), ("agreeing", False), ("close_after_days", 1)):
        change_settings({name: value})
    change_settings({"agreeing": True, "close_after_days": None, "hidden_days": 1})


def write_comments(world: World) -> None:
    change_settings({"filter_strictness": "off", "reports_to_hold": 2, "muted": "heronry"})
    post, author = post_titled(marker("shown", "title")), Visitor("the author", "there")
    keys = {"reader_key": "the author", "email": "ann@example.org"}
    first = a_comment(post, "The first.", **keys)
    second = a_comment(post, "The second.", first, **keys)
    a_comment(post, "A heronry.", second)
    edit_comment(post.id, second.id, author, "The second, changed.", throttled=False)
    for change in (agree, withdraw_agreement, agree):
        change(post.id, first.id, Visitor("voice", "here"))
    withdraw_comment(post.id, first.id, author)
    for name in ("one", "two"):
        report(post.id, second.id, Visitor(name, name), f"A reason of {name}")
    with world.reader.session_transaction() as session:
        session["reader"] = "an-old-number-of-22-ch"
    a_comment(post, "From before.", reader_key="an-old-number-of-22-ch")
    assert answer(world.reader, post, "Mine again.").status_code == 200


def moderate(world: World) -> None:
    post, editor = post_titled(marker("shown", "title")), editor_named("Bea")
    comment = a_comment(post, "To be decided on.", reader_key="banned", website="https://heron.example/")
    below = a_comment(post, "Below it.", comment)
    for verb in (audit_log.HOLD, audit_log.APPROVE, audit_log.SPAM, audit_log.APPROVE, audit_log.REMOVE):
        entry = decide(verb, [Pick(comment.id), Pick(below.id)], editor, note("A reason.")).entry
    undo(entry.id, editor)  # type: ignore[union-attr]
    ban(Pick(comment.id), ["reader", "domain:heron.example"], "A reason.", editor)
    banned = db.session.scalars(select(Ban).where(Ban.value == "heron.example")).one()
    undo(unban(banned.id, editor).id, editor)
    decide(audit_log.HOLD, [Pick(comment.id)], editor)
    reply_to_comment(comment.id, editor, "A reply.", "the key of the reply")
    undo(db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).all()[0].id, editor)
    decide(audit_log.HOLD, [Pick(comment.id)], editor)
    learn_from_log()


def follow_and_mail(world: World) -> None:
    post, email = post_titled(marker("shown", "title")), "ann@example.org"
    assert answer(world.reader, post, "Tell me more.", email=email, follow="thread").status_code == 200
    db.session.rollback()
    mine = db.session.scalars(select(Comment).order_by(Comment.id.desc())).all()[0]
    if not mine.visible:
        decide(audit_log.APPROVE, [Pick(mine.id)], editor_named("Bea"))
    assert send_next_confirmation()
    key = db.session.scalars(select(Follow).where(Follow.email == email)).all()[0].email_key
    confirm(key, post.id, None)
    a_comment(post, "That is told of.", reader_key="another")
    while send_next_digest(now() + 2 * DIGEST_DELAY):
        pass
    send_manage_link(email)
    send_link(email)
    unfollow_post(key, post.id)
    suppress(key)
    set_alert_choice(editor_named("Bea"), HOURLY)
    a_comment(post, "A heronry again.")
    assert alert_editors(now() + timedelta(hours=2))


def send_mail(world: World, office: PostOffice) -> None:
    assert world.ed.post("/desk/mail/tests", data={"csrf_token": csrf(world.ed, "/desk/mail")}).status_code == 303
    office.answers["RCPT"] = ["450 later", "550 never"]
    assert [send_next().failure is None for _ in range(3)] == [False, False, True]  # type: ignore[union-attr]
    forget_mails(now() + YEAR)


def tell_hub(world: World) -> None:
    change_settings({"websub_hub": "https://127.0.0.1/"})
    publish_post(post_titled("The newest").id)
    assert send_next_ping()


def change_accounts(world: World) -> None:
    olive = editor_named("Olive")
    cara = accounts.add_editor("cara@example.org", "Cara", EDITOR, PASSWORD, olive)
    accounts.change_role(cara, OWNER, olive)
    accounts.set_password_by_link(accounts.create_password_link(cara).rpartition("/")[2], PASSWORD)
    accounts.use_sign_in_link(accounts.create_sign_in_link(cara).rpartition("/")[2])
    accounts.change_password(cara, PASSWORD)
    assert authenticate("cara@example.org", PASSWORD, "there")
    assert verify_current_password(cara, PASSWORD, "there")
    with writing(affects="nothing"):
        attempt = {"account_key": account_key("cara@example.org"), "address_key": "elsewhere"}
        db.session.add_all([SignInFailure(**attempt) for _ in range(MAX_PER_ACCOUNT - 1)])
    assert authenticate("cara@example.org", "a wrong sentence", "there") is None
    end_session("unknown")
    accounts.sign_out(cara)
    db.session.rollback()
    # the editor of visible comments
    accounts.remove_editor(editor_named("Bea"), olive)


def run_jobs(world: World) -> None:
    a_picture()
    draw_cards()
    check_clock(now() + YEAR)
    save_runs([Run("mail", 0.1, now())], ["mail"])
    add_demo_posts()
    list(fill(Extent(posts=2, comments=4, largest=3)))
    erase("ann@example.org")
    delete_all_expired(now() + YEAR)


def editor_named(name: str) -> Editor:
    db.session.rollback()
    return db.session.scalars(select(Editor).where(Editor.name == name)).one()


OPERATIONS: tuple[Callable[[World], None], ...] = (
    change_posts,
    write_comments,
    moderate,
    follow_and_mail,
    tell_hub,
    change_labels,
    change_all_settings,
    change_accounts,
    run_jobs,
)

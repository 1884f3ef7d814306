"""Test the quota's shares, the limits of links and who gets links."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, select, update

from blog import create_app
from blog.comments.followers.subscriptions import FollowRequest, follow, send_next_confirmation
from blog.comments.models import Comment, Follow
from blog.comments.moderation.alerts import alert_editors
from blog.comments.moderation.decisions import Pick, decide
from blog.comments.privacy.email_proof import send_link
from blog.comments.privacy.retention import delete_all_expired
from blog.db import db, now, writing
from blog.editors import audit_log
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER, Editor
from blog.mail.models import Mail
from blog.mail.outbox import put_mail
from blog.mail.quota import CONFIRM, NOTICE, PRIVACY, put_link
from blog.mail.sending import send_due_mails
from blog.posts.models import Post
from blog.settings import Settings
from blog.site.models import HOLD_ALL, current_site
from tests.factories import a_comment, a_post, csrf
from tests.mail.followers import all_follows, mails_of_kind, write_confirmations
from tests.mail.letters import create_mail, mails
from tests.mail.post_office import PostOffice

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# an eighth of the hour's quota is for each kind of link
MAIL_PER_HOUR, LINKS_PER_HOUR = 80, 10
# enough to go beyond the quota, and beyond two hours' links
NETWORKS, FEW_NETWORKS, REQUESTS = 18, 5, 5
OWNER_ADDRESS = "ed@example.org"


@pytest.fixture
def settings(tmp_path: Path, database: str, office: PostOffice) -> Settings:
    plain = Settings(blog_instance=tmp_path, database_url=database, mail_per_hour=MAIL_PER_HOUR)
    return replace(plain, **office.settings)


@pytest.fixture
def owner(app: Flask) -> Editor:
    return add_editor(OWNER_ADDRESS, "Ed", OWNER, "a sentence to remember")


def strangers(networks: int = NETWORKS) -> list[tuple[str, str]]:
    """Return pairs of an address and the network that enters it."""
    return [
        (f"stranger{network}-{number}@example.org", f"192.0.2.{network}")
        for network in range(networks)
        for number in range(REQUESTS)
    ]


def subscribe_strangers(post: Post, networks: int = FEW_NETWORKS) -> None:
    """Subscribe strangers from each network to the thread."""
    for number, (email, network) in enumerate(strangers(networks)):
        comment = a_comment(post, f"Words {number}", email=email, reader_key=f"r{number}", address_key=network)
        follow(FollowRequest(comment, True, network))
    write_confirmations()


def mails_received(office: PostOffice) -> tuple[int, bool]:
    """Return how many mails strangers got, and whether the owner got one."""
    alert_editors()
    send_due_mails()
    return len([to for to in office.recipients if to != OWNER_ADDRESS]), OWNER_ADDRESS in office.recipients


def age_mails(by: timedelta) -> None:
    with writing():
        for mail in db.session.scalars(select(Mail)):
            mail.created_at -= by
            mail.sent_at = mail.sent_at and mail.sent_at - by


def hold_every_comment() -> None:
    with writing():
        current_site().comment_rule = HOLD_ALL


def test_privacy_links_never_go_to_unknown_addresses(app: Flask, office: PostOffice, owner: Editor) -> None:
    hold_every_comment()
    a_comment(a_post(), "Held")
    client, statuses = app.test_client(), set()
    form = {"csrf_token": csrf(client, "/privacy/link/new")}
    for email, network in strangers():
        response = client.post(
            "/privacy/link", data=form | {"email": email}, environ_overrides={"REMOTE_ADDR": network}
        )
        statuses.add((response.status_code, len(response.text) - len(email)))
    assert len(statuses) == 1
    assert mails_received(office) == (0, True)


def test_privacy_links_have_an_hourly_limit(app: Flask, office: PostOffice, owner: Editor) -> None:
    post = a_post()
    for number, (email, network) in enumerate(strangers(FEW_NETWORKS)):
        a_comment(post, f"Words {number}", email=email, address_key=network)
    hold_every_comment()
    a_comment(post, "Held")
    for email, _network in strangers(FEW_NETWORKS):
        send_link(email)
    assert mails_received(office) == (LINKS_PER_HOUR, True)


def test_confirmations_have_an_hourly_limit_and_the_rest_is_sent_later(
    app: Flask, office: PostOffice, owner: Editor
) -> None:
    subscribe_strangers(post := a_post())
    hold_every_comment()
    a_comment(post, "Held")
    assert mails_received(office) == (LINKS_PER_HOUR, True)
    age_mails(HOUR)
    write_confirmations()
    assert mails_received(office)[0] == 2 * LINKS_PER_HOUR


def test_confirmation_is_not_sent_while_the_comment_is_held(app: Flask, office: PostOffice, owner: Editor) -> None:
    hold_every_comment()
    subscribe_strangers(a_post())
    assert mails_received(office) == (0, True)


def test_limit_holds_across_processes(app: Flask, settings: Settings, office: PostOffice) -> None:
    subscribe_strangers(a_post())
    with create_app(settings).app_context():
        write_confirmations()
        assert len(mails_of_kind(CONFIRM)) == LINKS_PER_HOUR
        db.session.remove()
        db.engine.dispose()


def test_newest_subscription_is_confirmed_first(app: Flask) -> None:
    subscribe_strangers(post := a_post())
    age_mails(HOUR)
    with writing():
        db.session.execute(update(Follow).values(asked_at=now() - HOUR))
    comment = a_comment(post, "Now", email="new@example.org", reader_key="new")
    follow(FollowRequest(comment, True, "new"))
    write_confirmations()
    assert mails_of_kind(CONFIRM)[LINKS_PER_HOUR].recipient == "new@example.org"


def test_approval_sends_the_confirmation_once(app: Flask, owner: Editor) -> None:
    hold_every_comment()
    comment = a_comment(a_post(), "Held", email="ann@example.org")
    follow(FollowRequest(comment, True, "here"))
    write_confirmations()
    assert mails() == []
    pick = [Pick(comment.id)]
    for verb in (audit_log.APPROVE, audit_log.HOLD, audit_log.APPROVE):
        decide(verb, pick, owner)
        write_confirmations()
    assert [mail.recipient for mail in mails()] == ["ann@example.org"]


@pytest.mark.parametrize("verb", [audit_log.SPAM, audit_log.REMOVE])
def test_confirmation_is_never_sent_for_spam_or_removed_comments(app: Flask, owner: Editor, verb: str) -> None:
    hold_every_comment()
    comment = a_comment(a_post(), "Held", email="ann@example.org")
    follow(FollowRequest(comment, True, "here"))
    decide(verb, [Pick(comment.id)], owner)
    write_confirmations()
    assert mails() == []
    assert len(all_follows()) == 1
    delete_all_expired(now() + 31 * DAY)
    assert all_follows() == []


def test_subscription_survives_a_comment_held_for_a_week(app: Flask, owner: Editor) -> None:
    hold_every_comment()
    comment = a_comment(a_post(), "Held", email="ann@example.org")
    follow(FollowRequest(comment, True, "here"))
    delete_all_expired(now() + 7 * DAY)
    decide(audit_log.APPROVE, [Pick(comment.id)], owner)
    write_confirmations()
    assert len(mails_of_kind(CONFIRM)) == 1


def test_visible_comment_does_not_confirm_the_subscription_of_a_held_one(app: Flask, owner: Editor) -> None:
    post = a_post()
    a_comment(post, "Fine", reader_key="mallory")
    hold_every_comment()
    comment = a_comment(post, "Held", email="victim@example.org", reader_key="mallory")
    follow(FollowRequest(comment, True, "here"))
    write_confirmations()
    assert mails() == []


def test_comment_hidden_during_rendering_sends_no_confirmation(
    app: Flask, owner: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment = a_comment(a_post(), "Seen", email="ann@example.org")
    follow(FollowRequest(comment, True, "here"))
    from blog.comments.followers import subscriptions

    made = subscriptions.render_mail

    def hide(*args: object, **values: object) -> tuple[str, str, str]:
        letter = made(*args, **values)  # type: ignore[arg-type]
        decide(audit_log.SPAM, [Pick(comment.id)], owner)
        return letter

    monkeypatch.setattr(subscriptions, "render_mail", hide)
    assert send_next_confirmation()
    assert mails() == []


def test_mail_to_editors_goes_first_and_has_a_reserved_share(app: Flask, office: PostOffice) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], mail_per_hour=8)
    letter = ("Subject", "Text", "<p>Text</p>")
    with writing():
        for kind in [NOTICE] * 9 + [CONFIRM] * 3 + ["held", "sign-in"]:
            put_mail(f"{kind}@example.org", *letter, kind)
    assert send_due_mails()
    order = [delivery.recipient.partition("@")[0] for delivery in office.deliveries]
    assert order[:2] == ["held", "sign-in"]
    assert sorted(order[2:]) == ["confirm"] + ["notice"] * 4


def test_small_quota_allows_one_mail_of_each_kind(app: Flask, office: PostOffice) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], mail_per_hour=1, mail_per_day=1)
    with writing():
        assert put_link("ann@example.org", ("Subject", "Text", "<p>Text</p>"), PRIVACY)
    assert send_due_mails()
    assert office.recipients == ["ann@example.org"]


@pytest.mark.slow
def test_disabled_limits_let_one_kind_use_the_whole_quota(app: Flask) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], ratelimit_enabled=False)
    subscribe_strangers(a_post(), NETWORKS)
    assert len(mails_of_kind(CONFIRM)) == MAIL_PER_HOUR


def test_unknown_address_runs_as_many_writing_statements(app: Flask) -> None:
    a_comment(a_post(), "Seen", email="ann@example.org")
    counted = [writing_verbs(email) for email in ("ann@example.org", "bob@example.org")]
    assert counted == [["INSERT"], ["INSERT", "DELETE"]]
    assert [mail.recipient for mail in mails()] == ["ann@example.org"]


def writing_verbs(email: str) -> list[str]:
    """Return the verbs of the writing statements of one request."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement.split(maxsplit=1)[0])

    event.listen(db.engine, "before_cursor_execute", note)
    send_link(email)
    event.remove(db.engine, "before_cursor_execute", note)
    return [verb for verb in seen if verb in {"INSERT", "UPDATE", "DELETE"}]


def test_one_address_gets_at_most_five_links_a_day(app: Flask) -> None:
    post = a_post()
    a_comment(post, "Seen", email="ann@example.org")
    for _ in range(8):
        send_link("ann@example.org")
        age_mails(timedelta(minutes=11))
    comment: Comment = a_comment(post, "Again", email="ann@example.org")
    follow(FollowRequest(comment, True, "here"))
    write_confirmations()
    assert (len(mails_of_kind(PRIVACY)), len(mails_of_kind(CONFIRM))) == (5, 0)
    create_mail("ann@example.org")  # what is no link goes all the same
    assert len(mails()) == 6

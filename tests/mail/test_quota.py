"""Strangers cannot use up the owner's mail: shares of the quota, limits of links, and whom links are sent to."""

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
from blog.comments.privacy.retention import forget_addresses
from blog.db import db, now, writing
from blog.editors import audit_log
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER, Editor
from blog.mail.models import Mail
from blog.mail.outbox import put_mail
from blog.mail.quota import CONFIRM, NOTICE, PRIVACY, put_link
from blog.mail.sending import send_waiting
from blog.posts.models import Post
from blog.settings import Settings
from blog.site.models import HOLD_ALL, current_site
from tests.factories import a_comment, a_post, csrf
from tests.mail.followers import ask, follows, of_kind
from tests.mail.letters import a_mail, mails
from tests.mail.post_office import PostOffice

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NETWORKS, REQUESTS = 45, 5
# enough to go beyond the hour's limit of links, which is 25
FEW_NETWORKS = 12
OWNER_ADDRESS = "ed@example.org"


@pytest.fixture
def settings(tmp_path: Path, database: str, office: PostOffice) -> Settings:
    return replace(Settings(blog_instance=tmp_path, database_url=database), **office.settings)


@pytest.fixture
def owner(app: Flask) -> Editor:
    return add_editor(OWNER_ADDRESS, "Ed", OWNER, "a sentence to remember")


def strangers(networks: int = NETWORKS) -> list[tuple[str, str]]:
    """An address to write to, and the network that asks for it; unless told, 225 from 45."""
    return [
        (f"stranger{network}-{number}@example.org", f"192.0.2.{network}")
        for network in range(networks)
        for number in range(REQUESTS)
    ]


def wishes(post: Post, networks: int = FEW_NETWORKS) -> None:
    """Each network has strangers told of the thread."""
    for number, (email, network) in enumerate(strangers(networks)):
        comment = a_comment(post, f"Words {number}", email=email, reader_key=f"r{number}", address_key=network)
        follow(FollowRequest(comment, True, network))
    ask()


def sent(office: PostOffice) -> tuple[int, bool]:
    """How many mails strangers got, and whether the owner was told of a response that waits."""
    alert_editors()
    send_waiting()
    return len([to for to in office.recipients if to != OWNER_ADDRESS]), OWNER_ADDRESS in office.recipients


def age_mails(by: timedelta) -> None:
    with writing():
        for mail in db.session.scalars(select(Mail)):
            mail.created_at -= by
            mail.sent_at = mail.sent_at and mail.sent_at - by


def everything_waits() -> None:
    with writing():
        current_site().comment_rule = HOLD_ALL


def test_privacy_links_go_to_no_stranger_from_any_number_of_networks(
    app: Flask, office: PostOffice, owner: Editor
) -> None:
    everything_waits()
    a_comment(a_post(), "Held")
    client, statuses = app.test_client(), set()
    form = {"csrf_token": csrf(client, "/privacy/link/new")}
    for email, network in strangers():
        given = client.post("/privacy/link", data=form | {"email": email}, environ_overrides={"REMOTE_ADDR": network})
        statuses.add((given.status_code, len(given.text) - len(email)))
    assert len(statuses) == 1
    assert sent(office) == (0, True)


def test_privacy_links_to_stored_addresses_have_a_limit_an_hour(app: Flask, office: PostOffice, owner: Editor) -> None:
    post = a_post()
    for number, (email, network) in enumerate(strangers(FEW_NETWORKS)):
        a_comment(post, f"Words {number}", email=email, address_key=network)
    everything_waits()
    a_comment(post, "Held")
    for email, _network in strangers(FEW_NETWORKS):
        send_link(email)
    assert sent(office) == (25, True)


def test_confirmations_have_a_limit_an_hour_and_the_rest_waits(app: Flask, office: PostOffice, owner: Editor) -> None:
    wishes(post := a_post())
    everything_waits()
    a_comment(post, "Held")
    assert sent(office) == (25, True)
    age_mails(HOUR)
    ask()
    assert sent(office)[0] == 50


def test_nobody_is_asked_to_confirm_while_the_comment_waits(app: Flask, office: PostOffice, owner: Editor) -> None:
    everything_waits()
    wishes(a_post())
    assert sent(office) == (0, True)


def test_the_limit_holds_for_another_process(app: Flask, settings: Settings, office: PostOffice) -> None:
    wishes(a_post())
    with create_app(settings).app_context():
        ask()
        assert len(of_kind(CONFIRM)) == 25
        db.session.remove()
        db.engine.dispose()


def test_the_newest_wish_is_asked_first(app: Flask) -> None:
    wishes(post := a_post())
    age_mails(HOUR)
    with writing():
        db.session.execute(update(Follow).values(asked_at=now() - HOUR))
    comment = a_comment(post, "Now", email="new@example.org", reader_key="new")
    follow(FollowRequest(comment, True, "new"))
    ask()
    assert of_kind(CONFIRM)[25].recipient == "new@example.org"


def test_when_it_is_approved_the_confirmation_goes_out_once(app: Flask, owner: Editor) -> None:
    everything_waits()
    comment = a_comment(a_post(), "Held", email="ann@example.org")
    follow(FollowRequest(comment, True, "here"))
    ask()
    assert mails() == []
    pick = [Pick(comment.id)]
    for verb in (audit_log.APPROVE, audit_log.HOLD, audit_log.APPROVE):
        decide(verb, pick, owner)
        ask()
    assert [mail.recipient for mail in mails()] == ["ann@example.org"]


@pytest.mark.parametrize("verb", [audit_log.SPAM, audit_log.REMOVE])
def test_for_spam_it_never_goes_out(app: Flask, owner: Editor, verb: str) -> None:
    everything_waits()
    comment = a_comment(a_post(), "Held", email="ann@example.org")
    follow(FollowRequest(comment, True, "here"))
    decide(verb, [Pick(comment.id)], owner)
    ask()
    assert mails() == []
    assert len(follows()) == 1
    forget_addresses(now() + 31 * DAY)
    assert follows() == []


def test_a_wish_outlives_a_comment_that_waits_for_a_week(app: Flask, owner: Editor) -> None:
    everything_waits()
    comment = a_comment(a_post(), "Held", email="ann@example.org")
    follow(FollowRequest(comment, True, "here"))
    forget_addresses(now() + 7 * DAY)
    decide(audit_log.APPROVE, [Pick(comment.id)], owner)
    ask()
    assert len(of_kind(CONFIRM)) == 1


def test_a_visible_comment_confirms_no_wish_of_one_that_waits(app: Flask, owner: Editor) -> None:
    post = a_post()
    a_comment(post, "Fine", reader_key="mallory")
    everything_waits()
    comment = a_comment(post, "Held", email="victim@example.org", reader_key="mallory")
    follow(FollowRequest(comment, True, "here"))
    ask()
    assert mails() == []


def test_a_comment_hidden_while_the_mail_is_made_asks_nobody(
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


def test_editors_come_first_and_followers_leave_them_a_part(app: Flask, office: PostOffice) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], mail_per_hour=8)
    letter = ("Subject", "Text", "<p>Text</p>")
    with writing():
        for kind in [NOTICE] * 9 + [CONFIRM] * 3 + ["held", "sign-in"]:
            put_mail(f"{kind}@example.org", *letter, kind)
    assert send_waiting()
    order = [delivery.recipient.partition("@")[0] for delivery in office.deliveries]
    assert order[:2] == ["held", "sign-in"]
    assert sorted(order[2:]) == ["confirm"] + ["notice"] * 4


def test_a_small_quota_still_has_room_for_each_kind(app: Flask, office: PostOffice) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], mail_per_hour=1, mail_per_day=1)
    with writing():
        assert put_link("ann@example.org", ("Subject", "Text", "<p>Text</p>"), PRIVACY)
    assert send_waiting()
    assert office.recipients == ["ann@example.org"]


def test_without_limits_a_kind_may_use_the_whole_quota(app: Flask) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], ratelimit_enabled=False)
    wishes(a_post(), NETWORKS)
    assert len(of_kind(CONFIRM)) == 200


def test_an_unknown_address_costs_the_same_statements(app: Flask) -> None:
    a_comment(a_post(), "Seen", email="ann@example.org")
    counted = [writes_of(email) for email in ("ann@example.org", "bob@example.org")]
    assert counted == [["INSERT"], ["INSERT", "DELETE"]]
    assert [mail.recipient for mail in mails()] == ["ann@example.org"]


def writes_of(email: str) -> list[str]:
    """The statements by which asking for a link writes: both ways end in a commit with something to commit."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement.split(maxsplit=1)[0])

    event.listen(db.engine, "before_cursor_execute", note)
    send_link(email)
    event.remove(db.engine, "before_cursor_execute", note)
    return [verb for verb in seen if verb in {"INSERT", "UPDATE", "DELETE"}]


def test_no_more_than_five_links_a_day_go_to_one_address(app: Flask) -> None:
    post = a_post()
    a_comment(post, "Seen", email="ann@example.org")
    for _ in range(8):
        send_link("ann@example.org")
        age_mails(timedelta(minutes=11))
    comment: Comment = a_comment(post, "Again", email="ann@example.org")
    follow(FollowRequest(comment, True, "here"))
    ask()
    assert (len(of_kind(PRIVACY)), len(of_kind(CONFIRM))) == (5, 0)
    a_mail("ann@example.org")  # what is no link goes all the same
    assert len(mails()) == 6

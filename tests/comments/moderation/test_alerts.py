from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog.comments.identity import Visitor
from blog.comments.models import PendingAlert
from blog.comments.moderation import alerts
from blog.comments.moderation.alerts import alert_editors, set_alert_choice
from blog.comments.posting.edit import edit_comment
from blog.comments.privacy.retention import delete_all_expired
from blog.db import db, now, writing
from blog.editors.accounts import add_editor
from blog.editors.models import DAILY, EDITOR, HOURLY, IMMEDIATE, NEVER, Editor
from blog.site.models import current_site
from tests.comments.moderation.desk import decide, fresh, hold
from tests.comments.moderation.letters import (
    add_owner,
    alert_mails,
    create_held,
    enable_mail,
    hold_everything,
    links,
    mark_sent,
    only_alert,
)
from tests.factories import a_comment, a_post, csrf, signed_in
from tests.mail.post_office import PostOffice, post_office

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def mail(app: Flask) -> None:
    enable_mail(app)


def send_alerts(at: datetime) -> int:
    """Write the alerts that are due and mark them as sent."""
    written = alert_editors(at)
    mark_sent(at)
    return written


def test_alert_shows_the_comment_and_its_actions(app: Flask) -> None:
    add_owner()
    post = hold_everything()
    comment = create_held(post, "Seen *one* <b>today</b>.", email="ann@example.org", website="https://ann.example/x")
    assert alert_editors() == 1
    alert = only_alert()
    assert alert.recipient == "ed@example.org"
    assert alert.subject == "Ann is waiting for approval: Herons return"
    for part in (alert.text, alert.html):
        assert "ann@example.org" in part
        assert "https://ann.example/x" in part
        assert "every response waits here" in part
        assert f"https://blog.example.org/desk/comments/{comment.id}" in part
        assert part.count("/mail/decisions/") == 4
    assert "\n> Seen *one* <b>today</b>.\n" in alert.text
    assert "Seen *one* &lt;b&gt;today&lt;/b&gt;." in alert.html
    assert list(links(alert.text)) == ["Approve", "Spam", "Remove", "Ban"]
    assert "Reply-To" not in alert.headers
    assert alert_editors(now() + DAY) == 0


def test_published_comment_sends_no_alert(app: Flask) -> None:
    add_owner()
    a_comment(a_post())
    assert alert_editors() == 0
    assert db.session.query(PendingAlert).count() == 0


def test_hold_by_an_editor_sends_no_alert(app: Flask) -> None:
    add_owner()
    hold(a_comment(a_post()))
    assert alert_editors() == 0


def test_holds_within_a_minute_share_a_mail(app: Flask) -> None:
    add_owner()
    post, start = hold_everything(), now()
    create_held(post, "The first one.")
    assert send_alerts(start) == 1
    create_held(post, "The second one.")
    create_held(post, "The third one.")
    assert send_alerts(start + 59 * SECOND) == 0
    assert send_alerts(start + MINUTE) == 1
    alert = alert_mails()[1]
    assert alert.subject == "2 responses are waiting for approval"
    assert alert.text.index("The second one.") < alert.text.index("The third one.")
    assert "The first one." not in alert.text


def test_flood_sends_few_alerts(app: Flask) -> None:
    add_owner()
    post, start = hold_everything(), now()
    for number in range(180):  # one every twenty seconds, for an hour
        create_held(post, f"Buy number {number}.", key=f"key-{number}")
        send_alerts(start + number * 20 * SECOND)
    assert len(alert_mails()) == alerts.ALERT_LIMIT[0]
    assert send_alerts(start + 61 * MINUTE) == 1
    last = alert_mails()[-1]
    sent_count = sum(mail.text.count("\n> Buy number") for mail in alert_mails()[:-1])
    assert last.subject == f"{180 - sent_count} responses are waiting for approval"
    assert last.text.count("\n> Buy number") == alerts.MAX_LISTED
    assert (
        f"{180 - sent_count - alerts.MAX_LISTED} more are waiting:\nhttps://blog.example.org/desk/comments?state=held"
        in last.text
    )


def test_no_alert_is_written_while_one_is_unsent(app: Flask) -> None:
    add_owner()
    post, start = hold_everything(), now()
    create_held(post, "The first one.")
    assert alert_editors(start) == 1
    create_held(post, "The second one.")
    assert alert_editors(start + 5 * HOUR) == 0
    mark_sent(start + 5 * HOUR)
    assert alert_editors(start + 5 * HOUR) == 1


def test_alert_omits_decided_comments(app: Flask) -> None:
    desk = signed_in(app)
    post = hold_everything()
    first, second = create_held(post, "The first one."), create_held(post, "The second one.")
    decide(desk, first, "approval")
    fresh(first)
    alert_editors()
    assert "The first one." not in only_alert().text
    assert "The second one." in only_alert().text
    third = create_held(post, "The third one.")
    decide(desk, third, "spam")
    fresh(third)
    mark_sent(now())
    assert alert_editors(now() + HOUR) == 0
    assert len(alert_mails()) == 1
    assert fresh(second).status == "held"


def test_alert_is_dropped_if_a_comment_is_decided_while_rendering(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = signed_in(app)
    comment, make = create_held(hold_everything()), alerts.render_mail

    def render_and_decide(*args: object, **values: object) -> tuple[str, str, str]:
        alert = make(*args, **values)  # type: ignore[arg-type]
        decide(desk, comment, "approval")
        return alert

    monkeypatch.setattr(alerts, "render_mail", render_and_decide)
    assert alert_editors() == 0
    monkeypatch.undo()
    assert alert_editors() == 0
    assert alert_mails() == []


def test_held_edit_sends_an_alert(app: Flask) -> None:
    add_owner()
    post = a_post("Herons return")
    comment = a_comment(post, "Seen one today.")
    with writing():
        current_site().muted = "casino"
    edit_comment(post.id, comment.id, Visitor("r", ""), "Come to my casino.", throttled=False)
    send_alerts(now())
    assert "Come to my casino." in only_alert().text
    edit_comment(post.id, comment.id, Visitor("r", ""), "Come to my house.", throttled=False)  # stays held
    send_alerts(now() + HOUR)
    assert "Come to my house." in alert_mails()[1].text


def test_hourly_alert_lists_all_holds(app: Flask) -> None:
    set_alert_choice(add_owner(), HOURLY)
    post, start = hold_everything(), now()
    create_held(post, "The first one.")
    create_held(post, "The second one.")
    assert send_alerts(start + 59 * MINUTE) == 0
    assert send_alerts(start + 61 * MINUTE) == 1
    assert send_alerts(start + 3 * HOUR) == 0
    create_held(post, "The third one.")
    assert send_alerts(start + 3 * HOUR) == 1
    assert [mail.text.count("\n> The") for mail in alert_mails()] == [2, 1]


def test_daily_alert_is_sent_in_the_morning_of_the_sites_zone(app: Flask) -> None:
    editor = add_owner()
    set_alert_choice(editor, DAILY)
    post = hold_everything()
    with writing():
        current_site().timezone = "America/New_York"
        # seven in the evening of the day before the clocks went forward there
        db.session.get_one(Editor, editor.id).last_alerted_at = datetime(2026, 3, 8, 0, 0, tzinfo=UTC)
    create_held(post)
    assert send_alerts(datetime(2026, 3, 8, 10, 59, tzinfo=UTC)) == 0
    assert send_alerts(datetime(2026, 3, 8, 11, 0, tzinfo=UTC)) == 1
    create_held(post, "Another one.")
    assert send_alerts(datetime(2026, 3, 8, 23, 0, tzinfo=UTC)) == 0
    assert send_alerts(datetime(2026, 3, 9, 11, 0, tzinfo=UTC)) == 1


def test_alert_time_in_the_future_delays_nothing(app: Flask) -> None:
    editor = add_owner()
    post = hold_everything()
    with writing():
        db.session.get_one(Editor, editor.id).last_alerted_at = now() + 30 * DAY
    create_held(post)
    assert alert_editors() == 1


def test_holds_made_while_alerts_are_off_are_never_sent(app: Flask) -> None:
    editor = add_owner()
    set_alert_choice(editor, NEVER)
    post = hold_everything()
    create_held(post, "The first one.")
    assert send_alerts(now() + DAY) == 0
    set_alert_choice(editor, IMMEDIATE)
    assert send_alerts(now() + 2 * DAY) == 0
    create_held(post, "The second one.")
    assert send_alerts(now() + 3 * DAY) == 1
    assert "The first one." not in only_alert().text


def test_owner_is_alerted_at_once_and_editors_on_choice(app: Flask) -> None:
    add_owner()
    other = add_editor("bea@example.org", "Bea", EDITOR, "another sentence here")
    post = hold_everything()
    create_held(post)
    send_alerts(now())
    assert [mail.recipient for mail in alert_mails()] == ["ed@example.org"]
    set_alert_choice(other, IMMEDIATE)
    create_held(post, "The second one.")
    send_alerts(now() + HOUR)
    assert sorted(mail.recipient for mail in alert_mails()[1:]) == ["bea@example.org", "ed@example.org"]
    first, second = (links(mail.text)["Approve"] for mail in alert_mails()[1:])
    assert first != second


def test_alerts_start_once_mail_is_configured(app: Flask) -> None:
    add_owner()
    enable_mail(app, smtp_host="")
    create_held(hold_everything())
    assert alert_editors() == 0
    enable_mail(app)
    assert alert_editors() == 1


def test_comment_text_cannot_forge_action_links(app: Flask) -> None:
    add_owner()
    evil = "x\nApprove: https://evil.example\r\n\u2028Approve: https://evil.example"
    create_held(hold_everything(), evil, name="Ann\nApprove: https://evil.example\n")
    alert_editors()
    alert = only_alert()
    assert "\n" not in alert.subject
    assert not [line for line in alert.text.splitlines() if line.startswith("Approve: https://evil")]
    assert '<a href="https://evil' not in alert.html


def test_long_text_is_truncated(app: Flask) -> None:
    add_owner()
    create_held(hold_everything(), "long " * 1900)
    alert_editors()
    assert only_alert().text.count("long") == alerts.MAX_TEXT_LENGTH // 5
    assert "…" in only_alert().text


def test_old_holds_are_deleted_and_later_ones_alerted(app: Flask) -> None:
    editor = add_owner()
    post = hold_everything()
    create_held(post)
    send_alerts(now())
    sent_count = db.session.get_one(Editor, editor.id).last_alerted_hold_id
    assert delete_all_expired(now() + 7 * DAY + SECOND) >= 1
    assert db.session.query(PendingAlert).count() == 0
    create_held(post, "The second one.")
    assert db.session.query(PendingAlert).one().id > sent_count  # ids are not reused
    assert send_alerts(now() + HOUR) == 1


def choose(desk: FlaskClient, choice: str) -> int:
    form = {"csrf_token": csrf(desk, "/desk/mail"), "held_mail": choice}
    return desk.post("/desk/mail/choice", data=form).status_code


def test_editor_sets_the_alert_choice_at_the_desk(app: Flask) -> None:
    desk = signed_in(app)
    assert 'value="at_once" checked' in desk.get("/desk/mail").text
    assert choose(desk, DAILY) == 303
    page = desk.get("/desk/mail?saved").text
    assert 'value="daily" checked' in page
    assert "Saved." in page
    assert choose(desk, "sometimes") == 422
    assert 'value="daily" checked' in desk.get("/desk/mail").text
    enable_mail(app, smtp_host="")
    page = desk.get("/desk/mail").text
    assert "nothing is sent yet" in page
    assert 'value="daily" checked' in page


@pytest.fixture
def office() -> PostOffice:
    with post_office() as office:
        yield office


def test_mail_command_sends_alerts(app: Flask, office: PostOffice) -> None:
    enable_mail(app, **office.settings)
    add_owner()
    create_held(hold_everything())
    assert app.test_cli_runner().invoke(args=["mail", "send"]).exit_code == 0
    assert office.recipients == ["ed@example.org"]

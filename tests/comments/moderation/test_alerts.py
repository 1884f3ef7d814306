from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog.comments.identity import Writer
from blog.comments.models import Hold
from blog.comments.moderation import alerts
from blog.comments.moderation.alerts import alert_editors, choose_held_mail
from blog.comments.posting.edit import edit_comment
from blog.comments.privacy.retention import forget_addresses
from blog.db import db, now, writing
from blog.editors.accounts import add_editor
from blog.editors.models import AT_ONCE, DAILY, EDITOR, HOURLY, NEVER, Editor
from blog.site.models import current_site
from tests.comments.moderation.desk import decide, fresh, hold
from tests.comments.moderation.letters import (
    ed,
    everything_waits,
    held,
    letters,
    links,
    sent_by_now,
    sets_mail_up,
    the_letter,
)
from tests.factories import a_comment, a_post, csrf, signed_in
from tests.mail.post_office import PostOffice, post_office

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def mail(app: Flask) -> None:
    sets_mail_up(app)


def tell(at: datetime) -> int:
    """As the server does it every few seconds; what is written is sent."""
    written = alert_editors(at)
    sent_by_now(at)
    return written


def test_what_waits_is_told_at_once_with_all_that_an_editor_needs(app: Flask) -> None:
    ed()
    post = everything_waits()
    comment = held(post, "Seen *one* <b>today</b>.", email="ann@example.org", website="https://ann.example/x")
    assert alert_editors() == 1
    letter = the_letter()
    assert letter.recipient == "ed@example.org"
    assert letter.subject == "Ann is waiting for approval: Herons return"
    for part in (letter.text, letter.html):
        assert "ann@example.org" in part
        assert "https://ann.example/x" in part
        assert "every response waits here" in part
        assert f"https://blog.example.org/desk/comments/{comment.id}" in part
        assert part.count("/mail/decisions/") == 4
    assert "\n> Seen *one* <b>today</b>.\n" in letter.text
    assert "Seen *one* &lt;b&gt;today&lt;/b&gt;." in letter.html
    assert list(links(letter.text)) == ["Approve", "Spam", "Remove", "Ban"]
    assert "Reply-To" not in letter.headers
    assert alert_editors(now() + DAY) == 0


def test_what_appears_at_once_is_not_told(app: Flask) -> None:
    ed()
    a_comment(a_post())
    assert alert_editors() == 0
    assert db.session.query(Hold).count() == 0


def test_what_an_editor_holds_is_not_told(app: Flask) -> None:
    ed()
    hold(a_comment(a_post()))
    assert alert_editors() == 0


def test_what_several_write_within_a_minute_is_one_mail(app: Flask) -> None:
    ed()
    post, start = everything_waits(), now()
    held(post, "The first one.")
    assert tell(start) == 1
    held(post, "The second one.")
    held(post, "The third one.")
    assert tell(start + 59 * SECOND) == 0
    assert tell(start + MINUTE) == 1
    letter = letters()[1]
    assert letter.subject == "2 responses are waiting for approval"
    assert letter.text.index("The second one.") < letter.text.index("The third one.")
    assert "The first one." not in letter.text


def test_a_flood_is_gathered_and_the_inbox_stays_calm(app: Flask) -> None:
    ed()
    post, start = everything_waits(), now()
    for number in range(180):  # one every twenty seconds, for an hour
        held(post, f"Buy number {number}.", key=f"key-{number}")
        tell(start + number * 20 * SECOND)
    assert len(letters()) == alerts.MOST_AN_HOUR
    assert tell(start + 61 * MINUTE) == 1
    last = letters()[-1]
    told = sum(mail.text.count("\n> Buy number") for mail in letters()[:-1])
    assert last.subject == f"{180 - told} responses are waiting for approval"
    assert last.text.count("\n> Buy number") == alerts.MOST_SHOWN
    assert (
        f"{180 - told - alerts.MOST_SHOWN} more are waiting:\nhttps://blog.example.org/desk/comments?state=held"
        in last.text
    )


def test_nothing_is_put_beside_a_mail_that_could_not_be_sent_yet(app: Flask) -> None:
    ed()
    post, start = everything_waits(), now()
    held(post, "The first one.")
    assert alert_editors(start) == 1
    held(post, "The second one.")
    assert alert_editors(start + 5 * HOUR) == 0
    sent_by_now(start + 5 * HOUR)
    assert alert_editors(start + 5 * HOUR) == 1


def test_what_was_decided_on_before_is_not_told(app: Flask) -> None:
    desk = signed_in(app)
    post = everything_waits()
    first, second = held(post, "The first one."), held(post, "The second one.")
    decide(desk, first, "approval")
    fresh(first)
    alert_editors()
    assert "The first one." not in the_letter().text
    assert "The second one." in the_letter().text
    third = held(post, "The third one.")
    decide(desk, third, "spam")
    fresh(third)
    sent_by_now(now())
    assert alert_editors(now() + HOUR) == 0
    assert len(letters()) == 1
    assert fresh(second).status == "held"


def test_what_is_decided_on_while_the_mail_is_made_is_not_told(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = signed_in(app)
    comment, make = held(everything_waits()), alerts.render_mail

    def slowly(*args: object, **values: object) -> tuple[str, str, str]:
        letter = make(*args, **values)  # type: ignore[arg-type]
        decide(desk, comment, "approval")
        return letter

    monkeypatch.setattr(alerts, "render_mail", slowly)
    assert alert_editors() == 0
    monkeypatch.undo()
    assert alert_editors() == 0
    assert letters() == []


def test_a_change_that_is_judged_again_is_told(app: Flask) -> None:
    ed()
    post = a_post("Herons return")
    comment = a_comment(post, "Seen one today.")
    with writing():
        current_site().muted = "casino"
    edit_comment(post.id, comment.id, Writer("r"), "Come to my casino.", paced=False)
    tell(now())
    assert "Come to my casino." in the_letter().text
    edit_comment(post.id, comment.id, Writer("r"), "Come to my house.", paced=False)  # which goes on waiting
    tell(now() + HOUR)
    assert "Come to my house." in letters()[1].text


def test_once_an_hour_gathers(app: Flask) -> None:
    choose_held_mail(ed(), HOURLY)
    post, start = everything_waits(), now()
    held(post, "The first one.")
    held(post, "The second one.")
    assert tell(start + 59 * MINUTE) == 0
    assert tell(start + 61 * MINUTE) == 1
    assert tell(start + 3 * HOUR) == 0
    held(post, "The third one.")
    assert tell(start + 3 * HOUR) == 1
    assert [mail.text.count("\n> The") for mail in letters()] == [2, 1]


def test_once_a_day_comes_in_the_morning_of_the_sites_zone(app: Flask) -> None:
    editor = ed()
    choose_held_mail(editor, DAILY)
    post = everything_waits()
    with writing():
        current_site().timezone = "America/New_York"
        # seven in the evening of the day before the clocks went forward there
        db.session.get_one(Editor, editor.id).last_alerted_at = datetime(2026, 3, 8, 0, 0, tzinfo=UTC)
    held(post)
    assert tell(datetime(2026, 3, 8, 10, 59, tzinfo=UTC)) == 0
    assert tell(datetime(2026, 3, 8, 11, 0, tzinfo=UTC)) == 1
    held(post, "Another one.")
    assert tell(datetime(2026, 3, 8, 23, 0, tzinfo=UTC)) == 0
    assert tell(datetime(2026, 3, 9, 11, 0, tzinfo=UTC)) == 1


def test_a_clock_that_was_set_back_holds_nothing_up(app: Flask) -> None:
    editor = ed()
    post = everything_waits()
    with writing():
        db.session.get_one(Editor, editor.id).last_alerted_at = now() + 30 * DAY
    held(post)
    assert alert_editors() == 1


def test_never_is_never_and_what_came_meanwhile_stays_untold(app: Flask) -> None:
    editor = ed()
    choose_held_mail(editor, NEVER)
    post = everything_waits()
    held(post, "The first one.")
    assert tell(now() + DAY) == 0
    choose_held_mail(editor, AT_ONCE)
    assert tell(now() + 2 * DAY) == 0
    held(post, "The second one.")
    assert tell(now() + 3 * DAY) == 1
    assert "The first one." not in the_letter().text


def test_the_owner_is_told_at_once_and_others_as_they_choose(app: Flask) -> None:
    ed()
    other = add_editor("bea@example.org", "Bea", EDITOR, "another sentence here")
    post = everything_waits()
    held(post)
    tell(now())
    assert [mail.recipient for mail in letters()] == ["ed@example.org"]
    choose_held_mail(other, AT_ONCE)
    held(post, "The second one.")
    tell(now() + HOUR)
    assert sorted(mail.recipient for mail in letters()[1:]) == ["bea@example.org", "ed@example.org"]
    first, second = (links(mail.text)["Approve"] for mail in letters()[1:])
    assert first != second


def test_without_mail_nothing_is_written_and_what_waits_is_told_once_it_is_set_up(app: Flask) -> None:
    ed()
    sets_mail_up(app, smtp_host="")
    held(everything_waits())
    assert alert_editors() == 0
    sets_mail_up(app)
    assert alert_editors() == 1


def test_what_is_typed_cannot_look_like_a_line_of_ours(app: Flask) -> None:
    ed()
    evil = "x\nApprove: https://evil.example\r\n\u2028Approve: https://evil.example"
    held(everything_waits(), evil, name="Ann\nApprove: https://evil.example\n")
    alert_editors()
    letter = the_letter()
    assert "\n" not in letter.subject
    assert not [line for line in letter.text.splitlines() if line.startswith("Approve: https://evil")]
    assert '<a href="https://evil' not in letter.html


def test_a_long_text_is_cut(app: Flask) -> None:
    ed()
    held(everything_waits(), "long " * 1900)
    alert_editors()
    assert the_letter().text.count("long") == alerts.LONGEST // 5
    assert "…" in the_letter().text


def test_what_nobody_was_told_of_in_a_week_is_forgotten_and_later_ones_are_still_told(app: Flask) -> None:
    editor = ed()
    post = everything_waits()
    held(post)
    tell(now())
    told = db.session.get_one(Editor, editor.id).last_alerted_hold_id
    assert forget_addresses(now() + 7 * DAY + SECOND) >= 1
    assert db.session.query(Hold).count() == 0
    held(post, "The second one.")
    assert db.session.query(Hold).one().id > told  # no number comes twice
    assert tell(now() + HOUR) == 1


def choose(desk: FlaskClient, choice: str) -> int:
    form = {"csrf_token": csrf(desk, "/desk/mail"), "held_mail": choice}
    return desk.post("/desk/mail/choice", data=form).status_code


def test_an_editor_chooses_at_the_desk(app: Flask) -> None:
    desk = signed_in(app)
    assert 'value="at_once" checked' in desk.get("/desk/mail").text
    assert choose(desk, DAILY) == 303
    page = desk.get("/desk/mail?saved").text
    assert 'value="daily" checked' in page
    assert "Saved." in page
    assert choose(desk, "sometimes") == 422
    assert 'value="daily" checked' in desk.get("/desk/mail").text
    sets_mail_up(app, smtp_host="")
    page = desk.get("/desk/mail").text
    assert "nothing is sent yet" in page
    assert 'value="daily" checked' in page


@pytest.fixture
def office() -> PostOffice:
    with post_office() as office:
        yield office


def test_the_command_tells_too(app: Flask, office: PostOffice) -> None:
    sets_mail_up(app, **office.settings)
    ed()
    held(everything_waits())
    assert app.test_cli_runner().invoke(args=["mail", "send"]).exit_code == 0
    assert office.recipients == ["ed@example.org"]

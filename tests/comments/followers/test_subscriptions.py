"""Test subscriptions by mail: confirmation, limits, unsubscribing and privacy."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from blog.comments.followers.subscriptions import send_manage_link
from blog.comments.followers.unsubscribe_links import MANAGE, canonical_email, email_key, manage_path, mask_email
from blog.comments.models import Follow, Notice, Suppression
from blog.comments.posting.submit import post_comment
from blog.comments.privacy.retention import delete_all_expired
from blog.comments.screening.submission import Submission
from blog.db import db, now, writing
from blog.mail.models import Mail
from blog.web.signed_tokens import sign_token
from tests.factories import HTMX, a_post, answer, csrf, token
from tests.mail.followers import (
    ANN,
    BOB,
    all_follows,
    blog_paths,
    confirm_as,
    link_in,
    mails_of_kind,
    post_as,
    write_confirmations,
    write_digests,
)
from tests.mail.letters import mails, only_mail
from tests.test_routes import all_rows

DAY = timedelta(days=1)
FOLLOW_SENTENCE = "We will e-mail you new replies."


def test_confirmation_link_changes_nothing_on_get_and_confirms_once_on_post(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    response = answer(client, post, "Mine", email="Ann@Example.org", follow="thread")
    assert FOLLOW_SENTENCE in response.headers["HX-Trigger"]
    write_confirmations()
    mail = only_mail()
    assert (mail.recipient, mail.kind) == (ANN, "confirm")
    assert "Herons return" in mail.subject
    assert "Mine" not in mail.text  # an unconfirmed address gets no text of strangers
    confirmation = link_in(mail, "confirmation")
    other, before = app.test_client(), all_rows()
    page = other.get(confirmation)
    assert "a…@example.org" in page.text
    assert ANN not in page.text
    assert all_rows() == before
    for _ in range(2):
        assert "Confirmed" in other.post(confirmation).text
    (follow,) = all_follows()
    assert follow.confirmed_at
    assert (follow.email, follow.comment_id, follow.same_browser) == (ANN, None, False)
    assert len(mails()) == 1


def test_link_pages_are_private_and_hide_the_address(client: FlaskClient) -> None:
    post = a_post()
    post_as(client, post, email=ANN, follow="answers")
    mail = only_mail()
    for part in ("confirmation", "end", "page"):
        page = client.get(link_in(mail, part))
        assert page.status_code == 200
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["X-Robots-Tag"] == "noindex"
        assert page.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in page.headers
        assert ANN not in page.text
        assert ANN not in link_in(mail, part)


def test_get_of_every_link_in_every_mail_changes_nothing(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    post_as(client, post, email=ANN, follow="thread")
    confirm_as(client)
    post_as(app.test_client(), post, "An answer")
    write_digests()
    crawler = app.test_client()
    client_page = csrf(crawler, "/mail")
    crawler.post("/mail", data={"csrf_token": client_page, "email": ANN})
    assert {mail.kind for mail in mails()} == {"confirm", "notice", "link"}
    before, seen, robot = all_rows(), set[str](), app.test_client()
    found = {path for mail in mails() for path in blog_paths(mail.text + mail.html + mail.headers)}
    while found:
        seen |= found
        pages = [robot.get(path or "/", buffered=True) for path in found]
        assert {page.status_code for page in pages} <= {200, 302, 303}
        linked = {path for page in pages for path in re.findall(r'(?:href|action)="(/mail[^"?#]*)', page.text)}
        found = {
            path
            for path in linked - seen
            if not path.endswith(("/silence", "/follows")) and "/follows/" not in path[6:]
        }
    assert all_rows() == before


def test_subscription_without_email_is_refused_and_keeps_the_form(client: FlaskClient) -> None:
    post = a_post()
    refused = answer(client, post, "Kept words", follow="answers")
    assert refused.status_code == 422
    assert "For this, write your e-mail address above." in refused.text
    assert "Kept words" in refused.text
    assert re.search(r'value="answers" checked', refused.text)
    plain = client.post(f"/posts/{post.id}/comments", data={"body": "By hand", "email": ANN, "follow": "thread"})
    assert re.search(r'value="thread" checked', plain.text)
    assert mails() == []
    assert answer(client, post, "Whatever", follow="nonsense").status_code == 200
    assert all_follows() == []


def test_subscription_without_javascript_shows_the_same_sentence(client: FlaskClient) -> None:
    post = a_post()
    response = answer(client, post, "Mine", htmx=False, email=ANN, follow="thread")
    assert response.status_code == 200
    assert FOLLOW_SENTENCE in response.text
    assert f"{post.path}#comment-1" in response.text
    assert answer(client, post, "Mine again", htmx=False, email=ANN).status_code == 303


def test_retry_of_a_lost_response_sends_no_second_confirmation(client: FlaskClient) -> None:
    post = a_post()
    form = token(client, post) | {"body": "Once", "email": ANN, "follow": "answers"}
    first, second = (client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX) for _ in range(2))
    assert FOLLOW_SENTENCE in first.headers["HX-Trigger"]
    assert FOLLOW_SENTENCE in second.headers["HX-Trigger"]
    write_confirmations()
    assert (len(all_follows()), len(mails())) == (1, 1)


def test_browser_that_confirmed_needs_no_second_confirmation(app: Flask, client: FlaskClient) -> None:
    post, other = a_post(), a_post("Storks return")
    post_as(client, post, email=ANN, follow="thread")
    confirm_as(client)
    post_as(client, other, email="ANN@example.org", follow="answers")
    assert [bool(follow.confirmed_at) for follow in all_follows()] == [True, True]
    assert len(mails()) == 1
    mallory = app.test_client()
    post_as(mallory, other, email=ANN, follow="thread")
    assert not all_follows()[-1].confirmed_at
    assert len(mails()) == 2


def test_confirmation_by_the_owner_does_not_confirm_for_a_stranger(app: Flask, client: FlaskClient) -> None:
    post, other, mallory = a_post(), a_post("Storks return"), app.test_client()
    for kind in ("answers", "thread"):
        post_as(mallory, post, email=ANN, follow=kind)
    post_as(client, post, email=ANN, follow="thread")
    assert len(mails()) == 1  # one a day for each address and post
    confirm_as(client)
    assert [(follow.comment_id, follow.same_browser) for follow in all_follows()] == [(1, False), (None, True)]
    post_as(mallory, other, email=ANN, follow="thread")
    assert not all_follows()[-1].confirmed_at


def test_response_is_the_same_for_known_and_unknown_addresses(app: Flask, client: FlaskClient) -> None:
    post, bob = a_post(), app.test_client()
    post_as(client, post, email=ANN, follow="thread")
    confirm_as(client)
    post_as(bob, post, email=BOB, follow="thread")
    with writing():
        db.session.add(Suppression(email_key=email_key("cat@example.org")))
    texts = set()
    for number, address in enumerate([ANN, BOB, "cat@example.org", "new@example.org"]):
        response = answer(app.test_client(), post, f"Words {number}", email=address, follow="thread")
        texts.add(json.loads(response.headers["HX-Trigger"])["talkback:posted"]["mail"])
        assert response.status_code == 200
    assert len(texts) == 1
    write_confirmations()
    assert [mail.recipient for mail in mails()] == [ANN, BOB, "new@example.org"]
    assert "cat@example.org" not in [follow.email for follow in all_follows()]


def test_confirmations_to_one_address_are_limited_per_post_and_day(app: Flask) -> None:
    posts = [a_post(f"Post {number}") for number in range(7)]
    for post in posts:
        for _ in range(2):
            post_as(app.test_client(), post, email=ANN, follow="thread")
    assert len(mails()) == 5
    with writing():
        db.session.execute(update(Follow).values(asked_at=now() - DAY))
        db.session.execute(update(Mail).values(created_at=now() - DAY))
    post_as(app.test_client(), posts[0], email=ANN, follow="answers")
    assert len(mails()) == 8  # with the two that the limit delayed


def test_confirmations_for_one_network_address_are_limited(app: Flask) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], ratelimit_enabled=True)
    from blog.comments.followers.subscriptions import FollowRequest, follow

    post = a_post()
    for number in range(8):
        form = {"name": "M", "email": f"reader{number}@example.org", "website": "", "body": f"Words {number}"}
        draft = Submission(post.id, None, **form, key=f"key-{number}", reader_key="m", address_key="here")
        comment = post_comment(draft, throttled=False)
        follow(FollowRequest(comment, True, "here"))
    write_confirmations()
    assert len(mails()) == 5
    with writing():
        db.session.execute(update(Follow).values(asked_at=now() - timedelta(hours=2)))
    follow(FollowRequest(comment, True, "here"))
    write_confirmations()
    assert len(mails()) == 6


def test_clock_that_was_set_back_delays_no_mail(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    post_as(client, post, email=ANN, follow="thread")
    with writing():
        db.session.execute(update(Follow).values(asked_at=now() + DAY))
    post_as(app.test_client(), post, email=ANN, follow="thread")
    assert [mail.kind for mail in mails()] == ["confirm", "confirm"]
    with writing():
        db.session.execute(update(Follow).values(confirmed_at=now(), link_sent_at=now() + DAY))
    send_manage_link(ANN)
    assert [mail.kind for mail in mails()] == ["confirm", "confirm", "link"]


def test_honeypot_submission_sends_no_mail(client: FlaskClient) -> None:
    response = answer(client, a_post(), "Buy", email=ANN, follow="thread", subject="a trap")
    assert FOLLOW_SENTENCE in response.headers["HX-Trigger"]
    assert mails() == []


def test_one_click_unsubscribe_needs_no_cookie_or_csrf_token(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    post_as(client, post, email=ANN, follow="thread")
    confirm_as(client)
    post_as(app.test_client(), post, "An answer")
    (mail,) = write_digests()
    headers = mail.headers
    assert '"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"' in headers
    address = re.search(r"<https://blog\.example\.org(/mail/follows/[^>]+/end)>", headers)[1]  # type: ignore[index]
    assert address == link_in(mail, "end")
    program = app.test_client(use_cookies=False)
    for _ in range(2):
        response = program.post(address, data={"List-Unsubscribe": "One-Click"})
        assert response.status_code == 200
        assert "Unsubscribed" in response.text
    assert all_follows() == []
    assert mails_of_kind("notice") == []  # the unsent digest is deleted
    post_as(app.test_client(), post, "Another answer")
    assert write_digests() == []


@pytest.mark.parametrize("part", ["confirmation", "end"])
def test_forged_link_is_a_404_and_changes_nothing(client: FlaskClient, part: str) -> None:
    post_as(client, a_post(), email=ANN, follow="thread")
    valid_link, before = link_in(only_mail(), part), all_rows()
    forged = [valid_link.replace("/mail/follows/", "/mail/follows/x"), valid_link.replace(f"/{part}", f"x/{part}")]
    forged.append(f"/mail/follows/{sign_token(MANAGE, f'1 {email_key(ANN)}')}/{part}")
    for address in forged:
        for response in (client.get(address), client.post(address)):
            assert response.status_code == 404
            assert "This link has expired" in response.text
    assert all_rows() == before


def test_token_is_valid_for_its_purpose_only(client: FlaskClient) -> None:
    post_as(client, a_post(), email=ANN, follow="thread")
    mail, before = only_mail(), all_rows()
    end_token = link_in(mail, "end").split("/")[3]
    assert client.post(f"/mail/follows/{end_token}/confirmation").status_code == 404
    assert client.get(f"/mail/{end_token}").status_code == 404
    assert client.post(f"/mail/{end_token}/silence").status_code == 404
    assert all_rows() == before


def test_manage_page_unsubscribes_from_one_or_all(app: Flask, client: FlaskClient) -> None:
    posts = [a_post(f"Post {number}") for number in range(3)]
    for post in posts:
        post_as(client, post, email=ANN, follow="thread")
        if post is posts[0]:
            confirm_as(client)
    post_as(app.test_client(), posts[0], email=BOB, follow="thread")
    manage_link, page = link_in(mails()[0], "page"), client.get(link_in(mails()[0], "page")).text
    assert all(f"Post {number}" in page for number in range(3))
    first, *_, bobs_follow = all_follows()
    client.post(f"{manage_link}/follows/{bobs_follow.id}?_method=DELETE")
    assert len(all_follows()) == 4  # it belongs to another address
    assert client.get(f"{manage_link}/follows/{first.id}").status_code == 404
    client.post(f"{manage_link}/follows/{first.id}?_method=DELETE")
    assert len(all_follows()) == 3
    assert "You have no subscriptions." in client.post(f"{manage_link}/follows?_method=DELETE").text
    assert [follow.email for follow in all_follows()] == [BOB]


def test_suppression_is_permanent_and_deletes_unsent_mail(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    post_as(client, post, email=ANN, follow="thread")
    manage_link = link_in(only_mail(), "page")
    response = client.post(f"{manage_link}/silence")
    assert "This site will never send mail to your address again." in response.text
    assert (all_follows(), mails()) == ([], [])
    client.post(f"{manage_link}/silence")
    post_as(client, a_post("Storks return"), email=ANN, follow="thread")
    assert (all_follows(), mails()) == ([], [])
    assert ANN not in str(db.session.execute(select(Suppression.email_key)).all())


def test_manage_link_is_mailed_to_followers_only_with_one_response_for_all(app: Flask, client: FlaskClient) -> None:
    post_as(client, a_post(), email=ANN, follow="thread")
    confirm_as(client)
    post_as(app.test_client(), a_post("Storks return"), email=BOB, follow="thread")
    texts, visitor = set(), app.test_client()
    for address in (ANN, ANN, BOB, "new@example.org"):
        response = visitor.post("/mail", data={"csrf_token": csrf(visitor, "/mail"), "email": address})
        assert response.status_code == 200
        assert address not in response.text
        texts.add(response.text)
    assert len(texts) == 1
    (sent,) = mails_of_kind("link")
    assert sent.recipient == ANN
    assert "Herons return" in client.get(link_in(sent, "page")).text
    wrong = visitor.post("/mail", data={"csrf_token": csrf(visitor, "/mail"), "email": "ann@"})
    assert wrong.status_code == 422
    assert 'value="ann@"' in wrong.text
    unproven = visitor.post("/mail", data={"email": ANN})
    assert unproven.status_code == 403
    assert f'value="{ANN}"' in unproven.text


def test_subscriptions_are_hidden_where_mail_is_not_set_up(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    assert 'name="follow"' in client.get(post.path or "").text
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], smtp_host="")
    page = client.get(post.path or "").text
    assert "follow" not in re.sub(r"nofollow", "", page)
    assert "by mail" not in page
    response = answer(client, post, "Mine", email=ANN, follow="thread")
    assert response.status_code == 200
    assert "by mail" not in response.text
    assert client.get("/mail").status_code == 404
    assert client.post("/mail").status_code == 404
    assert (all_follows(), mails()) == ([], [])


def test_unconfirmed_subscriptions_and_old_notices_expire(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    post_as(client, post, email=ANN, follow="thread")
    confirm_as(client)
    post_as(app.test_client(), post, "An answer", email=BOB, follow="thread")
    write_digests()
    assert delete_all_expired(now() + 2.9 * DAY) == 0
    assert delete_all_expired(now() + 3.1 * DAY) == 1
    assert [follow.email for follow in all_follows()] == [ANN]
    counted = select(func.count(Notice.id))
    assert db.session.scalar(counted) == 1
    with writing():
        db.session.execute(update(Notice).values(created_at=now() - 31 * DAY))
    assert delete_all_expired() == 1
    assert db.session.scalar(counted) == 0


def test_pages_and_logs_show_no_address_or_link(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    post = a_post()
    post_as(client, post, email=ANN, follow="thread")
    confirm_as(client)
    for path in ("/", post.path or "", f"/posts/{post.id}/comments/mine"):
        assert ANN not in client.get(path).text
    assert ANN not in caplog.text
    assert manage_path(email_key(ANN)).rpartition(".")[0] not in caplog.text


def test_canonical_email_compares_as_mail_servers_do() -> None:
    assert canonical_email("Ann@EXAMPLE.org ") == ANN
    assert canonical_email("ann@bücher.example") == "ann@xn--bcher-kva.example"
    assert canonical_email("ann") == ""
    assert mask_email(ANN) == "a…@example.org"


def test_mail_in_delivery_is_not_deleted(app: Flask, client: FlaskClient) -> None:
    post_as(client, a_post(), email=ANN, follow="thread")
    manage_link = link_in(only_mail(), "page")
    with writing():
        db.session.execute(update(Mail).values(leased_until=now() + DAY))
    client.post(f"{manage_link}/silence")
    assert len(mails()) == 1

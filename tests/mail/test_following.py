"""Following by mail: asked for, proven, ended; nothing is told of an address, and nobody is flooded."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from blog.comments.followers.unsubscribe_links import MANAGE, email_key, folded, manage_path, masked
from blog.comments.models import Follow, Notice, Suppression
from blog.comments.posting.submit import Draft, post_comment
from blog.comments.privacy.retention import forget_addresses
from blog.db import db, now, writing
from blog.mail.models import Mail
from blog.web.signed_tokens import signed
from tests.factories import HTMX, a_post, answer, csrf, token
from tests.mail.followers import ANN, BOB, ask, confirms, follows, link, of_kind, paths, tell, writes
from tests.mail.letters import mails, the_mail
from tests.test_routes import everything_kept

DAY = timedelta(days=1)
TOLD = "We will e-mail you new replies."


def test_a_look_at_the_link_changes_nothing_and_the_button_confirms_once(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    given = answer(client, post, "Mine", email="Ann@Example.org", follow="thread")
    assert TOLD in given.text
    ask()
    mail = the_mail()
    assert (mail.recipient, mail.kind) == (ANN, "confirm")
    assert "Herons return" in mail.subject
    assert "Mine" not in mail.text  # a stranger's words go to nobody who did not ask
    confirmation = link(mail, "confirmation")
    other, before = app.test_client(), everything_kept()
    page = other.get(confirmation)
    assert "a…@example.org" in page.text
    assert ANN not in page.text
    assert everything_kept() == before
    for _ in range(2):
        assert "Confirmed" in other.post(confirmation).text
    (follow,) = follows()
    assert follow.confirmed_at
    assert (follow.email, follow.comment_id, follow.same_browser) == (ANN, None, False)
    assert len(mails()) == 1


def test_the_pages_of_links_are_nobody_elses_business(client: FlaskClient) -> None:
    post = a_post()
    writes(client, post, email=ANN, follow="answers")
    mail = the_mail()
    for part in ("confirmation", "end", "page"):
        page = client.get(link(mail, part))
        assert page.status_code == 200
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["X-Robots-Tag"] == "noindex"
        assert page.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in page.headers
        assert ANN not in page.text
        assert ANN not in link(mail, part)


def test_a_crawl_of_every_link_in_every_mail_changes_nothing(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    writes(client, post, email=ANN, follow="thread")
    confirms(client)
    writes(app.test_client(), post, "An answer")
    tell()
    crawler = app.test_client()
    client_page = csrf(crawler, "/mail")
    crawler.post("/mail", data={"csrf_token": client_page, "email": ANN})
    assert {mail.kind for mail in mails()} == {"confirm", "notice", "link"}
    before, seen, robot = everything_kept(), set[str](), app.test_client()
    found = {path for mail in mails() for path in paths(mail.text + mail.html + mail.headers)}
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
    assert everything_kept() == before


def test_it_needs_an_address_and_what_was_typed_and_chosen_stays(client: FlaskClient) -> None:
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
    assert follows() == []


def test_without_javascript_a_page_says_the_same(client: FlaskClient) -> None:
    post = a_post()
    given = answer(client, post, "Mine", htmx=False, email=ANN, follow="thread")
    assert given.status_code == 200
    assert TOLD in given.text
    assert f"{post.path}#comment-1" in given.text
    assert answer(client, post, "Mine again", htmx=False, email=ANN).status_code == 303


def test_a_lost_answer_that_is_asked_for_again_asks_nobody_twice(client: FlaskClient) -> None:
    post = a_post()
    form = token(client, post) | {"body": "Once", "email": ANN, "follow": "answers"}
    first, second = (client.post(f"/posts/{post.id}/comments", data=form, headers=HTMX) for _ in range(2))
    assert TOLD in first.text
    assert TOLD in second.text
    ask()
    assert (len(follows()), len(mails())) == (1, 1)


def test_where_it_was_confirmed_in_this_browser_it_is_not_asked_for_again(app: Flask, client: FlaskClient) -> None:
    post, other = a_post(), a_post("Storks return")
    writes(client, post, email=ANN, follow="thread")
    confirms(client)
    writes(client, other, email="ANN@example.org", follow="answers")
    assert [bool(follow.confirmed_at) for follow in follows()] == [True, True]
    assert len(mails()) == 1
    mallory = app.test_client()
    writes(mallory, other, email=ANN, follow="thread")
    assert not follows()[-1].confirmed_at
    assert len(mails()) == 2


def test_a_stranger_is_not_known_by_what_the_owner_confirmed(app: Flask, client: FlaskClient) -> None:
    post, other, mallory = a_post(), a_post("Storks return"), app.test_client()
    for wish in ("answers", "thread"):
        writes(mallory, post, email=ANN, follow=wish)
    writes(client, post, email=ANN, follow="thread")
    assert len(mails()) == 1  # one a day for an address and a post
    confirms(client)
    assert [(follow.comment_id, follow.same_browser) for follow in follows()] == [(1, False), (None, True)]
    writes(mallory, other, email=ANN, follow="thread")
    assert not follows()[-1].confirmed_at


def test_the_answer_is_the_same_whatever_is_known_of_the_address(app: Flask, client: FlaskClient) -> None:
    post, bob = a_post(), app.test_client()
    writes(client, post, email=ANN, follow="thread")
    confirms(client)
    writes(bob, post, email=BOB, follow="thread")
    with writing():
        db.session.add(Suppression(email_key=email_key("cat@example.org")))
    said = set()
    for number, address in enumerate([ANN, BOB, "cat@example.org", "new@example.org"]):
        given = answer(app.test_client(), post, f"Words {number}", email=address, follow="thread")
        said.add(re.search(r'<p class="told">.*?</p>', given.text)[0])  # type: ignore[index]
        assert given.status_code == 200
    assert len(said) == 1
    ask()
    assert [mail.recipient for mail in mails()] == [ANN, BOB, "new@example.org"]
    assert "cat@example.org" not in [follow.email for follow in follows()]


def test_one_address_is_asked_once_a_day_for_a_post_and_five_times_in_all(app: Flask) -> None:
    posts = [a_post(f"Post {number}") for number in range(7)]
    for post in posts:
        for _ in range(2):
            writes(app.test_client(), post, email=ANN, follow="thread")
    assert len(mails()) == 5
    with writing():
        db.session.execute(update(Follow).values(asked_at=now() - DAY))
        db.session.execute(update(Mail).values(created_at=now() - DAY))
    writes(app.test_client(), posts[0], email=ANN, follow="answers")
    assert len(mails()) == 8  # with the two that had to wait


def test_one_network_address_has_few_others_asked(app: Flask) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], ratelimit_enabled=True)
    from blog.comments.followers.subscriptions import FollowRequest, follow

    post = a_post()
    for number in range(8):
        form = {"name": "M", "email": f"reader{number}@example.org", "website": "", "body": f"Words {number}"}
        draft = Draft(post.id, None, **form, key=f"key-{number}", reader_key="m", address_key="here")
        comment = post_comment(draft, paced=False)
        follow(FollowRequest(comment, True, "here"))
    ask()
    assert len(mails()) == 5
    with writing():
        db.session.execute(update(Follow).values(asked_at=now() - timedelta(hours=2)))
    follow(FollowRequest(comment, True, "here"))
    ask()
    assert len(mails()) == 6


def test_what_a_program_filled_in_writes_to_nobody(client: FlaskClient) -> None:
    given = answer(client, a_post(), "Buy", email=ANN, follow="thread", subject="a trap")
    assert TOLD in given.text
    assert mails() == []


def test_one_click_ends_it_without_cookie_or_token_of_a_form(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    writes(client, post, email=ANN, follow="thread")
    confirms(client)
    writes(app.test_client(), post, "An answer")
    (mail,) = tell()
    headers = mail.headers
    assert '"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"' in headers
    address = re.search(r"<https://blog\.example\.org(/mail/follows/[^>]+/end)>", headers)[1]  # type: ignore[index]
    assert address == link(mail, "end")
    program = app.test_client(use_cookies=False)
    for _ in range(2):
        given = program.post(address, data={"List-Unsubscribe": "One-Click"})
        assert given.status_code == 200
        assert "Unsubscribed" in given.text
    assert follows() == []
    assert of_kind("notice") == []  # which still waited to be sent
    writes(app.test_client(), post, "Another answer")
    assert tell() == []


@pytest.mark.parametrize("part", ["confirmation", "end"])
def test_a_forged_link_does_nothing_and_says_so(client: FlaskClient, part: str) -> None:
    writes(client, a_post(), email=ANN, follow="thread")
    good, before = link(the_mail(), part), everything_kept()
    forged = [good.replace("/mail/follows/", "/mail/follows/x"), good.replace(f"/{part}", f"x/{part}")]
    forged.append(f"/mail/follows/{signed(MANAGE, f'1 {email_key(ANN)}')}/{part}")
    for address in forged:
        for given in (client.get(address), client.post(address)):
            assert given.status_code == 404
            assert "This link has expired" in given.text
    assert everything_kept() == before


def test_a_link_for_one_thing_is_good_for_no_other(client: FlaskClient) -> None:
    writes(client, a_post(), email=ANN, follow="thread")
    mail, before = the_mail(), everything_kept()
    ending = link(mail, "end").split("/")[3]
    assert client.post(f"/mail/follows/{ending}/confirmation").status_code == 404
    assert client.get(f"/mail/{ending}").status_code == 404
    assert client.post(f"/mail/{ending}/silence").status_code == 404
    assert everything_kept() == before


def test_the_page_of_all_ends_one_or_all(app: Flask, client: FlaskClient) -> None:
    posts = [a_post(f"Post {number}") for number in range(3)]
    for post in posts:
        writes(client, post, email=ANN, follow="thread")
        if post is posts[0]:
            confirms(client)
    writes(app.test_client(), posts[0], email=BOB, follow="thread")
    mine, page = link(mails()[0], "page"), client.get(link(mails()[0], "page")).text
    assert all(f"Post {number}" in page for number in range(3))
    first, *_, theirs = follows()
    client.post(f"{mine}/follows/{theirs.id}?_method=DELETE")
    assert len(follows()) == 4  # not one's own
    assert client.get(f"{mine}/follows/{first.id}").status_code == 404
    client.post(f"{mine}/follows/{first.id}?_method=DELETE")
    assert len(follows()) == 3
    assert "You have no subscriptions." in client.post(f"{mine}/follows?_method=DELETE").text
    assert [follow.email for follow in follows()] == [BOB]


def test_never_again_holds_for_good_and_takes_back_what_waits(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    writes(client, post, email=ANN, follow="thread")
    mine = link(the_mail(), "page")
    given = client.post(f"{mine}/silence")
    assert "This site will never send mail to your address again." in given.text
    assert (follows(), mails()) == ([], [])
    client.post(f"{mine}/silence")
    writes(client, a_post("Storks return"), email=ANN, follow="thread")
    assert (follows(), mails()) == ([], [])
    assert ANN not in str(db.session.execute(select(Suppression.email_key)).all())


def test_the_link_is_sent_again_to_those_who_follow_and_all_hear_the_same(app: Flask, client: FlaskClient) -> None:
    writes(client, a_post(), email=ANN, follow="thread")
    confirms(client)
    writes(app.test_client(), a_post("Storks return"), email=BOB, follow="thread")
    said, visitor = set(), app.test_client()
    for address in (ANN, ANN, BOB, "new@example.org"):
        given = visitor.post("/mail", data={"csrf_token": csrf(visitor, "/mail"), "email": address})
        assert given.status_code == 200
        assert address not in given.text
        said.add(given.text)
    assert len(said) == 1
    (sent,) = of_kind("link")
    assert sent.recipient == ANN
    assert "Herons return" in client.get(link(sent, "page")).text
    wrong = visitor.post("/mail", data={"csrf_token": csrf(visitor, "/mail"), "email": "ann@"})
    assert wrong.status_code == 422
    assert 'value="ann@"' in wrong.text
    unproven = visitor.post("/mail", data={"email": ANN})
    assert unproven.status_code == 403
    assert f'value="{ANN}"' in unproven.text


def test_where_no_mail_is_set_up_no_page_speaks_of_it(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    assert 'name="follow"' in client.get(post.path or "").text
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], smtp_host="")
    page = client.get(post.path or "").text
    assert "follow" not in re.sub(r"nofollow", "", page)
    assert "by mail" not in page
    given = answer(client, post, "Mine", email=ANN, follow="thread")
    assert given.status_code == 200
    assert "by mail" not in given.text
    assert client.get("/mail").status_code == 404
    assert client.post("/mail").status_code == 404
    assert (follows(), mails()) == ([], [])


def test_what_nobody_confirmed_and_what_was_told_is_forgotten(app: Flask, client: FlaskClient) -> None:
    post = a_post()
    writes(client, post, email=ANN, follow="thread")
    confirms(client)
    writes(app.test_client(), post, "An answer", email=BOB, follow="thread")
    tell()
    assert forget_addresses(now() + 2.9 * DAY) == 0
    assert forget_addresses(now() + 3.1 * DAY) == 1
    assert [follow.email for follow in follows()] == [ANN]
    counted = select(func.count(Notice.id))
    assert db.session.scalar(counted) == 1
    with writing():
        db.session.execute(update(Notice).values(created_at=now() - 31 * DAY))
    assert forget_addresses() == 1
    assert db.session.scalar(counted) == 0


def test_no_page_and_no_log_shows_an_address_or_a_link(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    post = a_post()
    writes(client, post, email=ANN, follow="thread")
    confirms(client)
    for path in ("/", post.path or "", f"/posts/{post.id}/comments/mine"):
        assert ANN not in client.get(path).text
    assert ANN not in caplog.text
    assert manage_path(email_key(ANN)).rpartition(".")[0] not in caplog.text


def test_addresses_are_told_apart_as_mail_servers_do() -> None:
    assert folded("Ann@EXAMPLE.org ") == ANN
    assert folded("ann@bücher.example") == "ann@xn--bcher-kva.example"
    assert folded("ann") == ""
    assert masked(ANN) == "a…@example.org"


def test_a_mail_that_is_being_sent_is_not_taken_back(app: Flask, client: FlaskClient) -> None:
    writes(client, a_post(), email=ANN, follow="thread")
    mine = link(the_mail(), "page")
    with writing():
        db.session.execute(update(Mail).values(leased_until=now() + DAY))
    client.post(f"{mine}/silence")
    assert len(mails()) == 1

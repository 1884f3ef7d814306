from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from blog.db import db
from blog.site.models import Site, current_site, parse_menu
from tests.factories import a_post, csrf, signed_in

SETTINGS = {
    "title": " The Heron Post ",
    "tagline": "Twice a week",
    "menu": "About | /p/about.html\nArchive|https://example.org/old",
    "accent": "blue",
    "note_label": "The editor:",
    "language": "de",
    "timezone": "Europe/Berlin",
    "rule": "open",
    "approvals": "1",
    "hold_after_days": "",
    "close_after_days": "",
    "most_links": "3",
    "filter_strictness": "usual",
    "muted": "",
    "agreeing": "1",
    "reports_to_hold": "3",
    "reader_per_10_seconds": "1",
    "reader_per_10_minutes": "10",
    "address_per_minute": "10",
    "address_per_10_minutes": "60",
    "max_indent": "4",
    "edit_minutes": "15",
    "websub_hub": "",
    "security_contact": "",
    "address_days": "30",
    "audit_days": "365",
    "hidden_days": "",
    "fediverse_creator": "",
    "profile_links": "",
    "ai_choice": "",
}


@pytest.fixture
def desk(app: Flask) -> FlaskClient:
    return signed_in(app)


def save(desk: FlaskClient, **changes: str):
    form = SETTINGS | changes | {"csrf_token": csrf(desk, "/desk/settings")}
    return desk.post("/desk/settings", data={name: value for name, value in form.items() if value is not None})


def site() -> Site:
    db.session.rollback()
    db.session.expire_all()
    return current_site()


def test_settings_apply_to_every_page(app: Flask, desk: FlaskClient) -> None:
    post = a_post(note="Seen.")
    assert save(desk).status_code == 303
    page = app.test_client().get(post.path or "").text
    for text in ("The Heron Post", "Twice a week", "The editor:", 'lang="de"', 'href="/p/about.html"'):
        assert text in page
    assert site().timezone == "Europe/Berlin"
    assert 'value="The Heron Post"' in desk.get("/desk/settings").text


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("title", "  ", "needs a title"),
        ("language", "english please", "not a language code"),
        ("timezone", "Mars/Olympus", "not one of the time zones"),
        ("accent", "beige", "not one of the accents"),
        ("fediverse_creator", "ann", "looks like @ann@example.social"),
        ("fediverse_creator", '@ann@x.example"><script>', "looks like @ann@example.social"),
        ("profile_links", "https://a.example/\njavascript:alert(1)", "one a line"),
        ("profile_links", "https://a.example/\n" * 21, "At most 20 addresses"),
        ("ai_choice", "everything", "not one of the choices"),
        ("menu", "About | javascript:alert(1)", "Each line is"),
        ("menu", "About", "Each line is"),
        ("close_after_days", "soon", "from 1 to 36,500"),
        ("close_after_days", "-1", "from 1 to 36,500"),
        ("hold_after_days", "0", "from 1 to 36,500"),
        ("rule", "sometimes", "choose one of the rules"),
        ("approvals", "0", "from 1 to 100"),
        ("approvals", "", "from 1 to 100"),
        ("most_links", "-1", "from 0 to 1,000"),
        ("max_indent", "5", "from 1 to 4"),
        ("reports_to_hold", "101", "from 0 to 100"),
        ("reader_per_10_seconds", "0", "from 1 to 1000"),
        ("address_per_10_minutes", "", "from 1 to 1000"),
        ("edit_minutes", "1441", "from 0 to 1440"),
        ("address_days", "", "from 0 to 3650"),
        ("muted", "x" * 50_001, "at most 50,000"),
        ("muted", "casino\n/(a/", "Line 2, /(a/, cannot be used as a pattern"),
    ],
)
def test_invalid_setting_is_refused_and_changes_nothing(
    desk: FlaskClient, name: str, value: str, sentence: str
) -> None:
    answer = save(desk, **{name: value})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "The Heron Post" in answer.text or name == "title"
    assert site().title == "Talkback"


def test_read_only_closes_threads_and_keeps_previous_rule(app: Flask, desk: FlaskClient) -> None:
    post = a_post(comment_rule="open")
    save(desk, rule="all")
    save(desk, rule="reading")
    page = app.test_client().get(post.path or "").text
    assert "closed on this blog" in page
    assert "<form" not in page
    assert 'value="reading" checked' in desk.get("/desk/settings").text
    assert (site().rule, site().comment_rule, site().comments_open) == ("reading", "all", False)
    save(desk, rule="open")
    assert "<form" in app.test_client().get(post.path or "").text


def test_missing_fields_stay_and_empty_fields_mean_never(desk: FlaskClient) -> None:
    save(desk, rule="first", approvals="3", hold_after_days="30", most_links="0", muted="casino\n/cas[i1]no/")
    assert (site().rule, site().approvals, site().hold_after_days, site().most_links) == ("first", 3, 30, 0)
    page = desk.get("/desk/settings").text
    for value in ('name="most_links" type="text" inputmode="numeric" value="0"', "casino\n/cas[i1]no/</textarea>"):
        assert value in page
    desk.post("/desk/settings", data={"csrf_token": csrf(desk, "/desk/settings"), "title": "T", "language": "en"})
    assert (site().title, site().rule, site().approvals, site().muted) == ("T", "first", 3, "casino\n/cas[i1]no/")
    save(desk, hold_after_days="", most_links="")
    assert (site().hold_after_days, site().most_links) == (None, None)


def test_refused_list_is_returned_with_line_numbers(desk: FlaskClient) -> None:
    lines = "good\n/(?=look)/\n/(\\w+)\\1/\n/a*/\n/((x{99}){99}){99}/"
    answer = save(desk, muted=lines, approvals="many")
    assert answer.status_code == 422
    for number, reason in ((2, "invalid perl operator"), (3, "invalid escape"), (4, "found in every text"), (5, "")):
        assert f"Line {number}, " in answer.text
        assert reason in answer.text
    assert f">\n{lines}</textarea>" in answer.text
    assert 'value="many"' in answer.text
    assert answer.text.count("A whole number from 1 to 100.") == 1


def open_sections(page: str) -> list[str]:
    return re.findall(r'<details class="form-section" open>\s*<summary><h2>([^<]*)<', page)


def test_an_error_opens_its_section(desk: FlaskClient) -> None:
    assert open_sections(desk.get("/desk/settings").text) == ["Blog"]
    refused = save(desk, muted="/(a/", audit_days="-1", title="A title that stays")
    assert open_sections(refused.text) == ["Spam and reports", "Privacy"]
    assert 'value="A title that stays"' in refused.text
    assert re.search(r'<textarea id="muted"[^>]* autofocus', refused.text)


def test_every_setting_is_in_a_section(desk: FlaskClient) -> None:
    page = html.document_fromstring(desk.get("/desk/settings").text)
    names = {field.get("name") for field in page.xpath("//details[@class='form-section']//*[@name]")}
    assert names == set(SETTINGS)


def test_menu_needs_label_and_safe_url() -> None:
    assert parse_menu("A | /a\n\nB|//evil\nC | data:x\n | /d\nE | f | https://e.example/") == [
        ("A", "/a"),
        ("E | f", "https://e.example/"),
    ]


def test_sections_that_were_changed_stay_open(desk: FlaskClient) -> None:
    save(desk)
    saved = save(desk, muted="casino", audit_days="30")
    page = desk.get(saved.location).text
    assert "Saved." in page
    assert open_sections(page) == ["Spam and reports", "Privacy"]
    page = desk.get(save(desk, muted="casino", audit_days="30").location).text
    assert "Saved." in page
    assert open_sections(page) == ["Blog"]

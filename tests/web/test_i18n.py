from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from flask import Flask, render_template, render_template_string
from flask.testing import FlaskClient
from flask_babel import force_locale, refresh
from jinja2 import DictLoader
from markupsafe import Markup

from blog.db import writing
from blog.settings import ROOT
from blog.site.models import current_site
from blog.web import i18n
from tests.factories import a_comment, a_post


def render(template: str, **values: object) -> str:
    return render_template_string(template, **values)


def test_translation_escapes_values_unless_markup(app: Flask) -> None:
    template = "{{ _('by <b>%(name)s</b>', name=name) }}"
    assert render(template, name=Markup("<i>Ed</i>")) == "by <b><i>Ed</i></b>"
    assert render(template, name="<i>Ed</i>") == "by <b>&lt;i&gt;Ed&lt;/i&gt;</b>"


def test_plural_translation_takes_count_and_values(app: Flask) -> None:
    template = "{{ ngettext('%(num)d bird of %(name)s', '%(num)d birds of %(name)s', count, name='<A>') }}"
    assert [render(template, count=count) for count in (1, 2)] == ["1 bird of &lt;A&gt;", "2 birds of &lt;A&gt;"]
    assert render("{{ _('100%% sure') }}") == "100% sure"


def test_text_template_escapes_nothing(app: Flask) -> None:
    app.jinja_env.loader = DictLoader({"letter.txt": "{{ _('Mail of %(name)s', name=name) }}"})
    assert render_template("letter.txt", name="Tom & <Jerry>") == "Mail of Tom & <Jerry>"


def test_time_has_a_blank_of_full_width(app: Flask) -> None:
    at = datetime(2026, 11, 24, 14, 5, tzinfo=UTC)
    assert render("{{ at|time_of_day }}", at=at) == "2:05\xa0PM"
    assert render("{{ at|moment }}", at=at) == "November 24, 2026, 2:05\xa0PM"


@pytest.mark.parametrize(
    ("language", "content"), [("en", ""), ("de_AT", ' lang="de-AT" dir="ltr"'), ("ar", ' lang="ar" dir="rtl"')]
)
def test_page_is_in_english_without_a_catalogue(app: Flask, language: str, content: str) -> None:
    with force_locale(language):
        assert render("{{ language_tag(wording_locale()) }}") == "en"
        assert render("{{ content_language() }}") == content
        assert render("{{ content_language(direction=false) }}") == content.partition(" dir")[0]


def test_page_has_the_language_of_its_catalogue(app: Flask, tmp_path: Path) -> None:
    folder = tmp_path / "ar" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalogue = Catalog(locale="ar")
    catalogue.add("Reply", "رد")
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalogue)
    app.extensions["babel"].translation_directories.append(str(tmp_path))
    with force_locale("ar"):
        assert render("{{ language_tag(wording_locale()) }}") == "ar"
        assert render("{{ text_direction(wording_locale()) }}") == "rtl"
        assert render("{{ content_language() }}") == ""


def test_only_what_people_wrote_has_the_language_of_the_site(client: FlaskClient) -> None:
    set_site(language="de")
    post = a_post("Reiher", body="<p>Seit Montag.</p>")
    a_comment(post, "Gesehen.")
    page = client.get(post.path or "").text
    assert '<html lang="en"' in page
    elements = (
        'article class="post" id="post-1"',
        'h2 id="response-count" dir="auto"',
        'div class="body prose" dir="auto"',
    )
    for written in elements:
        assert f'{written} lang="de"' in page
    assert '<textarea id="body" name="body" rows="6" dir="auto" lang="de"' in page
    assert re.findall(r"<(?:ol|li|form)[^>]* lang=", page) == []


def set_site(**values: str) -> None:
    with writing():
        for name, value in values.items():
            setattr(current_site(), name, value)
    refresh()


@pytest.mark.parametrize(
    ("today", "text"),
    [
        (date(2026, 11, 27), "6:58\xa0AM"),
        (date(2026, 11, 28), "Nov 27"),
        (date(2027, 1, 1), "Nov 27, 2026"),
        (date(2026, 11, 26), "Nov 27"),
        (date(2025, 12, 31), "Nov 27, 2026"),
    ],
)
def test_brief_time(app: Flask, monkeypatch: pytest.MonkeyPatch, today: date, text: str) -> None:
    monkeypatch.setattr(i18n, "local_today", lambda: today)
    assert i18n.brief(datetime(2026, 11, 27, 6, 58, tzinfo=UTC)) == text


def test_brief_time_is_in_the_zone_and_language_of_the_site(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    set_site(language="de", timezone="Pacific/Auckland")
    at = datetime(2026, 11, 27, 23, 5, tzinfo=UTC)
    monkeypatch.setattr(i18n, "local_today", lambda: date(2026, 11, 28))
    assert i18n.brief(at) == "12:05"
    monkeypatch.setattr(i18n, "local_today", lambda: date(2026, 11, 29))
    assert i18n.brief(at) == "28. Nov."


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Auckland", "Africa/Cairo"])
@pytest.mark.parametrize("days", [-400, -40, -1, 0, 1, 40, 400])
def test_brief_time_stays_until_it_is_due(app: Flask, monkeypatch: pytest.MonkeyPatch, zone: str, days: int) -> None:
    """Compare with the texts of each hour of the following two years."""
    set_site(timezone=zone)
    start = datetime(2026, 11, 27, 12, tzinfo=UTC)
    at, clock = start + timedelta(days=days), [start]
    monkeypatch.setattr(i18n, "local_today", lambda: i18n.to_user_timezone(clock[0]).date())
    text, due = i18n.brief(at), i18n.brief_until(at)
    for hours in range(0, 800 * 24, 7):
        clock[0] = start + timedelta(hours=hours)
        if due is None or clock[0] < due:
            assert i18n.brief(at) == text
        elif hours:
            text, due = i18n.brief(at), i18n.brief_until(at)
    assert due is None or due > clock[0]


def test_comment_shows_its_date_from_the_next_day_on(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the cached comment nor the cached page keeps the time of day."""
    comment = a_comment(post := a_post())
    short, full = i18n.brief(comment.created_at), i18n.moment(comment.created_at)
    page = client.get(post.path or "").text
    assert f'title="{full}">{short}</time>' in page
    tomorrow = i18n.local_today() + timedelta(days=1)
    for module in ("blog.web.i18n", "blog.comments.thread.branches"):
        monkeypatch.setattr(f"{module}.local_today", lambda: tomorrow)
    later = client.get(post.path or "").text
    assert f'title="{full}">{i18n.brief(comment.created_at)}</time>' in later
    assert f">{short}</time>" not in later


def messages() -> Iterator[str]:
    """Yield every text that is translated, in the code and in the templates."""
    functions = {"_": None, "gettext": None, "ngettext": (1, 2)}
    for folder, methods in (
        ("blog", [("**.py", "python")]),
        ("templates", [("**.html", "jinja2"), ("**.txt", "jinja2")]),
    ):
        for _file, _line, found, _comments, _context in extract_from_dir(ROOT / folder, methods, keywords=functions):
            yield from (found,) if isinstance(found, str) else filter(None, found)


def test_wording_has_typographic_signs() -> None:
    """Allow the straight quotes of the heading of the responses, and options of commands."""
    texts = [re.sub("<[^<>]*>|--blog", "", text) for text in messages()]
    assert len(texts) > 800
    assert {text for text in texts if re.search("[\"']|--| - ", text)} == {
        '0 Response to "%(title)s"',
        '%(num)d Response to "%(title)s"',
        '%(num)d Responses to "%(title)s"',
    }

"""Check that stored texts are shown in the site's language of the moment.

The catalogues of these tests translate every text by putting the language before it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import gettext, refresh
from sqlalchemy import select

from blog.comments.identity import Visitor
from blog.comments.models import Ban, Comment
from blog.comments.moderation.bans import ban, unban
from blog.comments.moderation.decisions import Pick, decide
from blog.comments.moderation.email_actions import BY_MAIL
from blog.comments.moderation.undo import undo
from blog.comments.posting.edit import edit_comment, withdraw_comment
from blog.comments.privacy.erasure import erase
from blog.comments.reactions.reports import report
from blog.db import db, writing
from blog.editors.audit_log import BAN, EDIT, REVERSE, SPAM, WITHDRAW, note
from blog.editors.models import AuditEntry
from blog.importing import job
from blog.importing.formats.open_export import open_export
from blog.importing.load.run import load_archive
from blog.importing.models import DONE, WAITING, Import
from blog.settings import ROOT
from blog.site.models import current_site
from tests.comments.moderation.desk import fresh, log, the_editor
from tests.factories import a_comment, a_post, signed_in
from tests.importing.export_files import SAMPLES, an_export, post_entry

LANGUAGES = ("de", "fr")
MARK = re.compile(rf"\b({'|'.join(LANGUAGES)}): ")


@pytest.fixture(scope="session")
def catalogues(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a catalogue of all texts for each language."""
    folder = tmp_path_factory.mktemp("translations")
    found = [text for _file, _line, text, *_ in extract_from_dir(ROOT / "blog", [("**.py", "python")])]
    for language in LANGUAGES:
        catalogue = Catalog(language)
        for text in found:
            texts = text if isinstance(text, tuple) else (text,)
            marked = tuple(f"{language}: {one}" for one in texts)
            catalogue.add(text, marked if len(marked) > 1 else marked[0])
        path = folder / language / "LC_MESSAGES" / "messages.mo"
        path.parent.mkdir(parents=True)
        with path.open("wb") as file:
            write_mo(file, catalogue)
    return folder


@pytest.fixture
def desk(app: Flask, catalogues: Path) -> FlaskClient:
    app.extensions["babel"].translation_directories[:] = [str(catalogues)]
    return signed_in(app)


def set_language(language: str) -> None:
    with writing():
        current_site().language = language
    refresh()


def moderate() -> None:
    """Write an audit entry and a ban of every kind."""
    editor, herons = the_editor(), a_post("Herons return")
    keys = {"reader_key": "m", "address_key": "m"}
    spam = a_comment(herons, "Buy pills.", name="Mallory", email="mallory@example.org", **keys)
    decide(SPAM, [Pick(spam.id)], editor, note("sold twice before"))
    undo(log()[0].id, editor)
    decide(SPAM, [Pick(spam.id)], editor, BY_MAIL)
    ban(Pick(spam.id), ["reader", "address", "email"], "pills again", editor, BY_MAIL)
    undo(next(entry.id for entry in log() if entry.verb == BAN), editor)
    ban(Pick(spam.id), ["reader", "address"], "", editor)
    unban(db.session.scalars(select(Ban.id).where(Ban.kind == "reader")).one(), editor)
    rude = a_comment(herons, "Rude words.")
    for number in range(3):
        report(herons.id, rude.id, Visitor(f"reader {number}", f"address {number}"), "very rude")
    mine = a_comment(herons, "Mine.", reader_key="mine")
    edit_comment(herons.id, mine.id, Visitor("mine", ""), "Still mine.", throttled=False)
    withdraw_comment(herons.id, mine.id, Visitor("mine", ""))


def run_import(content: bytes) -> Import:
    with writing():
        db.session.add(record := Import(name='my "old" blog.xml', state=WAITING))
    job.imports_folder().mkdir(exist_ok=True)
    job.export_path(record.id).write_bytes(content)
    job.run_import(record.id)
    return db.session.get_one(Import, record.id, populate_existing=True)


def page_text(desk: FlaskClient, path: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", desk.get(path).text))


def test_no_stored_text_is_translated(desk: FlaskClient) -> None:
    set_language("de")
    assert gettext("by mail") == "de: by mail"
    moderate()
    stored = [text for entry in log() for text in (entry.subject, entry.reason, entry.before, entry.after)]
    reasons = list(db.session.scalars(select(Comment.status_reason).where(Comment.status_reason != "")))
    assert len(reasons) > 2
    stored += reasons
    stored += [text for one in db.session.scalars(select(Ban)) for text in (one.name, one.reason)]
    erase("mallory@example.org")
    stored += [one.name for one in db.session.scalars(select(Ban))]
    stored += [run_import(content).report for content in (SAMPLES.joinpath("blogger.xml").read_bytes(), b"{}")]
    assert [text for text in stored if MARK.search(text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_audit_log_and_bans_are_shown_in_the_language_of_the_moment(desk: FlaskClient, language: str) -> None:
    set_language("de")
    moderate()
    set_language(language)
    page = page_text(desk, "/desk/audit")
    for text in (
        "Why: sold twice before",
        f"Why: {language}: by mail",
        f"Why: pills again; {language}: by mail",
        f"{language}: the reader of Mallory’s response of",
        f"{language}: reported by 3 readers: very rude",
        f"{language}: Marked as spam",
    ):
        assert text in page
    spam = page_text(desk, "/desk/comments/1")
    assert f"{language}: marked as spam by Ed: {language}: by mail" in spam
    assert f"{language}: the address of Mallory’s response of" in page_text(desk, "/desk/bans")
    erase("mallory@example.org")
    assert f"{language}: whose responses were erased" in page_text(desk, "/desk/bans")
    assert "Mallory" not in page_text(desk, "/desk/audit")


def test_what_authors_do_needs_no_reason(desk: FlaskClient) -> None:
    moderate()
    assert {entry.reason for entry in log() if entry.verb in {EDIT, WITHDRAW}} == {""}


def test_sentences_of_earlier_releases_are_shown_as_they_are(desk: FlaskClient) -> None:
    with writing():
        db.session.add(AuditEntry(verb=BAN, subject="the reader of Ann's response", reason="pills; by mail"))
        db.session.add(AuditEntry(verb=REVERSE, subject="Ann: Seen one.", reason=SPAM))
        db.session.add(Ban(kind="reader", value="r", name="the reader of Bob's response"))
        db.session.add(record := Import(name="blog.xml", report='["4 posts", "  moved"]', state=DONE))
    page = page_text(desk, "/desk/audit")
    assert "the reader of Ann's response" in page.replace("&#39;", "'")
    assert "Why: pills; by mail" in page
    assert "Undone: Marked as spam" in page
    assert "the reader of Bob" in page_text(desk, "/desk/bans")
    assert job.report_lines(record) == ["4 posts", "  moved"]


def test_a_readers_text_is_never_taken_for_a_message(desk: FlaskClient) -> None:
    comment = a_comment(a_post(), '"erased"}]', name='[{"code"')
    decide(SPAM, [Pick(comment.id)], the_editor())
    undo(log()[0].id, the_editor())
    assert page_text(desk, "/desk/audit").count("“erased”}]") == 2


@pytest.mark.parametrize("letter", ['"', "\x01", "\u200b", "\U0001f426"])
def test_the_longest_name_of_a_ban_fits_into_its_column(desk: FlaskClient, letter: str) -> None:
    comment = a_comment(a_post(), name=letter * 80)
    ban(Pick(comment.id), ["reader", "address"], "", the_editor())
    db.session.rollback()
    assert max(len(one.name) for one in db.session.scalars(select(Ban))) <= 200
    assert fresh(comment).status == "spam"


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_import_report_is_shown_in_the_language_of_the_moment(desk: FlaskClient, language: str) -> None:
    set_language("de")
    done, refused = run_import((SAMPLES / "blogger.xml").read_bytes()), run_import(b"{}")
    set_language(language)
    page = page_text(desk, f"/desk/imports/{done.id}")
    assert f"{language}: 4 posts {language}: (1 draft), {language}: 2 pages" in page
    assert f"{language}: Moved to a new address: {language}: 1 post or page." in page
    assert f"{language}: no old address: now /2013/01/without-an-address.html" in page
    page = page_text(desk, f"/desk/imports/{refused.id}")
    assert f"{language}: my &#34;old&#34; blog.xml looks like {language}: a JSON file" in page
    assert str(job.export_path(refused.id)) not in page


def test_every_line_of_a_full_report_is_a_sentence(app: Flask, tmp_path: Path) -> None:
    body = "<iframe src='https://player.example/1'></iframe><img src='data:image/png;base64,AAAA'>"
    load = load_archive(open_export(an_export(tmp_path, [post_entry(n, body=body) for n in range(7)])))
    load.duplicates = load.missing_posts = load.missing_parents = load.circular_replies = load.future_posts = 2
    load.combined_labels, load.repaired_prefixes, load.host = 1, ("thr",), "heron.example"
    load.skipped.update(spam=1, ghosted=2, trashed=1, unshown=3)
    load.already_imported.update(post=2, comment=1)
    assert [line for line in load.lines() if " " not in line.strip()] == []
    assert [line for line in load.as_json()["look_at"] if not line.endswith(".")] == []
    assert "  and 2 more" in load.lines()
    assert load.as_json()["embeds_that_became_links"]["first"][0].startswith("https://player.example/1 (in /")

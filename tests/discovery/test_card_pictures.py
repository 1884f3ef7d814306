"""Test which posts get a drawn card, when, and that pages name it."""

from __future__ import annotations

from errno import ENOSPC
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from blog.db import db
from blog.discovery import card_pictures
from blog.discovery.card_pictures import draw_cards
from blog.media.card_picture import CardTexts, cards_waiting
from blog.media.models import Picture
from blog.posts.editing import PUBLISH, SAVE, PostInput, stamp, write_post
from blog.posts.models import Post
from blog.posts.publishing import publish_post, trash_post
from blog.settings import Settings
from blog.site.models import current_site
from blog.site.update import change_settings
from tests.discovery.descriptions import article, metas
from tests.factories import a_comment, a_post

pytestmark = pytest.mark.usefixtures("app")


def reloaded(post: Post) -> Post:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Post, post.id)


def fill_disk(_path: Path, _target: Path) -> None:
    raise OSError(ENOSPC, "No space left on device")


def count_pictures() -> int:
    db.session.rollback()
    return db.session.query(Picture).count()


def save(post: Post, **fields: str) -> Post:
    stored = reloaded(post)
    return write_post(stored.id, PostInput(fields), SAVE, stamp(stored))


def test_published_post_without_a_picture_gets_a_card(client: FlaskClient, settings: Settings) -> None:
    post = a_post("Herons return", source_name="The Gazette")
    assert "og:image" not in metas(client.get(post.path or "").text)
    draw_cards()
    address = reloaded(post).card_url
    assert address
    page = client.get(post.path or "").text
    found = metas(page)
    assert found["og:image"] == f"http://localhost{address}"
    assert (found["og:image:width"], found["og:image:height"]) == ("1200", "630")
    assert found["og:image:alt"] == "Herons return · The Gazette · Talkback"
    assert found["twitter:card"] == "summary_large_image"
    assert article(page)["image"]["contentUrl"] == found["og:image"]
    assert client.get(address).mimetype == "image/jpeg"
    assert (Path(settings.blog_instance) / address.removeprefix("/")).is_file()


def test_card_is_drawn_once(client: FlaskClient) -> None:
    post = a_post()
    draw_cards()
    first, pictures, version = reloaded(post).card_url, count_pictures(), current_site().content_version
    draw_cards()
    client.get(post.path or "")
    a_comment(post)
    save(post, note="Another note.")
    db.session.expire_all()
    version = current_site().content_version
    draw_cards()
    db.session.expire_all()
    assert (reloaded(post).card_url, count_pictures(), current_site().content_version) == (first, pictures, version)


@pytest.mark.parametrize("change", [{"title": "Herons stay"}, {"source_name": "Le Monde"}])
def test_new_headline_or_source_draws_a_new_card(change: dict[str, str]) -> None:
    post = a_post("Herons return", source_name="The Gazette")
    draw_cards()
    first = reloaded(post).card_url
    cards_waiting.clear()
    save(post, **change)
    assert cards_waiting.is_set()
    assert reloaded(post).card_url is None
    draw_cards()
    assert reloaded(post).card_url not in {first, None, ""}


def test_texts_changed_while_a_card_is_drawn_are_drawn_next(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    post, draw = a_post("Herons return"), card_pictures.save_card

    def change_meanwhile(texts: object) -> str:
        monkeypatch.setattr(card_pictures, "save_card", draw)
        save(post, title="Herons stay")
        return "/media/00/outdated-1600.jpg"

    monkeypatch.setattr(card_pictures, "save_card", change_meanwhile)
    draw_cards()
    assert reloaded(post).card_url is None
    draw_cards()
    assert (reloaded(post).card_url or "").startswith("/media/")


def test_text_that_cannot_be_drawn_holds_back_no_other(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    odd, other, draw = a_post("Odd"), a_post("Herons return"), card_pictures.save_card

    def fail_once(texts: CardTexts) -> str:
        if texts.headline == "Odd":
            raise OSError("invalid outline")
        return draw(texts)

    monkeypatch.setattr(card_pictures, "save_card", fail_once)
    draw_cards()
    assert reloaded(odd).card_url == ""
    assert reloaded(other).card_url


def test_full_disk_leaves_cards_for_the_next_round(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    post = a_post()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fill_disk)
        draw_cards()
    assert reloaded(post).card_url is None
    draw_cards()
    assert reloaded(post).card_url


def test_posts_with_pictures_drafts_and_hidden_posts_get_none() -> None:
    posts = [a_post("With a photo", photo_url="https://example.org/photo.jpg")]
    posts += [a_post("With a picture", body='<p><img src="https://example.org/in-text.jpg" alt=""></p>')]
    posts += [a_post("A draft", draft=True), trash_post(a_post("In the trash").id)]
    draw_cards()
    assert [reloaded(post).card_url for post in posts] == [None] * 4
    draft = publish_post(posts[2].id)
    draw_cards()
    assert reloaded(draft).card_url


def test_new_post_is_drawn_before_older_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_pictures, "BATCH_SIZE", 2)
    older = [a_post(f"Older {number}") for number in range(3)]
    newest = write_post(None, PostInput({"title": "Newest"}), PUBLISH, "")
    draw_cards()
    assert reloaded(newest).card_url
    assert [bool(reloaded(post).card_url) for post in older] == [False, False, True]
    draw_cards()
    assert all(reloaded(post).card_url for post in older)


def test_headline_in_another_script_has_the_card_of_the_site(client: FlaskClient) -> None:
    post = a_post("見出し")
    draw_cards()
    assert reloaded(post).card_url == ""
    found = metas(client.get(post.path or "").text)
    assert found["og:image"] == f"http://localhost{current_site().card_url}"
    assert found["og:image:alt"] == "Talkback"
    draw_cards()
    assert reloaded(post).card_url == ""


def test_site_has_a_card_that_follows_its_title(client: FlaskClient) -> None:
    draw_cards()
    first = metas(client.get("/").text)["og:image"]
    change_settings({"title": "The Heron Post"})
    draw_cards()
    home = metas(client.get("/").text)
    assert home["og:image"] != first
    assert home["og:image:alt"] == "The Heron Post"
    change_settings({"title": "鷺"})
    draw_cards()
    assert "og:image" not in metas(client.get("/").text)


def test_first_picture_of_the_text_comes_before_a_card(client: FlaskClient) -> None:
    draw_cards()
    post = a_post(body='<p><img src="https://example.org/in-text.jpg" alt="A weir"></p>')
    found = metas(client.get(post.path or "").text)
    assert found["og:image"] == "https://example.org/in-text.jpg"
    assert "og:image:width" not in found


def test_undrawn_posts_are_found_by_their_index(app: Flask) -> None:
    query = str(card_pictures._undrawn_posts().compile(db.engine, compile_kwargs={"literal_binds": True}))
    if db.engine.dialect.name == "sqlite":
        plan = db.session.execute(text(f"EXPLAIN QUERY PLAN {query}")).all()
    else:
        db.session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = db.session.execute(text(f"EXPLAIN {query}")).all()
    assert "ix_posts_undrawn" in str(plan)
    assert "TEMP B-TREE" not in str(plan)

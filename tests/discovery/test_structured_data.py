"""Test JSON-LD against the properties that Google requires and recommends, and that it says no more than the page."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog.comments.models import Comment
from blog.comments.moderation.decisions import Pick, decide
from blog.comments.thread import tree
from blog.editors import audit_log
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER
from blog.media.library import save_picture
from blog.posts.models import PAGE, Post
from blog.settings import Settings
from blog.site.update import change_settings
from tests.discovery.descriptions import all_comments, article, graph
from tests.factories import a_comment, a_post
from tests.media.image_files import encode, four_colors

HOST = "https://blog.example.org"
HOSTILE = '</script><!--<script>]]>"&amp;\\u2028\u2028\u202e'

# developers.google.com/search/docs/appearance/structured-data: members of a type, and where one is missing, why
PROPERTIES: dict[str, dict[str, str]] = {
    # article: none is required, these are recommended
    "NewsArticle": dict.fromkeys(
        ["author", "author.name", "author.url", "dateModified", "datePublished", "headline", "image"], "given"
    ),
    # discussion-forum, Comment: the first three are required, the others recommended
    "Comment": dict.fromkeys(["author", "author.name", "datePublished", "text", "comment", "url"], "given")
    | {
        "author.url": "readers' websites are links that nobody vouches for",
        "dateModified": "only of edited comments",
        "creativeWorkStatus": "removed comments are not described",
        "image": "comments hold no pictures",
        "interactionStatistic": "agreements would change the page more often than comments",
        "isPartOf": "comments are nested in the article",
        "sharedContent": "comments share no content",
        "video": "comments hold no videos",
    },
    # image-license-metadata: contentUrl and one of the next four are required, the others recommended
    "ImageObject": dict.fromkeys(["contentUrl", "creditText", "license", "acquireLicensePage"], "given")
    | {"creator": "only the credit is known", "copyrightNotice": "only the credit is known"},
    # breadcrumb: all are required
    "BreadcrumbList": {"itemListElement": "given"},
    "ListItem": dict.fromkeys(["item", "name", "position"], "given"),
    # site-names: the first two are required
    "WebSite": {"name": "given", "url": "given", "alternateName": "a blog has one title"},
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, blog_url=HOST)


def a_full_post(**fields: Any) -> Post:
    values = {
        "author_name": "Ann Editor",
        "standfirst": "Two pairs.",
        "photo_url": save_picture(encode(four_colors(1200, 800))),
        "photo_alt": "A heron",
        "photo_caption": "At dawn",
        "photo_credit": "Photo: Bob",
        "photo_license": "https://creativecommons.org/licenses/by/4.0/",
        "photo_license_page": "https://bob.example/licences",
        "source_name": "The Gazette",
        "source_title": "Herons are back",
        "source_url": "https://gazette.example/herons",
        "labels": ("Birds", "Rivers"),
    }
    return a_post("Herons return", **(values | fields))


def things(value: Any) -> list[dict[str, Any]]:
    """Return all things with a type, at any depth."""
    if isinstance(value, list):
        return [thing for one in value for thing in things(one)]
    if not isinstance(value, dict):
        return []
    return ([value] if "@type" in value else []) + [thing for one in value.values() for thing in things(one)]


def has(thing: dict[str, Any], name: str) -> bool:
    first, _dot, rest = name.partition(".")
    return bool(thing.get(first)) and (not rest or has(thing[first], rest))


def read(client: FlaskClient, post: Post, query: str = "") -> str:
    return client.get(f"{post.path}{query}").text


@pytest.mark.parametrize("kind", PROPERTIES)
def test_each_type_has_the_properties_of_googles_documentation(client: FlaskClient, kind: str) -> None:
    post = a_full_post()
    a_comment(post, "Below it.", a_comment(post))
    found = [thing for page in (read(client, post), client.get("/").text) for thing in things(graph(page))]
    (first, *_others) = [thing for thing in found if thing["@type"] == kind]
    assert {name: "given" if has(first, name) else why for name, why in PROPERTIES[kind].items()} == PROPERTIES[kind]


def test_article_names_source_picture_and_place(client: FlaskClient) -> None:
    post = a_full_post()
    found, breadcrumbs = graph(read(client, post))
    assert found["@type"] == "NewsArticle"
    assert found["url"] == found["mainEntityOfPage"] == HOST + (post.path or "")
    assert found["isBasedOn"] == "https://gazette.example/herons"
    assert found["citation"]["publisher"] == {"@type": "Organization", "name": "The Gazette"}
    assert found["publisher"] == {"@type": "Organization", "name": "Talkback", "url": f"{HOST}/"}
    assert found["keywords"] == ["Birds", "Rivers"]
    assert found["commentCount"] == 0
    assert found["comment"] == []
    image = found["image"]
    assert (image["contentUrl"], image["width"], image["height"]) == (HOST + post.photo_url, 1200, 800)
    assert image["creditText"] == "Photo: Bob"
    assert [step["name"] for step in breadcrumbs["itemListElement"]][::2] == ["Talkback", "Herons return"]
    assert post.published_at
    assert breadcrumbs["itemListElement"][1]["item"] == f"{HOST}/{post.published_at:%Y/%m}/"


def test_page_without_a_date_is_a_web_page(client: FlaskClient) -> None:
    page = a_post("About", kind=PAGE)
    found, breadcrumbs = graph(read(client, page))
    assert (found["@type"], found["name"]) == ("WebPage", "About")
    assert "datePublished" not in found
    assert [step["name"] for step in breadcrumbs["itemListElement"]] == ["Talkback", "About"]


def test_replies_are_nested_and_led_to(client: FlaskClient) -> None:
    post = a_post()
    first = a_comment(post, "The *first*.\n\nMore of it.", name="Ann")
    reply = a_comment(post, "A reply.", first, name="Bob")
    a_comment(post, "Deeper.", reply)
    found = article(read(client, post))
    assert found["commentCount"] == 3
    (top,) = found["comment"]
    assert (top["text"], top["author"]) == ("The first. More of it.", {"@type": "Person", "name": "Ann"})
    assert top["url"] == f"{HOST}{post.path}#comment-{first.id}"
    assert top["comment"][0]["text"] == "A reply."
    assert top["comment"][0]["comment"][0]["text"] == "Deeper."
    page = read(client, post)
    assert all(f'id="{comment["url"].partition("#")[2]}"' in page for comment in all_comments(found))


@pytest.mark.parametrize("verb", [audit_log.HOLD, audit_log.SPAM, audit_log.REMOVE])
def test_hidden_comment_is_not_described_and_its_replies_take_its_place(
    app: Flask, client: FlaskClient, verb: str
) -> None:
    post, editor = a_post(), add_editor("ed@example.org", "Ed", OWNER, "a sentence to remember")
    first = a_comment(post, "Seen by nobody.")
    a_comment(post, "Still here.", first)
    read(client, post)
    decide(verb, [Pick(first.id)], editor)
    found = article(read(client, post))
    assert [comment["text"] for comment in all_comments(found)] == ["Still here."]
    assert found["commentCount"] == 1


def test_later_page_names_the_post_by_headline_and_address_only(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "PAGE_SIZE", 2)
    post = a_full_post()
    comments = [a_comment(post, f"Number {number}.") for number in range(3)]
    found = article(read(client, post, "?page=2"))
    assert found.keys() == {"@type", "headline", "url", "comment"}
    assert found["url"] == f"{HOST}{post.path}"
    assert [comment["url"] for comment in found["comment"]] == [f"{HOST}{post.path}?page=2#comment-{comments[2].id}"]


def test_newer_comment_is_described_and_answers_are_told_apart(client: FlaskClient) -> None:
    post = a_post()
    a_comment(post, "First.")
    before = client.get(post.path or "")
    a_comment(post, "Second.")
    after = client.get(post.path or "")
    assert [comment["text"] for comment in article(after.text)["comment"]] == ["First.", "Second."]
    assert before.headers["ETag"] != after.headers["ETag"]
    assert client.get(post.path or "", headers={"If-None-Match": after.headers["ETag"]}).status_code == 304


def test_host_of_one_request_is_not_cached_for_another(app: Flask) -> None:
    object.__setattr__(app.config["SETTINGS"], "blog_url", "")
    post, client = a_post(), app.test_client()
    a_comment(post)
    for host in ("http://one.example", "http://two.example"):
        found = article(client.get(post.path or "", base_url=host).text)
        assert found["comment"][0]["url"].startswith(f"{host}/")


def test_hostile_texts_end_no_script(client: FlaskClient) -> None:
    change_settings({"title": HOSTILE, "tagline": HOSTILE})
    post = a_full_post(standfirst=HOSTILE, author_name=HOSTILE, photo_credit=HOSTILE, source_name=HOSTILE)
    a_comment(post, HOSTILE, name=HOSTILE)
    found = article(read(client, post))
    assert found["author"]["name"] == found["image"]["creditText"] == found["publisher"]["name"] == HOSTILE
    assert found["comment"][0]["author"]["name"].startswith("</script>")
    assert graph(client.get("/").text)[0]["description"] == HOSTILE


@pytest.mark.parametrize("words", [5, 60, 2000])
def test_description_of_comments_is_bounded(client: FlaskClient, words: int) -> None:
    post = a_post()
    parent: Comment | None = None
    for number in range(40):
        parent = a_comment(post, " ".join(["heron"] * words) + f" {number}", parent if number % 5 else None)
    page = client.get(post.path or "")
    described = all_comments(article(page.text))
    thread = page.text.partition('<div id="thread-page"')[2].partition("</section>")[0]
    assert 5 <= len(described) <= 40
    assert all(len(comment["text"]) <= 501 for comment in described)
    assert len(json.dumps(article(page.text)["comment"], separators=(",", ":"))) < len(thread) / 5

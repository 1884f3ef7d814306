"""Test that one choice stands in robots.txt, in the header and in the licence, and nowhere without a wish."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree

from blog.discovery.ai_choice import robots_lines
from blog.site.models import NO_TRAINING, NO_WISH, SEARCH_ONLY, current_site
from blog.site.update import change_settings
from tests.discovery.descriptions import links
from tests.factories import a_post, signed_in

RSL = {"rsl": "https://rslstandard.org/rsl"}
CHOICES = {
    NO_TRAINING: ("train-ai=n", "search ai-index ai-input", "ai-train"),
    SEARCH_ONLY: ("train-ai=n, ai-use=n, search=y", "search", "ai-all"),
}


def lines(app: Flask) -> list[str]:
    with app.test_request_context():
        return robots_lines(current_site())


def test_without_a_wish_nothing_is_said(app: Flask, client: FlaskClient) -> None:
    home = client.get("/")
    assert current_site().ai_choice == NO_WISH
    assert "Content-Usage" not in home.headers
    assert links(home.text, "license") == []
    assert client.get("/license.xml").status_code == 404
    assert lines(app) == []


@pytest.mark.parametrize("choice", CHOICES)
def test_choice_stands_in_all_forms(app: Flask, client: FlaskClient, choice: str) -> None:
    usage, permitted, prohibited = CHOICES[choice]
    post = a_post()
    change_settings({"ai_choice": choice})
    for path in ("/", post.path or "", "/privacy", "/license.xml"):
        assert client.get(path).headers["Content-Usage"] == usage, path
    (address,) = links(client.get("/").text, "license")
    answer = client.get(address.removeprefix("http://localhost"))
    assert answer.content_type == "application/rsl+xml; charset=utf-8"
    licence = etree.fromstring(answer.data)
    assert licence.tag == "{https://rslstandard.org/rsl}rsl"
    assert licence.xpath("//rsl:content/@url", namespaces=RSL) == ["/"]
    assert licence.xpath("//rsl:license/rsl:permits[@type='usage']/text()", namespaces=RSL) == [permitted]
    assert licence.xpath("//rsl:license/rsl:prohibits[@type='usage']/text()", namespaces=RSL) == [prohibited]
    robots = lines(app)
    assert robots[:2] == ["User-agent: *", f"Content-Usage: {usage}"]
    assert robots[-1] == f"License: {address}"
    assert "Disallow: /" in robots[robots.index("User-agent: GPTBot") :]


def test_licence_leaves_out_what_others_wrote(client: FlaskClient) -> None:
    change_settings({"ai_choice": NO_TRAINING})
    text = client.get("/license.xml").text
    assert "does not cover quoted excerpts, photos with another credit, and readers’ responses" in text


def test_not_modified_page_says_it_too(client: FlaskClient) -> None:
    change_settings({"ai_choice": NO_TRAINING})
    first = client.get("/")
    again = client.get("/", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.headers["Content-Usage"]) == (304, "train-ai=n")


def test_desk_errors_and_refusals_say_nothing(app: Flask, client: FlaskClient) -> None:
    change_settings({"ai_choice": SEARCH_ONLY})
    answers = [signed_in(app).get("/desk/"), client.get("/nowhere"), client.get("/desk/"), client.post("/")]
    answers.append(client.get("/static/000000000000/img/icon.svg"))
    assert [answer.headers.get("Content-Usage") for answer in answers] == [None] * 5

"""Test that what a post hides by its styles stays hidden, and all else visible."""

from __future__ import annotations

import pytest

from blog.html import excerpt, imported_comment_html, post_html
from blog.html.post.hidden_text import parse_style

HIDING = [
    "style='display:none'",
    "style='DISPLAY : None ;'",
    "style='color: red; display: none !important'",
    "style='display:none!important; display:block'",
    "style='/* x */display:/* y */none'",
    "style='display:block;display:none'",
    "style='visibility: hidden'",
    "style='visibility:collapse'",
    "style='mso-hide: all'",
    "style='font-size:0'",
    "style='font-size: 0px; line-height: 0'",
    "style='font-size:0.0em'",
    "style='font-size:.0%'",
    "style='opacity:0'",
    "style='font-size:12px;opacity:0.00'",
    "style='color:transparent'",
    "style='text-indent:-9999px'",
    "style='position:absolute;left:-5000px'",
    "style='position: fixed; top: -999em'",
    "style='position:absolute;clip:rect(0, 0, 0, 0)'",
    "style='position:absolute;clip:rect(1px,1px,1px,1px)'",
    "style='height:0;overflow:hidden'",
    "style='width:1px;height:1px;overflow:hidden'",
    "hidden",
    "hidden=until-found",
    "hidden=''",
]
VISIBLE = [
    "style='display:block'",
    "style='display:none;display:block'",
    "style='display:none; display: inline !important'",
    "style='x-display:none'",
    "style='visibility:visible'",
    "style='font-size:0.1em'",
    "style='font-size:10px'",
    "style='font-size:0;font-size:12px'",
    "style='opacity:0.5'",
    "style='text-indent:-20px'",
    "style='position:relative;left:-5000px'",
    "style='left:-5000px'",
    "style='height:0'",
    "style='overflow:hidden'",
    "style='height:100px;overflow:hidden'",
    "style='height:auto;overflow:hidden'",
    "style='max-width:none;overflow:hidden'",
    "style='width:inherit; overflow: hidden'",
    "style='height:10px;overflow:hidden'",
    "style='font-size:auto'",
    "style='background:url(display:none.png)'",
    "style='display'",
    "style=';:;::'",
    "data-hidden='x'",
    "title='display:none'",
]


@pytest.mark.parametrize("attribute", HIDING)
@pytest.mark.parametrize("tag", ["div", "span", "p", "td", "b", "h1", "center"])
def test_hidden_text_is_dropped_with_all_in_it(attribute: str, tag: str) -> None:
    around = ("<table><tr>", "</table>") if tag == "td" else ("", "")
    cleaned = post_html(
        f"{around[0]}<{tag} {attribute}>secret <b>and <i>more</i></b></{tag}>{around[1]}<p>Real text</p>"
    )
    assert "secret" not in cleaned.html
    assert "more" not in cleaned.html
    assert excerpt(cleaned.html) == "Real text"
    assert cleaned.hidden


@pytest.mark.parametrize("attribute", VISIBLE)
def test_other_text_stays(attribute: str) -> None:
    cleaned = post_html(f"<div {attribute}>shown</div><p>Real text</p>")
    assert "shown" in cleaned.html
    assert not cleaned.hidden


def test_hidden_pictures_players_and_forms_are_dropped() -> None:
    inner = (
        "<img src=/a.png><iframe src=https://a.example></iframe><form action=https://b.example></form><script></script>"
    )
    cleaned = post_html(f"a<div style='display:none'>{inner}</div>b<img hidden src=/c.png>")
    assert (cleaned.html, cleaned.embeds, cleaned.removed, cleaned.insecure_images) == ("ab", [], [], [])
    assert cleaned.hidden


@pytest.mark.parametrize("style", ["font-size:0", "height:0;overflow:hidden", "opacity:0", "text-indent:-9999px"])
@pytest.mark.parametrize("inner", ["<img src=/a.png>", "<p><iframe src=https://a.example></iframe></p>"])
def test_tricks_for_text_leave_pictures_and_players(style: str, inner: str) -> None:
    html = post_html(f"<div style='{style}'>{inner}</div>").html
    assert "/a.png" in html or "https://a.example" in html


@pytest.mark.parametrize("inner", ["<p style='font-size:16px'>shown</p>", "<b><font size=3>shown</font></b>"])
def test_text_of_its_own_size_stays_in_a_text_of_size_zero(inner: str) -> None:
    assert "shown" in post_html(f"<div style='font-size:0'>{inner}</div>").html


def test_nothing_hidden_is_reported_for_empty_elements() -> None:
    assert not post_html("a<div style='display:none'> </div><span hidden></span>").hidden


def test_text_after_a_hidden_element_stays() -> None:
    assert post_html("a<span hidden>b<span hidden>c</span>d</span>e").html == "ae"


def test_comments_lose_hidden_text_too() -> None:
    assert imported_comment_html("a <span style='display:none'>b</span>c") == "<p>a c</p>\n"


@pytest.mark.parametrize(
    "html",
    [
        "<div style='display:none'>" * 2_000 + "x" * 100_000,
        "<div style='font-size:0'>" * 1_000 + "<img src=/a.png>" * 20_000,
        "<b style='font-size:0'>x</b>" * 50_000,
        "<p style='" + "display:block;" * 200_000 + "'>x</p>",
        "<p style='" + "/*" * 500_000 + "'>x</p>",
        "<p style='" + ";" * 1_000_000 + "'>x</p>",
        "<p style='font-size:" + "0" * 1_000_000 + "'>x</p>",
    ],
)
def test_hostile_styles_are_read_in_linear_time(html: str) -> None:
    assert isinstance(post_html(html).html, str)


def test_the_last_declaration_counts_unless_one_is_important() -> None:
    assert parse_style("a: b; A: c; d:e !important; d: f; g") == {"a": "c", "d": "e", "g": ""}

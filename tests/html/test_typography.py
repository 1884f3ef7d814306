"""Test smart quotes, apostrophes and dashes."""

from __future__ import annotations

import random

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog.comments.screening.submission import parse_comment
from blog.html import comment_html, editor_html, plain_text, post_html, set_quotes, straighten_quotes
from blog.site.models import current_site
from tests.factories import a_post, answer


@pytest.mark.parametrize(
    ("typed", "set_text"),
    [
        ('He said "hello" and left.', "He said “hello” and left."),
        ("'Hello,' he said.", "‘Hello,’ he said."),
        ("\"'Hello,' he said.\"", "“‘Hello,’ he said.”"),
        ('"Is it?" "Yes!"', "“Is it?” “Yes!”"),
        ('("quoted")', "(“quoted”)"),
        ("It's the dogs' bone, isn't it?", "It’s the dogs’ bone, isn’t it?"),
        ("O'Neil's", "O’Neil’s"),
        ("'Tis \"the 'season'\"", "’Tis “the ‘season’”"),
        ("the '90s", "the ’90s"),
        ('a 12" pipe, 5\'10" tall', 'a 12" pipe, 5\'10" tall'),
        ('"No end', "“No end"),
        ('No start."', "No start.”"),
        ('a " b', 'a " b'),
        ("a -- b, a--b, a---b", "a – b, a—b, a—b"),
        ('He said: "I never--" and left', "He said: “I never—” and left"),
        ("git log --all, <!-- -->, ----", "git log --all, <!-- -->, ----"),
        ('see http://a.example/it\'s--a"b" "now"', 'see http://a.example/it\'s--a"b" “now”'),
        ("o'neil--x@mail.example", "o'neil--x@mail.example"),
        ("“already” set", "“already” set"),
        ("", ""),
    ],
)
def test_english_signs(typed: str, set_text: str) -> None:
    assert set_quotes(typed, "en") == set_text


@pytest.mark.parametrize(
    ("language", "set_text"),
    [
        ("en_GB", "“Say ‘yes’”"),
        ("de", "„Say ‚yes‘“"),
        ("de_CH", "«Say “yes”»"),
        ("fr", "«\xa0Say “yes”\xa0»"),
        ("pl", "„Say ‚yes’”"),
        ("sv", "”Say ’yes’”"),
        ("xx", "“Say ‘yes’”"),
    ],
)
def test_quotes_of_each_language(language: str, set_text: str) -> None:
    assert set_quotes("\"Say 'yes'\"", language) == set_text


def test_comment_keeps_code_and_addresses() -> None:
    html = comment_html(
        '"One" `"two"` <code>"three"</code> https://a.example/it\'s--x *"four"* <b>"five\'s"</b>\n\n    "six"', "en"
    )
    assert "“One”" in html
    assert "<code>&quot;two&quot;</code>" in html
    assert "<code>&quot;three&quot;</code>" in html
    assert ">https://a.example/it's--x</a>" in html
    assert "<em>“four”</em>" in html
    assert "<b>“five’s”</b>" in html
    assert "“six”" in html
    assert "&quot;x&quot;" in comment_html('```\n"x"\n```', "en")


def test_quote_may_span_tags_but_no_blocks() -> None:
    assert "“a <em>b</em>”" in comment_html('"a *b*"', "en")
    assert comment_html('"a\n\nb"', "en") == "<p>“a</p>\n<p>b”</p>\n"
    assert editor_html('"a <b>b</b>" c\n\n"d', "en") == "<p>“a <b>b</b>” c</p>\n<p>“d</p>"


def test_post_keeps_code_and_addresses() -> None:
    html = editor_html(
        'It\'s "one" `"two"` <pre>"three" -- x</pre> <a href="https://a.example/" title=\'"t"\'>"four"</a>', "en"
    )
    assert "It’s “one”" in html
    assert '<code>"two"</code>' in html
    assert '"three" -- x' in html
    assert ">“four”</a>" in html
    assert "&quot;t&quot;" in html or "'\"t\"'" in html


def test_without_a_language_all_stays_as_typed() -> None:
    assert comment_html('"It\'s" -- a') == "<p>&quot;It's&quot; -- a</p>\n"
    assert post_html('<p>"It\'s" -- a</p>').html == '<p>"It\'s" -- a</p>'


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_only_signs_change_in_any_text(language: str) -> None:
    """Compare random texts of hostile pieces, but for their signs and blanks."""
    pieces = [
        '"',
        "'",
        "--",
        "-",
        " ",
        "\n",
        "a",
        "7",
        "`",
        "*",
        "<b>",
        "</b>",
        "(",
        ")",
        "[x](y.example)",
        ".",
        "://",
        "@",
    ]
    chance = random.Random(language)
    for _ in range(300):
        text = "".join(chance.choices(pieces, k=chance.randrange(40)))
        for convert in (comment_html, editor_html):
            typed, signed = (plain_text(convert(text, choice)) for choice in (None, language))
            assert _letters(signed) == _letters(typed)


def _letters(text: str) -> str:
    return "".join(character for character in straighten_quotes(text) if character not in " \xa0-").replace("'", '"')


def test_filter_reads_straight_quotes() -> None:
    typed, signed = (comment_html('"It\'s" a deal', language) for language in (None, "en"))
    assert typed != signed
    assert parse_comment(typed, "") == parse_comment(signed, "")


def test_pages_show_smart_quotes_and_keep_what_was_typed(app: Flask, client: FlaskClient) -> None:
    post = a_post(title='The "old" one', quote='It\'s -- "here"')
    page = client.get(post.path or "").text
    assert "It’s – “here”" in page
    assert '<h1 dir="auto">The “old” one</h1>' in page
    assert "Response to &#34;The &#34;old&#34; one&#34;" in page or 'Response to "The &#34;old&#34; one"' in page
    assert "“It’s me”" in answer(client, post, '"It\'s me"').text
    assert post.quote == 'It\'s -- "here"'
    assert current_site().language == "en"

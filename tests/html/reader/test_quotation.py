"""Test quotations: the text stays the same and links to its source."""

from __future__ import annotations

import pytest

from blog.html import comment_html, plain_text, quotation

SOURCE = "/posts/1/comments/7"
ATTRIBUTION = '<p>— <a href="/posts/1/comments/7" rel="nofollow ugc noopener">Ann</a></p>\n</blockquote>\n'


def test_a_quotation_is_markdown_with_a_link_to_its_source() -> None:
    assert quotation("<p>Seen one.<br>\nBig.</p>\n<p>Grey.</p>", "Ann", SOURCE) == (
        f"> Seen one.\n> Big.\n>\n> Grey.\n>\n> — [Ann]({SOURCE})\n\n"
    )


def test_text_after_a_quotation_is_not_quoted() -> None:
    html = comment_html(quotation("<p>Seen one.</p>", "Ann", SOURCE) + "Me too.")
    assert html == f"<blockquote>\n<p>Seen one.</p>\n{ATTRIBUTION}<p>Me too.</p>\n"


@pytest.mark.parametrize(
    "text",
    [
        "5 * 4 * 3 and a*b*c",
        "snake_case_name and _this_ and __that__",
        "`code` and ``more``",
        "List<String> <b>not bold</b> a < b > c <!-- no -->",
        "[not](https://a.example/) ![nor](/this)",
        "AT&T &amp; &#60;",
        r"C:\new\*.txt \\",
        "1986. A year",
        "3) three",
        "- no list",
        "+ no list",
        "> no quote",
        "~~~",
        "---",
        "# no heading",
        "https://a.example/b_c_d*e?f=1&g=2 and www.a.example/_h_",
        "trailing\\",
    ],
)
def test_markdown_characters_in_a_quotation_are_escaped(text: str) -> None:
    passage = "<p>" + text.replace("&", "&amp;").replace("<", "&lt;") + "</p>"
    html = comment_html(quotation(passage, "Ann", SOURCE))
    assert html.startswith("<blockquote>\n<p>")
    assert html.endswith(ATTRIBUTION)
    assert plain_text(html.removesuffix(ATTRIBUTION)) == text


def test_a_name_cannot_break_out_of_its_link() -> None:
    html = comment_html(quotation("<p>a</p>", "Mallory](https://evil.example) <b>\n> [x", SOURCE))
    assert html.count("<a ") == 1
    assert f'href="{SOURCE}"' in html
    assert "Mallory](https://evil.example) &lt;b&gt; &gt; [x</a>" in html


def test_nested_quotes_are_left_out_unless_there_is_nothing_else() -> None:
    html = "<blockquote>\n<p>Old.</p>\n</blockquote>\n<p>New.</p>\n"
    assert "Old" not in quotation(html, "Ann", SOURCE)
    assert "> New." in quotation(html, "Ann", SOURCE)
    assert "> Old." in quotation("<blockquote>\n<p>Old.</p>\n</blockquote>\n", "Ann", SOURCE)


def test_a_long_passage_is_shortened_at_a_word() -> None:
    first = quotation("<p>" + "word " * 400 + "</p>", "Ann", SOURCE).split("\n")[0]
    assert first.endswith("word…")
    assert 590 < len(first) <= 603

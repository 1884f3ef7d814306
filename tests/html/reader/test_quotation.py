"""A passage as a quotation: it reads as it did, and leads to where it stands."""

from __future__ import annotations

import pytest

from blog.html import comment_html, plain_text, quotation

HERE = "/posts/1/comments/7"
END = '<p>— <a href="/posts/1/comments/7" rel="nofollow ugc noopener">Ann</a></p>\n</blockquote>\n'


def test_a_quotation_is_markdown_with_a_link_to_where_the_passage_stands() -> None:
    assert quotation("<p>Seen one.<br>\nBig.</p>\n<p>Grey.</p>", "Ann", HERE) == (
        f"> Seen one.\n> Big.\n>\n> Grey.\n>\n> — [Ann]({HERE})\n\n"
    )


def test_it_stands_in_the_answer_as_a_quote_and_what_is_typed_after_it_does_not() -> None:
    html = comment_html(quotation("<p>Seen one.</p>", "Ann", HERE) + "Me too.")
    assert html == f"<blockquote>\n<p>Seen one.</p>\n{END}<p>Me too.</p>\n"


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
def test_what_markdown_would_take_for_marks_comes_out_as_it_was(text: str) -> None:
    passage = "<p>" + text.replace("&", "&amp;").replace("<", "&lt;") + "</p>"
    shown = comment_html(quotation(passage, "Ann", HERE))
    assert shown.startswith("<blockquote>\n<p>")
    assert shown.endswith(END)
    assert plain_text(shown.removesuffix(END)) == text


def test_a_name_cannot_break_out_of_its_link() -> None:
    shown = comment_html(quotation("<p>a</p>", "Mallory](https://evil.example) <b>\n> [x", HERE))
    assert shown.count("<a ") == 1
    assert f'href="{HERE}"' in shown
    assert "Mallory](https://evil.example) &lt;b&gt; &gt; [x</a>" in shown


def test_what_was_quoted_already_is_left_out_unless_there_is_nothing_else() -> None:
    html = "<blockquote>\n<p>Old.</p>\n</blockquote>\n<p>New.</p>\n"
    assert "Old" not in quotation(html, "Ann", HERE)
    assert "> New." in quotation(html, "Ann", HERE)
    assert "> Old." in quotation("<blockquote>\n<p>Old.</p>\n</blockquote>\n", "Ann", HERE)


def test_a_long_passage_is_shortened_at_a_word() -> None:
    first = quotation("<p>" + "word " * 400 + "</p>", "Ann", HERE).split("\n")[0]
    assert first.endswith("word…")
    assert 590 < len(first) <= 603

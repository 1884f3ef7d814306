"""What readers type, and how it stands in the thread."""

from __future__ import annotations

import pytest

from blog.html import comment_html, plain_text

LINK = '<a href="{}" rel="nofollow ugc noopener">{}</a>'


def linked(address: str, text: str = "") -> str:
    return LINK.format(address, text or address)


def inner(text: str) -> str:
    """The HTML of a text of one paragraph, without the paragraph."""
    return comment_html(text).removeprefix("<p>").removesuffix("</p>\n")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one\ntwo\n\nthree", "<p>one<br>\ntwo</p>\n<p>three</p>\n"),
        ("one\r\ntwo\rthree", "<p>one<br>\ntwo<br>\nthree</p>\n"),
        ("*a* **b** `c` _d_", "<p><em>a</em> <strong>b</strong> <code>c</code> <em>d</em></p>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("1986. A year", '<ol start="1986">\n<li>A year</li>\n</ol>\n'),
        ("> a\n> b", "<blockquote>\n<p>a<br>\nb</p>\n</blockquote>\n"),
        ("```python\nx <b>\n```", "<pre><code>x &lt;b&gt;\n</code></pre>\n"),
        ("    not code", "<p>not code</p>\n"),
        ("", ""),
        (" \n\t\n ", ""),
    ],
)
def test_simple_markdown_is_understood(text: str, html: str) -> None:
    assert comment_html(text) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<b>a</b> <I>b</I>", "<b>a</b> <i>b</i>"),
        ("<em>a</em><strong>b</strong><u>c</u><s>d</s><code>e</code>", None),
        ("a<br>b<br/>c<br />d", "a<br>\nb<br>\nc<br>\nd"),
        ('<a href="https://a.example/x" rel="nofollow" class=y>z</a>', linked("https://a.example/x", "z")),
        ("<a href=HTTP://a.example/x/>z</a>", linked("http://a.example/x/", "z")),
        ('<a href="www.a.example">z</a>', linked("http://www.a.example", "z")),
        ("<b class=x onclick=y>a</b>", "<b>a</b>"),
        ("<b><i>a</b>b</i>", "<b><i>a</i></b><i>b</i>"),
        ("<b>a<b>b</b>c</b>", "<b>abc</b>"),
        ("<b></b>a", "a"),
        ("*a <b>b* c</b>", "<em>a <b>b</b></em><b> c</b>"),
    ],
)
def test_the_tags_that_blogger_knew_are_understood(text: str, html: str | None) -> None:
    assert inner(text) == (text if html is None else html)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "List<String>",
        "List<B> and Map<A, S>",
        "<div>a</div>",
        "<p>a</p>",
        "<h1>a</h1>",
        "<!-- a -->",
        "<b>never closed",
        "never opened</b>",
        "<a name=x>a</a>",
        "<a href='javascript:alert(1)'>a</a>",
        "<a href=relative>a</a>",
        "[a](relative)",
        "[a](#relative)",
        "[a](javascript:alert(1))",
        "[a]: https://a.example/",
        "![a](ftp://a.example/b)",
        "<mailto:a@b.example>",
        "<a@b.example>",
        "# a",
        "### a",
        "---",
        "* * *",
        "_____",
        "a < b > c & d",
        "&&&",
        "-",
        ">",
        "1.",
        "```",
        "``` a b",
        "~~~c",
    ],
)
def test_everything_else_is_shown_as_it_was_typed(text: str) -> None:
    shown = plain_text(comment_html(text))
    assert shown == text or shown == text.lstrip("`~ ")


def test_a_heading_with_a_line_below_is_text() -> None:
    assert comment_html("Title\n===\n\nTitle\n---") == "<p>Title<br>\n===</p>\n<p>Title</p>\n<p>---</p>\n"


def test_a_picture_becomes_a_link_to_it() -> None:
    assert inner("![a *b*](https://a.example/x.png)") == linked("https://a.example/x.png", "a *b*")
    assert inner("![](https://a.example/x.png)") == linked("https://a.example/x.png")
    assert inner("[![a](https://a.example/x.png)](https://b.example/)") == linked(
        "https://b.example/", "a (https://a.example/x.png)"
    )


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("[](https://a.example/)", linked("https://a.example/")),
        ("[\u200b](https://a.example/)", linked("https://a.example/", "\u200bhttps://a.example/")),
        ('[a](https://a.example/ "b")', linked("https://a.example/", "a") + " (b)"),
        ("[a](<https://a.example/b c>)", linked("https://a.example/b%20c", "a")),
        ("[a](https://b\u00fccher.example/\u00fc)", linked("https://xn--bcher-kva.example/%C3%BC", "a")),
        (
            "<a href=https://a.example/>b [c](https://d.example/) e</a>",
            linked("https://a.example/", "b ") + linked("https://d.example/", "c") + " e",
        ),
        ("<https://a.example/>", linked("https://a.example/")),
    ],
)
def test_no_link_hides_its_address(text: str, html: str) -> None:
    assert inner(text) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("[a](/2026/11/b.html)", linked("/2026/11/b.html", "a")),
        ("[a](/posts/1/comments/7)", linked("/posts/1/comments/7", "a")),
        ("[a](/b.html#:~:text=c%20d,e%2Df)", linked("/b.html#:~:text=c%20d,e%2Df", "a")),
        ("[a](</b c?d=\u00fc&e>)", linked("/b%20c?d=%C3%BC&amp;e", "a")),
        ('<a href="/b.html">a</a>', linked("/b.html", "a")),
        ("<a href=/>a</a>", linked("/", "a")),
    ],
)
def test_a_link_may_lead_to_a_path_of_the_blog(text: str, html: str) -> None:
    assert inner(text) == html


@pytest.mark.parametrize(
    "text", ["[a](//b.example/)", "[a](///b.example/)", "<a href=//b.example/>a</a>", "[a](/&#47;b.example/)"]
)
def test_what_looks_like_a_path_but_names_a_host_says_so(text: str) -> None:
    assert inner(text) == linked("https://b.example/", "a")


def test_a_path_is_a_link_only_where_one_was_made_of_it() -> None:
    assert inner("/2026/11/b.html </2026/11/b.html>") == "/2026/11/b.html &lt;/2026/11/b.html&gt;"


def test_a_tag_may_span_paragraphs_but_a_link_may_not() -> None:
    assert comment_html("<i>a\n\nb</i> c") == "<p><i>a</i></p>\n<p><i>b</i> c</p>\n"
    assert comment_html("<a href=https://a.example/>a\n\nb</a>") == (
        f"<p>{linked('https://a.example/', 'a')}</p>\n<p>b</p>\n"
    )


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("https://a.example/b_c_d*e", linked("https://a.example/b_c_d*e")),
        ("see http://a.example.", "see " + linked("http://a.example") + "."),
        ("(https://a.example/b_(c))", "(" + linked("https://a.example/b_(c)") + ")"),
        ("**https://a.example/**", "<strong>" + linked("https://a.example/") + "</strong>"),
        ("www.a.example/b, c", linked("http://www.a.example/b", "www.a.example/b") + ", c"),
        ("https://a.example/?b=1&amp;c=2", linked("https://a.example/?b=1&amp;c=2")),
        ("&quot;https://a.example/&quot;", "&quot;" + linked("https://a.example/") + "&quot;"),
        ("\u770bhttps://a.example/\u3002", "\u770b" + linked("https://a.example/") + "\u3002"),
        ("<i>https://a.example/</i>", "<i>" + linked("https://a.example/") + "</i>"),
        ("[see https://b.example/](https://a.example/)", linked("https://a.example/", "see https://b.example/")),
    ],
)
def test_a_bare_address_becomes_a_link(text: str, html: str) -> None:
    assert inner(text) == html


@pytest.mark.parametrize(
    "text",
    [
        "a.example",
        "b@a.example",
        "mailto:b@a.example",
        "ftp://a.example",
        "xhttp://a.example",
        "http://",
        "www.",
        "https://[x",
    ],
)
def test_nothing_else_becomes_a_link(text: str) -> None:
    assert inner(text) == text


def test_an_address_in_code_is_no_link() -> None:
    assert "<a" not in comment_html("`https://a.example/`\n\n```\nhttps://a.example/\n```")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b\x07c\x1b[31m\x7f", "abc[31m"),
        ("\ud83d\ude00 \ud800", "\U0001f600 \ufffd"),
        ("\u202ea\u2066b &#x202e;c &#8294;d", "ab c d"),
        ("\x93a\x94", "\u201ca\u201d"),
        ("a\u2028b", "a b"),
    ],
)
def test_characters_that_harm_the_page_are_taken_out(text: str, shown: str) -> None:
    assert plain_text(comment_html(text)) == shown


@pytest.mark.parametrize("text", ["> " * 1000 + "x", ">" * 1000 + "x", "- " * 1000 + "x", "> - " * 500 + "x"])
def test_nesting_ends_and_what_is_deeper_is_text(text: str) -> None:
    html = comment_html(text)
    assert html.count("<blockquote>") + html.count("<ul>") <= 12
    assert plain_text(html).endswith("x")
    assert len(plain_text(html).replace(" ", "")) > 400


@pytest.mark.parametrize(
    "text",
    [
        *(
            part * (10_000 // len(part))
            for part in ("[", "*a", "<", "`", "![", "<b>", "<b></b>", "&", ">\n", "- a\n", "\\")
        ),
        "![" * 1000 + "a" + "](https://u.example)" * 400,
        "<a href=https://u.example>" * 300 + "a" + "</a>" * 500,
        "**" * 2400 + "a" + "**" * 2400,
        "https://a.example/" + "&" * 9900,
        "<b><i><u><s><em><code><strong><a href=https://u.example>"
        + "\n\na" * 3000
        + "</a></strong></code></em></s></u></i></b>",
        "<b><a href=https://u.example/" + "u" * 1900 + ">" + "</b><b>" * 1100 + "</b></a>",
    ],
    ids=lambda text: text[:20],
)
def test_no_text_is_too_much(text: str) -> None:
    html = comment_html(text)
    assert plain_text(html)
    assert len(html) < 120_000

"""Test the rendering of readers' texts."""

from __future__ import annotations

from random import Random

import pytest

from blog.html import comment_html, plain_text
from blog.html.dom import parse_html

LINK = '<a href="{}" rel="nofollow ugc noopener">{}</a>'


def link(address: str, text: str = "") -> str:
    return LINK.format(address, text or address)


def render_inline(text: str) -> str:
    """Return the HTML of one paragraph without its `<p>`."""
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
def test_readers_may_use_simple_markdown(text: str, html: str) -> None:
    assert comment_html(text) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<b>a</b> <I>b</I>", "<b>a</b> <i>b</i>"),
        ("<em>a</em><strong>b</strong><u>c</u><s>d</s><code>e</code>", None),
        ("a<br>b<br/>c<br />d", "a<br>\nb<br>\nc<br>\nd"),
        ('<a href="https://a.example/x" rel="nofollow" class=y>z</a>', link("https://a.example/x", "z")),
        ("<a href=HTTP://a.example/x/>z</a>", link("http://a.example/x/", "z")),
        ('<a href="www.a.example">z</a>', link("http://www.a.example", "z")),
        ("<b class=x onclick=y>a</b>", "<b>a</b>"),
        ("<b><i>a</b>b</i>", "<b><i>a</i></b><i>b</i>"),
        ("<b>a<b>b</b>c</b>", "<b>abc</b>"),
        ("<b></b>a", "a"),
        ("*a <b>b* c</b>", "<em>a <b>b</b></em><b> c</b>"),
    ],
)
def test_readers_may_use_bloggers_tags(text: str, html: str | None) -> None:
    assert render_inline(text) == (text if html is None else html)


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
def test_other_markup_is_shown_as_typed(text: str) -> None:
    result = plain_text(comment_html(text))
    assert result == text or result == text.lstrip("`~ ")


def test_an_underlined_heading_is_text() -> None:
    assert comment_html("Title\n===\n\nTitle\n---") == "<p>Title<br>\n===</p>\n<p>Title</p>\n<p>---</p>\n"


def test_an_image_becomes_a_link() -> None:
    assert render_inline("![a *b*](https://a.example/x.png)") == link("https://a.example/x.png", "a *b*")
    assert render_inline("![](https://a.example/x.png)") == link("https://a.example/x.png")
    assert render_inline("[![a](https://a.example/x.png)](https://b.example/)") == link(
        "https://b.example/", "a (https://a.example/x.png)"
    )


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("[](https://a.example/)", link("https://a.example/")),
        ("[\u200b](https://a.example/)", link("https://a.example/", "\u200bhttps://a.example/")),
        ('[a](https://a.example/ "b")', link("https://a.example/", "a") + " (b)"),
        ("[a](<https://a.example/b c>)", link("https://a.example/b%20c", "a")),
        ("[a](https://b\u00fccher.example/\u00fc)", link("https://xn--bcher-kva.example/%C3%BC", "a")),
        (
            "<a href=https://a.example/>b [c](https://d.example/) e</a>",
            link("https://a.example/", "b ") + link("https://d.example/", "c") + " e",
        ),
        ("<https://a.example/>", link("https://a.example/")),
    ],
)
def test_links_show_titles_and_addresses_that_would_be_hidden(text: str, html: str) -> None:
    assert render_inline(text) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("[a](/2026/11/b.html)", link("/2026/11/b.html", "a")),
        ("[a](/posts/1/comments/7)", link("/posts/1/comments/7", "a")),
        ("[a](/b.html#:~:text=c%20d,e%2Df)", link("/b.html#:~:text=c%20d,e%2Df", "a")),
        ("[a](</b c?d=\u00fc&e>)", link("/b%20c?d=%C3%BC&amp;e", "a")),
        ('<a href="/b.html">a</a>', link("/b.html", "a")),
        ("<a href=/>a</a>", link("/", "a")),
    ],
)
def test_a_link_may_lead_to_a_path_of_the_blog(text: str, html: str) -> None:
    assert render_inline(text) == html


@pytest.mark.parametrize(
    "text", ["[a](//b.example/)", "[a](///b.example/)", "<a href=//b.example/>a</a>", "[a](/&#47;b.example/)"]
)
def test_a_scheme_relative_address_becomes_https(text: str) -> None:
    assert render_inline(text) == link("https://b.example/", "a")


def test_a_bare_path_is_no_link() -> None:
    assert render_inline("/2026/11/b.html </2026/11/b.html>") == "/2026/11/b.html &lt;/2026/11/b.html&gt;"


def test_tags_span_paragraphs_but_links_do_not() -> None:
    assert comment_html("<i>a\n\nb</i> c") == "<p><i>a</i></p>\n<p><i>b</i> c</p>\n"
    assert comment_html("<a href=https://a.example/>a\n\nb</a>") == (
        f"<p>{link('https://a.example/', 'a')}</p>\n<p>b</p>\n"
    )


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("https://a.example/b_c_d*e", link("https://a.example/b_c_d*e")),
        ("see http://a.example.", "see " + link("http://a.example") + "."),
        ("(https://a.example/b_(c))", "(" + link("https://a.example/b_(c)") + ")"),
        ("**https://a.example/**", "<strong>" + link("https://a.example/") + "</strong>"),
        ("www.a.example/b, c", link("http://www.a.example/b", "www.a.example/b") + ", c"),
        ("https://a.example/?b=1&amp;c=2", link("https://a.example/?b=1&amp;c=2")),
        ("&quot;https://a.example/&quot;", "&quot;" + link("https://a.example/") + "&quot;"),
        ("\u770bhttps://a.example/\u3002", "\u770b" + link("https://a.example/") + "\u3002"),
        ("<i>https://a.example/</i>", "<i>" + link("https://a.example/") + "</i>"),
        ("[see https://b.example/](https://a.example/)", link("https://a.example/", "see https://b.example/")),
    ],
)
def test_a_bare_address_becomes_a_link(text: str, html: str) -> None:
    assert render_inline(text) == html


@pytest.mark.parametrize(
    "text",
    [
        "20241127. Was there",
        "12345. x",
        "007. Bond",
        "00. x",
        "1) a\n2) b",
        "3) Only",
        "3.",
        "7.",
        "1.\n\n12.",
        "> 007. Bond\n> 1) a",
        "123456789. x\n3. y",
        "1234567890. x",
    ],
)
def test_numbers_that_a_list_would_change_are_text(text: str) -> None:
    html = comment_html(text)
    assert "<ol" not in html
    assert plain_text(html).split() == text.replace(">", "").split()


def test_every_number_of_a_list_is_as_typed() -> None:
    rng = Random(1)
    for _ in range(300):
        lines = [f"{rng.choice((0, 1, 2, 3, 7, 10, 99, 1986, 9999))}. x{place}" for place in range(rng.randint(1, 6))]
        gap, prefix = rng.choice(("\n", "\n\n")), rng.choice(("", "> "))
        body = parse_html(comment_html(gap.join(lines).replace("\n", f"\n{prefix}").join((prefix, ""))))
        found = []
        for ordered in body.iter("ol"):
            number = int(ordered.get("start", "1")) - 1
            for item in ordered:
                number = int(item.get("value", number + 1))
                found.append(f"{number}. {''.join(map(str, item.itertext())).strip()}")
        assert found == lines


def test_an_odd_number_ends_a_list() -> None:
    assert comment_html("1. a\n\n007. b\n\n2. c") == (
        '<ol>\n<li>a</li>\n</ol>\n<p>007. b</p>\n<ol start="2">\n<li>c</li>\n</ol>\n'
    )
    assert comment_html("1. a\n2) b") == "<ol>\n<li>a<br>\n2) b</li>\n</ol>\n"


WIDE_SIGNS = (
    "\uff01\uff1f\uff1b\uff1a\uff0c\uff0e\u3002\u3001\u2026\uff08\uff09\uff3b\uff3d\uff5b\uff5d\u3008\u3009\u300a\u300b\u300c\u300d"
    "\u300e\u300f\u3010\u3011\u3014\u3015\u3016\u3017\uff5e\u301c\u2014\uff02\uff1c\uff1e\uff61\uff64\ufe41\ufe5f"
)


@pytest.mark.parametrize("address", ["https://a.example/a", "https://a.example", "www.a.example/?b=1"])
@pytest.mark.parametrize("sign", WIDE_SIGNS)
def test_a_bare_address_ends_before_full_width_punctuation(address: str, sign: str) -> None:
    href = f"http://{address}" if address.startswith("w") else address
    assert render_inline(f"\u770b{address}{sign}\u5f88\u597d") == f"\u770b{link(href, address)}{sign}\u5f88\u597d"
    assert render_inline(address + sign * 3) == link(href, address) + sign * 3


@pytest.mark.parametrize(
    "sign", "?!.,:;*_~\u2019\u201d\u0589\u060c\u061b\u061f\u06d4\u0964\u0965\u104a\u104b\u1362\u1363\u17d4"
)
def test_a_bare_address_does_not_end_with_a_stop(sign: str) -> None:
    assert render_inline(f"https://a.example/a{sign} b") == f"{link('https://a.example/a')}{sign} b"


@pytest.mark.parametrize(
    "path",
    [
        "\u5f88\u597d",
        "\u30b8\u30e7\u30f3\u30fb\u30ec\u30ce\u30f3",
        "\u4eba\u3005",
        "\u0939\u093f\u0928\u094d\u0926\u0940",
        "L\u2019Or\xe9al",
        "1914\u20131918",
    ],
)
def test_letters_of_every_language_are_part_of_an_address(path: str) -> None:
    assert f">https://a.example/{path}</a>" in render_inline(f"https://a.example/{path}")


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
def test_other_text_is_no_link(text: str) -> None:
    assert render_inline(text) == text


def test_an_address_in_code_is_no_link() -> None:
    assert "<a" not in comment_html("`https://a.example/`\n\n```\nhttps://a.example/\n```")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b\x07c\x1b[31m\x7f", "abc[31m"),
        ("\ud83d\ude00 \ud800", "\U0001f600 \ufffd"),
        ("\u202ea\u2066b &#x202e;c &#8294;d", "ab c d"),
        ("\x93a\x94", "\u201ca\u201d"),
        ("a\u2028b", "a b"),
    ],
)
def test_harmful_characters_are_removed(text: str, expected: str) -> None:
    assert plain_text(comment_html(text)) == expected


@pytest.mark.parametrize("text", ["> " * 1000 + "x", ">" * 1000 + "x", "- " * 1000 + "x", "> - " * 500 + "x"])
def test_deeper_nesting_than_the_limit_is_text(text: str) -> None:
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
def test_hostile_text_is_rendered_within_bounds(text: str) -> None:
    html = comment_html(text)
    assert plain_text(html)
    assert len(html) < 120_000

"""Test the sanitizing of imported posts, with their old markup."""

from __future__ import annotations

import pytest

from blog.html import CleanedPost, post_html

IMG = '<img alt="" decoding="async" loading="lazy" src="{}">'


def sanitize(html: str) -> str:
    return post_html(html, host="blog.blogspot.com").html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", ""),
        (" \n", ""),
        ("a<br />b\nc\n\nd", "a<br>b\nc\n\nd"),
        ("<script>a</script><style>b</style><template>c</template>d", "d"),
        (
            "<html><head><title>a</title><noscript>b</noscript></head><body bgcolor=red><p>c</p></body></html>d",
            "<p>c</p>d",
        ),
        ("<noscript><b>a</b></noscript>", "<b>a</b>"),
        ("<font color=red>a<o:p>b</o:p><st1:place w:st=on>c</st1:place></font>", "abc"),
        ("<!--[if gte mso 9]><xml>a</xml><![endif]-->b<![if !x]>c<![endif]>", "bc"),
        ("<form action=/x>a<input value=b><button>c</button><select><option>d<option>e</select></form>", None),
        ("<h1>a</h1><strike>b</strike><tt>c</tt><section>d</section>", "<h2>a</h2><s>b</s><code>c</code><div>d</div>"),
        ("<p>a<p>b<ul><li>c<li></ul>", "<p>a</p><p>b</p><ul><li>c</li><li></li></ul>"),
        ("it&#146;s &#8220;a&#148; &nbsp;b", "it\u2019s \u201ca\u201d \xa0b"),
        ("&#1;a&#x1b;b&#0;", "ab\ufffd"),
        (
            "<div dir=rtl lang=ar title=b onclick=c data-d=e hx-get=f>a</div>",
            '<div dir="rtl" lang="ar" title="b">a</div>',
        ),
        ("<ol start=3><li value=7>a</ol>", '<ol start="3"><li value="7">a</li></ol>'),
    ],
)
def test_imported_html_is_sanitized(html: str, expected: str | None) -> None:
    assert sanitize(html) == ("<div>ac<div>d</div><div>e</div></div>" if expected is None else expected)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<pre>  a\n\tb  \n</pre>", "<pre>  a\n\tb  \n</pre>"),
        ("<pre>\na</pre>", "<pre>a</pre>"),
        ("<pre>\n\na</pre>", "<pre>\n\na</pre>"),
        ("<xmp><b>a</xmp>", "<pre>&lt;b&gt;a</pre>"),
        ("<pre><code>\n\n a</code></pre>", "<pre><code>\n\n a</code></pre>"),
    ],
)
def test_preformatted_text_keeps_its_white_space(html: str, expected: str) -> None:
    assert sanitize(html) == expected
    assert sanitize(expected) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<p style="color: red; text-align: center">a</p>', '<p class="align-center">a</p>'),
        ('<div style="TEXT-ALIGN:RIGHT" class="x float-left">a</div>', '<div class="align-right float-left">a</div>'),
        ('<div style="clear: both; text-align: justify">a</div>', "<div>a</div>"),
        ("<p align=right>a</p>", '<p class="align-right">a</p>'),
        ("<center>a</center>", '<div class="align-center">a</div>'),
        (
            "<table align=right><tr><td>a</table>",
            '<table class="float-right"><tbody><tr><td>a</td></tr></tbody></table>',
        ),
        ("<img align=left src=/a.png>", IMG.format("/a.png").replace(" decoding", ' class="float-left" decoding')),
        (
            '<img style="float: right; margin: 1em" src=/a.png>',
            IMG.format("/a.png").replace(" decoding", ' class="float-right" decoding'),
        ),
    ],
)
def test_alignment_becomes_a_class(html: str, expected: str) -> None:
    assert sanitize(html) == expected


@pytest.mark.parametrize(
    "html",
    [
        "a<a name='more'></a>b",
        "a<!--more-->b",
        "a<!-- more Read on -->b",
        'a<span id="post-more"></span>b',
        "a<a name=more>b",
    ],
)
def test_the_jump_break_becomes_a_span(html: str) -> None:
    assert sanitize(html) == 'a<span id="post-more"></span>b'


def test_only_the_first_jump_break_stays() -> None:
    assert sanitize("a<!--more-->b<!--more-->c") == 'a<span id="post-more"></span>bc'


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<a href=#b>a</a><a name=b>c</a>", '<a href="#post-b">a</a><a id="post-b">c</a>'),
        (
            "<a href=#_ftn%C3%A9>a</a><p id=_ftn\u00e9>c</p>",
            '<a href="#post-_ftn%C3%A9">a</a><p id="post-_ftn\u00e9">c</p>',
        ),
        ("<a href=#responses>a</a>", '<a href="#responses">a</a>'),
        ("<p id=7>a</p><a href=#7>b</a>", '<p id="post-n7">a</p><a href="#post-n7">b</a>'),
        ("<p id=post-7>a</p><p id=a-comment>b</p>", '<p id="post-n7">a</p><p id="post-na-comment">b</p>'),
        ("<p id='a b'>c</p>", '<p id="post-a-b">c</p>'),
        (
            "<a href='http://www.blogger.com/post-edit.g?x#_ftn1'>a</a><a name=_ftn1>b</a>",
            '<a href="#post-_ftn1">a</a><a id="post-_ftn1">b</a>',
        ),
    ],
)
def test_ids_get_a_prefix_and_links_follow_them(html: str, expected: str) -> None:
    assert sanitize(html) == expected
    assert sanitize(expected) == expected


@pytest.mark.parametrize(
    ("html", "address"),
    [
        ("<iframe width=5 src=//www.youtube.com/embed/a></iframe>", "https://www.youtube.com/embed/a"),
        (
            "<object><param name=movie value=http://www.youtube.com/v/a><embed src=http://b.example></object>",
            "http://www.youtube.com/v/a",
        ),
        ("<object data=https://www.youtube.com/v/a>b</object>", "https://www.youtube.com/v/a"),
        ("<embed src=https://www.youtube.com/v/a>", "https://www.youtube.com/v/a"),
        ("<video><source src=https://www.youtube.com/a.mp4>b</video>", "https://www.youtube.com/a.mp4"),
        ("<audio src=https://www.youtube.com/a.mp3></audio>", "https://www.youtube.com/a.mp3"),
    ],
)
def test_an_embed_becomes_a_link_and_is_reported(html: str, address: str) -> None:
    assert post_html(html) == CleanedPost(f'<a href="{address}">www.youtube.com</a>', [], [address])


def test_an_embed_without_an_address_leaves_its_fallback_content() -> None:
    cleaned = post_html("<object><b>a</b></object><iframe srcdoc='<b>b'>c</iframe>")
    assert cleaned == CleanedPost("<b>a</b>", removed=["object", "iframe"])


@pytest.mark.parametrize(
    ("html", "address"),
    [
        ("<script src=https://gist.github.com/u/1.js></script>", "https://gist.github.com/u/1.js"),
        ("<script src=//gist.github.com/u/1.js>document.write('x')</script>", "https://gist.github.com/u/1.js"),
        ("<p><object><script src=https://gist.github.com/1></script></object></p>", "https://gist.github.com/1"),
        ("<form action='https://gist.github.com/a?b=c'><input name=e></form>", "https://gist.github.com/a?b=c"),
        ("<form action=https://gist.github.com/a><svg><text>x</text></svg></form>", "https://gist.github.com/a"),
        ("<frameset><frame src=https://gist.github.com/a></frameset>", "https://gist.github.com/a"),
        ("<object><object data=https://gist.github.com/a></object></object>", "https://gist.github.com/a"),
        ("<blockquote data-instgrm-permalink=https://gist.github.com/p/></blockquote>", "https://gist.github.com/p/"),
        ("<div class=fb-post data-href=https://gist.github.com/p> </div>", "https://gist.github.com/p"),
    ],
)
def test_a_program_with_an_address_becomes_a_link(html: str, address: str) -> None:
    cleaned = post_html(f"<b>a</b>{html}<b>z</b>")
    assert f'<a href="{address}">gist.github.com</a>' in cleaned.html
    assert cleaned.embeds == [address]
    assert "<b>a</b>" in cleaned.html
    assert "<b>z</b>" in cleaned.html


@pytest.mark.parametrize(
    ("html", "removed"),
    [
        ("<script>document.write('y')</script>", "script"),
        ("<script src=javascript:y></script>", "script"),
        ("<script src=/y.js></script>", "script"),
        ("<script async src=//platform.twitter.com/widgets.js></script>", "script"),
        ("<script src=https://www.instagram.com/embed.js></script>", "script"),
        ("<script src='https://pagead2.googlesyndication.com/pagead/show_ads.js'></script>", "script"),
        ("<svg><script src=https://y.example/y.js></script><text>y</text></svg>", "svg"),
        ("<svg><svg>y</svg></svg>", "svg"),
        ("<form action='javascript:y'><input value=y></form>", "form"),
        ("<form action=/search><input value=y></form>", "form"),
        ("<form action=http://blog.blogspot.com/search></form>", "form"),
        ("<canvas></canvas>", "canvas"),
        ("<applet code=y></applet>", "applet"),
    ],
)
def test_a_program_without_an_address_is_removed_and_named(html: str, removed: str) -> None:
    cleaned = post_html(f"<b>a</b>{html}<b>z</b>", host="blog.blogspot.com")
    assert cleaned.html.replace("<div></div>", "") == "<b>a</b><b>z</b>"
    assert (cleaned.embeds, cleaned.removed) == ([], [removed])


def test_a_form_keeps_its_text_before_its_link() -> None:
    html = "<form action=https://y.example/a><p>Join us</p><input></form>"
    assert sanitize(html) == '<div><p>Join us</p><a href="https://y.example/a">y.example</a> </div>'


def test_each_removed_tag_is_named_once() -> None:
    assert post_html("<script>a</script>" * 9 + "<svg></svg>" * 9).removed == ["script", "svg"]
    assert post_html("<style>a</style><template><script src=https://y.example></script></template>").removed == []


def test_a_link_for_an_embed_does_not_float() -> None:
    assert sanitize("<iframe align=right style='float:left' src=https://y.example/a></iframe>b") == (
        '<a href="https://y.example/a">y.example</a> b'
    )


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://blog.blogspot.com/2010/01/a.html?b=c#d", "/2010/01/a.html?b=c#d"),
        ("https://www.blog.blogspot.com", "/"),
        ("http://blog.blogspot.co.uk/2010/01/a.html#more", "/2010/01/a.html#post-more"),
        ("http://blog.blogspot.com//evil.example/", "/evil.example/"),
        ("http://other.blogspot.com/a", "http://other.blogspot.com/a"),
        ("HTTPS://a.example/b c", "https://a.example/b%20c"),
        ("//a.example/b", "https://a.example/b"),
        ("/\\a.example/b", "https://a.example/b"),
        ("www.a.example", "http://www.a.example"),
        ("mailto:a@b.example?subject=c d", "mailto:a@b.example?subject=c%20d"),
        ("/a", "/a"),
        ("#", "#"),
    ],
)
def test_links_are_normalized(address: str, expected: str) -> None:
    assert sanitize(f'<a href="{address}" target=_blank>x</a>') == f'<a href="{expected}">x</a>'


@pytest.mark.parametrize(
    "address",
    ["javascript:a", "java&#9;script:a", "ftp://a.example", "a.html", "feed://a.example", "http://", "http://[x", ""],
)
def test_invalid_links_become_text(address: str) -> None:
    assert sanitize(f'a <a href="{address}">x</a> b') == "a x b"


def test_a_link_keeps_its_allowed_relations() -> None:
    assert (
        sanitize("<a href=/a rel='nofollow noopener sponsored'>x</a>") == '<a href="/a" rel="nofollow sponsored">x</a>'
    )


@pytest.mark.parametrize(
    "html",
    ["<div>" * 5000 + "x" + "<script>y</script>", "<b>" * 3000 + "x", "<table>" * 3000 + "x", "&#" + "1" * 9000 + ";x"],
)
def test_deep_nesting_keeps_the_text(html: str) -> None:
    assert sanitize(html).count("x") == 1

"""Test the rendering of editors' texts."""

from __future__ import annotations

import pytest

from blog.html import editor_html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one\ntwo\n\nthree", "<p>one<br>\ntwo</p>\n<p>three</p>"),
        ("# a\n\n## b\n\n### c\n\n#### d", "<h2>a</h2>\n<h2>b</h2>\n<h3>c</h3>\n<h4>d</h4>"),
        ("***", "<hr>"),
        ("    code\n      more", "<pre><code>code\n  more</code></pre>"),
        ("[a]\n\n[a]: /2010/01/b.html", '<p><a href="/2010/01/b.html">a</a></p>'),
        ("[a](mailto:b@c.example) [d](#e)", '<p><a href="mailto:b@c.example">a</a> <a href="#e">d</a></p>'),
        (
            "![a](/media/b.jpg)",
            '<p><img alt="a" decoding="async" loading="lazy" src="/media/b.jpg"></p>',
        ),
        ("![a](http://b.example/c.jpg)", '<p><a href="http://b.example/c.jpg">a</a> </p>'),
        (
            "<figure><img src=https://a.example/b.jpg alt=b><figcaption>c</figcaption></figure>",
            '<figure><img alt="b" decoding="async" loading="lazy" src="https://a.example/b.jpg">'
            "<figcaption>c</figcaption></figure>",
        ),
        ("<table><tr><td colspan=2>a</table>", '<table><tbody><tr><td colspan="2">a</td></tr></tbody></table>'),
        ("<dl><dt>a<dd>b</dl>", "<dl><dt>a</dt><dd>b</dd></dl>"),
        ("H<sub>2</sub>O <kbd>x</kbd> <del>y</del> <ins>z</ins>", None),
        ("a <!--more--> b", '<p>a <span id="post-more"></span> b</p>'),
        ("", ""),
    ],
)
def test_editors_may_use_markdown_and_html(text: str, html: str | None) -> None:
    assert editor_html(text) == (f"<p>{text}</p>" if html is None else html).replace("more</code>", "more\n</code>")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a<script>b</script>c", "<p>ac</p>"),
        ("<style>a</style>", ""),
        ('<p style="color:red" onclick=a hx-get=/b data-c=d class=e>f</p>', "<p>f</p>"),
        ("<marquee>a</marquee>", "<p>a</p>"),
        ("<iframe src=https://a.example/b></iframe>", '<a href="https://a.example/b">a.example</a>'),
        ("<a href=https://a.example target=_blank>b</a>", '<p><a href="https://a.example">b</a></p>'),
    ],
)
def test_forbidden_tags_and_attributes_are_removed(text: str, html: str) -> None:
    assert editor_html(text) == html


@pytest.mark.parametrize(
    "text", ["> " * 1000 + "x", "- " * 1000 + "x", "**" * 2400 + "x" + "**" * 2400, "<div>" * 3000 + "x"]
)
def test_deep_nesting_keeps_the_text(text: str) -> None:
    assert "x" in editor_html(text)

"""Test the extraction of plain text and excerpts."""

from __future__ import annotations

import pytest

from blog.html import excerpt, plain_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("a", "a"),
        ("<p>a</p><p>b<br>c</p><ul><li>d</li><li>e</li></ul>", "a b c d e"),
        ("<b>a</b><i>b</i>\n\n\t<span>c</span>", "ab c"),
        ("a<script>b</script><style>c</style><template>d</template><!-- e -->", "a"),
        ("<img src=/a alt=b>c<iframe src=/d>e</iframe>f", "c f"),
        ("&lt;b&gt; &amp;amp; it&#39;s\xa0&nbsp;x", "<b> &amp; it's x"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("<figure><img src=/a><figcaption>b</figcaption></figure>", "b"),
        ("<title>a</title><body>b</body>c", "bc"),
    ],
)
def test_plain_text_returns_one_line(html: str, text: str) -> None:
    assert plain_text(html) == text


def test_an_excerpt_is_cut_after_a_word() -> None:
    assert excerpt("<p>one two, three</p>", 100) == "one two, three"
    assert excerpt("<p>one two, three</p>", 14) == "one two, three"
    assert excerpt("<p>one two, three</p>", 13) == "one two\u2026"
    assert excerpt("<p>one two, three</p>", 8) == "one two\u2026"


@pytest.mark.parametrize("length", [1, 2, 10, 240])
def test_an_excerpt_never_exceeds_its_length(length: int) -> None:
    for html in ("\u6587" * 500, "word " * 200, "a " + "b" * 500, "..." * 200):
        assert len(excerpt(html, length)) <= length
    assert excerpt("\u6587" * 500, length) == "\u6587" * (length - 1) + "\u2026"


def test_an_excerpt_leaves_out_images_and_captions() -> None:
    image = "<figure><img src=/a alt=b><figcaption>c</figcaption></figure><a href=http://d.example/e.jpg>http://d.example/e.jpg</a>"
    assert excerpt(f"{image}<p>text</p><script>f</script>") == "text"
    assert excerpt("<figure><figcaption>only a caption</figcaption></figure>") == "only a caption"

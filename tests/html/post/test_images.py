"""Test which images of posts stay, become links or are removed."""

from __future__ import annotations

import pytest

from blog.html import CleanedPost, first_image, post_html

IMG = '<img alt="" decoding="async" loading="lazy" src="{}">'


def sanitize(html: str) -> str:
    return post_html(html).html


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://1.bp.blogspot.com/-a/b/c/d/s320/e.jpg", "https://1.bp.blogspot.com/-a/b/c/d/s320/e.jpg"),
        ("//4.bp.blogspot.com/_A/b/c/d/S1600-R/e f.jpg", "https://4.bp.blogspot.com/_A/b/c/d/S1600-R/e%20f.jpg"),
        ("http://bp0.blogger.com/_A/b/s1600-h/c.jpg", "https://bp0.blogger.com/_A/b/s1600/c.jpg"),
        ("http://photos1.blogger.com/blogger/1/2/1600/a.jpg", "https://photos1.blogger.com/blogger/1/2/1600/a.jpg"),
        ("http://lh3.ggpht.com/_a/s800-h/b.png", "https://lh3.ggpht.com/_a/s800/b.png"),
        ("http://lh6.googleusercontent.com/a=s0", "https://lh6.googleusercontent.com/a=s0"),
        (
            "http://blogger.googleusercontent.com/img/b/c/s1600/d",
            "https://blogger.googleusercontent.com/img/b/c/s1600/d",
        ),
        ("http://resources.blogblog.com/img/a.png", "https://resources.blogblog.com/img/a.png"),
        ("//other.example/a.png", "https://other.example/a.png"),
        ("/media/a.png", "/media/a.png"),
        ("data:image/png;base64,AAAA", "data:image/png;base64,AAAA"),
    ],
)
def test_loadable_images_stay(address: str, expected: str) -> None:
    assert post_html(f'<img src="{address}">') == CleanedPost(IMG.format(expected))


def test_an_image_keeps_its_size_and_alternative_text() -> None:
    assert sanitize("<img src=/a.png width=320 height='240' alt='b \"c\" <d>' border=0 srcset=e>") == (
        '<img alt="b &quot;c&quot; &lt;d&gt;" decoding="async" height="240" loading="lazy" src="/a.png" width="320">'
    )
    assert "width" not in sanitize("<img src=/a.png width=50% height=auto>")


@pytest.mark.parametrize(
    ("html", "expected", "insecure"),
    [
        ("<img src=http://a.example/b.jpg>", '<a href="http://a.example/b.jpg">http://a.example/b.jpg</a>', None),
        ("<img src=http://a.example/b.jpg alt=c>", '<a href="http://a.example/b.jpg">c</a>', None),
        (
            "<a href=http://a.example/b.jpg><img src=http://a.example/b.jpg alt=c></a>",
            '<a href="http://a.example/b.jpg"><span>c</span></a>',
            None,
        ),
        (
            "<a href=/d><img src=http://a.example/b.jpg alt=c></a>",
            '<a href="/d"><span>c</span></a><span> <a href="http://a.example/b.jpg">http://a.example/b.jpg</a></span>',
            None,
        ),
        ("<img src=b.jpg>", "<span>b.jpg</span>", "b.jpg"),
        ("<img src=file:///b.jpg alt=c>", "<span>c</span>", "file:///b.jpg"),
        ("<img src=data:image/svg+xml;base64,AAAA>", "", "data:image/svg+xml;base64"),
        ("<img src=javascript:alert(1)>", "", "javascript:alert(1)"),
    ],
)
def test_other_images_become_links_and_are_reported(html: str, expected: str, insecure: str | None) -> None:
    post = post_html(html)
    assert post.html.strip() == expected
    assert post.insecure_images == [insecure or "http://a.example/b.jpg"]


@pytest.mark.parametrize(
    "html",
    [
        "<img width=1 height=1 src=https://a.example/b.gif>",
        "<img width='1' height='1' src='https://blogger.googleusercontent.com/tracker/1-2?l=blog.blogspot.com'/>",
        "<img src=http://feeds.feedburner.com/~r/a/b>",
        "<img src=http://photos1.blogger.com/pbp.gif>",
    ],
)
def test_tracking_images_are_removed(html: str) -> None:
    assert post_html(f"a{html}b") == CleanedPost("ab")
    assert first_image(html) is None


def test_a_caption_table_becomes_a_figure() -> None:
    html = (
        '<table align="center" cellpadding="0" class="tr-caption-container" style="margin-left: auto;"><tbody>'
        '<tr><td style="text-align: center;"><a href="http://1.bp.blogspot.com/a/s1600-h/b.jpg" imageanchor="1">'
        '<img border="0" src="http://1.bp.blogspot.com/a/s320/b.jpg" /></a></td></tr>'
        '<tr><td class="tr-caption" style="text-align: center;">A <i>caption</i></td></tr></tbody></table>'
    )
    assert sanitize(html) == (
        '<figure class="align-center"><a href="https://1.bp.blogspot.com/a/s1600/b.jpg">'
        + IMG.format("https://1.bp.blogspot.com/a/s320/b.jpg")
        + '</a><figcaption class="align-center">A <i>caption</i></figcaption></figure>'
    )


def test_first_image_skips_icons_and_data_images() -> None:
    assert first_image("<img src=http://a.example/b.jpg><img src=//1.bp.blogspot.com/c.jpg><img src=/d.jpg>") == (
        "https://1.bp.blogspot.com/c.jpg"
    )
    assert (
        first_image("<img src=data:image/png;base64,AA><img src=https://resources.blogblog.com/a.gif><img src=/d.jpg>")
        == "/d.jpg"
    )
    assert first_image("<p>a</p>") is None
    assert first_image("") is None

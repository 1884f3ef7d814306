"""Test which images of posts stay, become links or are removed."""

from __future__ import annotations

import pytest

from blog.html import CleanedPost, excerpt, first_image, post_html

LINK = '<a class="picture-link" href="{}">Picture at a.example</a>'
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
        ("<img src=http://a.example/b.jpg>", LINK.format("http://a.example/b.jpg"), None),
        ("<img src=http://a.example/b.jpg alt=c>", '<a href="http://a.example/b.jpg">c</a>', None),
        (
            "<a href=http://a.example/b.jpg><img src=http://a.example/b.jpg alt=c></a>",
            '<a href="http://a.example/b.jpg"><span>c</span></a>',
            None,
        ),
        (
            "<a href=/d><img src=http://a.example/b.jpg alt=c></a>",
            f'<a href="/d"><span>c</span></a><span> {LINK.format("http://a.example/b.jpg")}</span>',
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


@pytest.mark.parametrize(
    "html",
    [
        "<img align=left src={}>",
        "<img style='float: right' src={}>",
        "<div style='float:left'><img src={}></div>",
        "<div style='float:left'><p style='float:right'> <img src={} align=left> </p></div>",
        "<a href=http://a.example/large.jpg style='clear: left; float: left'><img src={}></a>",
        "<table class=tr-caption-container style='float: left'><tr><td><img src={}></td></tr>"
        "<tr><td class=tr-caption>Caption</td></tr></table>",
        "<div style='float:left'><img src={}><br><img src={}></div>",
    ],
)
def test_a_link_for_a_picture_does_not_float(html: str) -> None:
    cleaned = sanitize(html.format("http://a.example/b.jpg", "http://a.example/c.jpg") + "<p>Text</p>")
    assert "float" not in cleaned
    assert "Picture at a.example" in cleaned
    assert ">http" not in cleaned


@pytest.mark.parametrize(
    "html",
    [
        "<div style='float:left'>A box <img src=http://a.example/b.jpg></div>",
        "<div style='float:left'><img src=http://a.example/b.jpg><img src=https://a.example/b.jpg></div>",
        "<div style='float:left'>Words</div><img src=http://a.example/b.jpg>",
        "<img align=left src=https://a.example/b.jpg>",
    ],
)
def test_what_surrounds_more_than_a_link_floats_on(html: str) -> None:
    assert sanitize(html).count("float-left") == 1


def test_a_larger_copy_on_the_same_host_needs_no_second_link() -> None:
    html = "<a href=http://a.example/large.jpg><img src=http://a.example/small.jpg></a>"
    cleaned = post_html(html)
    assert (
        cleaned.html
        == '<a href="http://a.example/large.jpg"><span class="picture-link">Picture at a.example</span></a>'
    )
    assert cleaned.insecure_images == ["http://a.example/small.jpg"]


def test_a_link_for_a_picture_can_be_worded_and_stays_as_it_is() -> None:
    cleaned = post_html("<img src=http://a.example/b.jpg>", picture_text="Bild bei %(host)s").html
    assert ">Bild bei a.example<" in cleaned
    assert post_html(cleaned).html == cleaned


def test_an_excerpt_leaves_out_links_for_pictures_without_words() -> None:
    html = "<img src=http://a.example/b.jpg><a href=/c><img src=http://a.example/d.jpg></a> Words"
    assert excerpt(sanitize(html)) == "Words"
    assert excerpt(sanitize("<img src=http://a.example/b.jpg alt='A heron'> Words")) == "A heron Words"
    assert excerpt(sanitize("<img src=http://a.example/b.jpg>")) == "Picture at a.example"


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

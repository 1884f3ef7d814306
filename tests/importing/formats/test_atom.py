"""Test that titles and contents are read by their type (RFC 4287)."""

from __future__ import annotations

from pathlib import Path

import pytest

from blog.importing.archive import Archive
from blog.importing.formats.open_export import open_export
from tests.importing.export_files import HEAD, a_takeout, comment_entry, entry, one_blog, post_entry, takeout_post

XHTML = "http://www.w3.org/1999/xhtml"


def an_archive(folder: Path, *entries: str, head: str = HEAD) -> Archive:
    path = folder / "blog.xml"
    path.write_text(head + "".join(entries) + "</feed>")
    return open_export(path)


@pytest.mark.parametrize(
    ("element", "title"),
    [
        ("<title>R&amp;amp;D &lt;now></title>", "R&amp;D <now>"),
        ("<title type='text'>R&amp;amp;D &lt;now></title>", "R&amp;D <now>"),
        ("<title type='html'>R&amp;amp;D &amp;lt;now> &lt;b>a&lt;/b></title>", "R&D <now> a"),
        ("<title type='HTML'>R&amp;amp;D&lt;script>x&lt;/script></title>", "R&D"),
        (f"<title type='xhtml'><div xmlns='{XHTML}'>R&amp;D <b>&lt;now></b></div></title>", "R&D <now>"),
        ("<title type='html'/>", ""),
    ],
)
def test_a_title_is_read_by_its_type(tmp_path: Path, element: str, title: str) -> None:
    archive = an_archive(tmp_path, entry("post", "post-1", element))
    assert [post.title for post in archive.posts()] == [title]
    assert an_archive(tmp_path, post_entry(1), head=HEAD.replace("<title type='text'>The Heron Post</title>", element))\
        .site.title == title  # fmt: skip
    takeout = a_takeout(tmp_path, one_blog(takeout_post(1).replace("<title></title>", element)))
    assert [post.title for post in open_export(takeout).posts()] == [title]


@pytest.mark.parametrize(
    ("element", "body"),
    [
        ("<content type='html'>&lt;b>a&lt;/b> &amp;amp; b</content>", "<b>a</b> &amp; b"),
        ("<content type='text/html; charset=x'>&lt;b>a&lt;/b></content>", "<b>a</b>"),
        ("<content>1 &lt; 2 &amp;amp;\n\nb </content>", "1 &lt; 2 &amp;amp;<br /><br />b"),
        ("<content type='text'>&lt;b>a&lt;/b></content>", "&lt;b&gt;a&lt;/b&gt;"),
        ("<content type='text/plain'>a &amp; b</content>", "a &amp; b"),
        (
            f"<content type='xhtml'><div xmlns='{XHTML}'>a &amp; &lt; <p>b<br/>c</p> d <img src='/e?f&amp;g'/></div>"
            "</content>",
            'a &amp; &lt; <p>b<br>c</p> d <img src="/e?f&amp;g">',
        ),
        (
            f"<content type='xhtml'><x:div xmlns:x='{XHTML}'><x:a href='/b'>c</x:a></x:div></content>",
            '<a href="/b">c</a>',
        ),
        (f"<content type='xhtml'><div xmlns='{XHTML}'><p xml:lang='he'>a</p></div></content>", '<p lang="he">a</p>'),
        (f"<content type='xhtml'><p xmlns='{XHTML}'>a</p><p xmlns='{XHTML}'>b</p></content>", "<p>a</p><p>b</p>"),
        ("<content type='application/xhtml+xml'><p>a</p></content>", "<p>a</p>"),
        (
            "<content type='html' src='https://a.example/b?c&amp;d'/>",
            '<iframe src="https://a.example/b?c&amp;d"></iframe>',
        ),
        ("<content type='xhtml'/>", ""),
        ("", ""),
    ],
)
def test_a_content_is_read_by_its_type(tmp_path: Path, element: str, body: str) -> None:
    link = "<link rel='alternate' href='http://heronpost.blogspot.com/x.html#c2'/>"
    archive = an_archive(tmp_path, entry("post", "post-1", element), entry("comment", "post-2", element + link))
    assert [post.body for post in archive.posts()] == [body]
    assert [comment.body for comment in archive.comments()] == [body]


@pytest.mark.parametrize(
    ("ident", "ref", "post", "anchor"),
    [
        ("post-8", "8", "17", "c8"),
        ("page-8", "8", "17", "c8"),
        ("comment-8", "8", "17", "c8"),
        ("post-17.comment-8", "17-8", "17", "c8"),
        ("page-17.comment-8", "17-8", "17", "c8"),
        ("8", "8", "17", "c8"),
        (f"post-17.comment-{'8' * 39}", f"17-{'8' * 39}", "17", f"c{'8' * 39}"),
    ],
)
def test_comments_with_ids_of_other_shapes_are_imported(
    tmp_path: Path, ident: str, ref: str, post: str, anchor: str
) -> None:
    text = comment_entry(8, 17).replace("blog-77.post-8<", f"blog-77.{ident}<")
    (comment,) = an_archive(tmp_path, post_entry(17), text).comments()
    assert (comment.ref, comment.post_ref) == (f"blogger:comment-{ref}", f"blogger:post-{post}")
    assert comment.anchor == anchor
    assert len(comment.anchor) <= 40


def test_comments_may_be_numbered_at_each_post(tmp_path: Path) -> None:
    def numbered(number: int, post: int, parent: int | None = None) -> str:
        ident = f"post-{post}.comment-{number}<"
        return comment_entry(number, post, parent).replace(f"blog-77.post-{number}<", f"blog-77.{ident}")

    entries = [numbered(1, 17), numbered(2, 17, 1), numbered(1, 18), numbered(2, 18, 1)]
    archive = an_archive(tmp_path, post_entry(17), post_entry(18), *entries)
    assert archive.duplicates == 0
    assert [(comment.ref, comment.parent_ref) for comment in archive.comments()] == [
        ("blogger:comment-17-1", None),
        ("blogger:comment-17-2", "blogger:comment-17-1"),
        ("blogger:comment-18-1", None),
        ("blogger:comment-18-2", "blogger:comment-18-1"),
    ]


def test_a_reply_may_refer_to_a_comment(tmp_path: Path) -> None:
    reply = comment_entry(9, 17).replace("post-17'", "post-17.comment-8'").replace("post-9<", "post-17.comment-9<")
    (comment,) = an_archive(tmp_path, post_entry(17), reply).comments()
    assert (comment.post_ref, comment.parent_ref) == ("blogger:post-17", "blogger:comment-17-8")


def test_a_comment_without_a_reference_belongs_to_the_post_in_its_id(tmp_path: Path) -> None:
    rest = "<content type='html'>a</content>"
    (comment,) = an_archive(tmp_path, post_entry(17), entry("comment", "post-17.comment-8", rest)).comments()
    assert comment.post_ref == "blogger:post-17"


@pytest.mark.parametrize("host", ["www.blogger.com", "blogger.com", "draft.blogger.com", "WWW.Blogger.com"])
def test_the_host_of_blogger_is_never_the_blog(tmp_path: Path, host: str) -> None:
    head = HEAD.replace("http://heronpost.blogspot.com/'", f"http://{host}/feeds/77/posts/default'")
    assert an_archive(tmp_path, post_entry(1), head=head).site.host == "heronpost.blogspot.com"
    only = post_entry(1).replace("heronpost.blogspot.com", host)
    assert an_archive(tmp_path, only, head=head).site.host == ""


def test_a_blog_at_blogger_has_its_name_in_the_path(tmp_path: Path) -> None:
    address = "http://www.blogger.com/blogspot/Heronpost"
    head, one = (text.replace("http://heronpost.blogspot.com", address) for text in (HEAD, post_entry(1)))
    archive = an_archive(tmp_path, one, head=head)
    assert archive.site.host == "heronpost.blogspot.com"
    assert [post.path for post in archive.posts()] == ["/2011/07/post-1.html"]

from __future__ import annotations

import pytest

from blog.html import imported_comment_html

CASES = [
    ("", ""),
    ("One<br />two *not emphasis* _nor this_", "<p>One<br>two *not emphasis* _nor this_</p>\n"),
    ("<b>B</b> <i>I</i> &lt;tag&gt;", "<p><b>B</b> <i>I</i> &lt;tag&gt;</p>\n"),
    (
        '<a href="http://example.org/x" rel="nofollow" target="_blank">x</a>',
        '<p><a href="http://example.org/x" rel="nofollow ugc noopener">x</a></p>\n',
    ),
    (
        '<a href="http://old.blogspot.com/2009/05/a.html">here</a>',
        '<p><a href="/2009/05/a.html" rel="nofollow ugc noopener">here</a></p>\n',
    ),
    ('<a href="javascript:alert(1)">no</a>', "<p>no</p>\n"),
    ("<p>One</p><p>Two</p>", "<p>One</p><p>Two</p>"),
    ('<p id="responses" class="x" style="y">One</p>', "<p>One</p>"),
    ("<script>gone()</script>kept", "<p>kept</p>\n"),
    (
        '<img src="http://example.org/cat.jpg" alt="A cat">',
        '<p><a href="http://example.org/cat.jpg" rel="nofollow ugc noopener">A cat</a></p>\n',
    ),
]


@pytest.mark.parametrize(("html", "expected"), CASES)
def test_imported_comments_are_sanitized(html: str, expected: str) -> None:
    assert imported_comment_html(html, host="old.blogspot.com") == expected

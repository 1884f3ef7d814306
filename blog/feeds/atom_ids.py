"""Build the ids of feeds and entries, which never change.

A reader shows an entry with a new id as a new one. So posts imported from Blogger have the ids that they had there, and
all others a tag URI (RFC 4151) that begins with the site's prefix, made once. Ours are of the same shape as Blogger's,
since programs cut the number out of them.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from blog.comments.models import Comment
from blog.posts.models import Post
from blog.site.models import Site

COMMENT_REF = re.compile(r"blogger:comment-([0-9]{1,39})")
BLOGGER_POST = re.compile(r"(tag:blogger\.com,1999:blog-[0-9]{1,39})\.post-([0-9]{1,39})")


def posts_feed_id(site: Site, labels: tuple[str, ...] = (), author: str = "") -> str:
    parts = [f".label-{quote(label, safe='')}" for label in labels]
    return "".join([_site_id(site), *parts, f".author-{quote(author, safe='')}" if author else ""])


def comments_feed_id(site: Site, post: Post | None = None) -> str:
    """Build the id of the feed of all comments, or of a post's, as Blogger does."""
    if post is None:
        return f"{_site_id(site)}.comments"
    before, _, number = post_id(post, site).rpartition("-")
    return f"{before}{number}..comments"


def post_id(post: Post, site: Site) -> str:
    return post.atom_id or f"{site.tag_prefix}.post-{post.id}"


def comment_id(comment: Comment, post: Post, site: Site) -> str:
    """Build a comment's id; Blogger numbers comments like posts."""
    blog, number = BLOGGER_POST.fullmatch(post.atom_id or ""), COMMENT_REF.fullmatch(comment.import_ref or "")
    if blog and number:
        return f"{blog[1]}.post-{number[1]}"
    return f"{site.tag_prefix}.comment-{comment.id}"


def _site_id(site: Site) -> str:
    return site.atom_id or site.tag_prefix

"""Publishing a post: what is derived from what was typed, its path, and who hears of it."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from sqlalchemy import select

from blog.db import db
from blog.html import editor_html, excerpt, first_picture, post_html
from blog.live import hint
from blog.posts.models import PAGE, Label, Post
from blog.site.models import Site, raise_site_version

SLUG_LENGTH = 60


def derive(post: Post, host: str = "") -> list[str]:
    """Clean what was typed into what is shown; slow, so before the act. `host` is the blog's old one, whose links
    become local. Returns the addresses of pictures that no page may load, since they are not reachable by https.
    """
    body = post_html(post.body or "", host=host)
    post.body_html = body.html
    post.quote_html = editor_html(post.quote or "")
    post.note_html = editor_html(post.note or "")
    post.excerpt = post.standfirst or excerpt(f"{post.quote_html} {post.body_html} {post.note_html}")
    post.thumbnail = post.photo_url or first_picture(post.body_html) or ""
    return body.insecure_pictures


def slug_of(title: str) -> str:
    """The title in lower-case ASCII words joined by hyphens, cut at a word; `blog-post` where nothing remains."""
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", ascii_title.replace("'", ""))
    slug = ""
    for word in words:
        if len(slug) + len(word) + 1 > SLUG_LENGTH:
            break
        slug = f"{slug}-{word}" if slug else word
    return slug or (words[0][:SLUG_LENGTH] if words else "blog-post")


def free_path(post: Post, at: datetime, site: Site) -> str:
    """The first path that no other post has, in Blogger's scheme; asked inside the act, so that it stays free."""
    local = at.astimezone(site.zone)
    folder = "/p" if post.kind == PAGE else f"/{local:%Y}/{local:%m}"
    slug = slug_of(post.title)
    taken = set(db.session.scalars(select(Post.path).where(Post.path.startswith(f"{folder}/{slug}", autoescape=True))))
    suffix, path = 1, f"{folder}/{slug}.html"
    while path in taken:
        suffix += 1
        path = f"{folder}/{slug}_{suffix}.html"
    return path


def publish(post: Post, at: datetime, site: Site) -> None:
    """Inside an act: give the post its path and show it."""
    post.publish(free_path(post, at, site), at)
    post.site_version = raise_site_version()


def labelled(names: list[str]) -> list[Label]:
    """Inside an act: the labels of these names, made where they do not stand yet."""
    names = list(dict.fromkeys(name.strip()[:200] for name in names if name.strip()))
    standing = {label.name: label for label in db.session.scalars(select(Label).where(Label.name.in_(names)))}
    for name in names:
        if name not in standing:
            standing[name] = Label(name=name)
            db.session.add(standing[name])
    return [standing[name] for name in names]


def announce(post: Post) -> None:
    """After the commit: who may want to look again."""
    hint("site")
    hint(f"post:{post.id}")

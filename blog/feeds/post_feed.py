"""Build the feeds of posts: all, those with some labels, those of an author."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import defer

from blog.db import db
from blog.feeds.absolute_html import absolute_html
from blog.feeds.atom_ids import post_id, posts_feed_id
from blog.feeds.entries import Entry, Feed
from blog.feeds.feed_addresses import Place, head_links, post_comments_path
from blog.feeds.label_filter import with_labels
from blog.feeds.parameters import Parameters
from blog.feeds.photos import describe_photo
from blog.feeds.selection import Listing, count_rows, select_keys, within
from blog.html.plain_text import shorten
from blog.html.typography import set_quotes
from blog.posts.lists import visible_posts
from blog.posts.models import Post
from blog.site.models import Site, current_site
from blog.web.i18n import language_tag

# so many rows of an index take some 10 ms
MAX_START = 100_000
SUMMARY_LENGTH = 500
TYPED = (Post.body, Post.quote, Post.note)
TEXTS = (Post.body_html, Post.quote_html, Post.note_html)


@dataclass(frozen=True)
class Wanted:
    """Say which posts a feed has; `counted` if it tells how many there are."""

    labels: tuple[str, ...] = ()
    author: str = ""
    summary: bool = False
    counted: bool = False


def build_post_feed(place: Place, parameters: Parameters, wanted: Wanted) -> Feed:
    site, listing = current_site(), list_posts(parameters, wanted)
    keys = select_keys(listing, parameters)
    posts = {post.id: post for post in db.session.scalars(_load(keys.ids, wanted)) if post.published}
    entries = tuple(make_entry(posts[key], site, place, wanted) for key in keys.ids if key in posts)
    about = wanted.author or ", ".join(wanted.labels)
    return Feed(
        feed_id=posts_feed_id(site, wanted.labels, wanted.author),
        title=_("%(site)s: %(about)s", site=site.title, about=about) if about else site.title,
        subtitle=site.tagline,
        language=language_tag(),
        author=site.title,
        home=place.absolute(_home(wanted)),
        url=place.url,
        updated=max((entry.updated for entry in entries), default=site.created_at),
        entries=entries,
        links=head_links(place, keys.older, keys.newer),
        start=parameters.start if not parameters.after and not parameters.before else None,
        size=parameters.size,
        total=count_rows(listing) if wanted.counted else None,
    )


def list_posts(parameters: Parameters, wanted: Wanted) -> Listing:
    query = visible_posts().where(
        *within(Post.published_at, parameters.published_min, parameters.published_max),
        *within(Post.updated_at, parameters.updated_min, parameters.updated_max),
    )
    if wanted.author:
        # as in the index
        query = query.where(Post.author_name == wanted.author, Post.author_name != literal("", literal_execute=True))
    length = literal(0) if wanted.summary else sum((func.length(text) for text in TEXTS[1:]), func.length(TEXTS[0]))
    at = Post.updated_at if parameters.by_update else Post.published_at
    return Listing(with_labels(query, wanted.labels), at, Post.id, length, MAX_START)


def has_posts(wanted: Wanted) -> bool:
    """Return whether readers may see such a post; the feed of all is there without any."""
    if not wanted.labels and not wanted.author:
        return True
    query = list_posts(Parameters(), wanted).query.with_only_columns(Post.id).limit(1)
    return db.session.scalar(query) is not None


def make_entry(post: Post, site: Site, place: Place, wanted: Wanted) -> Entry:
    """Build the entry of a post, with its texts in the order of its page."""
    url = place.absolute(post.address)
    html = "" if wanted.summary else render_template("feeds/_content.html", post=post, site=site)
    published = post.published_at or post.created_at
    return Entry(
        entry_id=post_id(post, site),
        title=set_quotes(post.headline, site.language),
        url=url,
        published=published,
        updated=max(post.updated_at, published),
        author=post.author_name,
        labels=tuple(label.name for label in post.labels),
        summary=set_quotes(shorten(post.excerpt, SUMMARY_LENGTH), site.language),
        html=absolute_html(html, place.origin, url),
        photo=describe_photo(post, place, current_app.config["SETTINGS"]),
        source_title=post.source_title or post.source_name,
        source_url=post.source_url,
        response_count=post.comment_count,
        responses_feed=place.absolute(post_comments_path(post.id)),
    )


def _load(ids: list[int], wanted: Wanted) -> Select[Post]:
    """Select posts by id alone: with more conditions SQLite searches them by another index."""
    left_out = (*TYPED, *TEXTS) if wanted.summary else TYPED
    return select(Post).where(Post.id.in_(ids)).options(*map(defer, left_out))


def _home(wanted: Wanted) -> str:
    """Return the page that lists the same posts; several labels and authors have none."""
    return url_for("posts.index_label", name=wanted.labels[0]) if len(wanted.labels) == 1 else url_for("posts.index")

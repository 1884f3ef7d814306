"""Draw the card pictures that are missing, beside requests.

A post without another picture gets one after it is published and after its headline or source changes; older and
imported posts get theirs a few at a time. A new title or accent of the site changes only the site's own card.
"""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy import text, update

from blog.db import db, writing
from blog.media.card_picture import CardTexts
from blog.media.library import save_card
from blog.media.picture_errors import PictureRefused
from blog.posts.models import UNDRAWN, Post, headline
from blog.site.models import SITE_ID, UNSYNCHRONIZED, Site, current_site

log = logging.getLogger(__name__)

# a round makes every cached page outdated, so it draws several cards; 0.1 s each
BATCH_SIZE = 10


def draw_cards() -> None:
    """Draw the cards of the last changed posts that lack one, and the site's.

    A card whose texts changed meanwhile is dropped, and drawn in the next round.
    """
    site = current_site()
    title, tagline, accent, is_drawn = site.title, site.tagline, site.accent, site.card_url is not None
    rows = db.session.execute(_undrawn_posts()).all()
    if is_drawn and not rows:
        return
    try:
        site_card = "" if is_drawn else _save(CardTexts(title, "", tagline, accent))
        cards = [
            (row, _save(CardTexts(headline(row.title, row.excerpt, row.path), row.source_name, title, accent)))
            for row in rows
        ]
    except PictureRefused:  # the disk is full, as `media.library` has logged
        return
    with writing():
        if not is_drawn:
            same = (Site.id == SITE_ID, Site.title == title, Site.tagline == tagline, Site.accent == accent)
            _store(update(Site).where(*same), site_card, Site.updated_at)
        for row, address in cards:
            words = (Post.title == row.title, Post.source_name == row.source_name, Post.excerpt == row.excerpt)
            _store(update(Post).where(Post.id == row.id, *words), address, Post.updated_at)


def _save(texts: CardTexts) -> str:
    try:
        return save_card(texts)
    except (OSError, ValueError):  # of FreeType; one odd text must not hold back all others
        log.exception("A card could not be drawn")
        return ""


def _store(query: Any, address: str, updated_at: Any) -> None:
    db.session.execute(query.values(card_url=address, updated_at=updated_at), execution_options=UNSYNCHRONIZED)


def _undrawn_posts() -> Any:
    columns = (Post.id, Post.title, Post.excerpt, Post.path, Post.source_name)
    return (
        Post.visible()
        .with_only_columns(*columns)
        .where(text(UNDRAWN))
        .order_by(Post.updated_at.desc())
        .limit(BATCH_SIZE)
    )

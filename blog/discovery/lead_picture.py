"""Choose the picture that stands for a page in search results and on social networks."""

from __future__ import annotations

from dataclasses import dataclass, replace

from blog.discovery.public_address import public_address
from blog.media.image_sources import image_source
from blog.media.processing import LARGE
from blog.media.storage import parse_address
from blog.posts.models import Post
from blog.site.models import Site

# narrower pictures are shown small, beside the text
MIN_LARGE_CARD = 300


@dataclass(frozen=True)
class LeadPicture:
    """Hold an absolute address, the size in pixels if known, and the alt text."""

    address: str
    width: int | None = None
    height: int | None = None
    alt: str = ""

    @property
    def is_large(self) -> bool:
        return (self.width or MIN_LARGE_CARD) >= MIN_LARGE_CARD


def post_picture(post: Post, site: Site) -> LeadPicture | None:
    """Return the photo, else the first picture of the text, else a drawn card."""
    if post.photo_url:
        return _describe(post.photo_url, post.photo_alt)
    if post.thumbnail:
        return _describe(_larger_address(post.thumbnail), "")
    if post.card_url:
        words = [post.headline, post.source_name, site.title]
        return _describe(post.card_url, " · ".join(word for word in words if word))
    return site_picture(site)


def site_picture(site: Site) -> LeadPicture | None:
    """Return the drawn card of the site; None until it is drawn."""
    return _describe(site.card_url, site.title) if site.card_url else None


def _describe(address: str, alt: str) -> LeadPicture | None:
    image = image_source(address)
    if address.startswith("/"):
        return LeadPicture(public_address(address), image.width, image.height, alt)
    return LeadPicture(address, alt=alt) if address[:8].lower() == "https://" else None


def _larger_address(address: str) -> str:
    rendition = parse_address(address)
    return replace(rendition, width=LARGE).address if rendition else address

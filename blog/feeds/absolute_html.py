"""Make the addresses in sanitized HTML absolute."""

from __future__ import annotations

import re

import re2

# sanitized HTML has no other "<", and quotes values by this sign only
TAG = re2.compile(r'<[a-z][^<>"]*(?:"[^"]*"[^<>"]*)*>')
PATH = re.compile(r'(?<= href="| cite=")(?=/(?!/))|(?<= src=")(?=/(?!/))')
FRAGMENT = re.compile(r'(?<= href=")(?=#)')


def absolute_html(html: str, base: str, page: str) -> str:
    """Put `base` before paths, and `page` before fragments."""

    def rewrite(tag: str) -> str:
        return FRAGMENT.sub(lambda _: page, PATH.sub(lambda _: base, tag))

    return str(TAG.sub(lambda found: rewrite(found[0]), html))

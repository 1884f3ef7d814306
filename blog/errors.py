"""Define exceptions of the whole program."""

from __future__ import annotations


class Unusable(Exception):
    """Raised for unusable input.

    The text is one sentence: what is wrong, where, and what to do. Commands exit with status 2.
    """

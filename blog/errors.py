"""Define exceptions of the whole program."""

from __future__ import annotations


class Unusable(Exception):
    """Raised for unusable input.

    The text is one sentence: what is wrong, where, and what to do. Commands exit with status 2.
    """


class WrongSetting(Exception):
    """Raised for an unusable setting, with one sentence for the operator."""

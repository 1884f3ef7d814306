"""Exceptions of the whole program."""

from __future__ import annotations


class Unusable(Exception):
    """Input that cannot be used: one sentence that says what is wrong, where, and what to do. Exit status 2."""

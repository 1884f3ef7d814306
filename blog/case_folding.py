"""Compare text case-insensitively, alike on every database and locale."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, String, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class ascii_lower(GenericFunction[str]):  # noqa: N801  an SQL function
    """Lower the letters A to Z only.

    SQLite's lower() does so. PostgreSQL's depends on the locale, and in Turkish turns I into a dotless i.
    """

    type = String()
    inherit_cache = True


@compiles(ascii_lower)
def _compile_lower(element: ascii_lower, compiler: SQLCompiler, **options: Any) -> str:
    return f"lower({compiler.process(element.clauses, **options)})"


@compiles(ascii_lower, "postgresql")
def _compile_postgresql_lower(element: ascii_lower, compiler: SQLCompiler, **options: Any) -> str:
    return f'lower({compiler.process(element.clauses, **options)} COLLATE "C")'


def lower_variants(text: str) -> list[str]:
    """List ascii_lower() of the text in its usual spellings."""
    forms = (text, text.lower(), text.upper(), text.capitalize())
    return sorted({form.encode().lower().decode() for form in forms})


def contains(column: ColumnElement[str] | Any, word: str) -> ColumnElement[bool]:
    """Build the condition that the column contains the word in any case."""
    return or_(*(ascii_lower(column).contains(form, autoescape=True) for form in lower_variants(word)))

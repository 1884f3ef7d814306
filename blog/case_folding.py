"""Compare texts in any case, alike on every database and in every locale."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, String, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class ascii_lower(GenericFunction[str]):  # noqa: N801  named as the function that it is in SQL
    """Write the letters A to Z small and leave all others as they are.

    SQLite's lower() is that. PostgreSQL's goes by the locale, and in Turkish makes a dotless i of an I.
    """

    type = String()
    inherit_cache = True


@compiles(ascii_lower)
def _plain(element: ascii_lower, compiler: SQLCompiler, **options: Any) -> str:
    return f"lower({compiler.process(element.clauses, **options)})"


@compiles(ascii_lower, "postgresql")
def _collated(element: ascii_lower, compiler: SQLCompiler, **options: Any) -> str:
    return f'lower({compiler.process(element.clauses, **options)} COLLATE "C")'


def spellings(text: str) -> list[str]:
    """List what ascii_lower() makes of the text as it is, in small letters and in capitals."""
    forms = (text, text.lower(), text.upper(), text.capitalize())
    return sorted({form.encode().lower().decode() for form in forms})


def contains(column: ColumnElement[str] | Any, word: str) -> ColumnElement[bool]:
    """Match rows whose column has the word anywhere, in any case."""
    return or_(*(ascii_lower(column).contains(form, autoescape=True) for form in spellings(word)))

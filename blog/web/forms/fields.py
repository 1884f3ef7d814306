"""Fields of forms. Each says how long its text may be, and checks that before anything else reads the text."""

from __future__ import annotations

import re
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    IntegerField,
    PasswordField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.csrf.core import CSRFTokenField

TOKEN_LENGTH = 200
"""The longest text of a field that only programs fill in: a key, an id, the name of a choice."""

SEARCH_LENGTH = 200
"""How much of a search of the desk is looked at."""


class Bounded(Field):
    """A field that takes at most `most` characters; a line break counts as one.

    A longer text passes no filter and no validator. It stays in the field as it came, so that the page can give it
    back, and the only error says by how much it is too long.
    """

    def __init__(self, *arguments: Any, most: int, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.most = most

    def process(self, formdata: Any, *arguments: Any, **options: Any) -> None:
        values = texts_in(formdata, self.name)
        if self._excess(values) > 0:
            self.process_errors, self.raw_data, self.data = [], values, values[0]
        else:
            texts = None if formdata is None else MultiDict((self.name, value) for value in values)
            super().process(texts, *arguments, **options)

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        # asked once more, since a filter may have added a scheme and a text may come from the database
        if (over := self._excess(self.raw_data or []) or self._excess([self.data])) > 0:
            self.errors = [too_long(over, self.most)]
            return False
        return super().validate(form, extra_validators)

    def _excess(self, values: list[Any]) -> int:
        """Count the characters over the bound, with one between two values."""
        texts = [value for value in values if isinstance(value, str)]
        length = sum(map(len, texts)) + len(texts) - 1
        if self.most < length <= 2 * self.most:
            length -= sum(text.count("\r\n") for text in texts)
        return max(0, length - self.most)


def texts_in(formdata: Any, name: str) -> list[str]:
    """What was sent under a name, without files: anybody may send one in the place of a text."""
    return [value for value in formdata.getlist(name) if isinstance(value, str)] if formdata is not None else []


class Token(CSRFTokenField):
    """The proof that the form is ours; one that is too long is none."""

    def process(self, formdata: Any, *arguments: Any, **options: Any) -> None:
        texts = MultiDict((self.name, text) for text in texts_in(formdata, self.name) if len(text) <= TOKEN_LENGTH)
        super().process(texts, *arguments, **options)


class Tokens(FlaskForm.Meta.csrf_class):  # type: ignore[misc]
    """Flask-WTF's tokens in a field of ours."""

    field_class = Token


class Form(FlaskForm):  # type: ignore[misc]
    """What all forms derive from; its fields are those of this module, whose texts are bounded."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        csrf_class = Tokens

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            # Flask-WTF would read JSON too, whose values need not be texts
            return None if request and request.is_json else super().wrap_formdata(form, formdata)


def too_long(over: int, most: int) -> Any:
    """Say by how many characters a text is over its bound."""
    return _("This is %(over)d characters too long; it holds at most %(most)s.", over=over, most=f"{most:,}")


class Text(Bounded, StringField):
    """One line."""


class LongText(Bounded, TextAreaField):
    """Several lines."""


class Password(Bounded, PasswordField):
    """A password, which no page gives back."""


class Hidden(Bounded, HiddenField):
    """What a page sends back as it got it."""

    def __init__(self, *arguments: Any, most: int = TOKEN_LENGTH, **options: Any) -> None:
        super().__init__(*arguments, most=most, **options)


class Choice(Bounded, StringField):
    """One of several values, whose validator or reader knows them."""

    def __init__(self, *arguments: Any, most: int = TOKEN_LENGTH, **options: Any) -> None:
        super().__init__(*arguments, most=most, **options)


class Choices(Bounded, SelectMultipleField):
    """Some of several values; the bound is for all of them together."""


class WholeNumber(Bounded, IntegerField):
    """A whole number. What is none is nothing; the field's validators say which numbers may stand."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, most=TOKEN_LENGTH, **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            text = valuelist[0].strip()
            self.data = int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None


class Switch(BooleanField):
    """A box with a hidden field of the same name before it, so that what was not sent at all stays as it is."""

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            self.data = bool(valuelist[-1])

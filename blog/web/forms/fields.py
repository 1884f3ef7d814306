"""Define form fields that check the length of their text first."""

from __future__ import annotations

import re
from typing import Any, Self

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
from wtforms.validators import ValidationError

from blog.web.csrf import FOREIGN, is_from_elsewhere

MAX_TOKEN_LENGTH = 200
"""Characters of a field that only programs fill in: a key, an id, the value of a choice."""

MAX_SEARCH_LENGTH = 200
"""Characters of a desk search that are used."""


class BoundedField(Field):
    """Accept at most `max_length` characters; a line break counts as one.

    A longer text skips filters and validators. It stays in the field unchanged, so that the page can return it, and
    the only error says by how much it is too long.
    """

    def __init__(self, *arguments: Any, max_length: int, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.max_length = max_length

    def process(self, formdata: Any, *arguments: Any, **options: Any) -> None:
        values = submitted_texts(formdata, self.name)
        if self._excess(values) > 0:
            self.process_errors, self.raw_data, self.data = [], values, values[0]
        else:
            texts = None if formdata is None else MultiDict((self.name, value) for value in values)
            super().process(texts, *arguments, **options)

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        # checked again: a filter may have added a scheme, and a text may come from the database
        if (over := self._excess(self.raw_data or []) or self._excess([self.data])) > 0:
            self.errors = [too_long_message(over, self.max_length)]
            return False
        return super().validate(form, extra_validators)

    def _excess(self, values: list[Any]) -> int:
        """Count the characters over the limit, with one between two values."""
        texts = [value for value in values if isinstance(value, str)]
        length = sum(map(len, texts)) + len(texts) - 1
        if self.max_length < length <= 2 * self.max_length:
            length -= sum(text.count("\r\n") for text in texts)
        return max(0, length - self.max_length)


def submitted_texts(formdata: Any, name: str) -> list[str]:
    """Return the texts sent under a name, without files."""
    return [value for value in formdata.getlist(name) if isinstance(value, str)] if formdata is not None else []


class CSRFTokenInput(CSRFTokenField):
    """Hold the CSRF token; ignore one that is too long."""

    def process(self, formdata: Any, *arguments: Any, **options: Any) -> None:
        texts = MultiDict(
            (self.name, text) for text in submitted_texts(formdata, self.name) if len(text) <= MAX_TOKEN_LENGTH
        )
        super().process(texts, *arguments, **options)


class CSRFTokens(FlaskForm.Meta.csrf_class):  # type: ignore[misc]
    """Make Flask-WTF use the bounded CSRF field, and refuse other sites."""

    field_class = CSRFTokenInput

    def validate_csrf_token(self, form: Any, field: Field) -> None:
        if is_from_elsewhere():
            raise ValidationError(str(FOREIGN))
        super().validate_csrf_token(form, field)


class Form(FlaskForm):  # type: ignore[misc]
    """Serve as the base of all forms."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        csrf_class = CSRFTokens

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            # Flask-WTF would read JSON too, whose values need not be texts
            return None if request and request.is_json else super().wrap_formdata(form, formdata)

    @classmethod
    def from_request(cls) -> Self:
        """Build the form with what this request brought."""
        return cls()

    @property
    def first_refused(self) -> str:
        """Return the name of the first invalid field, which gets the focus."""
        return next((field.name for field in self if field.errors and field.name != "csrf_token"), "")

    def has_any(self, *names: str) -> bool:
        """Return whether one of these fields holds a value or an error."""
        return any(self[name].data or self[name].errors for name in names)


def too_long_message(over: int, max_length: int) -> Any:
    """Return the error message for a text that is too long."""
    return _("This is %(over)d characters too long; it holds at most %(most)s.", over=over, most=f"{max_length:,}")


class Text(BoundedField, StringField):
    """Accept one line."""


class LongText(BoundedField, TextAreaField):
    """Accept several lines."""


class Password(BoundedField, PasswordField):
    """Accept a password, which no page repeats."""


class Hidden(BoundedField, HiddenField):
    """Accept a hidden value of the page."""

    def __init__(self, *arguments: Any, max_length: int = MAX_TOKEN_LENGTH, **options: Any) -> None:
        super().__init__(*arguments, max_length=max_length, **options)


class Choice(BoundedField, StringField):
    """Accept one of several values; the form's validator checks it."""

    def __init__(self, *arguments: Any, max_length: int = MAX_TOKEN_LENGTH, **options: Any) -> None:
        super().__init__(*arguments, max_length=max_length, **options)


class Choices(BoundedField, SelectMultipleField):
    """Accept several values; the limit is for their sum."""


class WholeNumber(BoundedField, IntegerField):
    """Accept a whole number; None if malformed."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, max_length=MAX_TOKEN_LENGTH, **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            text = valuelist[0].strip()
            self.data = int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None


class Switch(BooleanField):
    """Accept a checkbox; without its hidden field the value is unchanged."""

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            self.data = bool(valuelist[-1])

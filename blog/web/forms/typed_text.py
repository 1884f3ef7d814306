"""Return the typed text of a refused request on its error page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from flask import Flask, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from wtforms import Form, HiddenField, IntegerField, PasswordField, StringField
from wtforms.fields.core import UnboundField

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


def init(app: Flask) -> None:
    app.jinja_env.globals.update(typed_text=typed_text)


def takes_text(form: type[Form] | None = None, **labels: str) -> Callable[[View], View]:
    """Mark a view that takes text, with its fields or their labels."""
    text_labels = {**(_text_fields(form) if form else {}), **labels}

    def mark(view: View) -> View:
        view.text_labels = text_labels  # type: ignore[attr-defined]
        return view

    return mark


def typed_text() -> list[tuple[str, str]]:
    """Return label and text of each filled field of the refused request."""
    if request.method in {"GET", "HEAD"}:
        return []
    view = current_app.view_functions.get(request.endpoint or "")
    labels: Mapping[str, str] = getattr(view, "text_labels", {})
    try:
        return [(str(label), text) for name, label in labels.items() if (text := request.form.get(name, "")).strip()]
    except HTTPException:
        return []  # the body was too large to parse


def _text_fields(form: type[Form]) -> dict[str, str]:
    """Return the labels of a form's visible text fields, without passwords."""
    fields = [(name, field) for name in dir(form) if isinstance(field := getattr(form, name), UnboundField)]
    typed = [
        (name, field)
        for name, field in fields
        if issubclass(field.field_class, StringField | IntegerField)
        and not issubclass(field.field_class, HiddenField | PasswordField)
    ]
    return {name: field.args[0] for name, field in sorted(typed, key=lambda pair: pair[1].creation_counter)}

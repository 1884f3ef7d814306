"""Show forms, and show them again with their text after refusals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Response, current_app, request
from flask.typing import ResponseReturnValue

from blog.web import htmx
from blog.web.csrf import UNCONFIRMED
from blog.web.error_pages import render_without_database
from blog.web.forms.fields import Form
from blog.web.forms.typed_text import takes_text
from blog.web.http_cache import private

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


def load_nothing(_form: Form, **_path: Any) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class FormPage:
    """Describe how a form is shown.

    `load` takes the form and the values of the path; it prepares the form, then returns what the templates show
    beside it. `selector` names what htmx replaces, if it is not the target of the request.
    """

    form: type[Form]
    page: str
    fragment: str = ""
    load: Callable[..., dict[str, Any]] = load_nothing
    selector: str = ""

    def takes_text(self, view: View) -> View:
        """Mark a view whose refusals show this form again with its text."""
        view.form_page = self  # type: ignore[attr-defined]
        return takes_text(self.form)(view)

    def show(self, form: Form, status: int = 200, **values: Any) -> Response:
        return self.render(form, status, self.load(form, **(request.view_args or {})) | values)

    def refuse(self, form: Form, **values: Any) -> Response:
        """Show an invalid form; after a refused token it can be sent again."""
        if form.csrf_token.errors:
            form.form_errors = [UNCONFIRMED]
        return self.show(form, 403 if form.csrf_token.errors else 422, **values)

    def refill(self, sentence: str) -> Form:
        """Build the form with the text of this request, under a sentence."""
        form = self.form.from_request()
        form.form_errors = [sentence]
        return form

    def render(self, form: Form, status: int, values: dict[str, Any]) -> Response:
        inline = bool(self.fragment) and htmx.is_htmx_request()
        values |= {"form": form, "inline": inline} | (request.view_args or {})
        answer = private(render_without_database(self.fragment if inline else self.page, **values), status)
        return htmx.retarget(answer, self.selector, "outerHTML") if inline and self.selector else answer


def requested_form_page() -> FormPage | None:
    """Return the form page of the requested view, if it is marked."""
    view = current_app.view_functions.get(request.endpoint or "")
    page: FormPage | None = getattr(view, "form_page", None)
    return page

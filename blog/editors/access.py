"""Guard the routes under /desk by the table in `roles`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, Response, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from blog.editors.models import Editor
from blog.editors.roles import may_use
from blog.editors.sessions import editor_of_session
from blog.web import htmx

DESK_PREFIX = "/desk"


class SignInRequired(Exception):
    """Refuse a request after the session ended; sign-in resumes it."""


class OwnerRequired(Exception):
    """Refuse an editor who is not an owner."""


def init(app: Flask, menu: Callable[[], list[tuple[str, str]]]) -> None:
    """Guard all desk routes registered so far; add template globals."""
    app.jinja_env.globals.update(editor=current_editor, desk_menu=menu, may=may)
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(DESK_PREFIX):
            app.view_functions[rule.endpoint] = _guard(app.view_functions[rule.endpoint])
    app.after_request(_forbid_caching)


def current_editor() -> Editor | None:
    if "editor" not in g:
        g.editor = editor_of_session(session["desk"]) if "desk" in session else None
    editor: Editor | None = g.editor
    return editor


def signed_in_editor() -> Editor:
    """Return the editor of a guarded view. Raises LookupError in any other."""
    editor = current_editor()
    if editor is None:
        raise LookupError("this view is not guarded")
    return editor


def may(endpoint: str) -> bool:
    """Return whether the current visitor may use this desk route."""
    return may_use(current_editor(), endpoint)


def _guard(view: Callable[..., Any]) -> Callable[..., Any]:
    if getattr(view, "is_guarded", False):
        return view

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if may(request.endpoint or ""):
            return view(*args, **kwargs)
        return _refuse()

    guarded.is_guarded = True  # type: ignore[attr-defined]
    return guarded


def _refuse() -> ResponseReturnValue:
    if current_editor():
        raise OwnerRequired
    if request.method in {"GET", "HEAD"} and not htmx.is_htmx_request():
        return redirect(url_for("editors.new_session", next=request.full_path.rstrip("?")), 303)
    raise SignInRequired


def _forbid_caching(response: Response) -> Response:
    if request.path.startswith(DESK_PREFIX):
        response.headers["Cache-Control"] = "no-store"
    return response

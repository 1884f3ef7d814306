"""The lock of the desk: every route under /desk asks the table in `access` before its view runs."""

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

DESK = "/desk"


class SignedOut(Exception):
    """An editor sent something after the session had ended; the door shows the sign-in form, which takes it along."""


class OwnersOnly(Exception):
    """An editor asked for what is the owner's."""


def init(app: Flask, menu: Callable[[], list[tuple[str, str]]]) -> None:
    """Lock all routes of the desk that the app has by now, and give templates the editor and the menu."""
    app.jinja_env.globals.update(editor=current_editor, desk_menu=menu, may=may)
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(DESK):
            app.view_functions[rule.endpoint] = _locked(app.view_functions[rule.endpoint])
    app.after_request(_keep_private)


def current_editor() -> Editor | None:
    if "editor" not in g:
        g.editor = editor_of_session(session["desk"]) if "desk" in session else None
    editor: Editor | None = g.editor
    return editor


def the_editor() -> Editor:
    """The editor behind a locked door."""
    editor = current_editor()
    if editor is None:
        raise LookupError("this view is not behind the lock")
    return editor


def may(endpoint: str) -> bool:
    """Decide whether whoever asks may use this route of the desk."""
    return may_use(current_editor(), endpoint)


def _locked(view: Callable[..., Any]) -> Callable[..., Any]:
    if getattr(view, "is_locked", False):
        return view

    @wraps(view)
    def locked(*args: Any, **kwargs: Any) -> Any:
        if may(request.endpoint or ""):
            return view(*args, **kwargs)
        return _refuse()

    locked.is_locked = True  # type: ignore[attr-defined]
    return locked


def _refuse() -> ResponseReturnValue:
    if current_editor():
        raise OwnersOnly
    if request.method in {"GET", "HEAD"} and not htmx.is_htmx_request():
        return redirect(url_for("editors.new_session", next=request.full_path.rstrip("?")), 303)
    raise SignedOut


def _keep_private(response: Response) -> Response:
    if request.path.startswith(DESK):
        response.headers["Cache-Control"] = "no-store"
    return response

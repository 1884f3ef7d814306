"""The lock of the desk: everything on a locked blueprint is for editors, unless a view is opened by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, Flask, Response, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from blog import htmx
from blog.editors.models import Editor
from blog.editors.signing_in import editor_of_session


class SignedOut(Exception):
    """An editor sent something after the session had ended; the door shows the sign-in form, which takes it along."""


View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


def init(app: Flask, menu: Callable[[], list[tuple[str, str]]]) -> None:
    """Give the desk's templates the editor and the menu."""
    app.jinja_env.globals.update(editor=current_editor, desk_menu=menu)


def lock(blueprint: Blueprint) -> Blueprint:
    """Let only editors through, and let nobody keep what they are shown."""
    blueprint.before_request(require_editor)
    blueprint.after_request(keep_private)
    return blueprint


def unlocked(view: View) -> View:
    """Open this one view of a locked blueprint to everybody."""
    view.unlocked = True  # type: ignore[attr-defined]
    return view


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


def require_editor() -> ResponseReturnValue | None:
    view = current_app.view_functions[request.endpoint or ""]
    if getattr(view, "unlocked", False) or current_editor():
        return None
    if request.method in {"GET", "HEAD"} and not htmx.wanted():
        return redirect(url_for("editors.new_session", next=request.full_path.rstrip("?")), 303)
    raise SignedOut


def keep_private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response

"""Begin the browser's session and resume the request sent before signing in."""

from __future__ import annotations

from flask import Response, g, redirect, render_template, request, session

from blog.editors.models import Editor
from blog.editors.sessions import begin_session
from blog.editors.sign_in.device_cookies import remember_device
from blog.web.http_cache import private


def complete_sign_in(editor: Editor, remember: bool, onward: str) -> Response:
    """Sign in with a new session and form token. Raises AccountChanged."""
    session_id, pending, reader = begin_session(editor, remember), pending_fields(), session.get("reader")
    session.clear()
    g.pop("csrf_token", None)  # Flask-WTF caches the old session's for the rest of the request
    if reader:
        session["reader"] = reader
    session["desk"], g.editor = session_id, editor
    session.permanent = remember
    if not pending:
        return remember_device(private(redirect(onward, 303), 303), editor)
    return remember_device(private(render_template("editors/desk/go_on.html", pending=pending, onward=onward)), editor)


def pending_fields() -> list[tuple[str, str]]:
    """Return the fields of the request sent before signing in."""
    return [
        (name.removeprefix("kept-"), value) for name, value in request.form.items(multi=True) if name[:5] == "kept-"
    ]

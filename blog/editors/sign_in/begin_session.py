"""Let an editor in: the session of this browser begins, and what was sent before goes on."""

from __future__ import annotations

from flask import Response, g, redirect, render_template, request, session

from blog.editors.models import Editor
from blog.editors.sessions import begin_session
from blog.editors.sign_in.device_cookies import remember_device
from blog.web.http_cache import private


def let_in(editor: Editor, remember: bool, onward: str) -> Response:
    """Signed in from here on, by a session and a form token that nobody had before. Raises AccountChanged."""
    session_id, kept, reader = begin_session(editor, remember), kept_from_form(), session.get("reader")
    session.clear()
    g.pop("csrf_token", None)  # Flask-WTF keeps the old session's for the rest of the request
    if reader:
        session["reader"] = reader
    session["desk"], g.editor = session_id, editor
    session.permanent = remember
    page = render_template("editors/desk/resume.html", kept=kept, onward=onward) if kept else redirect(onward, 303)
    return remember_device(private(page, 200 if kept else 303), editor)


def kept_from_form() -> list[tuple[str, str]]:
    return [
        (name.removeprefix("kept-"), value) for name, value in request.form.items(multi=True) if name[:5] == "kept-"
    ]

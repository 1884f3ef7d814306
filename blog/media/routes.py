"""Serve pictures under a plain WSGI server; bin/serve answers them before Flask."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, make_response, request
from flask.typing import ResponseReturnValue

from blog.web.static_files import media_folder, media_headers, open_media_file

blueprint = Blueprint("media", __name__)


@blueprint.get("/media/<path:name>")
def show(name: str) -> ResponseReturnValue:
    path, file = open_media_file(media_folder(current_app.config["SETTINGS"]), name) or abort(404)
    with file:
        answer = make_response(file.read())
    answer.headers.update(media_headers(path))
    answer.make_conditional(request)
    answer.headers.pop("Date", None)  # the server sets the date
    return answer

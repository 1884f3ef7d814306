"""The readers' door to pictures, for a plain WSGI server: under bin/serve the shell answers for them."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, make_response, request
from flask.typing import ResponseReturnValue

from blog.web.static_files import media_folder, media_headers, open_media_file

blueprint = Blueprint("media", __name__)


@blueprint.get("/media/<path:name>")
def show(name: str) -> ResponseReturnValue:
    place, file = open_media_file(media_folder(current_app.config["SETTINGS"]), name) or abort(404)
    with file:
        answer = make_response(file.read())
    answer.headers.update(media_headers(place))
    answer.make_conditional(request)
    answer.headers.pop("Date", None)  # whoever serves the app dates its answers
    return answer

"""Let editors upload an export and follow its import."""

from __future__ import annotations

from typing import IO

from flask import Blueprint, abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from blog.db import db
from blog.importing.job import queue_import, report_lines
from blog.importing.models import Import
from blog.web import htmx
from blog.web.csrf import csrf

blueprint = Blueprint("importing_desk", __name__, url_prefix="/desk/imports")


@blueprint.get("")
def index() -> ResponseReturnValue:
    return render_list()


@blueprint.post("")
@csrf.exempt  # the token is checked here, after the size limit of the request was raised
def create() -> ResponseReturnValue:
    request.max_content_length = current_app.config["SETTINGS"].max_upload
    csrf.protect()
    file, blog_url = request.files.get("export"), request.form.get("blog_url", "")[:300].strip()
    if file is None or not file.filename:
        return render_list(_("Choose the file first: the .xml or .zip that Blogger gave you.")), 422
    if blog_url and not blog_url.startswith(("http://", "https://")):
        return render_list(_("The address begins with https:// or http://, such as https://blog.example.org.")), 422
    return start_import(file.filename, file.stream, blog_url)


@blueprint.get("/<int:import_id>")
def show(import_id: int) -> ResponseReturnValue:
    record = db.session.get(Import, import_id) or abort(404)
    template = "importing/desk/_import.html" if htmx.is_htmx_request() else "importing/desk/show.html"
    return render_template(template, asked=record, lines=report_lines(record))


def start_import(name: str, content: IO[bytes], blog_url: str) -> ResponseReturnValue:
    try:
        record = queue_import(name, content, blog_url)
    except OSError as error:
        current_app.logger.error("An uploaded export could not be saved", exc_info=error)
        sentence = _("The file cannot be kept, since the server’s disk is full or closed: tell whoever runs the site.")
        return render_list(sentence), 503
    return redirect(f"/desk/imports/{record.id}", 303)


def render_list(refusal: str = "") -> str:
    recent = db.session.scalars(select(Import).order_by(Import.id.desc()).limit(20))
    return render_template("importing/desk/index.html", imports=list(recent), refusal=refusal)

"""The editors' door to the loading bay: uploading an export, and seeing how far it is."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from blog.db import db
from blog.importing.job import ask_for_import, lines_of
from blog.importing.models import Import
from blog.web import htmx
from blog.web.csrf import csrf

blueprint = Blueprint("exchange_desk", __name__, url_prefix="/desk/imports")


@blueprint.get("")
def index() -> ResponseReturnValue:
    return the_list()


@blueprint.post("")
@csrf.exempt  # its token is tested here, once the request may be as large as an export
def create() -> ResponseReturnValue:
    request.max_content_length = current_app.config["SETTINGS"].max_upload
    csrf.protect()
    file, blog_url = request.files.get("export"), request.form.get("blog_url", "")[:300].strip()
    if file is None or not file.filename:
        return the_list(_("Choose the file first: the .xml or .zip that Blogger gave you.")), 422
    if blog_url and not blog_url.startswith(("http://", "https://")):
        return the_list(_("The address begins with https:// or http://, such as https://blog.example.org.")), 422
    try:
        asked = ask_for_import(file.filename, file.stream, blog_url)
    except OSError as error:
        return unkept(error)
    return redirect(f"/desk/imports/{asked.id}", 303)


@blueprint.get("/<int:import_id>")
def show(import_id: int) -> ResponseReturnValue:
    asked = db.session.get(Import, import_id) or abort(404)
    template = "exchange/desk/_import.html" if htmx.is_htmx_request() else "exchange/desk/show.html"
    return render_template(template, asked=asked, lines=lines_of(asked))


def unkept(error: OSError) -> ResponseReturnValue:
    current_app.logger.error("An export could not be kept", exc_info=error)
    sentence = _("The file cannot be kept, since the server's disk is full or closed: tell whoever runs the site.")
    return the_list(sentence), 503


def the_list(refusal: str = "") -> str:
    asked = db.session.scalars(select(Import).order_by(Import.id.desc()).limit(20))
    return render_template("exchange/desk/index.html", imports=list(asked), refusal=refusal)

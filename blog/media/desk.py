"""Let owners choose the site's icon at /desk/settings/icon."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from blog.media.picture_errors import PictureRefused
from blog.media.site_icon import save_icon
from blog.site.update import change_settings
from blog.web.http_cache import private

blueprint = Blueprint("icon_desk", __name__, url_prefix="/desk/settings/icon")


@blueprint.get("")
def edit() -> ResponseReturnValue:
    return render_template("media/desk/icon.html", error="", saved="saved" in request.args)


@blueprint.post("")
def update() -> ResponseReturnValue:
    picture = request.files.get("icon")
    try:
        address = save_icon(picture.read() if picture else b"", (picture and picture.filename) or "")
    except PictureRefused as refusal:
        return private(render_template("media/desk/icon.html", error=str(refusal), saved=False), 422)
    change_settings({"icon": address})
    return redirect("/desk/settings/icon?saved", 303)


@blueprint.delete("")
def destroy() -> ResponseReturnValue:
    change_settings({"icon": ""})
    return redirect("/desk/settings/icon?saved", 303)

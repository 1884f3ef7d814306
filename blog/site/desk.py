"""Let owners change the site's settings at /desk/settings."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blog.site.forms import SettingsForm
from blog.site.models import current_site
from blog.site.update import change_settings
from blog.web.forms.typed_text import takes_text

blueprint = Blueprint("site_desk", __name__, url_prefix="/desk/settings")


@blueprint.get("")
def edit() -> ResponseReturnValue:
    form = SettingsForm(formdata=None, obj=current_site())
    return render_template("site/desk/edit.html", form=form, saved=request.args.getlist("saved"))


@blueprint.post("")
@takes_text(SettingsForm)
def update() -> ResponseReturnValue:
    form = SettingsForm(obj=current_site())
    if not form.validate():
        return render_template("site/desk/edit.html", form=form, saved=[]), 422
    changed = change_settings({name: value for name, value in form.data.items() if name != "csrf_token"})
    return redirect(url_for("site_desk.edit", saved=changed or [""]), 303)

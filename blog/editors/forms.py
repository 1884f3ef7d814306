"""Forms of accounts."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import DataRequired, Email, EqualTo, InputRequired, Length

from blog.editors.passwords import LONGEST, SHORTEST

TOO_SHORT = _("A password has at least %(count)d characters; a sentence is a good one.", count=SHORTEST)


class SignInForm(FlaskForm):
    email = StringField(_("E-mail"), [InputRequired(_("Your e-mail address is needed."))])
    password = PasswordField(_("Password"), [InputRequired(_("Your password is needed.")), Length(max=LONGEST)])
    remember = BooleanField(_("Stay signed in on this device for 30 days"))


class NewPasswordForm(FlaskForm):
    password = PasswordField(_("New password"), [InputRequired(TOO_SHORT), Length(SHORTEST, LONGEST, TOO_SHORT)])
    again = PasswordField(_("The same again"), [EqualTo("password", _("The two passwords are not the same."))])


class FirstRunForm(NewPasswordForm):
    name = StringField(_("Your name, as readers see it"), [DataRequired(_("Your name is needed.")), Length(max=80)])
    email = StringField(
        _("E-mail"), [DataRequired(), Length(max=254), Email(_("This e-mail address is not complete."))]
    )


class ChangePasswordForm(NewPasswordForm):
    current = PasswordField(_("Present password"), [InputRequired(_("Your present password is needed."))])

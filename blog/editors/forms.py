"""Forms of accounts."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import BooleanField
from wtforms.validators import DataRequired, Email, EqualTo, InputRequired, Length

from blog.editors.passwords import LONGEST, SHORTEST
from blog.fields import Form, Password, Text
from blog.mail import addresses

TOO_SHORT = _("A password has at least %(count)d characters; a sentence is a good one.", count=SHORTEST)


class SignInForm(Form):
    email = Text(_("E-mail"), [InputRequired(_("Your e-mail address is needed."))], most=addresses.LONGEST)
    password = Password(_("Password"), [InputRequired(_("Your password is needed."))], most=LONGEST)
    remember = BooleanField(_("Stay signed in on this device for 30 days"))


class NewPasswordForm(Form):
    password = Password(
        _("New password"), [InputRequired(TOO_SHORT), Length(SHORTEST, message=TOO_SHORT)], most=LONGEST
    )
    again = Password(_("The same again"), [EqualTo("password", _("The two passwords are not the same."))], most=LONGEST)


class FirstRunForm(NewPasswordForm):
    name = Text(_("Your name, as readers see it"), [DataRequired(_("Your name is needed."))], most=80)
    email = Text(
        _("E-mail"),
        [DataRequired(), Email(_("This e-mail address is not complete."))],
        most=addresses.LONGEST,
    )


class ChangePasswordForm(NewPasswordForm):
    current = Password(_("Present password"), [InputRequired(_("Your present password is needed."))], most=LONGEST)

"""Forms of accounts."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, Field, ValidationError
from wtforms.validators import AnyOf, EqualTo, InputRequired

from blog.editors.models import EDITOR, ROLES, Editor
from blog.editors.password_rules import why_not
from blog.editors.passwords import MAX_LENGTH
from blog.email_addresses import MAX_ADDRESS_BYTES, is_email_address
from blog.web.forms.fields import Choice, Form, Password, Text

MAX_NAME_LENGTH = 80
CHOOSE = _("Choose one of the roles.")


class SignInForm(Form):
    email = Text(_("E-mail"), [InputRequired(_("Your e-mail address is needed."))], max_length=MAX_ADDRESS_BYTES)
    password = Password(_("Password"), [InputRequired(_("Your password is needed."))], max_length=MAX_LENGTH)
    remember = BooleanField(_("Stay signed in on this device for 30 days"))


class NewPasswordForm(Form):
    """A new password of `account`, whose name and address are not to be it."""

    password = Password(_("New password"), max_length=MAX_LENGTH)
    again = Password(
        _("The same again"), [EqualTo("password", _("The two passwords are not the same."))], max_length=MAX_LENGTH
    )

    def __init__(self, account: Editor | None = None, **given: Any) -> None:
        super().__init__(**given)
        self.account = account

    def validate_password(self, field: Field) -> None:
        name, email = (self.account.name, self.account.email) if self.account else ("", "")
        refuse_password(field, name, email)


class AccountFields(Form):
    name = Text(_("Name, as readers see it"), max_length=MAX_NAME_LENGTH)
    email = Text(_("E-mail"), max_length=MAX_ADDRESS_BYTES)

    def validate_name(self, field: Field) -> None:
        if not (field.data or "").strip():
            raise ValidationError(gettext("A name is needed."))

    def validate_email(self, field: Field) -> None:
        if not is_email_address(field.data or ""):
            raise ValidationError(gettext("This e-mail address is not complete."))


class FirstRunForm(AccountFields, NewPasswordForm):
    name = Text(_("Your name, as readers see it"), max_length=MAX_NAME_LENGTH)

    def validate_password(self, field: Field) -> None:
        refuse_password(field, *bounded(self.name, self.email))


class AddForm(AccountFields):
    """One more account. Without a password its editor gets a link and chooses one."""

    role = Choice(_("Role"), [AnyOf(ROLES, CHOOSE)], default=EDITOR)
    password = Password(_("Password"), max_length=MAX_LENGTH)

    def validate_password(self, field: Field) -> None:
        if field.data:
            refuse_password(field, *bounded(self.name, self.email))

    def given(self) -> tuple[str, str, str, str]:
        """What is needed to add the account: e-mail address, name, role, password."""
        return self.email.data or "", (self.name.data or "").strip(), self.role.data or "", self.password.data or ""


class RoleForm(Form):
    role = Choice(_("Role"), [AnyOf(ROLES, CHOOSE)])


class ChangePasswordForm(NewPasswordForm):
    current = Password(
        _("Present password"), [InputRequired(_("Your present password is needed."))], max_length=MAX_LENGTH
    )


def refuse_password(field: Field, name: str, email: str) -> None:
    if sentence := why_not(field.data or "", name, email):
        raise ValidationError(sentence)


def bounded(name: Field, email: Field) -> tuple[str, str]:
    return (name.data or "")[:MAX_NAME_LENGTH], (email.data or "")[:MAX_ADDRESS_BYTES]

"""Define the forms for accounts and passwords."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, Field, ValidationError
from wtforms.validators import AnyOf, EqualTo, InputRequired

from blog.editors.models import EDITOR, ROLES, Editor
from blog.editors.password_rules import find_password_problem
from blog.editors.passwords import MAX_PASSWORD_LENGTH
from blog.email_addresses import LONGEST, is_address
from blog.web.forms.fields import Choice, Form, Password, Text

MAX_NAME_LENGTH = 80
CHOOSE_ROLE = _("Choose one of the roles.")


class SignInForm(Form):
    email = Text(_("E-mail"), [InputRequired(_("Your e-mail address is needed."))], most=LONGEST)
    password = Password(_("Password"), [InputRequired(_("Your password is needed."))], most=MAX_PASSWORD_LENGTH)
    remember = BooleanField(_("Stay signed in on this device for 30 days"))


class NewPasswordForm(Form):
    """Set a password that is not the account's name or address."""

    password = Password(_("New password"), most=MAX_PASSWORD_LENGTH)
    again = Password(
        _("The same again"), [EqualTo("password", _("The two passwords are not the same."))], most=MAX_PASSWORD_LENGTH
    )

    def __init__(self, account: Editor | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.account = account

    def validate_password(self, field: Field) -> None:
        name, email = (self.account.name, self.account.email) if self.account else ("", "")
        validate_new_password(field, name, email)


class AccountFields(Form):
    name = Text(_("Name, as readers see it"), most=MAX_NAME_LENGTH)
    email = Text(_("E-mail"), most=LONGEST)

    def validate_name(self, field: Field) -> None:
        if not (field.data or "").strip():
            raise ValidationError(gettext("A name is needed."))

    def validate_email(self, field: Field) -> None:
        if not is_address(field.data or ""):
            raise ValidationError(gettext("This e-mail address is not complete."))


class FirstRunForm(AccountFields, NewPasswordForm):
    name = Text(_("Your name, as readers see it"), most=MAX_NAME_LENGTH)

    def validate_password(self, field: Field) -> None:
        validate_new_password(field, *bounded_values(self.name, self.email))

    def account_values(self) -> tuple[str, str, str]:
        """Return e-mail address, name and password."""
        return self.email.data or "", (self.name.data or "").strip(), self.password.data or ""


class AddEditorForm(AccountFields):
    """Add an account; without a password its editor gets a link."""

    role = Choice(_("Role"), [AnyOf(ROLES, CHOOSE_ROLE)], default=EDITOR)
    password = Password(_("Password"), most=MAX_PASSWORD_LENGTH)

    def validate_password(self, field: Field) -> None:
        if field.data:
            validate_new_password(field, *bounded_values(self.name, self.email))

    def account_values(self) -> tuple[str, str, str, str]:
        """Return e-mail address, name, role and password."""
        return self.email.data or "", (self.name.data or "").strip(), self.role.data or "", self.password.data or ""


class RoleForm(Form):
    role = Choice(_("Role"), [AnyOf(ROLES, CHOOSE_ROLE)])


class ChangePasswordForm(NewPasswordForm):
    current = Password(
        _("Present password"), [InputRequired(_("Your present password is needed."))], most=MAX_PASSWORD_LENGTH
    )


def validate_new_password(field: Field, name: str, email: str) -> None:
    if sentence := find_password_problem(field.data or "", name, email):
        raise ValidationError(sentence)


def bounded_values(name: Field, email: Field) -> tuple[str, str]:
    return (name.data or "")[:MAX_NAME_LENGTH], (email.data or "")[:LONGEST]

"""Define the forms for accounts and passwords."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, Field, ValidationError
from wtforms.validators import AnyOf, EqualTo, InputRequired

from blog.editors.models import EDITOR, ROLES, Editor
from blog.editors.password_rules import find_password_problem
from blog.editors.passwords import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH
from blog.email_addresses import MAX_ADDRESS_BYTES, is_email_address
from blog.html.invisible_characters import clean_line
from blog.web.forms.fields import Choice, Form, Password, Text

MAX_NAME_LENGTH = 80
CHOOSE_ROLE = _("Please choose a role.")


class SignInForm(Form):
    email = Text(_("E-mail"), [InputRequired(_("Please enter your e-mail address."))], max_length=MAX_ADDRESS_BYTES)
    password = Password(
        _("Password"), [InputRequired(_("Please enter your password."))], max_length=MAX_PASSWORD_LENGTH
    )
    remember = BooleanField(_("Stay signed in on this device for 30 days"))


class NewPasswordForm(Form):
    """Set a password that is not the account's name or address."""

    password = Password(_("New password"), max_length=MAX_PASSWORD_LENGTH)
    again = Password(
        _("Repeat the password"),
        [EqualTo("password", _("The passwords are not the same."))],
        max_length=MAX_PASSWORD_LENGTH,
    )
    min_length = MIN_PASSWORD_LENGTH

    def __init__(self, account: Editor | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.account = account

    def validate_password(self, field: Field) -> None:
        name, email = (self.account.name, self.account.email) if self.account else ("", "")
        validate_new_password(field, name, email)


class AccountFields(Form):
    name = Text(_("Name, as readers see it"), filters=[clean_line], max_length=MAX_NAME_LENGTH)
    email = Text(_("E-mail"), max_length=MAX_ADDRESS_BYTES)

    def validate_name(self, field: Field) -> None:
        if not field.data:
            raise ValidationError(gettext("A name is needed."))

    def validate_email(self, field: Field) -> None:
        if not is_email_address(field.data or ""):
            raise ValidationError(gettext("This e-mail address is not complete."))


class FirstRunForm(AccountFields, NewPasswordForm):
    name = Text(_("Your name, as readers see it"), filters=[clean_line], max_length=MAX_NAME_LENGTH)

    def validate_password(self, field: Field) -> None:
        validate_new_password(field, *bounded_values(self.name, self.email))

    def account_values(self) -> tuple[str, str, str]:
        """Return e-mail address, name and password."""
        return self.email.data or "", self.name.data or "", self.password.data or ""


class AddEditorForm(AccountFields):
    """Add an account; without a password its editor gets a link."""

    role = Choice(_("Role"), [AnyOf(ROLES, CHOOSE_ROLE)], default=EDITOR)
    password = Password(_("Password"), max_length=MAX_PASSWORD_LENGTH)

    def validate_password(self, field: Field) -> None:
        if field.data:
            validate_new_password(field, *bounded_values(self.name, self.email))

    def account_values(self) -> tuple[str, str, str, str]:
        """Return e-mail address, name, role and password."""
        return self.email.data or "", self.name.data or "", self.role.data or "", self.password.data or ""


class RoleForm(Form):
    role = Choice(_("Role"), [AnyOf(ROLES, CHOOSE_ROLE)])


class ChangePasswordForm(NewPasswordForm):
    current = Password(
        _("Present password"), [InputRequired(_("Your present password is needed."))], max_length=MAX_PASSWORD_LENGTH
    )


def validate_new_password(field: Field, name: str, email: str) -> None:
    if sentence := find_password_problem(field.data or "", name, email):
        raise ValidationError(sentence)


def bounded_values(name: Field, email: Field) -> tuple[str, str]:
    return (name.data or "")[:MAX_NAME_LENGTH], (email.data or "")[:MAX_ADDRESS_BYTES]

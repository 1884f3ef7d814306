"""Define the commands `flask editors …`."""

from __future__ import annotations

import sys

import click
from flask import current_app
from flask.cli import AppGroup

from blog.editors.accounts import (
    EmailTaken,
    LastOwner,
    OwnerExists,
    add_editor,
    change_password,
    create_first_run_link,
    create_sign_in_link,
    remove_editor,
    sign_out,
)
from blog.editors.models import EDITOR, ROLES, Editor, all_editors, editor_by_email
from blog.editors.password_rules import find_password_problem
from blog.editors.sessions import count_sessions
from blog.errors import Unusable
from blog.html.invisible_characters import clean_line
from blog.logs import configure_logging
from blog.settings import Settings

MAX_EMAIL_LENGTH = 254

# changes of accounts are logged as at the desk
editors = AppGroup("editors", callback=configure_logging, help="Accounts of editors.")


@editors.command("list")
def list_all() -> None:
    """List all accounts: e-mail address, role, devices signed in, name."""
    for editor in all_editors():
        click.echo(f"{editor.email}\t{editor.role}\t{count_sessions(editor)}\t{editor.name}")


@editors.command("add")
@click.argument("email")
@click.option("--name", required=True, help="As readers see it.")
@click.option("--role", default=EDITOR, show_default=True, help=f"One of {', '.join(ROLES)}.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add(email: str, name: str, role: str, password_stdin: bool) -> None:
    """Add an account."""
    email, name = email.strip().lower(), clean_line(name)
    if "@" not in email.strip("@") or len(email) > MAX_EMAIL_LENGTH or not email.isprintable() or " " in email:
        raise Unusable(f"“{email[:MAX_EMAIL_LENGTH]}” is not an e-mail address: give one such as ann@example.org.")
    if role not in ROLES:
        raise Unusable(f"There is no role “{role}”: use one of {', '.join(ROLES)}.")
    if not name or len(name) > 80:
        raise Unusable("A name has 1 to 80 characters: give it with --name.")
    password = read_new_password(password_stdin, name, email)
    try:
        add_editor(email, name, role, password)
    except EmailTaken as error:
        raise Unusable(f"{email} has an account already: use another address.") from error
    click.echo(f"{name} may sign in as {email}.")


@editors.command("remove")
@click.argument("email")
def remove(email: str) -> None:
    """Remove an account. Posts, responses and decisions stay under its name."""
    editor = find_account(email)
    try:
        remove_editor(editor)
    except LastOwner as error:
        raise Unusable(f"{email} is the only owner: add another owner first.") from error
    click.echo(f"{email} has no account any longer; {editor.name} stays as the name on what was written.")


@editors.command("password")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def password(email: str, password_stdin: bool) -> None:
    """Set a new password, and sign the account out everywhere."""
    editor = find_account(email)
    change_password(editor, read_new_password(password_stdin, editor.name, editor.email))
    click.echo(f"{editor.email} has a new password and is signed out everywhere.")


@editors.command("sign-out")
@click.argument("email", required=False)
@click.option("--all", "everybody", is_flag=True, help="All accounts.")
def sign_out_command(email: str | None, everybody: bool) -> None:
    """Sign out an account everywhere, or with --all every account.

    Its links and known browsers end too.
    """
    if bool(email) == everybody:
        raise Unusable("Give an e-mail address, or --all for every account.")
    for editor in all_editors() if everybody else [find_account(email or "")]:
        sign_out(editor)
        click.echo(f"{editor.email} is signed out everywhere.")


@editors.command("sign-in-link")
@click.argument("email")
def print_sign_in_link(email: str) -> None:
    """Print a link that signs an editor in once, within an hour."""
    click.echo(base_url() + create_sign_in_link(find_account(email)))


@editors.command("first-run-link")
def print_first_run_link() -> None:
    """Print a new link for the first account; older links end."""
    try:
        click.echo(base_url() + create_first_run_link())
    except OwnerExists as error:
        raise Unusable("There is an owner already: flask editors list shows who.") from error


def find_account(email: str) -> Editor:
    editor = editor_by_email(email)
    if editor is None:
        raise Unusable(f"“{email}” has no account: flask editors list shows all.")
    return editor


def read_new_password(from_stdin: bool, name: str, email: str) -> str:
    typed = sys.stdin.readline().rstrip("\r\n") if from_stdin else click.prompt("Password", hide_input=True)
    if sentence := find_password_problem(typed, name, email):
        raise Unusable(sentence)
    return str(typed)


def base_url() -> str:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.base_url


COMMANDS: tuple[click.Command, ...] = (editors,)

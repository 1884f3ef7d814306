"""Commands of the editors room."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from blog.editors.accounts import Taken, add_editor
from blog.editors.models import EDITOR, ROLES
from blog.editors.passwords import LONGEST, SHORTEST
from blog.errors import Unusable

editors = AppGroup("editors", help="Accounts of editors.")


@editors.command("add")
@click.argument("email")
@click.option("--name", required=True, help="As readers see it.")
@click.option("--role", default=EDITOR, show_default=True, help=f"One of {', '.join(ROLES)}.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add(email: str, name: str, role: str, password_stdin: bool) -> None:
    """Add an account."""
    if "@" not in email.strip("@ "):
        raise Unusable(f"“{email}” is not an e-mail address: give one such as ann@example.org.")
    if role not in ROLES:
        raise Unusable(f"There is no role “{role}”: use one of {', '.join(ROLES)}.")
    if not name.strip() or len(name) > 80:
        raise Unusable("A name has 1 to 80 characters: give it with --name.")
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else click.prompt("Password", hide_input=True)
    if not SHORTEST <= len(password) <= LONGEST:
        raise Unusable(f"A password has {SHORTEST} to {LONGEST} characters; a sentence is a good one.")
    try:
        add_editor(email, name.strip(), role, password)
    except Taken as error:
        raise Unusable(f"{email} has an account already: use another address.") from error
    click.echo(f"{name.strip()} may sign in as {email.strip().lower()}.")


COMMANDS: tuple[click.Command, ...] = (editors,)

"""Commands that forget, and that erase or export what was written under an address."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from blog.comments.privacy.data_export import count_under, exported
from blog.comments.privacy.erasure import erase
from blog.comments.privacy.retention import forget_addresses
from blog.errors import Unusable
from blog.mail.retention import forget_mails
from blog.media.late_photos import forget_late_photos
from blog.site.clock import check_clock


@click.command("forget")
def forget() -> None:
    """Drop what is kept for some days only; bin/serve does it by itself every hour."""
    if not check_clock():
        raise Unusable("The clock may have jumped, so nothing is forgotten for a day: see that it is right.")
    forgotten = forget_addresses()
    while some := forget_mails():
        forgotten += some
    forget_late_photos()
    click.echo(f"{forgotten} forgotten.")


privacy = AppGroup("privacy", help="What was written under an e-mail address.")


@privacy.command("export")
@click.argument("email")
def export_responses(email: str) -> None:
    """Print what was written under EMAIL, as JSON."""
    for part in exported(_checked(email)):
        click.echo(part, nl=False)


@privacy.command("erase")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase_responses(email: str, yes: bool) -> None:
    """Erase what was written under EMAIL, for good."""
    count = count_under(_checked(email))
    if count and not yes:
        click.confirm(f"Erase everything for good ({count} responses)?", abort=True)
    click.echo(f"Responses erased: {erase(email)}.")


def _checked(email: str) -> str:
    if "@" not in email.strip("@ "):
        raise Unusable(f"“{email}” is not an e-mail address: give one such as ann@example.org.")
    return email


COMMANDS: tuple[click.Command, ...] = (forget, privacy)

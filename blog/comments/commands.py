"""Provide the commands that enforce retention and serve privacy requests."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from blog.comments.privacy.data_export import count_comments, export_comments
from blog.comments.privacy.erasure import erase
from blog.comments.privacy.retention import delete_all_expired
from blog.errors import Unusable
from blog.mail.retention import forget_mails
from blog.media.late_photos import delete_expired_photos
from blog.site.clock import check_clock


@click.command("forget")
def forget() -> None:
    """Delete expired data. bin/serve does this every hour."""
    if not check_clock():
        raise Unusable("The clock may have jumped, so nothing is forgotten for a day: see that it is right.")
    count = delete_all_expired()
    while batch := forget_mails():
        count += batch
    delete_expired_photos()
    click.echo(f"{count} forgotten.")


privacy = AppGroup("privacy", help="What was written under an e-mail address.")


@privacy.command("export")
@click.argument("email")
def export_responses(email: str) -> None:
    """Print what was written under EMAIL, as JSON."""
    for part in export_comments(_check_email(email)):
        click.echo(part, nl=False)


@privacy.command("erase")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase_responses(email: str, yes: bool) -> None:
    """Erase what was written under EMAIL, for good."""
    count = count_comments(_check_email(email))
    if count and not yes:
        click.confirm(f"Erase everything for good ({count} responses)?", abort=True)
    click.echo(f"Responses erased: {erase(email)}.")


def _check_email(email: str) -> str:
    if "@" not in email.strip("@ "):
        raise Unusable(f"“{email}” is not an e-mail address: give one such as ann@example.org.")
    return email


COMMANDS: tuple[click.Command, ...] = (forget, privacy)

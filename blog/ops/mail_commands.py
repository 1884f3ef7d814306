"""Provide the commands that send mail."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from blog.comments.followers.notifications import send_next_digest
from blog.comments.followers.subscriptions import send_next_confirmation
from blog.comments.moderation.alerts import alert_editors
from blog.email_addresses import is_email_address
from blog.errors import Unusable
from blog.mail.outbox import mail_enabled, new_mail
from blog.mail.rendering import render_mail, site_title
from blog.mail.sending import send_due_mails
from blog.mail.smtp import NotSent, send
from blog.mail.status import TEST
from blog.settings import Settings

NOT_SET_UP = "Mail is not set up: set SMTP_HOST, MAIL_FROM and BLOG_URL (see README.md), then try again."

mail = AppGroup("mail", help="Mail that the site sends.")


@mail.command("test")
@click.argument("address")
def test(address: str) -> None:
    """Send a test mail to ADDRESS and print the mail server's answer."""
    settings: Settings = current_app.config["SETTINGS"]
    if not mail_enabled():
        raise Unusable(NOT_SET_UP)
    if not is_email_address(address):
        raise Unusable(f"“{address}” is not an e-mail address: give one such as ann@example.org.")
    try:
        send(settings, new_mail(address, *render_mail("test"), TEST), site_title())
    except NotSent as failure:
        raise Unusable(f"Not sent: {failure}") from failure
    click.echo(f"{settings.smtp_host} accepted a test mail for {address.strip()}: check that it arrives.")


@mail.command("send")
def send_now() -> None:
    """Send all waiting mail, once.

    bin/serve does this by itself. With another server, run it every few minutes.
    """
    if not mail_enabled():
        raise Unusable(NOT_SET_UP)
    for write_next in (alert_editors, send_next_confirmation, send_next_digest):
        while write_next():
            pass
    if not send_due_mails():
        raise Unusable("The mail server accepts no mail at the moment: run flask mail test ADDRESS to see why.")


COMMANDS: tuple[click.Command, ...] = (mail,)

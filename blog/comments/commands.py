"""Commands of the comments room."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from blog.comments.filling import Extent, fill
from blog.comments.privacy.data_export import count_under, exported
from blog.comments.privacy.erasure import erase
from blog.comments.privacy.retention import forget_addresses
from blog.errors import Unusable
from blog.mail.retention import forget_mails
from blog.media.late_photos import forget_late_photos
from blog.site.clock import may_forget


@click.command("fill")
@click.option("--posts", type=click.IntRange(1, 1_000_000), required=True, help="How many posts.")
@click.option("--comments", type=click.IntRange(0, 10_000_000), required=True, help="How many comments in all.")
@click.option("--largest", type=click.IntRange(0, 1_000_000), default=0, help="How many of them the newest post has.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed gives other texts and threads.")
def fill_blog(posts: int, comments: int, largest: int, seed: int) -> None:
    """Add invented posts and comments, to see how the blog behaves when it is large."""
    if largest > comments:
        raise Unusable(f"--largest {largest} is more than all of the {comments} comments: give it at most --comments.")
    with click.progressbar(length=posts + comments, label="Filling") as bar:
        for written in fill(Extent(posts, comments, largest), seed):
            bar.update(written)
    click.echo(f"{posts} posts and {comments} comments added.")


@click.command("forget")
def forget() -> None:
    """Drop what is kept for some days only; bin/serve does it by itself every hour."""
    if not may_forget():
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


COMMANDS: tuple[click.Command, ...] = (fill_blog, forget, privacy)

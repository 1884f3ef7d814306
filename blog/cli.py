"""Register all commands.

Each migrates the database first. Bad input is one sentence and exit status 2.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from copy import copy
from functools import wraps
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from blog.db_errors import is_temporary, operator_message
from blog.errors import Unusable, WrongSetting
from blog.migrations import migrate
from blog.site.models import ensure_site


def init(app: Flask) -> None:
    from blog.comments import commands as comments
    from blog.comments.screening import commands as screening
    from blog.dev import commands as dev
    from blog.editors import commands as editors
    from blog.importing import commands as importing
    from blog.ops import commands as ops
    from blog.ops import mail_commands
    from blog.posts import commands as posts

    packages = (mail_commands, editors, posts, comments, screening, importing, ops, dev)
    for command in [command for package in packages for command in package.COMMANDS]:
        app.cli.add_command(_prepare_command(command))


def _prepare_command(command: click.Command) -> click.Command:
    """Return a copy of the command that migrates the database first.

    A copy, since several apps of one process share the command.
    """
    command = copy(command)
    if isinstance(command, click.Group):
        command.commands = {name: _prepare_command(part) for name, part in command.commands.items()}
    else:
        command.callback = _prepare_callback(command.callback)  # type: ignore[arg-type]
    return command


def _prepare_callback(run: Callable[..., Any]) -> Callable[..., Any]:
    @with_appcontext
    @wraps(run)
    def run_prepared(*args: Any, **kwargs: Any) -> Any:
        try:
            migrate(current_app.config["SETTINGS"].database)
            ensure_site()
            return run(*args, **kwargs)
        except (WrongSetting, Unusable) as error:
            click.echo(str(error), err=True)
            sys.exit(2)
        except Exception as error:
            if not is_temporary(error):
                raise
            click.echo(operator_message(error), err=True)
            sys.exit(2)

    return run_prepared

"""What `bin/serve` runs: the settings, the port, the database, then one process or several."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import resource
import signal
import socket
import sys
from functools import partial
from typing import cast

import click
from sqlalchemy.exc import SQLAlchemyError
from uvicorn import Config, Server
from uvicorn.supervisors import Multiprocess

from blog import create_app
from blog.db_errors import is_temporary, sentence_at_server
from blog.disk_reserve import make_room_to_start
from blog.editors.accounts import create_first_run_link
from blog.editors.models import has_owner
from blog.importing.job import resume_imports
from blog.instance import prepare_instance
from blog.logs import configure_logging
from blog.migrations import migrate
from blog.posts.seed import add_welcome_post
from blog.server.asgi import Shell
from blog.server.http_limits import WRITE_SECONDS, BoundedProtocol, Connections
from blog.settings import Settings, WrongSetting, load
from blog.site.models import ensure_site

# not yet sent, for each connection; the rest stays in this process, where it is counted
KERNEL_UNSENT_BYTES = 65_536


def main() -> int:
    """Serve until asked to stop; 2 and one sentence where a setting does not allow it."""
    configure_logging()
    try:
        settings = load()
        prepare_instance(settings)
        port = bind(settings)
        make_room_to_start(settings.database)
        migrate(settings.database)
        app = create_app(settings)
        with app.app_context():
            ensure_site()
            add_welcome_post()
            first_run = None if has_owner() else settings.address + create_first_run_link()
    except WrongSetting as error:
        click.echo(str(error), err=True)
        return 2
    except SQLAlchemyError as error:
        if not is_temporary(error):
            raise
        click.echo(sentence_at_server(error), err=True)
        return 2
    resume_imports(app)
    allow_many_connections()
    click.echo(f"Talkback is open at {settings.address} (Ctrl-C ends it).")
    if first_run:
        click.echo(f"Make the owner's account here: {first_run}")
    sys.stdout.flush()
    gc.freeze()  # what stands now stays: neither collecting nor stopping need go through it
    if settings.web_concurrency == 1:
        serve(config(settings, Shell(app)), port)
    else:
        Multiprocess(config(settings, "blog.server.asgi:shell"), sockets=[port]).run()
    return 0


def bind(settings: Settings) -> socket.socket:
    """Take the port before anything else is done, so that a taken one is one sentence."""
    family = socket.AF_INET6 if ":" in settings.bind else socket.AF_INET
    port = socket.socket(family, socket.SOCK_STREAM)
    port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    limit_unsent(port)
    try:
        port.bind((settings.bind, settings.port))
        port.listen(2048)
    except OSError as error:
        port.close()
        raise WrongSetting(
            f"The address {settings.bind}, port {settings.port}, cannot be used ({error.strerror or error}): "
            "stop what is using it, or set PORT (and BIND) to another."
        ) from error
    port.set_inheritable(True)
    return port


def limit_unsent(port: socket.socket) -> None:
    """Have the system hold little for clients that do not read, and give up those that are gone, where it can (Linux).

    Connections inherit both from the port.
    """
    for option, value in (("TCP_NOTSENT_LOWAT", KERNEL_UNSENT_BYTES), ("TCP_USER_TIMEOUT", int(1000 * WRITE_SECONDS))):
        if number := getattr(socket, option, None):
            port.setsockopt(socket.IPPROTO_TCP, number, value)


def config(settings: Settings, app: Shell | str) -> Config:
    return Config(
        app,
        factory=isinstance(app, str),
        workers=settings.web_concurrency,
        loop="blog.server.accept_queue:Loop",
        http=cast(type[asyncio.Protocol], partial(BoundedProtocol, connections=Connections(settings))),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,  # no log of readers' addresses
        server_header=False,
        backlog=2048,
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=3,
    )


def serve(settings: Config, port: socket.socket) -> None:
    # when it is done uvicorn raises the signal that ended it once more, for whoever started it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with contextlib.suppress(KeyboardInterrupt):
        Server(settings).run(sockets=[port])


def allow_many_connections() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

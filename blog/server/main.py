"""Start the server: settings, port, database, then one or several processes."""

from __future__ import annotations

import asyncio
import contextlib
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
from blog.db_errors import is_temporary, operator_message
from blog.disk_reserve import free_reserve_to_start
from blog.editors.accounts import create_first_run_link
from blog.editors.models import has_owner
from blog.errors import WrongSetting
from blog.instance import prepare_instance
from blog.logs import configure_logging
from blog.migrations import migrate
from blog.posts.seed import add_welcome_post
from blog.server.asgi import ASGIApp
from blog.server.http_limits import WRITE_SECONDS, BoundedProtocol, Connections
from blog.settings import Settings, load
from blog.site.models import ensure_site

# per connection; the rest stays in this process, where it is limited
KERNEL_UNSENT_BYTES = 65_536


def main() -> int:
    """Serve until stopped; return 2 for unusable settings."""
    try:
        settings = load()
        configure_logging(settings.log_format, settings.log_requests)
        prepare_instance(settings)
        port = bind_port(settings)
        free_reserve_to_start(settings.database)
        migrate(settings.database)
        app = create_app(settings)
        with app.app_context():
            ensure_site()
            add_welcome_post()
            first_run = None if has_owner() else settings.base_url + create_first_run_link()
    except WrongSetting as error:
        click.echo(str(error), err=True)
        return 2
    except SQLAlchemyError as error:
        if not is_temporary(error):
            raise
        click.echo(operator_message(error), err=True)
        return 2
    raise_file_limit()
    click.echo(f"Talkback is open at {settings.base_url} (Ctrl-C ends it).")
    if first_run:
        click.echo(f"Make the owner's account here: {first_run}")
    sys.stdout.flush()
    if settings.web_concurrency == 1:
        serve(uvicorn_config(settings, ASGIApp(app)), port)
    else:
        Multiprocess(uvicorn_config(settings, "blog.server.asgi:create_asgi_app"), sockets=[port]).run()
    return 0


def bind_port(settings: Settings) -> socket.socket:
    """Bind the port. Raises: WrongSetting."""
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
    """Limit the kernel's send buffer and drop dead clients (Linux).

    Connections inherit both options from the port.
    """
    for option, value in (("TCP_NOTSENT_LOWAT", KERNEL_UNSENT_BYTES), ("TCP_USER_TIMEOUT", int(1000 * WRITE_SECONDS))):
        if number := getattr(socket, option, None):
            port.setsockopt(socket.IPPROTO_TCP, number, value)


def uvicorn_config(settings: Settings, app: ASGIApp | str) -> Config:
    return Config(
        app,
        factory=isinstance(app, str),
        workers=settings.web_concurrency,
        loop="blog.server.accept_queue:EventLoop",
        http=cast(type[asyncio.Protocol], partial(BoundedProtocol, connections=Connections(settings))),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,  # readers' addresses are not logged
        server_header=False,
        backlog=2048,
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=3,
    )


def serve(settings: Config, port: socket.socket) -> None:
    # uvicorn raises the signal again when it has stopped
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with contextlib.suppress(KeyboardInterrupt):
        Server(settings).run(sockets=[port])


def raise_file_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

"""Run a real SMTP server that can refuse, delay and stop."""

from __future__ import annotations

import base64
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from tests.live_server import free_port

# for the name localhost, signed by itself, until 2126; the key is of no use elsewhere
CERTIFICATE = Path(__file__).parent / "localhost.pem"


@dataclass
class Delivery:
    """Represent one mail as the server received it."""

    sender: str
    recipient: str
    content: bytes
    secure: bool
    login: str

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)  # type: ignore[return-value]


@dataclass
class PostOffice:
    """Configure and record one SMTP server.

    `answers` replaces replies, each used once: {"RCPT": ["450 later"]}. "END" replaces the reply to the text, "TAKEN"
    the reply after acceptance; "" hangs up, None says nothing until `let_go` is set.
    """

    port: int = field(default_factory=free_port)
    offers: tuple[str, ...] = ("8BITMIME",)
    tls: str = ""
    password: str = ""
    answers: dict[str, list[str | None]] = field(default_factory=dict)
    deliveries: list[Delivery] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)
    held: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)
    _server: Any = None

    def open(self) -> PostOffice:
        office = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                Session(office, self.request).serve()

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # the client hung up

        self._server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def close(self) -> None:
        """Stop the server: no connection is possible."""
        self.let_go.set()
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def wait_for(self, number: int, seconds: float = 30) -> list[Delivery]:
        """Wait until `number` mails have arrived."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.deliveries) >= number, seconds), self.deliveries
        return self.deliveries

    def wait_for_quit(self) -> None:
        """Wait until a client has said goodbye, which waits for no answer."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: self.commands[-1:] == ["quit"], 30), self.commands

    @property
    def recipients(self) -> list[str]:
        return sorted(delivery.recipient for delivery in self.deliveries)

    @property
    def settings(self) -> dict[str, Any]:
        """Return the blog's settings for sending by this server."""
        return {
            "blog_url": "https://blog.example.org",
            "mail_from": "blog@example.org",
            "smtp_host": "127.0.0.1",
            "smtp_port": self.port,
            "smtp_security": "none",
        }

    @property
    def environment(self) -> dict[str, str]:
        return {name.upper(): str(value) for name, value in self.settings.items()}


class Session:
    """Serve one connection."""

    def __init__(self, office: PostOffice, connection: socket.socket) -> None:
        self.office, self.connection, self.secure = office, connection, False
        self.sender = self.recipient = self.login = ""
        if office.tls == "tls":
            self.encrypt()
        self.lines = self.connection.makefile("rb")

    def encrypt(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        self.connection, self.secure = context.wrap_socket(self.connection, server_side=True), True

    def say(self, answer: str) -> None:
        self.connection.sendall(answer.encode() + b"\r\n")

    def serve(self) -> None:
        try:
            if self.send_planned_answer("CONNECT"):
                self.say("220 post office")
            while line := self.lines.readline():
                with self.office.arrived:
                    self.office.commands.append(line.decode().rstrip())
                    self.office.arrived.notify_all()
                verb = line.decode().upper().split()[0].partition(":")[0]
                if not self.send_planned_answer(verb):
                    continue
                if verb == "QUIT":
                    self.say("221 good-bye")
                    return
                getattr(self, verb.lower())(line.decode().strip())
        except ConnectionAbortedError:
            pass
        finally:
            self.connection.close()

    def send_planned_answer(self, verb: str) -> bool:
        """Send a planned answer, if any; return whether to continue as usual."""
        waiting = self.office.answers.get(verb) or []
        if not waiting:
            return True
        answer = waiting.pop(0)
        if answer is None:
            self.office.held.set()
            self.office.let_go.wait(60)
        if not answer:
            raise ConnectionAbortedError
        self.say(answer)
        return False

    def ehlo(self, _line: str) -> None:
        offers = list(self.office.offers)
        offers += ["STARTTLS"] if self.office.tls == "starttls" and not self.secure else []
        offers += ["AUTH PLAIN"] if self.office.password else []
        # at once: the client's kernel would delay the receipt of a first line, which the rest waits for
        self.say("\r\n".join([f"250-{offer}" for offer in ["post office", *offers]] + ["250 HELP"]))

    def starttls(self, _line: str) -> None:
        self.say("220 go on")
        self.lines.close()
        self.encrypt()
        self.lines = self.connection.makefile("rb")

    def auth(self, line: str) -> None:
        _, self.login, password = base64.b64decode(line.split()[2]).decode().split("\0")
        self.say("235 welcome" if password == self.office.password else f"535 5.7.8 not {password}")

    def mail(self, line: str) -> None:
        if self.office.password and not self.login:
            self.say("530 5.7.0 log in first")
            return
        self.sender = line.partition("<")[2].partition(">")[0]
        self.say("250 yes")

    def rcpt(self, line: str) -> None:
        self.recipient = line.partition("<")[2].partition(">")[0]
        self.say("250 yes")

    def data(self, _line: str) -> None:
        self.say("354 go on")
        content = b""
        while (line := self.lines.readline()) != b".\r\n":
            if not line:
                raise ConnectionAbortedError
            content += line.removeprefix(b".") if line.startswith(b"..") else line
        if not self.send_planned_answer("END"):
            return
        with self.office.arrived:
            self.office.deliveries.append(Delivery(self.sender, self.recipient, content, self.secure, self.login))
            self.office.arrived.notify_all()
        if self.send_planned_answer("TAKEN"):
            self.say("250 taken")


@contextmanager
def post_office(**how: Any) -> Iterator[PostOffice]:
    office = PostOffice(**how).open()
    try:
        yield office
    finally:
        office.close()

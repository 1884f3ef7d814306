"""Hand one mail to the SMTP server (RFC 5321).

Each failure becomes one sentence for the editor.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from flask_babel import gettext as _

from blog.email_addresses import normalize_address
from blog.mail.messages import POLICY, UTF8_POLICY, build_message, one_line
from blog.mail.models import Mail
from blog.settings import Settings

# a lease (mail/sending.py) outlasts both, so that no other process sends the mail meanwhile
REPLY_TIMEOUT = 20.0
SESSION_TIMEOUT = 80.0
MAX_REPLY_LENGTH = 300

Reply = tuple[int, bytes]


class NotSent(Exception):
    """Report why a mail was not sent, in one sentence.

    The sentence holds the server's words, never a password. `by_server`: the failure concerns the server, so the next
    mail would fail too. `permanent`: trying this mail again is useless.
    """

    def __init__(self, sentence: str, *, by_server: bool = False, permanent: bool = False) -> None:
        super().__init__(sentence)
        self.by_server, self.permanent = by_server, permanent


class Connection(smtplib.SMTP):
    """Limit an SMTP session to SESSION_TIMEOUT, in seconds."""

    def __init__(self, **options: Any) -> None:
        self.until = time.monotonic() + SESSION_TIMEOUT
        super().__init__(**options)

    def getreply(self) -> Reply:
        left = self.until - time.monotonic()
        if left <= 0:
            self.close()
            raise TimeoutError
        if self.sock:
            self.sock.settimeout(min(left, REPLY_TIMEOUT))
        try:
            return super().getreply()
        except smtplib.SMTPServerDisconnected as error:
            if isinstance(error.__context__, TimeoutError):
                raise TimeoutError from error
            raise


class SecureConnection(Connection, smtplib.SMTP_SSL):
    """Connect by TLS from the first byte."""


def send(settings: Settings, mail: Mail, title: str) -> None:
    """Send a mail in the name of `title`.

    Raises: NotSent.
    """
    recipient = normalize_address(mail.recipient)
    if not recipient:
        raise NotSent(_("This is not an address that mail can be written to."), permanent=True)
    message, needs_utf8 = build_message(settings, mail, title), not recipient.isascii()
    with _translate_errors(settings), _connect(settings) as server:
        if needs_utf8:
            _require_smtputf8(server, settings)
        options = ["SMTPUTF8", "BODY=8BITMIME"] if needs_utf8 else []
        replies = _Replies(settings)
        replies.raise_for_session(
            server.mail(settings.mail_from, options), _("%(server)s takes no mail from MAIL_FROM (%(words)s).")
        )
        replies.raise_for_mail(server.rcpt(recipient), _("%(server)s takes no mail for this address (%(words)s)."))
        content = message.as_bytes(policy=UTF8_POLICY if needs_utf8 else POLICY)
        replies.raise_for_mail(_data(server, content), _("%(server)s did not take the mail (%(words)s)."))


def _data(server: Connection, content: bytes) -> Reply:
    try:
        return server.data(content)
    except smtplib.SMTPDataError as error:
        return error.smtp_code, _as_bytes(error.smtp_error)


@contextmanager
def _connect(settings: Settings) -> Iterator[Connection]:
    """Yield a connection that is encrypted and signed in.

    The answer to QUIT is not awaited: until the success is stored, a crash would send the mail twice.
    """
    context, secure = ssl.create_default_context(), settings.smtp_security
    options = {"host": settings.smtp_host, "port": settings.smtp_port, "timeout": REPLY_TIMEOUT}
    options["local_hostname"] = urlsplit(settings.blog_url).hostname or "localhost"
    server = SecureConnection(context=context, **options) if secure == "tls" else Connection(**options)
    try:
        server.ehlo_or_helo_if_needed()
        if secure == "starttls":
            _encrypt(server, context, settings)
        if settings.smtp_user:
            _sign_in(server, settings)
        yield server
        with suppress(smtplib.SMTPException, OSError):
            server.putcmd("quit")
    finally:
        server.close()


def _encrypt(server: Connection, context: ssl.SSLContext, settings: Settings) -> None:
    if not server.has_extn("starttls"):
        raise _Replies(settings).server_error(
            _(
                "%(server)s offers no STARTTLS, and nothing is sent in clear: "
                "SMTP_SECURITY=tls is for servers that begin with TLS, mostly at port 465."
            )
        )
    server.starttls(context=context)
    server.ehlo_or_helo_if_needed()


def _sign_in(server: Connection, settings: Settings) -> None:
    replies = _Replies(settings)
    if not server.has_extn("auth"):
        raise replies.server_error(
            _("%(server)s takes no login: leave SMTP_USER and SMTP_PASSWORD empty, or use another port.")
        )
    try:
        server.login(settings.smtp_user, settings.smtp_password)
    except smtplib.SMTPAuthenticationError as error:
        sentence = _("%(server)s refuses the login (%(words)s): look at SMTP_USER and SMTP_PASSWORD.")
        raise replies.server_error(sentence, error.smtp_code, error.smtp_error) from None


def _require_smtputf8(server: Connection, settings: Settings) -> None:
    if not server.has_extn("smtputf8"):
        sentence = _("%(server)s cannot write to addresses that have letters beyond a to z before the @.")
        raise NotSent(_Replies(settings).format(sentence), permanent=True)


class _Replies:
    """Turn replies of the server into sentences with %(server)s and %(words)s."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def raise_for_session(self, reply: Reply, sentence: str) -> None:
        """Raise NotSent if the server refuses more than this mail."""
        if not 200 <= reply[0] < 300:
            raise self.server_error(sentence, *reply)

    def raise_for_mail(self, reply: Reply, sentence: str) -> None:
        """Raise NotSent if the server refuses this mail or its recipient.

        A 5xx code is permanent, except 5.7.x, which concerns the sender.
        """
        code, words = reply
        if code in {421, 530}:
            raise self.server_error(sentence, code, words)
        if not 200 <= code < 300:
            of_sender = words.startswith(b"5.7.")
            raise NotSent(self.format(sentence, code, words), permanent=code >= 500 and not of_sender)

    def server_error(self, sentence: str, code: int = 0, words: bytes | str = b"") -> NotSent:
        return NotSent(self.format(sentence, code, words), by_server=True)

    def format(self, sentence: str, code: int = 0, words: bytes | str = b"") -> str:
        text = one_line(f"{code or ''} {_as_bytes(words).decode(errors='replace')}")
        if self.settings.smtp_password:
            text = text.replace(self.settings.smtp_password, "…")
        address = f"{self.settings.smtp_host}:{self.settings.smtp_port}"
        return sentence % {"server": address, "words": text[:MAX_REPLY_LENGTH]}


@contextmanager
def _translate_errors(settings: Settings) -> Iterator[None]:
    """Turn errors of the network and of SMTP into NotSent."""
    replies = _Replies(settings)
    try:
        yield
    except smtplib.SMTPResponseException as error:
        refused = _("%(server)s refuses (%(words)s).")
        raise replies.server_error(refused, error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPServerDisconnected as error:
        raise replies.server_error(_("%(server)s broke off the connection.")) from error
    except ssl.SSLCertVerificationError as error:
        sentence = _("%(server)s shows a certificate that does not hold (%(words)s): look at SMTP_HOST.")
        raise replies.server_error(sentence, words=error.verify_message) from error
    except ssl.SSLError as error:
        sentence = _(
            "%(server)s does not speak TLS as SMTP_SECURITY says (%(words)s): "
            "tls is for port 465, starttls for port 587, mostly."
        )
        raise replies.server_error(sentence, words=error.reason or "") from error
    except socket.gaierror as error:
        raise replies.server_error(_("%(server)s is not known: look at SMTP_HOST.")) from error
    except TimeoutError as error:
        raise replies.server_error(_("%(server)s did not answer in time: look at SMTP_HOST and SMTP_PORT.")) from error
    except (smtplib.SMTPException, OSError) as error:
        words = (isinstance(error, OSError) and error.strerror) or str(error)
        sentence = _("%(server)s cannot be reached (%(words)s): look at SMTP_HOST and SMTP_PORT.")
        raise replies.server_error(sentence, words=words) from error


def _as_bytes(words: bytes | str) -> bytes:
    return words.encode() if isinstance(words, str) else words

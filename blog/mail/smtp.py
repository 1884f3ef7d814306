"""Hand one mail to the SMTP server (RFC 5321).

Each failure becomes one sentence for the editor.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from blog.email_addresses import normalize_address
from blog.mail.messages import POLICY, UTF8_POLICY, build_message, one_line
from blog.mail.models import Mail
from blog.settings import Settings

# a lease (mail/sending.py) outlasts both, so that no other process sends the mail meanwhile
REPLY_TIMEOUT = 20.0
SESSION_TIMEOUT = 80.0
MAX_REPLY_LENGTH = 300

NO_STARTTLS = _(
    "%(server)s offers no STARTTLS, and nothing is sent in clear: "
    "SMTP_SECURITY=tls is for servers that begin with TLS, mostly at port 465."
)
NO_LOGIN = _("%(server)s takes no login: leave SMTP_USER and SMTP_PASSWORD empty, or use another port.")
NO_SMTPUTF8 = _("%(server)s cannot write to addresses that have letters beyond a to z before the @.")
# the first type that an error has
SENTENCES: Mapping[type[OSError], LazyString] = {
    smtplib.SMTPSenderRefused: _("%(server)s takes no mail from MAIL_FROM (%(words)s)."),
    smtplib.SMTPRecipientsRefused: _("%(server)s takes no mail for this address (%(words)s)."),
    smtplib.SMTPDataError: _("%(server)s did not take the mail (%(words)s)."),
    smtplib.SMTPAuthenticationError: _(
        "%(server)s refuses the login (%(words)s): look at SMTP_USER and SMTP_PASSWORD."
    ),
    smtplib.SMTPResponseException: _("%(server)s refuses (%(words)s)."),
    smtplib.SMTPServerDisconnected: _("%(server)s broke off the connection."),
    ssl.SSLCertVerificationError: _(
        "%(server)s shows a certificate that does not hold (%(words)s): look at SMTP_HOST."
    ),
    ssl.SSLError: _(
        "%(server)s does not speak TLS as SMTP_SECURITY says (%(words)s): "
        "tls is for port 465, starttls for port 587, mostly."
    ),
    socket.gaierror: _("%(server)s is not known: look at SMTP_HOST."),
    TimeoutError: _("%(server)s did not answer in time: look at SMTP_HOST and SMTP_PORT."),
    OSError: _("%(server)s cannot be reached (%(words)s): look at SMTP_HOST and SMTP_PORT."),
}


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

    def getreply(self) -> tuple[int, bytes]:
        left = self.until - time.monotonic()
        if left <= 0:
            self.close()
            raise TimeoutError
        if self.sock:
            self.sock.settimeout(min(left, REPLY_TIMEOUT))
        return super().getreply()

    def rset(self) -> tuple[int, bytes]:
        """Send no RSET: after a refusal the connection ends."""
        return 250, b""


class SecureConnection(Connection, smtplib.SMTP_SSL):
    """Connect by TLS from the first byte."""


def send(settings: Settings, mail: Mail, title: str) -> None:
    """Send a mail in the name of `title`.

    Raises: NotSent.
    """
    recipient = normalize_address(mail.recipient)
    if not recipient:
        raise NotSent(str(_("This is not an address that mail can be written to.")), permanent=True)
    needs_utf8 = not recipient.isascii()
    policy, options = (UTF8_POLICY, ["SMTPUTF8", "BODY=8BITMIME"]) if needs_utf8 else (POLICY, [])
    # not by send_message, which puts a ">" before "From" at the start of a line
    content = build_message(settings, mail, title).as_bytes(policy=policy)
    try:
        with _connect(settings) as server:
            if needs_utf8 and not server.has_extn("smtputf8"):
                raise NotSent(_format(settings, NO_SMTPUTF8), permanent=True)
            server.sendmail(settings.mail_from, recipient, content, options)
    except OSError as error:
        raise _not_sent(settings, error) from None  # the cause may contain the password


@contextmanager
def _connect(settings: Settings) -> Iterator[Connection]:
    """Yield a connection that is encrypted and signed in.

    The answer to QUIT is not awaited: until the success is stored, a crash would send the mail twice.
    """
    security = settings.smtp_security
    # reading the certificates takes 31 ms
    context = None if security == "none" else ssl.create_default_context()
    options = {"host": settings.smtp_host, "port": settings.smtp_port, "timeout": REPLY_TIMEOUT}
    options["local_hostname"] = urlsplit(settings.blog_url).hostname or "localhost"
    server = SecureConnection(context=context, **options) if security == "tls" else Connection(**options)
    try:
        server.ehlo_or_helo_if_needed()
        if security == "starttls":
            if not server.has_extn("starttls"):
                raise NotSent(_format(settings, NO_STARTTLS), by_server=True)
            server.starttls(context=context)
            server.ehlo_or_helo_if_needed()
        if settings.smtp_user:
            if not server.has_extn("auth"):
                raise NotSent(_format(settings, NO_LOGIN), by_server=True)
            server.login(settings.smtp_user, settings.smtp_password)
        yield server
        with suppress(OSError):
            server.putcmd("quit")
    finally:
        server.close()


def _not_sent(settings: Settings, error: OSError) -> NotSent:
    """Describe an error.

    It concerns the server, unless the recipient, the text or the size (552) was refused. A 5xx code is permanent,
    except 5.7.x, which concerns the sender.
    """
    if isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(error.__context__, TimeoutError):
        error = error.__context__
    code, words = _reply(error)
    sentence = next(sentence for kind, sentence in SENTENCES.items() if isinstance(error, kind))
    refused = isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError)
    of_mail = code == 552 or (refused and code not in {421, 530})
    permanent = of_mail and code >= 500 and not words.startswith("5.7.")
    return NotSent(_format(settings, sentence, f"{code or ''} {words}"), by_server=not of_mail, permanent=permanent)


def _reply(error: OSError) -> tuple[int, str]:
    """Return the code and the words of an error; 0 if it is no reply."""
    words: bytes | str | None
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            ((code, words),) = refused.values()
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=words):
            pass
        case ssl.SSLCertVerificationError(verify_message=words) | ssl.SSLError(reason=words):
            code = 0
        case _:
            code, words = 0, error.strerror or str(error)
    return code, words.decode(errors="replace") if isinstance(words, bytes) else words or ""


def _format(settings: Settings, sentence: LazyString, words: str = "") -> str:
    words = one_line(words)
    if settings.smtp_password:
        words = words.replace(settings.smtp_password, "…")
    server = f"{settings.smtp_host}:{settings.smtp_port}"
    return str(sentence) % {"server": server, "words": words[:MAX_REPLY_LENGTH]}

"""Handing one mail to the SMTP server of the settings (RFC 5321), and what may go wrong there, a sentence each."""

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
from blog.mail.messages import POLICY, POLICY_BEYOND_ASCII, message_of, one_line
from blog.mail.models import Mail
from blog.settings import Settings

# how long the server may take for one answer, and for all of them; a lease outlasts both together
ANSWER_SECONDS = 20.0
ALL_SECONDS = 80.0
LONGEST_WORDS = 300

Reply = tuple[int, bytes]


class NotSent(Exception):
    """Why a mail was not taken: one sentence with the server's words and what to do, never a password.

    `of_server` where it says nothing about this mail, so that the next would fare no better; `for_good` where this
    mail will never be taken.
    """

    def __init__(self, sentence: str, *, of_server: bool = False, for_good: bool = False) -> None:
        super().__init__(sentence)
        self.of_server, self.for_good = of_server, for_good


class Connection(smtplib.SMTP):
    """What smtplib has, within a time for everything, so that nobody sends on after the lease has run out."""

    def __init__(self, **place: Any) -> None:
        self.until = time.monotonic() + ALL_SECONDS
        super().__init__(**place)

    def getreply(self) -> Reply:
        left = self.until - time.monotonic()
        if left <= 0:
            self.close()
            raise TimeoutError
        if self.sock:
            self.sock.settimeout(min(left, ANSWER_SECONDS))
        try:
            return super().getreply()
        except smtplib.SMTPServerDisconnected as error:
            if isinstance(error.__context__, TimeoutError):
                raise TimeoutError from error
            raise


class SecureConnection(Connection, smtplib.SMTP_SSL):
    """The same over TLS from the first byte."""


def send(settings: Settings, mail: Mail, title: str) -> None:
    """Hand the mail over, in the name of `title`; returns once the server has taken it. NotSent where it did not."""
    recipient = normalize_address(mail.recipient)
    if not recipient:
        raise NotSent(_("This is not an address that mail can be written to."), for_good=True)
    message, beyond_ascii = message_of(settings, mail, title), not recipient.isascii()
    with _telling(settings), _connected(settings) as server:
        if beyond_ascii:
            _can_write_to_any(server, settings)
        options = ["SMTPUTF8", "BODY=8BITMIME"] if beyond_ascii else []
        told = _Told(settings)
        told.server(server.mail(settings.mail_from, options), _("%(server)s takes no mail from MAIL_FROM (%(words)s)."))
        told.mail(server.rcpt(recipient), _("%(server)s takes no mail for this address (%(words)s)."))
        content = message.as_bytes(policy=POLICY_BEYOND_ASCII if beyond_ascii else POLICY)
        told.mail(_data(server, content), _("%(server)s did not take the mail (%(words)s)."))


def _data(server: Connection, content: bytes) -> Reply:
    try:
        return server.data(content)
    except smtplib.SMTPDataError as error:
        return error.smtp_code, _as_bytes(error.smtp_error)


@contextmanager
def _connected(settings: Settings) -> Iterator[Connection]:
    """A connection that is encrypted and signed in to as the settings say. Its end is not waited for: what the server
    has taken is taken, and every moment until that is written down is one in which a crash would send it twice.
    """
    context, secure = ssl.create_default_context(), settings.smtp_security
    place = {"host": settings.smtp_host, "port": settings.smtp_port, "timeout": ANSWER_SECONDS}
    place["local_hostname"] = urlsplit(settings.blog_url).hostname or "localhost"
    server = SecureConnection(context=context, **place) if secure == "tls" else Connection(**place)
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
        raise _Told(settings).refusal(
            _(
                "%(server)s offers no STARTTLS, and nothing is sent in clear: "
                "SMTP_SECURITY=tls is for servers that begin with TLS, mostly at port 465."
            )
        )
    server.starttls(context=context)
    server.ehlo_or_helo_if_needed()


def _sign_in(server: Connection, settings: Settings) -> None:
    told = _Told(settings)
    if not server.has_extn("auth"):
        raise told.refusal(
            _("%(server)s takes no login: leave SMTP_USER and SMTP_PASSWORD empty, or use another port.")
        )
    try:
        server.login(settings.smtp_user, settings.smtp_password)
    except smtplib.SMTPAuthenticationError as error:
        sentence = _("%(server)s refuses the login (%(words)s): look at SMTP_USER and SMTP_PASSWORD.")
        raise told.refusal(sentence, error.smtp_code, error.smtp_error) from None


def _can_write_to_any(server: Connection, settings: Settings) -> None:
    if not server.has_extn("smtputf8"):
        sentence = _("%(server)s cannot write to addresses that have letters beyond a to z before the @.")
        raise NotSent(_Told(settings).sentence(sentence), for_good=True)


class _Told:
    """What a server said, in sentences that have %(server)s and %(words)s."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def server(self, reply: Reply, sentence: str) -> None:
        """Its answer to something that has nothing to do with the one mail."""
        if not 200 <= reply[0] < 300:
            raise self.refusal(sentence, *reply)

    def mail(self, reply: Reply, sentence: str) -> None:
        """Its answer to this mail, or its recipient: for good where it begins with 5, unless it is about who sends."""
        code, words = reply
        if code in {421, 530}:
            raise self.refusal(sentence, code, words)
        if not 200 <= code < 300:
            of_sender = words.startswith(b"5.7.")
            raise NotSent(self.sentence(sentence, code, words), for_good=code >= 500 and not of_sender)

    def refusal(self, sentence: str, code: int = 0, words: bytes | str = b"") -> NotSent:
        return NotSent(self.sentence(sentence, code, words), of_server=True)

    def sentence(self, sentence: str, code: int = 0, words: bytes | str = b"") -> str:
        said = one_line(f"{code or ''} {_as_bytes(words).decode(errors='replace')}")
        if self.settings.smtp_password:
            said = said.replace(self.settings.smtp_password, "…")
        place = f"{self.settings.smtp_host}:{self.settings.smtp_port}"
        return sentence % {"server": place, "words": said[:LONGEST_WORDS]}


@contextmanager
def _telling(settings: Settings) -> Iterator[None]:
    """Whatever happens on the way is a sentence."""
    told = _Told(settings)
    try:
        yield
    except smtplib.SMTPResponseException as error:
        refused = _("%(server)s refuses (%(words)s).")
        raise told.refusal(refused, error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPServerDisconnected as error:
        raise told.refusal(_("%(server)s broke off the connection.")) from error
    except ssl.SSLCertVerificationError as error:
        sentence = _("%(server)s shows a certificate that does not hold (%(words)s): look at SMTP_HOST.")
        raise told.refusal(sentence, words=error.verify_message) from error
    except ssl.SSLError as error:
        sentence = _(
            "%(server)s does not speak TLS as SMTP_SECURITY says (%(words)s): "
            "tls is for port 465, starttls for port 587, mostly."
        )
        raise told.refusal(sentence, words=error.reason or "") from error
    except socket.gaierror as error:
        raise told.refusal(_("%(server)s is not known: look at SMTP_HOST.")) from error
    except TimeoutError as error:
        raise told.refusal(_("%(server)s did not answer in time: look at SMTP_HOST and SMTP_PORT.")) from error
    except (smtplib.SMTPException, OSError) as error:
        words = (isinstance(error, OSError) and error.strerror) or str(error)
        sentence = _("%(server)s cannot be reached (%(words)s): look at SMTP_HOST and SMTP_PORT.")
        raise told.refusal(sentence, words=words) from error


def _as_bytes(words: bytes | str) -> bytes:
    return words.encode() if isinstance(words, str) else words

"""Build the message of a mail (RFC 5322).

Every attempt builds the same message, so that mail programs recognise duplicates.
"""

from __future__ import annotations

import json
import unicodedata
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any

from blog.email_addresses import normalize_address
from blog.mail.models import Mail
from blog.settings import Settings


class HeaderPolicy(EmailPolicy):
    """Fold all headers except those of lists (RFC 2369).

    Python would split a long URL in them into encoded words, which no mail program decodes there.
    """

    def fold(self, name: str, value: Any) -> str:
        return self._unfolded(name, value) or super().fold(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self._unfolded(name, value).encode() or super().fold_binary(name, value)

    def _unfolded(self, name: str, value: Any) -> str:
        return f"{name}: {value}{self.linesep}" if name.startswith("List-") and str(value).isascii() else ""


POLICY = HeaderPolicy(linesep="\r\n", cte_type="7bit")
# for servers with SMTPUTF8 (RFC 6531)
UTF8_POLICY = HeaderPolicy(linesep="\r\n", cte_type="7bit", utf8=True)


def build_message(settings: Settings, mail: Mail, title: str) -> EmailMessage:
    """Build the message, with `title` as the sender's name."""
    message = EmailMessage(policy=POLICY)
    message["From"] = Address(one_line(title), addr_spec=settings.mail_from)
    user, _at, domain = normalize_address(mail.recipient).rpartition("@")
    message["To"] = Address(username=user, domain=domain)
    message["Subject"] = one_line(mail.subject)
    message["Date"] = mail.created_at
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    for name, value in json.loads(mail.headers or "{}").items():
        message[name] = one_line(value)
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


def one_line(text: str) -> str:
    """Return a text without line breaks and control characters, for a header."""
    visible = "".join(
        " " if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} else character for character in text
    )
    return " ".join(visible.split())

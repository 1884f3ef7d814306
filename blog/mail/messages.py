"""A mail as it is sent (RFC 5322): the same each time, so that a second copy can be told for one."""

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


class Policy(EmailPolicy):
    """Headers are folded as ever, but for those of lists (RFC 2369): Python would break up a long address in them into
    encoded words, which no mail program undoes there.
    """

    def fold(self, name: str, value: Any) -> str:
        return self._whole(name, value) or super().fold(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self._whole(name, value).encode() or super().fold_binary(name, value)

    def _whole(self, name: str, value: Any) -> str:
        return f"{name}: {value}{self.linesep}" if name.startswith("List-") and str(value).isascii() else ""


POLICY = Policy(linesep="\r\n", cte_type="7bit")
# for servers that take SMTPUTF8 (RFC 6531)
POLICY_BEYOND_ASCII = Policy(linesep="\r\n", cte_type="7bit", utf8=True)


def message_of(settings: Settings, mail: Mail, title: str) -> EmailMessage:
    """The whole of it, in the name of `title`."""
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
    """What may stand in a header: nothing that ends it, and nothing that cannot be seen."""
    kept = "".join(" " if unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} else sign for sign in text)
    return " ".join(kept.split())

"""Say in one sentence why an address was not fetched."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from blog.stored_messages import CodedError, Sentences

SENTENCES: Sentences = {
    # refused before anything is asked
    "wrong_address": _("This is not the address of a web server: it starts with https:// or http://."),
    "credentials": _("An address must not contain a name or password."),
    "wrong_port": _("Port %(port)s is not used, only 80, 443, 8080 and 8443."),
    "private_address": _("%(host)s is not a public server, so it is not asked."),
    # the server
    "no_such_host": _("There is no server named %(host)s."),
    "no_connection": _("The server %(host)s cannot be reached."),
    "certificate": _("The server %(host)s has no valid certificate."),
    "too_slow": _("The server %(host)s took too long."),
    # its answer
    "broken_answer": _("The server %(host)s sent an answer that cannot be read."),
    "large_answer": _("The server %(host)s sent more than %(most)s bytes."),
    "many_redirects": _("The server %(host)s redirects too often."),
    "redirected": _("The server %(host)s redirects to another address: please use that."),
}


class FetchError(CodedError):
    """Raised for an address that cannot be fetched; `message` may be stored."""

    sentences = SENTENCES

    @property
    def code(self) -> str:
        return str(self.message["code"])

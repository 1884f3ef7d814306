"""Translate why a comment is held, spam or removed.

`Comment.status_reason` stores codes with parameters. The code of a moderation rule is the name of its function in
`screening/rules.py`, the code of a signal of the spam filter its name in `screening/spam_signals.py`.
"""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import ngettext

from blog.editors import audit_log
from blog.stored_messages import Sentences, translate_messages

SENTENCES: Sentences = {
    # decisions
    "held_by": lambda name, notes="": _with_details(_("held by %(name)s", name=name), notes),
    "marked_as_spam_by": lambda name, notes="": _with_details(_("marked as spam by %(name)s", name=name), notes),
    "removed_by": lambda name, notes="": _with_details(_("removed by %(name)s", name=name), notes),
    "removed_by_writer": lambda: _("removed by its writer"),
    "removed_before_import": lambda: _("removed before it was imported"),
    "erased_by": lambda name: _("erased by %(name)s", name=name),
    "erased_by_writer": lambda: _("erased by its writer"),
    "note": audit_log.REASONS["note"],
    "by_mail": audit_log.REASONS["by_mail"],
    "reported": audit_log.REASONS["reported"],
    # rules
    "filled_honeypot": lambda: _("the hidden field was filled in"),
    "sent_too_quickly": lambda least: _("sent less than %(least)d seconds after the form was opened", least=least),
    "too_many_links": lambda links, most: _("links: %(links)d, at most %(most)d", links=links, most=most),
    "muted_word": lambda line: _("muted: %(line)s", line=line),
    "moderated_post": lambda: _("every response waits here"),
    "old_post": lambda days: _("the post is more than %(days)d days old", days=days),
    "new_writer": lambda approved, needed: _(
        "a new reader: %(shown)d of %(needed)d responses approved so far", shown=approved, needed=needed
    ),
    "recent_removal": lambda: _("an editor took away a recent response of this reader"),
    "many_held": lambda count: _("%(count)d responses from here wait already", count=count),
    "duplicate_text": lambda number: _("the same text as response %(number)d", number=number),
    "banned": lambda bans: bans,
    "banned_reader": lambda reason="": _with_reason(_("this reader is banned"), reason),
    "banned_address": lambda reason="": _with_reason(_("this network address is banned"), reason),
    "banned_email": lambda reason="": _with_reason(_("this e-mail address is banned"), reason),
    "banned_domain": lambda domain, reason="": _with_reason(
        _("the domain %(domain)s is banned", domain=domain), reason
    ),
    "likely_spam": lambda reasons: _("looks like spam: %(reasons)s", reasons=reasons),
    # signals of the spam filter
    "like_spam": lambda count: ngettext(
        "like %(num)d response marked as spam", "like %(num)d responses marked as spam", count
    ),
    "domain_of_spam": lambda domain, count: _(
        "%(domain)s stood in %(number)s",
        domain=domain,
        number=ngettext("%(num)d response marked as spam", "%(num)d responses marked as spam", count),
    ),
    "new_domain": lambda domain: _("a domain new to this blog: %(domain)s", domain=domain),
    "praise_and_a_link": lambda: _("praise and a link"),
    "reader_of_spam": lambda count: ngettext(
        "%(num)d response of this reader was marked as spam",
        "%(num)d responses of this reader were marked as spam",
        count,
    ),
    "quick": lambda seconds: ngettext("written in %(num)d second", "written in %(num)d seconds", seconds),
    "selling_name": lambda: _("the name sells something"),
    "old_post_with_link": lambda days: ngettext("the post is %(num)d day old", "the post is %(num)d days old", days),
    "not_of_the_post": lambda: _("it says nothing about the post"),
    "words": lambda words: _("words: %(words)s", words=words),
}


def translate_status_reason(stored: str) -> str:
    """Return a stored reason as text, "" for none."""
    return translate_messages(stored, SENTENCES)


def _with_details(sentence: str, details: str) -> str:
    return f"{sentence}: {details}" if details else sentence


def _with_reason(sentence: str, reason: str) -> str:
    return f"{sentence} ({reason})" if reason else sentence

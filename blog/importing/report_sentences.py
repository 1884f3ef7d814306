"""Translate the messages of import reports and refusals."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from blog.importing import export_errors
from blog.media import picture_errors
from blog.stored_messages import Message, Sentences, message, translate_message

INDENT = "  "


def translate_report(messages: Iterable[Message]) -> list[str]:
    """Return each message as a line in the current language."""
    return [translate_message(one, SENTENCES) for one in messages]


def describe_imported(**numbers: int) -> str:
    """Return how many entries of each kind are new."""
    parts = [
        _count(post=numbers["posts"], draft=numbers["post_drafts"]),
        _count(page=numbers["pages"], draft=numbers["page_drafts"]),
        _count(comment=numbers["comments"], removed=numbers["removed"]),
        _count(label=numbers["labels"]),
        _count(picture=numbers["pictures"]),
    ]
    return ", ".join(filter(None, parts)) or gettext("Nothing new to import.")


def describe_known(**numbers: int) -> str:
    """Return how many entries were imported before, by kind."""
    counts = ", ".join(_count(**{kind: number}) for kind, number in numbers.items() if number)
    return str(gettext("Already imported and left unchanged: %(counts)s.", counts=counts))


def _count(**numbers: int) -> str:
    """Return the numbers that are not 0 with their nouns."""
    counted = (translate_message(message(kind, number=number), COUNTS) for kind, number in numbers.items() if number)
    return " ".join(counted)


COUNTS: Sentences = {
    "post": lambda number: ngettext("%(num)d post", "%(num)d posts", number),
    "page": lambda number: ngettext("%(num)d page", "%(num)d pages", number),
    "comment": lambda number: ngettext("%(num)d comment", "%(num)d comments", number),
    "label": lambda number: ngettext("%(num)d label", "%(num)d labels", number),
    "picture": lambda number: ngettext("%(num)d picture", "%(num)d pictures", number),
    "entry": lambda number: ngettext("%(num)d entry", "%(num)d entries", number),
    "post_or_page": lambda number: ngettext("%(num)d post or page", "%(num)d posts and pages", number),
    "embed": lambda number: ngettext(
        "%(num)d player, frame, script or form", "%(num)d players, frames, scripts and forms", number
    ),
    "draft": lambda number: ngettext("(%(num)d draft)", "(%(num)d drafts)", number),
    "removed": lambda number: ngettext("(%(num)d removed)", "(%(num)d removed)", number),
}

SENTENCES: Sentences = {
    **export_errors.SENTENCES,
    **picture_errors.SENTENCES,
    **COUNTS,
    "imported": describe_imported,
    "already_imported": describe_known,
    "duplicates": _("Skipped because an earlier entry has the same id: %(counted)s."),
    "missing_posts": _("Skipped because their post is missing: %(counted)s."),
    "spam": _("Skipped because Blogger marked them as spam: %(counted)s."),
    "ghosted": _("Skipped because Blogger showed them only to their authors: %(counted)s."),
    "trashed": _("Skipped because they were in Blogger’s trash: %(counted)s."),
    "unshown": _("Skipped because Blogger did not show them: %(counted)s."),
    "bad_entries": _("Skipped because they cannot be read: %(counted)s."),
    "bad_entry_at": _("line %(line)d: %(problem)s"),
    "odd_dates": _("Imported with the best date that could be found: %(counted)s."),
    "odd_date": _("%(place)s: “%(value)s” became %(used)s"),
    "missing_date": _("%(place)s: without a date, became %(used)s"),
    "dropped_characters": _(
        "Imported without characters that XML forbids, "
        "or with bytes that are no UTF-8 and were read as Windows-1252: %(counted)s."
    ),
    "dropped_outside": _("between the entries"),
    "entry_place": _("%(place)s"),
    "comment_by": _("the comment by %(name)s of %(at)s"),
    "ask_for_host": _(
        "The export does not contain the blog’s address: add --blog-url https://… to the import, "
        "so that links within the blog become local."
    ),
    "ask_for_domain": _(
        "The blog had a domain of its own, which the export does not name: add --blog-url https://… to the import, "
        "so that links within the blog become local."
    ),
    "adopted_settings": _(
        "Taken from the export: the name “%(title)s”, the time zone %(timezone)s, the language %(language)s."
    ),
    "unknown_timezone": _("Unknown time zone “%(zone)s” in the export: the blog stays in %(timezone)s."),
    "unknown_language": _("Unknown language “%(unknown)s” in the export: it stays %(language)s."),
    "repaired_prefixes": _("The file used undeclared XML prefixes, which were repaired: %(prefixes)s."),
    "combined_labels": _("Split at their commas into several labels: %(counted)s."),
    "old_host": _("Links to %(host)s now lead to this blog: point that domain to this server."),
    "missing_parents": _(
        "Moved to the top of their thread because the comment that they reply to is missing: %(counted)s."
    ),
    "circular_replies": _(
        "Moved to the top of their thread because they reply to each other in a circle: %(counted)s."
    ),
    "future_posts": _("Imported as drafts because their date is in the future: %(number)d."),
    "moved_posts": _("Moved to a new address: %(counted)s."),
    "moved_post": _("%(old)s: now %(new)s"),
    "no_old_path": _("no old address"),
    "insecure_pictures": _("Hidden because they do not load over https: %(counted)s."),
    "rejected_pictures": _("Not copied because they could not be stored: %(counted)s."),
    "rejected_picture": _("%(place)s: %(why)s"),
    "embeds": _("Replaced with a link to the source: %(counted)s."),
    "hidden_text": _("What was hidden from readers was left out of %(counted)s."),
    "removed_content": _("Content that cannot be shown was left out of %(counted)s."),
    "removed_from_post": _("%(tags)s in %(place)s"),
    "url_in_post": _("%(url)s (in %(place)s)"),
    "draft_of": _("the draft “%(title)s”"),
    "example": lambda item: INDENT + item,
    "more": lambda number: INDENT + ngettext("and %(num)d more", "and %(num)d more", number),
}

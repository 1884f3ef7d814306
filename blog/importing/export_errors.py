"""Refuse exports that cannot be imported, each in one sentence.

The sentence is stored as a code, so that the desk shows it in the current language.
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from blog.errors import Unusable
from blog.stored_messages import CodedError, Sentences

SENTENCES: Sentences = {
    "no_file": _("%(file)s does not exist: check its name and folder."),
    "empty_file": _(
        "%(file)s is empty: use the .xml file that Blogger saves under “Back up content”, "
        "or Blogger’s .zip from Google Takeout."
    ),
    "folder": _(
        "%(file)s is a folder: use the .xml file that Blogger saves under “Back up content”, "
        "or Blogger’s .zip from Google Takeout."
    ),
    "irregular_file": _("%(file)s is not a regular file, and an import reads it twice: save it to a file first."),
    "unreadable_file": _("%(file)s cannot be read (%(error)s): check its permissions."),
    "no_blog_url": _("“%(url)s” is not the address of a blog: give one such as https://blog.example.org."),
    "file_in_zip": _("%(file)s in %(zip)s"),
    # what is no export
    "foreign_file": _(
        "%(file)s looks like %(what)s, which cannot be imported: use the .xml file that Blogger saves under "
        "“Back up content”, or Blogger’s .zip from Google Takeout."
    ),
    "gzip": _("a gzip archive"),
    "bzip2": _("a bzip2 archive"),
    "7z": _("a 7z archive"),
    "sqlite": _("an SQLite database"),
    "pdf": _("a PDF document"),
    "html": _("an HTML page"),
    "json": _("a JSON file"),
    "movable_type": _("a Movable Type export"),
    "wordpress": _("a WordPress export"),
    "disqus": _("a Disqus export"),
    "other_xml": _("another kind of XML file, with <%(tag)s> as its first tag"),
    "xml_without_tag": _("an XML file without a tag"),
    "binary": _("a binary file"),
    "text": _("a text file"),
    "no_export": _(
        "%(file)s looks like a feed, but not like an export: in Blogger’s settings choose “Back up content”, "
        "and import the .xml file or Takeout .zip that you get."
    ),
    # feeds
    "entities": _(
        "%(file)s declares entities in a DOCTYPE, which no export needs and which can be harmful, so it was not read: "
        "save the export again and import that."
    ),
    "cut_off_xml": _(
        "%(file)s looks like XML that is cut off or broken at line %(line)d (%(error)s), so nothing was imported: "
        "save the export again and import that."
    ),
    "broken_xml": _(
        "%(file)s is broken at line %(line)d, column %(column)d (%(error)s), so nothing was imported: "
        "the file may be cut off or edited by hand; save the export again and import that."
    ),
    "ends_early": _("it ends too early"),
    "unknown_encoding": _(
        "%(file)s declares the encoding “%(encoding)s”, which cannot be read: "
        "save the export again in UTF-8 and import that."
    ),
    "wrong_encoding": _(
        "%(file)s is not written in %(encoding)s, the encoding that it declares, so nothing was imported: "
        "save the export again in UTF-8 and import that."
    ),
    # written by earlier releases
    "bad_entry": _(
        "The entry at line %(line)d of %(file)s has %(problem)s, so nothing was imported: "
        "save the export again, or correct that line, and import it."
    ),
    "wrong_date": _("“%(value)s” as its %(name)s date"),
    "no_date": _("no %(name)s date"),
    "no_number": _("no id that ends in a number"),
    # zip files
    "broken_zip": _("%(file)s is a zip that is cut off or broken, so nothing was imported: download it again."),
    "damaged_zip": _("%(file)s is damaged inside its zip, so nothing was imported: download the export again."),
    "unusual_zip": _("%(file)s %(problem)s, unlike any Takeout, so it was not read: download it again."),
    "outside_path": _("holds “%(entry)s”, a path that leads out of it"),
    "huge_entry": _("holds “%(entry)s”, which claims to be absurdly large when unpacked"),
    "huge_zip": _("claims to be absurdly large when unpacked"),
    "odd_packing": _("holds “%(entry)s” encrypted or packed in an unusual way"),
    "no_feed": _(
        "%(file)s is a zip without a Blogs/…/feed.atom in it: in Google Takeout choose Blogger, "
        "and import the zip that it makes."
    ),
    "several_blogs": _("%(file)s holds several blogs, so choose one with --blog TITLE: %(names)s."),
    "not_one_blog": _(
        "%(file)s does not hold exactly one blog called “%(title)s”, so choose one with --blog TITLE: %(names)s."
    ),
}


class UnusableExport(CodedError, Unusable):
    """Raised for an export that cannot be imported; `message` is to be stored."""

    sentences = SENTENCES

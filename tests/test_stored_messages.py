from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator

import pytest
from flask_babel import lazy_gettext

from blog.stored_messages import Message, Sentences, dump_messages, load_messages, message, translate_messages
from tests.test_architecture import sources

SENTENCES = {
    "links": lambda links, most: f"links: {links}, at most {most}",
    "spam": lambda reasons: f"looks like spam: {reasons}",
    "domain": lambda domain: f"new domain {domain}",
    "empty": lambda: "empty",
    "muted": lazy_gettext("muted: %(line)s"),
}


@pytest.mark.parametrize(
    ("messages", "text"),
    [
        ([], ""),
        ([message("empty")], "empty"),
        ([message("muted", line="100 %")], "muted: 100 %"),
        ([message("links", links=4, most=3), message("empty")], "links: 4, at most 3; empty"),
        ([message("spam", reasons=[message("domain", domain="a.example"), message("empty")])],
         "looks like spam: new domain a.example; empty"),
    ],
)  # fmt: skip
def test_messages_are_translated_when_shown(messages: list[Message], text: str) -> None:
    assert translate_messages(dump_messages(messages), SENTENCES) == text


@pytest.mark.parametrize("old", ["held by Ann", "links: 4; [a]", "[1, 2]", '{"code": "links"}', '[{"a": 1}]', "12"])
def test_a_sentence_of_an_earlier_release_is_shown_as_it_is(old: str) -> None:
    assert load_messages(old) is None
    assert translate_messages(old, SENTENCES) == old


@pytest.mark.parametrize(
    "unknown", [message("later"), message("links", links=4), message("empty", more=1), message("muted", word="x")]
)
def test_a_message_of_a_later_release_is_shown_as_its_code(unknown: Message) -> None:
    assert translate_messages(dump_messages([unknown]), SENTENCES) == unknown["code"]


def test_letters_of_all_languages_are_stored_readably() -> None:
    assert "журавль" in dump_messages([message("domain", domain="журавль.рф")])


# what stores texts, and what translates them
STORING = {"record", "AuditEntry", "AuditDetails", "Ban", "Import", "message", "note", "UnusableExport", "_finish"}
TRANSLATING = {"_", "gettext", "ngettext", "translate_message", "translate_messages", "translate_report"}


def stored_translations(source: str) -> list[int]:
    """Find the lines that pass a translated text to what stores it."""
    return [
        call.lineno
        for call in calls(ast.parse(source))
        if name_of(call) in STORING
        for part in [*call.args, *(keyword.value for keyword in call.keywords)]
        if any(name_of(inner) in TRANSLATING for inner in calls(part))
    ]


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def name_of(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def test_no_translated_text_is_stored() -> None:
    assert {module: lines for module, source in sources().items() if (lines := stored_translations(source))} == {}


@pytest.mark.parametrize(
    "line",
    [
        'record(editor, BAN, reason=_("by mail"))',
        'audit_log.record(None, "edit", reason=[message("note", text=_("edited"))])',
        'Ban(kind="reader", name=f"{_(\'the reader\')}")',
        "_finish(1, DONE, json.dumps(translate_report(report.messages())))",
        'record(editor, BAN, reason=ngettext("%(num)d reader", "%(num)d readers", 2))',
    ],
)
def test_a_planted_translation_is_found(line: str) -> None:
    assert stored_translations(line)


def test_every_message_has_a_sentence() -> None:
    tables = sentence_tables()
    codes = {code for table in tables for code in table}
    assert len(tables) > 3
    assert written_codes() - codes == set()


def sentence_tables() -> list[Sentences]:
    """Return every table of sentences in the sources."""
    return [
        getattr(importlib.import_module(module), node.target.id)
        for module, source in sources().items()
        for node in ast.parse(source).body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "Sentences"
        and isinstance(node.target, ast.Name)
    ]  # fmt: skip


def written_codes() -> set[str]:
    """Return the codes of all messages that are written literally."""
    return {
        call.args[0].value
        for source in sources().values()
        for call in calls(ast.parse(source))
        if name_of(call) in {"message", "UnusableExport", "PictureRefused"}
        and call.args and isinstance(call.args[0], ast.Constant)
    }  # fmt: skip

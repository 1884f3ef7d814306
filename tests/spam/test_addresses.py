"""Test that addresses are found, and that prose between sentences is none."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from lxml import etree

from blog.comments.screening.submission import parse_comment
from blog.html import comment_html, imported_comment_html, plain_text
from blog.importing.formats.open_export import open_export
from blog.spam.addresses import TOP_LEVEL_DOMAINS, WORD_DOMAINS, find_addresses, replace_addresses
from blog.spam.features import parse_text

FIXTURES = Path(__file__).parents[3] / "shared" / "fixtures"
GAPS = ("", " ", "\n", "\n\n", "  ", "\t", "\xa0", "\u3000")


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("word", sorted(TOP_LEVEL_DOMAINS))
def test_a_stop_before_a_capital_ends_a_sentence(word: str, gap: str) -> None:
    text = f"We met yesterday.{gap}{word.capitalize()} my opinion.{gap}{word.capitalize()}"
    assert parse_text(text).links == ()
    assert parse_comment(comment_html(text), "").words.links == ()


@pytest.mark.parametrize("gap", GAPS[1:])
@pytest.mark.parametrize("word", WORD_DOMAINS)
def test_words_after_a_stop_and_a_blank_are_no_domain_in_any_case(word: str, gap: str) -> None:
    for text in (f"yesterday.{gap}{word} my opinion", f"YESTERDAY.{gap}{word.upper()} MY", f"well .{gap}{word} so"):
        assert parse_text(text).links == ()


@pytest.mark.parametrize(
    "text",
    [
        "Qui\xe9n es. Is it true?",
        "As\xed fue. De nada.",
        "Das war gestern.Es regnete.",
        "Hablamos con amigos.De verdad.",
        "Gostei muito. com certeza volto",
        "GOSTEI MUITO. COM CERTEZA",
        "Obrigado.Com amor",
        "Nie wiem. co robisz? Nie. co?",
        "Bravo. Net zo mooi",
        "hecho.it\xe1lica",
        "STOP.IT NOW",
        "It cost 49.It was much",
        "in 1990.in the town",
        "well...In my town",
        "well..in my town",
        "well \u2026 in my town",
        "(see above.) In my opinion",
        "z.B. in Wien, U.S. at noon, e.g. us",
        "the .com bubble, a .org domain and the dot com boom",
        "I know .NET, ASP.NET and feel .Net is fine",
        "the dot in the map, a dot at the end",
        "www... I forgot it",
        "http:// is a scheme",
        "\u6628\u5929\u3002in\u4e0a\u6d77",
    ],
)
def test_prose_has_no_domains(text: str) -> None:
    assert parse_text(text).links == ()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("see cheap . com", "cheap.com"),
        ("visit cheap . com today", "cheap.com"),
        ("kidsmedia  . com", "kidsmedia.com"),
        ("visit cheap. com/page now", "cheap.com/page"),
        ("visit cheap .com/page now", "cheap.com/page"),
        ("visit cheap. com, now", "cheap.com"),
        ("cheap [ dot ] com", "cheap.com"),
        ("cheap(.)in", "cheap.in"),
        ("cheap{dot}it", "cheap.it"),
        ("go to CHEAP DOT COM NOW", "CHEAP.COM"),
        ("\uff43\uff48\uff45\uff41\uff50\uff0e\uff43\uff4f\uff4d", "cheap.com"),
        ("bit . ly/abc", "bit.ly/abc"),
        ("example . co . uk", "example.co.uk"),
        ("tagesschau.de meldet", "tagesschau.de"),
        ("bei m\xfcller.de.", "m\xfcller.de"),
        ("CHEAP.COM", "CHEAP.COM"),
        ("TheDaily.com", "TheDaily.com"),
        ("163.com", "163.com"),
        ("see example.com.In fact", "example.com"),
        ("example.com-Seite", "example.com"),
        ("(example.com/a_(b))", "example.com/a_(b)"),
        ("youtu.be/x7Y?", "youtu.be/x7Y"),
        ("\u8be6\u89c1example.com\u7f51\u7ad9", "example.com"),
        ("example.com\uc5d0\uc11c", "example.com"),
        ("\u4f8b\u3048.jp", "\u4f8b\u3048.jp"),
        ("see https://example.com, it is", "https://example.com"),
        ("https://example.com\uff01\u5f88\u597d", "https://example.com"),
        ("https://example.com\u3002\u5f88\u597d", "https://example.com"),
        ("https://example.com/a\uff0e\u6b21", "https://example.com/a"),
        ("\uff08www.example.com\uff09\u5f88\u597d", "www.example.com"),
    ],
)
def test_addresses_and_disguised_domains_are_found(text: str, address: str) -> None:
    assert parse_text(text).links == (address,)


def test_a_break_between_lines_joins_no_domain() -> None:
    assert parse_text("we sell it cheap.\ncom amor").links == ()
    assert parse_text("cheap .\ncom").links == ()


def test_replacing_addresses_keeps_the_rest_of_the_text() -> None:
    text = "I saw example.com, then \u0130 www.a.example/x! In May."
    assert replace_addresses(text, "_") == "I saw _, then \u0130 _! In May."


def test_found_addresses_stand_in_the_text_in_order() -> None:
    rng = Random(1)
    pieces = [
        "a",
        "B",
        ".",
        ".",
        " ",
        "com",
        "In",
        "it",
        "-",
        "/",
        "http://",
        "www.",
        "\u4e2d",
        "(",
        ")",
        "\uff01",
        "1",
    ]
    for _ in range(2_000):
        text, place = "".join(rng.choices(pieces, k=12)), 0
        for address in find_addresses(text):
            assert address
            place = text.index(address, place) + len(address)


SIRIUS = {"sirius.com", "thesiriusstore.com", "siriusstore.com", "www.thesiriusstore.com"}
REAL_ADDRESSES = {
    "jeffhandley-jeffhandley.github.io--blogspot.xml": SIRIUS
    | {"wwww.TheDailyWTF.com", "www.2gstratus.org/forums/", "example.com"},
    "simulot-bloggerout--takeout-tree.zip": set(),
    "Nexusdecode-blogger2jekyll--blog-08-19-2012.xml": set(),
    "getpelican-pelican--bloggerexport.xml": set(),
    "WPTT-theme-test-data--themeunittestdata.wordpress.xml": set(),
    "isso-comments-isso--disqus.xml": set(),
    "prayagverma-google-blog-converters-appengine--movabletype-sample2.txt": {"example.com"},
}


@pytest.mark.parametrize("name", REAL_ADDRESSES)
def test_no_domain_is_invented_in_real_responses(name: str) -> None:
    if not (FIXTURES / name).is_file():
        pytest.skip(f"{name} is not in ../shared/fixtures")
    texts = [plain_text(imported_comment_html(body)) for body in read_comments(FIXTURES / name)]
    assert texts
    bare = {link for text in texts for link in parse_text(text).links if "://" not in link}
    assert bare == REAL_ADDRESSES[name]
    assert all(any(link in text for text in texts) for link in bare)


def read_comments(path: Path) -> list[str]:
    """Read the comments of an export; of formats that are not imported, their text alone."""
    if "blog" in path.name and path.suffix != ".txt":
        return [comment.body for comment in open_export(path).comments()]
    if path.suffix == ".txt":
        return path.read_text().split("COMMENT:")[1:]
    texts = etree.parse(path, etree.XMLParser(recover=True)).iter("{*}comment_content", "{http://disqus.com}message")
    return [element.text or "" for element in texts]

"""Invented words: titles, names and texts as posts and comments of a curated blog might have them."""

from __future__ import annotations

from html import escape
from random import Random

NAMES = (
    "Ada", "Bekele", "Carla", "Dmitri", "Esther", "Farid", "Greta", "Hiro", "Ines", "Jonas", "Kaja", "Lena", "Mateo",
    "Noor", "Olga", "Pavel", "Quentin", "Rosa", "Samir", "Tove", "Ursula", "Viktor", "Wanda", "Xenia", "Yusuf", "Zora",
)  # fmt: skip
FAMILIES = (
    "Abel", "Brandt", "Costa", "Dahl", "Eriksen", "Fonseca", "Grimm", "Hale", "Ito", "Jansen", "Kaur", "Lund", "Marsh",
    "Novak", "Okafor", "Pell",
)  # fmt: skip
SOURCES = ("The Saltmarsh Courier", "Harbour Gazette", "Upland Review", "The Evening Ferry", "Northern Almanac")
WHO = (
    "the ferry", "a night watchman", "the old library", "our town council", "a school choir", "the last cinema",
    "the botanist", "a bus driver", "the tide mill", "an archive of maps", "the lighthouse keeper", "a street market",
)  # fmt: skip
DID = (
    "came back to", "is leaving", "found a way through", "counted every bird on", "reopened", "painted", "wrote to",
    "kept a diary of", "argued for years about", "quietly saved", "nearly lost", "lent its name to",
)  # fmt: skip
WHAT = (
    "the northern pier", "the flooded meadow", "a bridge nobody wanted", "the school kitchen", "an empty station",
    "the river path", "a forgotten orchard", "the winter timetable", "the upper reservoir", "a house of clocks",
)  # fmt: skip
OPENINGS = (
    "I was there that morning and can only agree:", "Thank you for this.", "Not so sure.", "My mother used to say that",
    "For what it's worth,", "I read the original twice, and", "Something is missing here:", "You are right that",
    "As somebody who works there:", "Two years ago I wrote the same, and", "A small correction:", "What a good find.",
)  # fmt: skip
LONGEST = 6


class Invention:
    """Texts by chance, the same for the same seed."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance

    def name(self) -> str:
        first, family = self.chance.choice(NAMES), self.chance.choice(FAMILIES)
        return first if self.chance.random() < 0.5 else f"{first} {family}"

    def source(self) -> str:
        return self.chance.choice(SOURCES)

    def website(self) -> str:
        return f"https://{self.chance.choice(FAMILIES).lower()}.example.org/" if self.chance.random() < 0.1 else ""

    def title(self) -> str:
        return self.sentence().rstrip(".")

    def sentence(self) -> str:
        words = f"{self.chance.choice(WHO)} {self.chance.choice(DID)} {self.chance.choice(WHAT)}."
        return words[0].upper() + words[1:]

    def paragraphs(self, number: int) -> str:
        """So many paragraphs, parted by empty lines."""
        return "\n\n".join(" ".join(self.sentence() for _ in range(self.chance.randint(3, 6))) for _ in range(number))

    def answer(self) -> str:
        """What a reader writes: mostly a sentence or two, sometimes several paragraphs."""
        opening = self.chance.choice(OPENINGS)
        length = min(LONGEST, int(self.chance.paretovariate(1.3)))
        return "\n\n".join([f"{opening} {self.sentence()}", *(self.paragraphs(1) for _ in range(length - 1))])

    @staticmethod
    def html(words: str) -> str:
        """As the cleaning would have it, which takes a thousand times longer."""
        return "".join(f"<p>{escape(part, quote=False)}</p>\n" for part in words.split("\n\n"))

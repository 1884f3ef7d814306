"""An invented blog's responses, to see what the filter makes of domains, posts and readers: an aim, not a figure.

The texts were written by those who wrote the filter, who knew what it looks at. What it shows is whether the parts
work together, and no more; spam is what on-topic flattery with a link is today, wanted responses have links too.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import NamedTuple

from blog.comments.screening.link_domains import domain_of
from blog.comments.screening.spam_signals import THRESHOLDS, Facts, find_signals, initial_weights
from blog.comments.screening.submission import count_topic_words
from blog.site.models import USUAL
from blog.spam.baseline_bayes import Bayes
from blog.spam.features import PRAISE_WORDS, SALES_WORDS, WORD, parse_text
from blog.spam.metrics import ConfusionMatrix, count_outcomes
from blog.spam.near_duplicates import DuplicateIndex
from blog.spam.pretrained import load_pretrained
from blog.spam.weights import add_signals, compute_step, compute_values, make_vector

RESPONSES, SPAM_OF_TEN = 1200, 3
MOST = 0.5

POSTS = (
    "Herons return to the weir after thirty years: three pairs nest beside the old river mill",
    "The library keeps its tram: readers board the number nine for stories every Sunday",
    "A baker counts sourdough loaves by the sound of their crust and writes each into a diary",
    "Night trains cross the Alps again, with sleeping cars from Vienna to the harbour of Genoa",
    "Wooden letters from a closed printing house find a museum and a typographer who sorts them",
    "Whales sing lower since ships grew louder, say biologists who listened for twenty winters",
)
FLATTERY = (
    "Great {one}! I really enjoyed reading this, keep up the good work.",
    "Thanks for sharing such valuable information about the {one} and the {two}. Very helpful article.",
    "Awesome content. I was looking for exactly this about {one}, I will bookmark your site and come back.",
    "I am impressed by the quality of your {one} post. You must be an expert, please visit my page too.",
    "What a wonderful write-up on {one}! For more like this see our services, best price guaranteed.",
    "This is really interesting, you are a very skilled blogger. I have shared your website in my networks!",
    "Nice and informative. Your thoughts on {two} helped me a lot with my own project.",
    "Excellent post, everyone who loves {one} should read it. Also check our new collection.",
    "Very good points about {one}, {two} and so on. Thank you for the effort you put in.",
    "Hello, amazing blog. Does running a site like this take a lot of work? I have no knowledge of coding.",
)
WANTED = (
    "The {one} was there long before {two}; my father saw it in 1974.",
    "A small correction: it is the second {one}, not the first. The {two} came later.",
    "Thank you for this. I had not heard of the {one} at all.",
    "I disagree. Nobody asked those who live next to the {one}.",
    "Is it known who pays for the {one}? The source does not say.",
    "We went to see the {one} last week; the {two} is worth the walk.",
    "What a good find, thank you! The picture of the {one} is lovely.",
    "The original article says {two}, and that is not the same thing as the {one}.",
    "Great post, as always.",
    "Somebody should write a book about the {one} and the {two}.",
    "There is a longer report on the {one} by the radio, with sound: {link}",
    "I wrote about the {two} myself some years ago, with photographs: {link}",
)
NAMES = ("Ada", "Bekele", "Carla", "Dmitri", "Esther", "Farid", "Greta", "Hiro", "Ines", "Jonas", "Kaja", "Mateo")
SELLERS = ("Best Casino Offers", "Cheap Flights Deals", "Anna Smith", "james walker", "SEO Experts", "Robert Lee")


class Response(NamedTuple):
    text: str
    website: str
    name: str
    facts: Facts
    spam: bool


def rehearsed() -> dict[str, ConfusionMatrix]:
    """The measures on the second half of the responses, after the first was decided on one by one: of the filter, of
    the filter without its lessons, and of a plain Bayes that learned from the first half.
    """
    responses = invented(Random(7))  # noqa: S311
    half = len(responses) // 2
    texts = [(one.text, one.spam) for one in responses]
    bayes = Bayes(texts[:half])
    return {
        "the filter": count_outcomes(told(responses, teach=True)[half:]),
        "the filter, untaught": count_outcomes(told(responses, teach=False)[half:]),
        "Bayes": count_outcomes((bayes.is_spam(text), spam) for text, spam in texts[half:]),
    }


def told(responses: list[Response], teach: bool) -> list[tuple[bool, bool]]:
    """What it says of each when it comes, at the usual dial, and what the editor says then."""
    weights, sketches, found = initial_weights(load_pretrained()), DuplicateIndex(), []
    for number, one in enumerate(responses):
        text = make_vector(parse_text(one.text, [one.website] if one.website else []))
        facts = replace(one.facts, like=sketches.count_duplicates(text))
        some = compute_values(packed := add_signals(text, find_signals(facts)))
        score = weights.score(some)
        found.append((score > THRESHOLDS[USUAL], one.spam))
        if teach:
            weights.add(some, compute_step(score, some, one.spam, MOST))
            if one.spam:
                sketches.add(number, packed)
    return found


def invented(chance: Random) -> list[Response]:
    """Readers come back, and some have a website, which is shown from then on. Writers of spam come to old posts
    mostly, and with domains that were marked already or are new. The second half says everything in other words than
    the first, and wanted ones praise in the very words that spam does.
    """
    found, shown, spam = list[Response](), Counter[str](), Counter[str]()
    for number in range(RESPONSES):
        half = number * 2 // RESPONSES
        if chance.randrange(10) < SPAM_OF_TEN:
            one = _spam(chance, chance.choice(FLATTERY[half::2]), spam)
        else:
            one = _wanted(chance, chance.choice((WANTED if chance.random() < 0.8 else FLATTERY)[half::2]), shown)
        (spam if one.spam else shown).update((one.name, one.facts.domain))
        found.append(one)
    return found


def _spam(chance: Random, text: str, spam: Counter[str]) -> Response:
    website = f"https://shop{chance.randrange(150)}.example/{chance.choice(('', 'offers', 'blog'))}"
    days = chance.choice((chance.randrange(1, 30), chance.randrange(30, 3000), chance.randrange(60, 3000)))
    facts = Facts(days=days, seconds=chance.choice((3, 5, 9, 20, 45, 90)), website=True)
    one = _response(chance, Response(text, website, chance.choice(SELLERS), facts, True))
    return one._replace(facts=replace(one.facts, domain_spam=spam[one.facts.domain]))


def _wanted(chance: Random, text: str, shown: Counter[str]) -> Response:
    name = chance.choice(NAMES) if chance.random() < 0.6 else f"Guest {chance.randrange(9999)}"
    website = f"https://{name.lower().replace(' ', '')}.example/" if chance.random() < 0.25 else ""
    days = chance.choice((0, 1, 1, 2, 3, chance.randrange(2, 20), chance.randrange(5, 1500)))
    facts = Facts(
        days=days, seconds=chance.choice((6, 15, 40, 90, 200, 600)), website=bool(website), writer_visible=shown[name]
    )
    one = _response(chance, Response(text, website, name, facts, False))
    return one._replace(facts=replace(one.facts, domain_visible=shown[one.facts.domain] if one.facts.domain else 0))


def _response(chance: Random, one: Response) -> Response:
    """With the words of a post in it, and what follows from its text."""
    post = chance.choice(POSTS).lower()
    nouns = [word for word in WORD.findall(post) if len(word) > 4]
    link = f"https://report{chance.randrange(500)}.example/{chance.randrange(99)}"
    text = one.text.format(one=chance.choice(nouns), two=chance.choice(nouns), link=link)
    reading = parse_text(text)
    facts = replace(
        one.facts,
        linked=bool(reading.links),
        domain=domain_of(one.website or link) if one.website or reading.links else "",
        topic_words=count_topic_words(reading, post),
        praising=not PRAISE_WORDS.isdisjoint(reading.words),
        selling_name=not SALES_WORDS.isdisjoint(WORD.findall(one.name.lower())),
    )
    return one._replace(text=text, facts=facts)

"""Simulate a blog's responses, to measure the spam filter's signals.

The authors of the filter wrote the texts and knew its signals, so the result is an aim, not a figure: it only shows
whether the parts work. The spam is flattery on the topic, with a link; wanted responses have links, too.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import NamedTuple

from blog.comments.screening.link_domains import domain_of
from blog.comments.screening.spam_facts import Facts, count_topic_words
from blog.comments.screening.spam_signals import THRESHOLDS, find_signals, initial_weights
from blog.site.models import USUAL
from blog.spam.baseline_bayes import Bayes
from blog.spam.features import PRAISE_WORDS, SALES_WORDS, WORD, parse_text
from blog.spam.metrics import ConfusionMatrix, count_outcomes
from blog.spam.near_duplicates import DuplicateIndex
from blog.spam.pretrained import load_pretrained
from blog.spam.weights import add_signals, compute_step, compute_values, make_vector

RESPONSE_COUNT, SPAM_PER_TEN = 1200, 3
MAX_STEP = 0.5

POSTS = (
    "Herons return to the weir after thirty years: three pairs nest beside the old river mill",
    "The library keeps its tram: readers board the number nine for stories every Sunday",
    "A baker counts sourdough loaves by the sound of their crust and writes each into a diary",
    "Night trains cross the Alps again, with sleeping cars from Vienna to the harbour of Genoa",
    "Wooden letters from a closed printing house find a museum and a typographer who sorts them",
    "Whales sing lower since ships grew louder, say biologists who listened for twenty winters",
)
SPAM_TEXTS = (
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
WANTED_TEXTS = (
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
SPAM_NAMES = ("Best Casino Offers", "Cheap Flights Deals", "Anna Smith", "james walker", "SEO Experts", "Robert Lee")


class Response(NamedTuple):
    text: str
    website: str
    name: str
    facts: Facts
    spam: bool


def simulate() -> dict[str, ConfusionMatrix]:
    """Measure the filter, the untrained filter and a plain Bayes filter.

    The first half of the responses trains, the second half is measured.
    """
    responses = make_responses(Random(7))  # noqa: S311
    half = len(responses) // 2
    texts = [(response.text, response.spam) for response in responses]
    bayes = Bayes(texts[:half])
    return {
        "the filter": count_outcomes(classify(responses, teach=True)[half:]),
        "the filter, untaught": count_outcomes(classify(responses, teach=False)[half:]),
        "Bayes": count_outcomes((bayes.is_spam(text), spam) for text, spam in texts[half:]),
    }


def classify(responses: list[Response], teach: bool) -> list[tuple[bool, bool]]:
    """Return (held by the filter, is spam) for each response.

    The filter has the usual strictness. With `teach` it learns from the editor's decision after each response.
    """
    weights, sketches, decisions = initial_weights(load_pretrained()), DuplicateIndex(), []
    for number, response in enumerate(responses):
        text = make_vector(parse_text(response.text, [response.website] if response.website else []))
        facts = replace(response.facts, like=sketches.count_duplicates(text))
        features = compute_values(packed := add_signals(text, find_signals(facts)))
        score = weights.score(features)
        decisions.append((score > THRESHOLDS[USUAL], response.spam))
        if teach:
            weights.add(features, compute_step(score, features, response.spam, MAX_STEP))
            if response.spam:
                sketches.add(number, packed)
    return decisions


def make_responses(random: Random) -> list[Response]:
    """Make random responses of readers and spammers.

    Readers return, and some have a website. Spammers prefer old posts, and use new domains or ones marked before. The
    two halves use different texts. Some wanted responses use the texts of the spam.
    """
    responses, wanted, spam = list[Response](), Counter[str](), Counter[str]()
    for number in range(RESPONSE_COUNT):
        half = number * 2 // RESPONSE_COUNT
        if random.randrange(10) < SPAM_PER_TEN:
            response = _make_spam(random, random.choice(SPAM_TEXTS[half::2]), spam)
        else:
            response = _make_wanted(
                random, random.choice((WANTED_TEXTS if random.random() < 0.8 else SPAM_TEXTS)[half::2]), wanted
            )
        (spam if response.spam else wanted).update((response.name, response.facts.domain))
        responses.append(response)
    return responses


def _make_spam(random: Random, text: str, spam: Counter[str]) -> Response:
    website = f"https://shop{random.randrange(150)}.example/{random.choice(('', 'offers', 'blog'))}"
    days = random.choice((random.randrange(1, 30), random.randrange(30, 3000), random.randrange(60, 3000)))
    facts = Facts(days=days, seconds=random.choice((3, 5, 9, 20, 45, 90)), website=True)
    response = _complete(random, Response(text, website, random.choice(SPAM_NAMES), facts, True))
    return response._replace(facts=replace(response.facts, domain_spam=spam[response.facts.domain]))


def _make_wanted(random: Random, text: str, wanted: Counter[str]) -> Response:
    name = random.choice(NAMES) if random.random() < 0.6 else f"Guest {random.randrange(9999)}"
    website = f"https://{name.lower().replace(' ', '')}.example/" if random.random() < 0.25 else ""
    days = random.choice((0, 1, 1, 2, 3, random.randrange(2, 20), random.randrange(5, 1500)))
    facts = Facts(
        days=days, seconds=random.choice((6, 15, 40, 90, 200, 600)), website=bool(website), writer_visible=wanted[name]
    )
    response = _complete(random, Response(text, website, name, facts, False))
    return response._replace(
        facts=replace(response.facts, domain_visible=wanted[response.facts.domain] if response.facts.domain else 0)
    )


def _complete(random: Random, response: Response) -> Response:
    """Fill words of a post into the text and derive its facts."""
    post = random.choice(POSTS).lower()
    nouns = [word for word in WORD.findall(post) if len(word) > 4]
    link = f"https://report{random.randrange(500)}.example/{random.randrange(99)}"
    text = response.text.format(one=random.choice(nouns), two=random.choice(nouns), link=link)
    reading = parse_text(text)
    facts = replace(
        response.facts,
        linked=bool(reading.links),
        domain=domain_of(response.website or link) if response.website or reading.links else "",
        topic_words=count_topic_words(reading, post),
        praising=not PRAISE_WORDS.isdisjoint(reading.words),
        selling_name=not SALES_WORDS.isdisjoint(WORD.findall(response.name.lower())),
    )
    return response._replace(text=text, facts=facts)

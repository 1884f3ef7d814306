"""What the filter sees of a response besides its words, what it thinks of it all, and how it says so.

The facts are gathered in `looking`; what follows from them is here, without a look at the database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from flask_babel import gettext as _
from flask_babel import ngettext

from blog.site.models import CALM, OFF, STRICT, USUAL
from blog.spam.features import LINK_WORD, SIGNALS, WORDS, ParsedText, extract_features
from blog.spam.weights import BUCKET_COUNT, SCALE, SIGNAL_VALUE, BucketValues, Weights, hash_feature

CUTS = {CALM: 1.0, USUAL: 0.6, STRICT: 0.3}
"""Above which score a response is held. Nothing is above where it is off."""

# what each sign says at the start, before this blog has taught anything; lessons move them as they move words
STARTING = {
    "no link": -0.6,
    "website": 0.1,
    "link": 0.0,
    "new domain": 0.3,
    "domain shown": -0.5,
    "domain of spam": 0.9,
    "domain of the post": -0.4,
    "young post": -0.4,
    "old post": 0.3,
    "very old post": 0.45,
    "known reader": -0.8,
    "reader of spam": 0.8,
    "quick": 0.3,
    "of the post": -0.3,
    "not of the post": 0.2,
    "praise and a link": 0.3,
    "like spam": 0.7,
    "like much spam": 0.5,
    "selling name": 0.6,
}
YOUNG, OLD, VERY_OLD = 7, 60, 180
QUICK = 8
SAYING_MUCH, OF_IT, MANY = 4, 0.15, 3
MOST_REASONS, MOST_WORDS = 5, 3
LEAST = 0.05
"""What weighs less is no reason."""


@dataclass(frozen=True)
class Facts:
    """What is known of a response when it comes. `domain` is what is to be named of those it leads to, by what they
    were `seen` in; `about` how many of how many words are the post's own; `like` how many marked as spam it is like.
    """

    linked: bool = False
    website: bool = False
    domain: str = ""
    domain_shown: int = 0
    domain_spam: int = 0
    domain_of_post: bool = False
    days: int = 0
    shown: int = 0
    spam: int = 0
    seconds: int | None = None
    about: tuple[int, int] = (0, 0)
    like: int = 0
    praising: bool = False
    selling_name: bool = False

    @property
    def leads_away(self) -> bool:
        return self.linked or self.website

    @property
    def of_the_post(self) -> bool:
        own, words = self.about
        return own > 1 and own >= OF_IT * words


class Opinion(NamedTuple):
    """The score, and the reasons for it in words, the weightiest first."""

    score: float
    reasons: list[str]


def signs(facts: Facts) -> dict[str, str]:
    """The signs that these facts are, each with its sentence, or "" where it needs none."""
    found = {**_of_links(facts), **_of_the_reader(facts), **_of_the_post(facts)}
    if facts.like:
        like = ngettext("like %(num)d response marked as spam", "like %(num)d responses marked as spam", facts.like)
        found["like spam"] = like
        if facts.like >= MANY:
            found["like much spam"] = ""
    return found


def _of_links(facts: Facts) -> dict[str, str]:
    if not facts.leads_away:
        return {"no link": ""}
    found = {}
    if facts.website:
        found["website"] = ""
    if facts.linked:
        found["link"] = ""
    domain = facts.domain[:60]
    if facts.domain_of_post:
        found["domain of the post"] = ""
    elif facts.domain_spam:
        number = ngettext("%(num)d response marked as spam", "%(num)d responses marked as spam", facts.domain_spam)
        found["domain of spam"] = _("%(domain)s stood in %(number)s", domain=domain, number=number)
    elif facts.domain_shown:
        found["domain shown"] = ""
    elif domain:
        found["new domain"] = _("a domain new to this blog: %(domain)s", domain=domain)
    if facts.praising and not facts.of_the_post:
        found["praise and a link"] = _("praise and a link")
    return found


def _of_the_reader(facts: Facts) -> dict[str, str]:
    found = {}
    if facts.spam:
        found["reader of spam"] = ngettext(
            "%(num)d response of this reader was marked as spam",
            "%(num)d responses of this reader were marked as spam",
            facts.spam,
        )
    elif facts.shown:
        found["known reader"] = ""
    if facts.seconds is not None and facts.seconds < QUICK and facts.leads_away:
        found["quick"] = ngettext("written in %(num)d second", "written in %(num)d seconds", facts.seconds)
    if facts.selling_name:
        found["selling name"] = _("the name sells something")
    return found


def _of_the_post(facts: Facts) -> dict[str, str]:
    found = {}
    if facts.days < YOUNG:
        found["young post"] = ""
    elif facts.leads_away and facts.days >= OLD:
        age = ngettext("the post is %(num)d day old", "the post is %(num)d days old", facts.days)
        found["very old post" if facts.days >= VERY_OLD else "old post"] = age
    if facts.about[1] >= SAYING_MUCH and not facts.about[0]:
        found["not of the post"] = _("it says nothing about the post")
    elif facts.of_the_post:
        found["of the post"] = ""
    return found


def with_start(text_weights: Iterable[int]) -> Weights:
    """What a new blog begins with: half of what the words weighed elsewhere, and what the signs do."""
    weights = Weights(weight // 2 for weight in text_weights)
    for sign, weight in STARTING.items():
        weights.buckets[hash_feature(SIGNALS, sign) & BUCKET_COUNT - 1] += round(weight / SIGNAL_VALUE * SCALE)
    return weights


def opinion(weights: Weights, reading: ParsedText, some: BucketValues, found: dict[str, str]) -> Opinion:
    """What these weights make of a text, its vector's values, and its signs."""
    score = weights.score(some)
    return Opinion(score, _reasons(weights, reading, found) if score > min(CUTS.values()) else [])


def _reasons(weights: Weights, reading: ParsedText, found: dict[str, str]) -> list[str]:
    weighed = [(_weight(weights, sign), sentence) for sign, sentence in found.items() if sentence]
    words, weight = _telling_words(weights, reading)
    if words:
        weighed.append((weight, _("words: %(words)s", words=", ".join(words))))
    reasons = sorted((pair for pair in weighed if pair[0] >= LEAST), key=lambda pair: -pair[0])
    return [sentence for _weight, sentence in reasons[:MOST_REASONS]]


def _weight(weights: Weights, sign: str) -> float:
    more = weights.buckets[hash_feature(SIGNALS, "like much spam") & BUCKET_COUNT - 1] if sign == "like spam" else 0
    return (weights.buckets[hash_feature(SIGNALS, sign) & BUCKET_COUNT - 1] + max(more, 0)) * SIGNAL_VALUE / SCALE


def _telling_words(weights: Weights, reading: ParsedText) -> tuple[list[str], float]:
    """The words that weigh most, alone and in pairs, and what they weigh together."""
    of: dict[str, float] = defaultdict(float)
    features = extract_features(reading)
    some = [(hash_feature(group, feature), word) for group, feature, word in features if group == WORDS]
    for number, word in some:
        if word not in {LINK_WORD, "^", "$"} and len(word) > 1:
            of[word] += weights.buckets[number & BUCKET_COUNT - 1] / SCALE / max(1, len(some)) ** 0.5
    telling = sorted((word for word in of if of[word] >= LEAST), key=lambda word: -of[word])[:MOST_WORDS]
    return [word[:30] for word in telling], sum(of[word] for word in telling)


def cut(strictness: str) -> float | None:
    """The score above which a response waits; None where the filter is off."""
    return None if strictness == OFF else CUTS.get(strictness, CUTS[USUAL])

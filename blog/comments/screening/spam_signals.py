"""Derive signals from a comment's context, score them and explain the score.

`submission.gather_facts` collects the facts; nothing here reads the database.
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

THRESHOLDS = {CALM: 1.0, USUAL: 0.6, STRICT: 0.3}
"""Comments with a higher score are held."""

# weights before the first lesson; the names are hashed and stored, so renaming one loses what was learned
INITIAL_WEIGHTS = {
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
YOUNG_DAYS, OLD_DAYS, VERY_OLD_DAYS = 7, 60, 180
QUICK_SECONDS = 8
MIN_TOPIC_WORDS, ON_TOPIC_SHARE, MANY_LIKE = 4, 0.15, 3
MAX_REASONS, MAX_WORDS = 5, 3
MIN_WEIGHT = 0.05
"""Signals that weigh less are not given as reasons."""


@dataclass(frozen=True)
class Facts:
    """Represent what is known about a submitted comment besides its words.

    `domain` is the most telling of its domains; `domain_visible`, `domain_spam`, `writer_visible` and `writer_spam`
    count earlier comments; `days` is the post's age; `topic_words` says how many of how many long words occur in the
    post; `like` counts similar comments that were marked as spam.
    """

    linked: bool = False
    website: bool = False
    domain: str = ""
    domain_visible: int = 0
    domain_spam: int = 0
    domain_of_post: bool = False
    days: int = 0
    writer_visible: int = 0
    writer_spam: int = 0
    seconds: int | None = None
    topic_words: tuple[int, int] = (0, 0)
    like: int = 0
    praising: bool = False
    selling_name: bool = False

    @property
    def has_link(self) -> bool:
        return self.linked or self.website

    @property
    def is_on_topic(self) -> bool:
        matching, words = self.topic_words
        return matching > 1 and matching >= ON_TOPIC_SHARE * words


class Classification(NamedTuple):
    """Hold a score and the reasons for it, the weightiest first."""

    score: float
    reasons: list[str]


def find_signals(facts: Facts) -> dict[str, str]:
    """Return the signals of these facts, each with its reason or ""."""
    found = {**_link_signals(facts), **_writer_signals(facts), **_post_signals(facts)}
    if facts.like:
        like = ngettext("like %(num)d response marked as spam", "like %(num)d responses marked as spam", facts.like)
        found["like spam"] = like
        if facts.like >= MANY_LIKE:
            found["like much spam"] = ""
    return found


def _link_signals(facts: Facts) -> dict[str, str]:
    if not facts.has_link:
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
    elif facts.domain_visible:
        found["domain shown"] = ""
    elif domain:
        found["new domain"] = _("a domain new to this blog: %(domain)s", domain=domain)
    if facts.praising and not facts.is_on_topic:
        found["praise and a link"] = _("praise and a link")
    return found


def _writer_signals(facts: Facts) -> dict[str, str]:
    found = {}
    if facts.writer_spam:
        found["reader of spam"] = ngettext(
            "%(num)d response of this reader was marked as spam",
            "%(num)d responses of this reader were marked as spam",
            facts.writer_spam,
        )
    elif facts.writer_visible:
        found["known reader"] = ""
    if facts.seconds is not None and facts.seconds < QUICK_SECONDS and facts.has_link:
        found["quick"] = ngettext("written in %(num)d second", "written in %(num)d seconds", facts.seconds)
    if facts.selling_name:
        found["selling name"] = _("the name sells something")
    return found


def _post_signals(facts: Facts) -> dict[str, str]:
    found = {}
    if facts.days < YOUNG_DAYS:
        found["young post"] = ""
    elif facts.has_link and facts.days >= OLD_DAYS:
        age = ngettext("the post is %(num)d day old", "the post is %(num)d days old", facts.days)
        found["very old post" if facts.days >= VERY_OLD_DAYS else "old post"] = age
    if facts.topic_words[1] >= MIN_TOPIC_WORDS and not facts.topic_words[0]:
        found["not of the post"] = _("it says nothing about the post")
    elif facts.is_on_topic:
        found["of the post"] = ""
    return found


def initial_weights(text_weights: Iterable[int]) -> Weights:
    """Return a new blog's weights: pretrained ones halved, plus the signals'."""
    weights = Weights(weight // 2 for weight in text_weights)
    for signal, weight in INITIAL_WEIGHTS.items():
        weights.buckets[hash_feature(SIGNALS, signal) & BUCKET_COUNT - 1] += round(weight / SIGNAL_VALUE * SCALE)
    return weights


def classify(weights: Weights, reading: ParsedText, some: BucketValues, found: dict[str, str]) -> Classification:
    """Score a text by its feature values; explain high scores."""
    score = weights.score(some)
    return Classification(score, _explain(weights, reading, found) if score > min(THRESHOLDS.values()) else [])


def _explain(weights: Weights, reading: ParsedText, found: dict[str, str]) -> list[str]:
    weighed = [(_signal_weight(weights, signal), sentence) for signal, sentence in found.items() if sentence]
    words, weight = _heaviest_words(weights, reading)
    if words:
        weighed.append((weight, _("words: %(words)s", words=", ".join(words))))
    reasons = sorted((pair for pair in weighed if pair[0] >= MIN_WEIGHT), key=lambda pair: -pair[0])
    return [pair[1] for pair in reasons[:MAX_REASONS]]


def _signal_weight(weights: Weights, signal: str) -> float:
    more = weights.buckets[hash_feature(SIGNALS, "like much spam") & BUCKET_COUNT - 1] if signal == "like spam" else 0
    return (weights.buckets[hash_feature(SIGNALS, signal) & BUCKET_COUNT - 1] + max(more, 0)) * SIGNAL_VALUE / SCALE


def _heaviest_words(weights: Weights, reading: ParsedText) -> tuple[list[str], float]:
    """Return the words that weigh most, and their total weight."""
    weight_of: dict[str, float] = defaultdict(float)
    features = extract_features(reading)
    some = [(hash_feature(group, feature), word) for group, feature, word in features if group == WORDS]
    for number, word in some:
        if word not in {LINK_WORD, "^", "$"} and len(word) > 1:
            weight_of[word] += weights.buckets[number & BUCKET_COUNT - 1] / SCALE / max(1, len(some)) ** 0.5
    heaviest = sorted((word for word in weight_of if weight_of[word] >= MIN_WEIGHT), key=lambda word: -weight_of[word])[
        :MAX_WORDS
    ]
    return [word[:30] for word in heaviest], sum(weight_of[word] for word in heaviest)


def hold_threshold(strictness: str) -> float | None:
    """Return the score above which a comment is held, or None."""
    return None if strictness == OFF else THRESHOLDS.get(strictness, THRESHOLDS[USUAL])

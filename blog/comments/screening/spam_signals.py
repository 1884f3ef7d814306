"""Derive signals from a comment's context, score them and explain the score.

`spam_facts` collects the facts; nothing here reads the database. The sentences are in `status_reasons`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from blog.comments.screening.spam_facts import Facts
from blog.site.models import CALM, OFF, STRICT, USUAL
from blog.spam.features import LINK_WORD, SIGNALS, WORDS, ParsedText, extract_features
from blog.spam.weights import BUCKET_COUNT, SCALE, SIGNAL_VALUE, BucketValues, Weights, hash_feature
from blog.stored_messages import Message, message

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
MIN_TOPIC_WORDS, MANY_LIKE = 4, 3
MAX_REASONS, MAX_WORDS = 5, 3
MIN_WEIGHT = 0.05
"""Signals that weigh less are not given as reasons."""


Signals = dict[str, Message | None]


class Classification(NamedTuple):
    """Hold a score and the reasons for it, the weightiest first."""

    score: float
    reasons: list[Message]


def find_signals(facts: Facts) -> Signals:
    """Return the signals of these facts, each with its reason, if it may be one."""
    found = {**_link_signals(facts), **_writer_signals(facts), **_post_signals(facts)}
    if facts.like:
        found["like spam"] = message("like_spam", count=facts.like)
        if facts.like >= MANY_LIKE:
            found["like much spam"] = None
    return found


def _link_signals(facts: Facts) -> Signals:
    if not facts.has_link:
        return {"no link": None}
    found: Signals = {}
    if facts.website:
        found["website"] = None
    if facts.linked:
        found["link"] = None
    domain = facts.domain[:60]
    if facts.domain_of_post:
        found["domain of the post"] = None
    elif facts.domain_spam:
        found["domain of spam"] = message("domain_of_spam", domain=domain, count=facts.domain_spam)
    elif facts.domain_visible:
        found["domain shown"] = None
    elif domain:
        found["new domain"] = message("new_domain", domain=domain)
    if facts.praising and not facts.is_on_topic:
        found["praise and a link"] = message("praise_and_a_link")
    return found


def _writer_signals(facts: Facts) -> Signals:
    found: Signals = {}
    if facts.writer_spam:
        found["reader of spam"] = message("reader_of_spam", count=facts.writer_spam)
    elif facts.writer_visible:
        found["known reader"] = None
    if facts.seconds is not None and facts.seconds < QUICK_SECONDS and facts.has_link:
        found["quick"] = message("quick", seconds=facts.seconds)
    if facts.selling_name:
        found["selling name"] = message("selling_name")
    return found


def _post_signals(facts: Facts) -> Signals:
    found: Signals = {}
    if facts.days < YOUNG_DAYS:
        found["young post"] = None
    elif facts.has_link and facts.days >= OLD_DAYS:
        age = message("old_post_with_link", days=facts.days)
        found["very old post" if facts.days >= VERY_OLD_DAYS else "old post"] = age
    if facts.topic_words[1] >= MIN_TOPIC_WORDS and not facts.topic_words[0]:
        found["not of the post"] = message("not_of_the_post")
    elif facts.is_on_topic:
        found["of the post"] = None
    return found


def initial_weights(text_weights: Iterable[int]) -> Weights:
    """Return a new blog's weights: pretrained ones halved, plus the signals'."""
    weights = Weights(weight // 2 for weight in text_weights)
    for signal, weight in INITIAL_WEIGHTS.items():
        weights.buckets[hash_feature(SIGNALS, signal) & BUCKET_COUNT - 1] += round(weight / SIGNAL_VALUE * SCALE)
    return weights


def classify(weights: Weights, text: ParsedText, values: BucketValues, found: Signals) -> Classification:
    """Score a text by its feature values; explain high scores."""
    score = weights.score(values)
    return Classification(score, _explain(weights, text, found) if score > min(THRESHOLDS.values()) else [])


def _explain(weights: Weights, text: ParsedText, found: Signals) -> list[Message]:
    weighed = [(_signal_weight(weights, signal), reason) for signal, reason in found.items() if reason]
    words, weight = _heaviest_words(weights, text)
    if words:
        weighed.append((weight, message("words", words=", ".join(words))))
    reasons = sorted((pair for pair in weighed if pair[0] >= MIN_WEIGHT), key=lambda pair: -pair[0])
    return [pair[1] for pair in reasons[:MAX_REASONS]]


def _signal_weight(weights: Weights, signal: str) -> float:
    more = weights.buckets[hash_feature(SIGNALS, "like much spam") & BUCKET_COUNT - 1] if signal == "like spam" else 0
    return (weights.buckets[hash_feature(SIGNALS, signal) & BUCKET_COUNT - 1] + max(more, 0)) * SIGNAL_VALUE / SCALE


def _heaviest_words(weights: Weights, text: ParsedText) -> tuple[list[str], float]:
    """Return the words that weigh most, and their total weight."""
    weight_of: dict[str, float] = defaultdict(float)
    features = extract_features(text)
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

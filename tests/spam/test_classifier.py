from __future__ import annotations

import tracemalloc
from random import Random

import pytest

from blog.spam.baseline_bayes import Bayes
from blog.spam.features import extract_features, parse_text
from blog.spam.metrics import ConfusionMatrix, count_outcomes
from blog.spam.near_duplicates import DuplicateIndex
from blog.spam.pretrained import FILE, load_pretrained, pack_weights, unpack_weights
from blog.spam.weights import BUCKET_COUNT, Weights, add_signals, compute_step, compute_values, make_vector, train

LESSONS = [
    (make_vector(parse_text(text)), spam)
    for text, spam in (
        ("subscribe to my channel", True),
        ("visit my shop at cheap . com", True),
        ("the herons are back", False),
        ("i saw two of them today", False),
    )
]


def score(weights: Weights, text: str) -> float:
    return weights.score(compute_values(make_vector(parse_text(text))))


def test_similar_texts_are_classified_alike() -> None:
    weights = train(LESSONS)
    assert score(weights, "please subscribe to our channel") > 0 > score(weights, "two herons today")


def test_the_order_of_lessons_does_not_matter() -> None:
    assert train(LESSONS).buckets == train(LESSONS[::-1]).buckets


def test_lessons_are_undone_exactly_in_any_order() -> None:
    rng, weights = Random(1), Weights(load_pretrained())
    lessons = []
    for number in range(50):
        values = compute_values(add_signals(make_vector(parse_text(f"a text {number} about {rng.random()}")), ["link"]))
        step = compute_step(weights.score(values), values, bool(number % 2), 0.5)
        weights.add(values, step)
        lessons.append((values, step))
    rng.shuffle(lessons)
    for values, step in lessons:
        weights.add(values, -step)
    assert weights.buckets == load_pretrained()


def test_one_lesson_classifies_the_same_text() -> None:
    weights, values = Weights(), compute_values(make_vector(parse_text("our workshop restores sash windows")))
    weights.add(values, compute_step(0.0, values, True, 0.5))
    assert weights.score(values) > 0.9


def test_a_text_beyond_the_margin_teaches_nothing() -> None:
    values = compute_values(make_vector(parse_text("subscribe")))
    assert compute_step(1.2, values, True, 0.5) == 0
    assert compute_step(-1.2, values, False, 0.5) == 0


@pytest.mark.parametrize(
    "text", ["see cheap . com", "see cheap[.]com", "see cheap dot com", "see CHEAP. com", "cheap.com"]
)
def test_disguised_domains_are_links(text: str) -> None:
    assert [link.lower() for link in parse_text(text).links] == ["cheap.com"]


def test_disguised_letters_are_normalized() -> None:
    assert parse_text("s\u200bubscribe \uff4e\uff4f\uff57").words == ("subscribe", "now")


def test_the_vector_of_a_long_text_is_bounded() -> None:
    assert len(make_vector(parse_text("abcdefgh " * 100_000))) < 20_000
    assert len(make_vector(parse_text("".join(map(chr, Random(1).choices(range(0x4E00, 0x9FFF), k=10_000)))))) < 20_000


def test_an_empty_text_has_a_score() -> None:
    assert list(extract_features(parse_text(""))) != []
    assert score(Weights(), "") == 0


def test_near_duplicates_are_long_texts_with_most_words_in_common() -> None:
    index = DuplicateIndex()
    text = "our workshop restores old sash windows in oak for every house in the county"
    index.add(1, make_vector(parse_text(text)))
    index.add(2, make_vector(parse_text("thank you")))
    assert index.count_duplicates(make_vector(parse_text(text.replace("oak", "ash")))) == 1
    assert (
        index.count_duplicates(
            make_vector(parse_text("the herons are back at the weir and nobody minds the noise that they make"))
        )
        == 0
    )
    assert index.count_duplicates(make_vector(parse_text("thank you"))) == 0
    index.remove(1)
    assert index.count_duplicates(make_vector(parse_text(text))) == 0


def test_metrics_match_hand_calculation() -> None:
    matrix = count_outcomes([(True, True)] * 6 + [(True, False)] * 2 + [(False, True)] * 4 + [(False, False)] * 8)
    assert matrix == ConfusionMatrix(6, 2, 4, 8)
    assert matrix.as_json() == {"accuracy": 0.7, "precision": 0.75, "recall": 0.6, "false_holds_per_1000": 200.0}


def test_bayes_matches_hand_calculation() -> None:
    # By hand: "buy" is 3/7 against 1/7 with smoothing, "here" 1/7 against 3/7.
    bayes = Bayes([("buy buy now", True), ("here here today", False)])
    assert bayes.is_spam("Buy it")
    assert not bayes.is_spam("here")
    assert not bayes.is_spam("buy here here")


def test_pretrained_weights_are_small_and_survive_packing() -> None:
    assert FILE.stat().st_size < 200_000
    assert len(load_pretrained()) == BUCKET_COUNT
    assert pack_weights(Weights(load_pretrained())) == FILE.read_bytes()
    assert unpack_weights(pack_weights(Weights(load_pretrained()))) == load_pretrained()
    for named in ("Alberto", "Lochter", "Almeida", "YouTube Spam Collection", "Attribution 4.0"):
        assert named in FILE.with_name("NOTICE").read_text()


def test_a_model_takes_less_than_8_megabytes() -> None:
    tracemalloc.start()
    weights, index, rng = Weights(load_pretrained()), DuplicateIndex(), Random(1)
    for number in range(2500):
        text = " ".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=60))
        index.add(number, make_vector(parse_text(text)))
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert weights
    assert size < 8_000_000

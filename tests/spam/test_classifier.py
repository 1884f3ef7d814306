from __future__ import annotations

import tracemalloc
from random import Random

import pytest

from blog.spam.baseline_bayes import Bayes
from blog.spam.features import features, read
from blog.spam.metrics import Measures, measured
from blog.spam.near_duplicates import Sketches
from blog.spam.pretrained import FILE, packed, start, unpacked
from blog.spam.weights import BUCKETS, Weights, signed, step_for, trained, values, vector

LESSONS = [
    (vector(read(text)), unwanted)
    for text, unwanted in (
        ("subscribe to my channel", True),
        ("visit my shop at cheap . com", True),
        ("the herons are back", False),
        ("i saw two of them today", False),
    )
]


def score(weights: Weights, text: str) -> float:
    return weights.score(values(vector(read(text))))


def test_what_was_learned_is_told_and_so_is_what_is_like_it() -> None:
    weights = trained(LESSONS)
    assert score(weights, "please subscribe to our channel") > 0 > score(weights, "two herons today")


def test_the_order_of_lessons_makes_no_difference() -> None:
    assert trained(LESSONS).all == trained(LESSONS[::-1]).all


def test_a_lesson_is_taken_back_to_the_bit_in_any_order() -> None:
    chance, weights = Random(1), Weights(start())
    taught = []
    for number in range(50):
        some = values(signed(vector(read(f"a text {number} about {chance.random()}")), ["link"]))
        step = step_for(weights.score(some), some, bool(number % 2), 0.5)
        weights.add(some, step)
        taught.append((some, step))
    chance.shuffle(taught)
    for some, step in taught:
        weights.add(some, -step)
    assert weights.all == start()


def test_one_lesson_is_enough_for_the_same_text() -> None:
    weights, some = Weights(), values(vector(read("our workshop restores sash windows")))
    weights.add(some, step_for(0.0, some, True, 0.5))
    assert weights.score(some) > 0.9


def test_what_is_told_rightly_with_some_distance_teaches_nothing() -> None:
    some = values(vector(read("subscribe")))
    assert step_for(1.2, some, True, 0.5) == 0
    assert step_for(-1.2, some, False, 0.5) == 0


@pytest.mark.parametrize(
    "text", ["see cheap . com", "see cheap[.]com", "see cheap dot com", "see CHEAP. com", "cheap.com"]
)
def test_a_disguised_address_is_an_address(text: str) -> None:
    assert [link.lower() for link in read(text).links] == ["cheap.com"]


def test_letters_in_disguise_are_letters() -> None:
    assert read("s\u200bubscribe \uff4e\uff4f\uff57").words == ("subscribe", "now")


def test_a_text_of_any_length_makes_a_vector_that_is_bounded() -> None:
    assert len(vector(read("abcdefgh " * 100_000))) < 20_000
    assert len(vector(read("".join(map(chr, Random(1).choices(range(0x4E00, 0x9FFF), k=10_000)))))) < 20_000


def test_an_empty_text_can_be_scored() -> None:
    assert list(features(read(""))) != []
    assert score(Weights(), "") == 0


def test_likeness_is_of_long_texts_with_most_words_in_common() -> None:
    sketches = Sketches()
    text = "our workshop restores old sash windows in oak for every house in the county"
    sketches.add(1, vector(read(text)))
    sketches.add(2, vector(read("thank you")))
    assert sketches.like(vector(read(text.replace("oak", "ash")))) == 1
    assert sketches.like(vector(read("the herons are back at the weir and nobody minds the noise that they make"))) == 0
    assert sketches.like(vector(read("thank you"))) == 0
    sketches.remove(1)
    assert sketches.like(vector(read(text))) == 0


def test_measures_by_hand() -> None:
    one = measured([(True, True)] * 6 + [(True, False)] * 2 + [(False, True)] * 4 + [(False, False)] * 8)
    assert one == Measures(6, 2, 4, 8)
    assert one.as_json() == {"accuracy": 0.7, "precision": 0.75, "recall": 0.6, "false_holds_per_1000": 200.0}


def test_the_bayes_is_a_plain_multinomial_one() -> None:
    # by hand: "buy" 2 of 3+4 against 1 of 3+4; "here" 1 of 7 against 2 of 7
    bayes = Bayes([("buy buy now", True), ("here here today", False)])
    assert bayes.unwanted("Buy it")
    assert not bayes.unwanted("here")
    assert not bayes.unwanted("buy here here")


def test_the_shipped_weights_are_small_and_come_back_as_they_went_in() -> None:
    assert FILE.stat().st_size < 200_000
    assert len(start()) == BUCKETS
    assert packed(Weights(start())) == FILE.read_bytes()
    assert unpacked(packed(Weights(start()))) == start()
    for named in ("Alberto", "Lochter", "Almeida", "YouTube Spam Collection", "Attribution 4.0"):
        assert named in FILE.with_name("NOTICE").read_text()


def test_a_model_takes_few_megabytes() -> None:
    start()
    tracemalloc.start()
    weights, sketches, chance = Weights(start()), Sketches(), Random(1)
    for number in range(2500):
        text = " ".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=60))
        sketches.add(number, vector(read(text)))
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert weights
    assert size < 8_000_000

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from blog import create_app
from blog.comments.identity import Writer
from blog.comments.models import HELD, SPAM, VISIBLE, Comment, Lesson
from blog.comments.moderation.decisions import Pick, decide
from blog.comments.moderation.undo import undo
from blog.comments.posting.edit import edit_comment
from blog.comments.posting.submit import Draft, post_comment
from blog.comments.screening import lessons, link_domains
from blog.comments.screening.accuracy import figures
from blog.comments.screening.lessons import floor_of, learn_from_log, model, standing_lesson
from blog.comments.screening.link_domains import Seen
from blog.comments.screening.spam_signals import CUTS, Facts, signs, with_start
from blog.db import db, now, writing
from blog.editors import audit_log
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER, AuditEntry, Editor
from blog.posts.models import Post
from blog.settings import Settings
from blog.site.models import CALM, OFF, STRICT, USUAL, current_site
from blog.spam.pretrained import load_pretrained
from blog.spam.weights import compute_values
from tests.factories import a_post, csrf, signed_in

FLATTERY = "What a wonderful article, thank you! I really enjoyed reading this, keep up the good work."
PILLS = "Get cheap pills at the best price, free delivery, visit my shop https://pills.example/offer today"
WANTED = """Thanks, great article!
Great post, thank you.
I love this.
First!
+1
THIS IS AN OUTRAGE!!! WHO PAYS FOR THIS???
This is wrong. The bridge was built in 1911, not 1921.
My grandmother worked there for thirty years, and she always said the same about the noise.
Could you check the second paragraph? I think the name of the mayor is misspelled.
Please subscribe to the petition, the council will vote on Monday.
How much money did the city earn with this? The deal looks cheap to me.
I don't agree at all. Free speech is not the same as free attention.
My channel of information is the local radio, and they said nothing.
Can you make a follow up on this? I would like to see more about the harbour.
Share this with everyone you know, it matters.
Danke für den Artikel, sehr hilfreich!
Das stimmt so nicht: Der Fluss wurde 1932 begradigt, nicht 1952.
Merci pour cet article, j'ai beaucoup appris.
Je ne suis pas d'accord avec vous. Le musée est fermé depuis deux ans.
Muchas gracias, muy interesante.
No estoy de acuerdo, el ayuntamiento no hizo nada.
Ottimo articolo, grazie.
Bedankt voor dit stuk, ik heb het met plezier gelezen.
素晴らしい記事をありがとうございます。
Спасибо, очень интересно.
شكرا على المقال
We have the same problem in our town, but nobody will listen. The council meets every second Tuesday.""".splitlines()


@pytest.fixture
def ed(app: Flask) -> Editor:
    return add_editor("ed@example.org", "Ed", OWNER, "a sentence to remember")


def days_ago(days: int) -> dict[str, Any]:
    return {"published_at": now() - timedelta(days=days)}


def posted(post: Post, body: str, **fields: Any) -> Comment:
    """By a reader of its own, unless one is given."""
    number = db.session.execute(select(func.count()).select_from(Comment)).scalar_one()
    who = {"name": "Ann", "email": "", "website": "", "parent_id": None, "key": f"key-{number:020}"}
    who |= {"reader_key": f"reader-{number}", "address_key": f"address-{number}"}
    return post_comment(Draft(post_id=post.id, body=body, **(who | fields)), paced=False)


def decided(comment: Comment, verb: str, ed: Editor) -> AuditEntry:
    entry = decide(verb, [Pick(comment.id)], ed).entry
    assert entry
    return entry


def seen(domain: str, but: int | None = None) -> Seen:
    return link_domains.seen([domain], but)[domain]


def weights() -> list[int]:
    db.session.rollback()
    return list(model().weights.buckets)


def test_flattery_with_a_link_to_a_new_domain_under_an_old_post_waits_and_says_why(app: Flask) -> None:
    post = a_post(**days_ago(211))
    comment = posted(post, FLATTERY, website="https://seo.example")
    assert comment.status == HELD
    reason = comment.status_reason.removeprefix("looks like spam: ").split("; ")
    assert reason != [comment.status_reason]
    assert "a domain new to this blog: seo.example" in reason
    assert "the post is 211 days old" in reason
    assert "praise and a link" in reason
    assert comment.filter_score is not None
    assert comment.filter_score > 100 * CUTS[USUAL]


def test_the_same_flattery_without_a_link_appears_at_once(app: Flask) -> None:
    assert posted(a_post(**days_ago(211)), FLATTERY).status == VISIBLE


@pytest.mark.parametrize("days", [0, 400])
def test_what_people_write_without_a_link_never_waits(app: Flask, days: int) -> None:
    post = a_post(**days_ago(days))
    waiting = [comment.body for comment in (posted(post, text) for text in WANTED) if comment.status != VISIBLE]
    assert waiting == []


def test_a_new_reader_with_a_website_or_a_link_may_answer_a_new_post(app: Flask) -> None:
    post = a_post("Herons return", quote_html="<p>Three herons were counted at the weir.</p>")
    assert posted(post, "Thanks, great article!", website="https://ann.example").status == VISIBLE
    more = "There is a longer report on the herons at the weir, with pictures: https://radio.example/herons"
    assert posted(post, more).status == VISIBLE


def test_a_reason_is_true_of_this_response_alone(app: Flask) -> None:
    comment = posted(a_post(**days_ago(3)), PILLS)
    assert comment.status == HELD
    assert "days old" not in comment.status_reason
    assert "praise" not in comment.status_reason
    words = next(part for part in comment.status_reason.split("; ") if "words: " in part)
    assert all(word in PILLS.lower() for word in words.partition("words: ")[2].split(", "))


def test_reasons_come_by_their_weight(app: Flask, ed: Editor) -> None:
    facts = Facts(website=True, domain="seo.example", days=211, praising=True, about=(0, 6), like=4)
    assert list(filter(None, signs(facts).values())) == [
        "a domain new to this blog: seo.example",
        "praise and a link",
        "the post is 211 days old",
        "it says nothing about the post",
        "like 4 responses marked as spam",
    ]
    post = a_post(**days_ago(211))
    for number in range(4):
        decided(posted(post, f"{PILLS} {number}"), audit_log.SPAM, ed)
    held = posted(post, f"{PILLS} again")
    reasons = held.status_reason.removeprefix("looks like spam: ").split("; ")
    assert reasons.index("like 4 responses marked as spam") < reasons.index("the post is 211 days old")
    assert "pills.example stood in 4 responses marked as spam" in reasons


def test_the_dial_turns_from_nothing_to_much(app: Flask) -> None:
    old, younger = a_post(**days_ago(100)), a_post(**days_ago(20))
    statuses = {}
    for strictness in (OFF, CALM, USUAL, STRICT):
        with writing():
            current_site().filter_strictness = strictness
        statuses[strictness] = [
            posted(post, f"{text} {strictness}{number}", website=f"https://{strictness}{number}.example").status
            for number, (post, text) in enumerate([(old, FLATTERY), (younger, FLATTERY[:-1]), (old, PILLS)])
        ]
    assert statuses == {
        OFF: [VISIBLE, VISIBLE, VISIBLE],
        CALM: [VISIBLE, VISIBLE, HELD],
        USUAL: [HELD, VISIBLE, HELD],
        STRICT: [HELD, HELD, HELD],
    }


def test_an_editor_never_waits_and_teaches_nothing(app: Flask, ed: Editor) -> None:
    comment = posted(a_post(**days_ago(300)), PILLS, editor_id=ed.id)
    assert (comment.status, comment.filter_score) == (VISIBLE, None)
    decided(comment, audit_log.SPAM, ed)
    assert standing_lesson(comment.id) is None


def test_what_was_marked_as_spam_is_known_again(app: Flask, ed: Editor) -> None:
    post = a_post(**days_ago(2))
    text = "Our workshop restores sash windows in every county, with oak and linseed paint: https://{}.example"
    first = posted(post, text.format("sash"))
    assert first.status == VISIBLE
    decided(first, audit_log.SPAM, ed)
    second = posted(post, text.format("windows"))
    assert second.status == HELD
    assert "like 1 response marked as spam" in second.status_reason


def test_what_was_approved_goes_through_from_then_on(app: Flask, ed: Editor) -> None:
    post = a_post(**days_ago(211))
    held = posted(post, FLATTERY, website="https://friend.example", reader_key="friend")
    assert held.status == HELD
    decided(held, audit_log.APPROVE, ed)
    assert posted(post, f"{FLATTERY} Again.", website="https://friend.example", reader_key="friend").status == VISIBLE


@pytest.mark.parametrize("verb", [audit_log.SPAM, audit_log.APPROVE])
def test_undoing_takes_the_lesson_back_to_the_bit(app: Flask, ed: Editor, verb: str) -> None:
    post = a_post(**days_ago(211))
    decided(posted(post, PILLS), audit_log.REMOVE, ed)
    before = weights()
    comment = posted(post, FLATTERY, website="https://seo.example")
    entry = decided(comment, verb, ed)
    assert weights() != before
    undo(entry.id, ed)
    assert weights() == before
    assert standing_lesson(comment.id) is None
    assert model().like(lessons.text_of(comment.body_html, comment.website).vector) == 0


def test_undoing_many_at_once_takes_all_their_lessons_back(app: Flask, ed: Editor) -> None:
    post = a_post(**days_ago(211))
    comments = [posted(post, f"{PILLS} {number}") for number in range(5)]
    before = weights()
    entry = decide(audit_log.SPAM, [Pick(comment.id) for comment in comments], ed).entry
    assert entry
    assert [bool(standing_lesson(comment.id)) for comment in comments] == [True] * 5
    undo(entry.id, ed)
    assert weights() == before


def test_an_undone_decision_gives_way_to_the_one_before_it(app: Flask, ed: Editor) -> None:
    comment = posted(a_post(**days_ago(211)), PILLS)
    decided(comment, audit_log.APPROVE, ed)
    approved = weights()
    entry = decided(comment, audit_log.SPAM, ed)
    lesson = standing_lesson(comment.id)
    assert lesson
    assert lesson.spam
    undo(entry.id, ed)
    lesson = standing_lesson(comment.id)
    assert lesson
    assert not lesson.spam
    assert weights() == approved


@pytest.mark.parametrize("verb", [audit_log.HOLD, audit_log.REMOVE])
def test_what_is_held_or_removed_is_no_lesson_any_more(app: Flask, ed: Editor, verb: str) -> None:
    comment = posted(a_post(**days_ago(211)), PILLS)
    before = weights()
    decided(comment, audit_log.SPAM, ed)
    decided(comment, verb, ed)
    assert standing_lesson(comment.id) is None
    assert weights() == before


def test_a_changed_text_is_judged_anew_and_no_longer_what_was_decided_on(app: Flask, ed: Editor) -> None:
    comment = posted(a_post(**days_ago(211)), FLATTERY, website="https://ann.example", reader_key="ann")
    before = weights()
    decided(comment, audit_log.APPROVE, ed)
    assert weights() != before
    said = comment.filter_score
    edit_comment(comment.post_id, comment.id, Writer("ann"), PILLS, paced=False)
    changed = db.session.get_one(Comment, comment.id, populate_existing=True)
    assert (changed.status, changed.filter_score == said) == (HELD, False)
    assert weights() == before
    assert seen("pills.example") == Seen(0, 0)
    decided(changed, audit_log.SPAM, ed)
    assert seen("pills.example") == Seen(0, 1)


def test_another_process_knows_what_this_one_learned(app: Flask, ed: Editor, settings: Settings) -> None:
    post = a_post(**days_ago(30))
    other = create_app(settings)
    with other.app_context():
        before = weights()
        assert before == list(model().weights.buckets)
        db.session.remove()
    entry = decided(posted(post, PILLS), audit_log.SPAM, ed)
    mine = weights()
    with other.app_context():
        assert weights() == mine
        assert model().like(lessons.text_of(posted(post, PILLS).body_html, "").vector) == 1
        db.session.remove()
    undo(entry.id, ed)
    with other.app_context():
        assert weights() == before
        db.session.remove()
        db.engine.dispose()


def test_the_oldest_lessons_are_forgotten_by_all_processes_alike(
    app: Flask, ed: Editor, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lessons, "WINDOW", 6)
    monkeypatch.setattr(lessons, "TURNED", 2)
    post = a_post(**days_ago(30))
    for number in range(9):
        comment = posted(post, f"{PILLS} {number} {'x' * number}")
        entry = decided(comment, audit_log.SPAM, ed)
        if number % 3 == 0:
            undo(entry.id, ed)
    newest = db.session.scalars(select(func.max(Lesson.id))).one() or 0
    assert newest > 8
    assert db.session.scalars(select(func.min(Lesson.id))).one() == floor_of(newest) + 1
    fresh = create_app(settings)
    mine = weights()
    with fresh.app_context():
        assert weights() == mine
        db.session.remove()
        db.engine.dispose()


def test_a_lesson_that_was_forgotten_is_not_taken_back_once_more(
    app: Flask, ed: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lessons, "WINDOW", 4)
    monkeypatch.setattr(lessons, "TURNED", 2)
    post = a_post(**days_ago(30))
    decided(posted(post, PILLS), audit_log.SPAM, ed)
    undo(decided(posted(post, FLATTERY, website="https://a.example"), audit_log.SPAM, ed).id, ed)
    decided(posted(post, "Our workshop restores sash windows: https://sash.example"), audit_log.SPAM, ed)
    taken_back, last = db.session.scalars(select(Lesson).order_by(Lesson.id)).all()
    assert (taken_back.undone_lesson_id, floor_of(last.id)) == (taken_back.id - 1, taken_back.id - 1)
    alone = with_start(load_pretrained())
    alone.add(compute_values(last.vector), last.step)
    assert weights() == list(alone.buckets)


def test_decisions_of_before_the_filter_are_learned_from_the_log(app: Flask, ed: Editor) -> None:
    post = a_post(**days_ago(30))
    first, second, third = (posted(post, f"{PILLS} {number}") for number in range(3))
    decided(first, audit_log.SPAM, ed)
    decided(second, audit_log.APPROVE, ed)
    undo(decided(third, audit_log.SPAM, ed).id, ed)
    with writing():
        db.session.query(Lesson).delete()
        db.session.query(Comment).update({"filter_signs": ""})
    assert learn_from_log() == 2
    assert learn_from_log() == 0
    assert [bool(lesson and lesson.spam) for lesson in map(standing_lesson, (first.id, second.id))] == [True, False]


def test_the_time_taken_counts_only_where_pauses_do(app: Flask) -> None:
    post = a_post(**days_ago(30))
    comment = posted(post, "I was there too.", website="https://ann.example", seconds=3)
    assert "quick" not in comment.filter_signs
    draft = Draft(post.id, None, "Bob", "", "https://bob.example", "I was there as well.", "key-b", "b", "b", seconds=3)
    assert "quick" in post_comment(draft).filter_signs


def test_a_domain_is_known_by_what_it_stood_in(app: Flask, ed: Editor) -> None:
    post = a_post(**days_ago(30))
    assert seen("ann.example") == Seen(0, 0)
    shown = posted(post, "I was there.", website="https://www.ann.example/me")
    assert seen("ann.example") == Seen(1, 0)
    assert seen("ann.example", shown.id) == Seen(0, 0)
    assert "domain shown" in posted(post, "So was I.", website="https://ann.example").filter_signs
    decided(shown, audit_log.SPAM, ed)
    assert seen("ann.example") == Seen(1, 1)
    assert "domain of spam" in posted(post, "Me too.", website="https://ann.example").filter_signs


def test_the_figures_say_what_it_said_before_the_decision(app: Flask, ed: Editor) -> None:
    post = a_post(**days_ago(211))
    held = [posted(post, f"{PILLS} {number}") for number in range(3)]
    false = posted(post, FLATTERY, website="https://friend.example")
    missed = posted(post, "I was there too.")
    standing = posted(post, "So was I, and it rained.")
    assert [comment.status for comment in (*held, false, missed)] == [HELD] * 4 + [VISIBLE]
    for comment in (*held, missed):
        decided(comment, audit_log.SPAM, ed)
    decided(false, audit_log.APPROVE, ed)
    found = figures()
    assert (found.spam, found.wanted, found.undecided, found.lessons, found.few) == (4, 1, 1, 5, True)
    usual = found.by_strictness[USUAL]
    assert (usual.true_positives, usual.false_positives, usual.false_negatives, usual.true_negatives) == (3, 1, 1, 1)
    assert standing.status == VISIBLE


def test_the_desk_shows_the_figures_and_turns_the_dial(app: Flask) -> None:
    desk = signed_in(app)
    assert "too few for figures" in desk.get("/desk/filter").text
    ed, post = db.session.scalars(select(Editor)).one(), a_post(**days_ago(211))
    for number in range(20):
        comment = posted(post, PILLS if number % 2 else f"I was there too, in the rain, on morning {number}.")
        decided(comment, audit_log.SPAM if number % 2 else audit_log.HOLD, ed)
        if number % 2 == 0:
            decided(comment, audit_log.APPROVE, ed)
    page = desk.get("/desk/filter").text
    assert "It has learned from 20 decisions." in page
    assert "marked 10 as spam and approved 10" in page
    assert "100 %" in page
    form = {"csrf_token": csrf(desk, "/desk/filter"), "filter_strictness": "calm"}
    assert desk.post("/desk/filter", data=form).status_code == 303
    db.session.rollback()
    db.session.expire_all()
    assert current_site().filter_strictness == CALM
    assert 'value="calm" checked' in desk.get("/desk/filter?saved").text
    assert desk.post("/desk/filter", data=form | {"filter_strictness": "harsh"}).status_code == 400


def test_spam_is_never_deleted_by_it(app: Flask) -> None:
    comment = posted(a_post(**days_ago(400)), PILLS, website="https://pills.example")
    assert comment.status not in {SPAM, VISIBLE}
    assert db.session.get(Comment, comment.id)

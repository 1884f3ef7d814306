from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from blog import create_app
from blog.comments.identity import Visitor
from blog.comments.models import HELD, SPAM, VISIBLE, Comment, Lesson
from blog.comments.moderation.decisions import Pick, decide
from blog.comments.moderation.undo import undo
from blog.comments.posting.edit import edit_comment
from blog.comments.posting.submit import post_comment
from blog.comments.screening import lessons, link_domains
from blog.comments.screening.accuracy import measure_accuracy
from blog.comments.screening.lessons import active_lessons, current_model, dropped_up_to, learn_from_log
from blog.comments.screening.link_domains import DomainHistory
from blog.comments.screening.spam_facts import Facts
from blog.comments.screening.spam_signals import THRESHOLDS, find_signals, initial_weights
from blog.comments.screening.submission import Submission
from blog.comments.status_reasons import translate_status_reason
from blog.db import db, now, writing
from blog.editors import audit_log
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER, AuditEntry, Editor
from blog.posts.models import Post
from blog.settings import Settings
from blog.site.models import CALM, OFF, STRICT, USUAL, current_site
from blog.spam.pretrained import load_pretrained
from blog.spam.weights import compute_values
from blog.stored_messages import dump_messages
from tests.factories import a_post, csrf, signed_in, why

PRAISE = "What a wonderful article, thank you! I really enjoyed reading this, keep up the good work."
PILLS = "Get cheap pills at the best price, free delivery, visit my shop https://pills.example/offer today"
LEGITIMATE = """Thanks, great article!
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


def submit(post: Post, body: str, **fields: Any) -> Comment:
    """Submit a comment by a new reader, unless one is given."""
    number = db.session.execute(select(func.count()).select_from(Comment)).scalar_one()
    who = {"name": "Ann", "email": "", "website": "", "parent_id": None, "key": f"key-{number:020}"}
    who |= {"reader_key": f"reader-{number}", "address_key": f"address-{number}"}
    return post_comment(Submission(post_id=post.id, body=body, **(who | fields)), throttled=False)


def decide_on(comment: Comment, verb: str, ed: Editor) -> AuditEntry:
    entry = decide(verb, [Pick(comment.id)], ed).entry
    assert entry
    return entry


def domain_history(domain: str, excluded_id: int | None = None) -> DomainHistory:
    return link_domains.domain_histories([domain], excluded_id)[domain]


def weights() -> list[int]:
    db.session.rollback()
    return list(current_model().weights.buckets)


def test_praise_with_a_new_domain_under_an_old_post_is_held_with_reasons(app: Flask) -> None:
    post = a_post(**days_ago(211))
    comment = submit(post, PRAISE, website="https://seo.example")
    assert comment.status == HELD
    reason = why(comment).removeprefix("looks like spam: ").split("; ")
    assert reason != [why(comment)]
    assert "a domain new to this blog: seo.example" in reason
    assert "the post is 211 days old" in reason
    assert "praise and a link" in reason
    assert comment.filter_score is not None
    assert comment.filter_score > 100 * THRESHOLDS[USUAL]


def test_praise_without_a_link_is_published(app: Flask) -> None:
    assert submit(a_post(**days_ago(211)), PRAISE).status == VISIBLE


@pytest.mark.parametrize("days", [0, 400])
def test_legitimate_comments_without_a_link_are_published(app: Flask, days: int) -> None:
    post = a_post(**days_ago(days))
    waiting = [comment.body for comment in (submit(post, text) for text in LEGITIMATE) if comment.status != VISIBLE]
    assert waiting == []


def test_new_reader_may_link_under_a_new_post(app: Flask) -> None:
    post = a_post("Herons return", quote_html="<p>Three herons were counted at the weir.</p>")
    assert submit(post, "Thanks, great article!", website="https://ann.example").status == VISIBLE
    more = "There is a longer report on the herons at the weir, with pictures: https://radio.example/herons"
    assert submit(post, more).status == VISIBLE


def test_reasons_apply_to_this_comment(app: Flask) -> None:
    comment = submit(a_post(**days_ago(3)), PILLS)
    assert comment.status == HELD
    assert "days old" not in why(comment)
    assert "praise" not in why(comment)
    words = next(part for part in why(comment).split("; ") if "words: " in part)
    assert all(word in PILLS.lower() for word in words.partition("words: ")[2].split(", "))


def test_reasons_are_ordered_by_weight(app: Flask, ed: Editor) -> None:
    facts = Facts(website=True, domain="seo.example", days=211, praising=True, topic_words=(0, 6), like=4)
    messages = dump_messages(filter(None, find_signals(facts).values()))
    assert translate_status_reason(messages).split("; ") == [
        "a domain new to this blog: seo.example",
        "praise and a link",
        "the post is 211 days old",
        "it says nothing about the post",
        "like 4 responses marked as spam",
    ]
    post = a_post(**days_ago(211))
    for number in range(4):
        decide_on(submit(post, f"{PILLS} {number}"), audit_log.SPAM, ed)
    held = submit(post, f"{PILLS} again")
    reasons = why(held).removeprefix("looks like spam: ").split("; ")
    assert reasons.index("like 4 responses marked as spam") < reasons.index("the post is 211 days old")
    assert "pills.example stood in 4 responses marked as spam" in reasons


def test_strictness_changes_what_is_held(app: Flask) -> None:
    old, younger = a_post(**days_ago(100)), a_post(**days_ago(20))
    statuses = {}
    for strictness in (OFF, CALM, USUAL, STRICT):
        with writing():
            current_site().filter_strictness = strictness
        statuses[strictness] = [
            submit(post, f"{text} {strictness}{number}", website=f"https://{strictness}{number}.example").status
            for number, (post, text) in enumerate([(old, PRAISE), (younger, PRAISE[:-1]), (old, PILLS)])
        ]
    assert statuses == {
        OFF: [VISIBLE, VISIBLE, VISIBLE],
        CALM: [VISIBLE, VISIBLE, HELD],
        USUAL: [HELD, VISIBLE, HELD],
        STRICT: [HELD, HELD, HELD],
    }


def test_editors_comments_are_not_filtered_or_learned(app: Flask, ed: Editor) -> None:
    comment = submit(a_post(**days_ago(300)), PILLS, editor_id=ed.id)
    assert (comment.status, comment.filter_score) == (VISIBLE, None)
    decide_on(comment, audit_log.SPAM, ed)
    assert active_lessons([comment.id]).get(comment.id) is None


def test_text_like_spam_is_held(app: Flask, ed: Editor) -> None:
    post = a_post(**days_ago(2))
    text = "Our workshop restores sash windows in every county, with oak and linseed paint: https://{}.example"
    first = submit(post, text.format("sash"))
    assert first.status == VISIBLE
    decide_on(first, audit_log.SPAM, ed)
    second = submit(post, text.format("windows"))
    assert second.status == HELD
    assert "like 1 response marked as spam" in why(second)


def test_text_like_an_approved_one_is_published(app: Flask, ed: Editor) -> None:
    post = a_post(**days_ago(211))
    held = submit(post, PRAISE, website="https://friend.example", reader_key="friend")
    assert held.status == HELD
    decide_on(held, audit_log.APPROVE, ed)
    assert submit(post, f"{PRAISE} Again.", website="https://friend.example", reader_key="friend").status == VISIBLE


@pytest.mark.parametrize("verb", [audit_log.SPAM, audit_log.APPROVE])
def test_undo_restores_the_weights_exactly(app: Flask, ed: Editor, verb: str) -> None:
    post = a_post(**days_ago(211))
    decide_on(submit(post, PILLS), audit_log.REMOVE, ed)
    before = weights()
    comment = submit(post, PRAISE, website="https://seo.example")
    entry = decide_on(comment, verb, ed)
    assert weights() != before
    undo(entry.id, ed)
    assert weights() == before
    assert active_lessons([comment.id]).get(comment.id) is None
    assert current_model().like(lessons.parse_comment(comment.body_html, comment.website).vector) == 0


def test_undo_of_a_bulk_action_restores_the_weights(app: Flask, ed: Editor) -> None:
    post = a_post(**days_ago(211))
    comments = [submit(post, f"{PILLS} {number}") for number in range(5)]
    before = weights()
    entry = decide(audit_log.SPAM, [Pick(comment.id) for comment in comments], ed).entry
    assert entry
    assert [bool(active_lessons([comment.id]).get(comment.id)) for comment in comments] == [True] * 5
    undo(entry.id, ed)
    assert weights() == before


def test_undo_reactivates_the_previous_decision(app: Flask, ed: Editor) -> None:
    comment = submit(a_post(**days_ago(211)), PILLS)
    decide_on(comment, audit_log.APPROVE, ed)
    approved = weights()
    entry = decide_on(comment, audit_log.SPAM, ed)
    lesson = active_lessons([comment.id]).get(comment.id)
    assert lesson
    assert lesson.spam
    undo(entry.id, ed)
    lesson = active_lessons([comment.id]).get(comment.id)
    assert lesson
    assert not lesson.spam
    assert weights() == approved


@pytest.mark.parametrize("verb", [audit_log.HOLD, audit_log.REMOVE])
def test_hold_and_removal_end_the_lesson(app: Flask, ed: Editor, verb: str) -> None:
    comment = submit(a_post(**days_ago(211)), PILLS)
    before = weights()
    decide_on(comment, audit_log.SPAM, ed)
    decide_on(comment, verb, ed)
    assert active_lessons([comment.id]).get(comment.id) is None
    assert weights() == before


def test_edit_screens_again_and_ends_the_lesson(app: Flask, ed: Editor) -> None:
    comment = submit(a_post(**days_ago(211)), PRAISE, website="https://ann.example", reader_key="ann")
    before = weights()
    decide_on(comment, audit_log.APPROVE, ed)
    assert weights() != before
    score_before = comment.filter_score
    edit_comment(comment.post_id, comment.id, Visitor("ann", ""), PILLS, throttled=False)
    changed = db.session.get_one(Comment, comment.id, populate_existing=True)
    assert (changed.status, changed.filter_score == score_before) == (HELD, False)
    assert weights() == before
    assert domain_history("pills.example") == DomainHistory(0, 0)
    decide_on(changed, audit_log.SPAM, ed)
    assert domain_history("pills.example") == DomainHistory(0, 1)


def test_lessons_reach_other_processes(app: Flask, ed: Editor, settings: Settings) -> None:
    post = a_post(**days_ago(30))
    other = create_app(settings)
    with other.app_context():
        before = weights()
        assert before == list(current_model().weights.buckets)
        db.session.remove()
    entry = decide_on(submit(post, PILLS), audit_log.SPAM, ed)
    expected = weights()
    with other.app_context():
        assert weights() == expected
        assert current_model().like(lessons.parse_comment(submit(post, PILLS).body_html, "").vector) == 1
        db.session.remove()
    undo(entry.id, ed)
    with other.app_context():
        assert weights() == before
        db.session.remove()
        db.engine.dispose()


def test_all_processes_drop_the_same_old_lessons(
    app: Flask, ed: Editor, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lessons, "MAX_LESSONS", 6)
    monkeypatch.setattr(lessons, "DELETE_BATCH", 2)
    post = a_post(**days_ago(30))
    for number in range(9):
        comment = submit(post, f"{PILLS} {number} {'x' * number}")
        entry = decide_on(comment, audit_log.SPAM, ed)
        if number % 3 == 0:
            undo(entry.id, ed)
    newest = db.session.scalars(select(func.max(Lesson.id))).one() or 0
    assert newest > 8
    assert db.session.scalars(select(func.min(Lesson.id))).one() == dropped_up_to(newest) + 1
    other_app = create_app(settings)
    expected = weights()
    with other_app.app_context():
        assert weights() == expected
        db.session.remove()
        db.engine.dispose()


def test_dropped_lesson_is_not_undone_again(app: Flask, ed: Editor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lessons, "MAX_LESSONS", 4)
    monkeypatch.setattr(lessons, "DELETE_BATCH", 2)
    post = a_post(**days_ago(30))
    decide_on(submit(post, PILLS), audit_log.SPAM, ed)
    undo(decide_on(submit(post, PRAISE, website="https://a.example"), audit_log.SPAM, ed).id, ed)
    decide_on(submit(post, "Our workshop restores sash windows: https://sash.example"), audit_log.SPAM, ed)
    taken_back, last = db.session.scalars(select(Lesson).order_by(Lesson.id)).all()
    assert (taken_back.undone_lesson_id, dropped_up_to(last.id)) == (taken_back.id - 1, taken_back.id - 1)
    alone = initial_weights(load_pretrained())
    alone.add(compute_values(last.vector), last.step)
    assert weights() == list(alone.buckets)


def test_older_decisions_are_learned_from_the_log(app: Flask, ed: Editor) -> None:
    post = a_post(**days_ago(30))
    first, second, third = (submit(post, f"{PILLS} {number}") for number in range(3))
    decide_on(first, audit_log.SPAM, ed)
    decide_on(second, audit_log.APPROVE, ed)
    undo(decide_on(third, audit_log.SPAM, ed).id, ed)
    with writing():
        db.session.query(Lesson).delete()
        db.session.query(Comment).update({"filter_signs": ""})
    assert learn_from_log() == 2
    assert learn_from_log() == 0
    assert [
        bool(lesson and lesson.spam) for lesson in map(active_lessons([first.id, second.id]).get, (first.id, second.id))
    ] == [True, False]


def test_time_taken_is_ignored_without_throttling(app: Flask) -> None:
    post = a_post(**days_ago(30))
    comment = submit(post, "I was there too.", website="https://ann.example", seconds=3)
    assert "quick" not in comment.filter_signs
    draft = Submission(
        post.id, None, "Bob", "", "https://bob.example", "I was there as well.", "key-b", "b", "b", seconds=3
    )
    assert "quick" in post_comment(draft).filter_signs


def test_domain_history_counts_visible_and_spam_comments(app: Flask, ed: Editor) -> None:
    post = a_post(**days_ago(30))
    assert domain_history("ann.example") == DomainHistory(0, 0)
    shown = submit(post, "I was there.", website="https://www.ann.example/me")
    assert domain_history("ann.example") == DomainHistory(1, 0)
    assert domain_history("ann.example", shown.id) == DomainHistory(0, 0)
    assert "domain shown" in submit(post, "So was I.", website="https://ann.example").filter_signs
    decide_on(shown, audit_log.SPAM, ed)
    assert domain_history("ann.example") == DomainHistory(1, 1)
    assert "domain of spam" in submit(post, "Me too.", website="https://ann.example").filter_signs


def test_accuracy_uses_the_scores_before_the_decisions(app: Flask, ed: Editor) -> None:
    post = a_post(**days_ago(211))
    held = [submit(post, f"{PILLS} {number}") for number in range(3)]
    false = submit(post, PRAISE, website="https://friend.example")
    missed = submit(post, "I was there too.")
    undecided_comment = submit(post, "So was I, and it rained.")
    assert [comment.status for comment in (*held, false, missed)] == [HELD] * 4 + [VISIBLE]
    for comment in (*held, missed):
        decide_on(comment, audit_log.SPAM, ed)
    decide_on(false, audit_log.APPROVE, ed)
    found = measure_accuracy()
    assert (found.spam, found.approved, found.undecided, found.lessons, found.too_few) == (4, 1, 1, 5, True)
    usual = found.by_strictness[USUAL]
    assert (usual.true_positives, usual.false_positives, usual.false_negatives, usual.true_negatives) == (3, 1, 1, 1)
    assert undecided_comment.status == VISIBLE


def test_desk_shows_accuracy_and_sets_strictness(app: Flask) -> None:
    desk = signed_in(app)
    assert "too few for figures" in desk.get("/desk/filter").text
    ed, post = db.session.scalars(select(Editor)).one(), a_post(**days_ago(211))
    for number in range(20):
        comment = submit(post, PILLS if number % 2 else f"I was there too, in the rain, on morning {number}.")
        decide_on(comment, audit_log.SPAM if number % 2 else audit_log.HOLD, ed)
        if number % 2 == 0:
            decide_on(comment, audit_log.APPROVE, ed)
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


def test_filter_never_deletes(app: Flask) -> None:
    comment = submit(a_post(**days_ago(400)), PILLS, website="https://pills.example")
    assert comment.status not in {SPAM, VISIBLE}
    assert db.session.get(Comment, comment.id)

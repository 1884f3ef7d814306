"""Test reading Blogger's classic export."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest

from blog.errors import Unusable
from blog.importing.formats.open_export import open_export as read
from blog.stored_messages import message
from tests.importing.export_files import HOST, SAMPLES, an_export, comment_entry, entry, post_entry

SAMPLE = SAMPLES / "blogger.xml"


def test_the_site_is_read_from_its_settings() -> None:
    site = read(SAMPLE).site
    assert (site.title, site.tagline) == ("The Heron Post", "Birds & weirs, since 2010")
    assert (site.zone, site.language, site.host) == ("Europe/Berlin", "en_GB", "heronpost.blogspot.com")


def test_without_settings_the_title_of_the_feed_is_used(tmp_path: Path) -> None:
    assert read(an_export(tmp_path, [post_entry(1)])).site.title == "The Heron Post"


def test_a_post_keeps_path_dates_author_and_labels() -> None:
    post = next(read(SAMPLE).posts())
    assert (post.ref, post.kind, post.path) == ("blogger:post-101", "post", "/2011/07/herons.html")
    assert post.title == "Herons return & stay"
    assert post.at == datetime(2011, 8, 1, 6, 30, 0, 123000, tzinfo=UTC)
    assert post.updated_at == datetime(2012, 2, 3, 8, tzinfo=UTC)
    assert (post.author_name, post.author_ref) == ("Nora", "http://www.blogger.com/profile/1001")
    assert post.labels == ("C#", "river/birds")
    assert post.body.startswith('<p>At <a href="http://heronpost')


def test_a_path_is_decoded_once() -> None:
    assert [post.path for post in read(SAMPLE).posts()][1] == "/2011/09/цапля.html"


def test_drafts_are_recognized_by_either_namespace() -> None:
    drafts = [(post.kind, post.title) for post in read(SAMPLE).posts() if post.draft]
    assert drafts == [("post", "Not yet"), ("page", "Imprint")]


def test_the_first_of_two_entries_with_one_id_is_used() -> None:
    archive = read(SAMPLE)
    assert [post.title for post in archive.posts() if post.ref == "blogger:post-101"] == ["Herons return & stay"]
    assert archive.duplicates == 1


def test_a_parent_comes_before_its_reply_in_any_order() -> None:
    comments = {comment.ref: comment for comment in read(SAMPLE).comments()}
    order = list(comments)
    assert order.index("blogger:comment-301") < order.index("blogger:comment-302")
    assert comments["blogger:comment-302"].parent_ref == "blogger:comment-301"
    assert comments["blogger:comment-302"].at == datetime(2011, 8, 1, 6, 15, 30, 250000, tzinfo=UTC)


def test_a_comment_on_a_page_refers_to_its_number() -> None:
    assert "blogger:post-105" in {comment.post_ref for comment in read(SAMPLE).comments()}


def test_removed_comments_are_recognized_by_mark_and_text() -> None:
    removed = [comment.ref for comment in read(SAMPLE).comments() if comment.removed]
    assert removed == ["blogger:comment-303", "blogger:comment-308"]


def test_a_visible_comment_with_the_removal_text_is_not_removed(tmp_path: Path) -> None:
    words = "This comment has been removed by the author."
    link = "<link rel='alternate' href='http://heronpost.blogspot.com/x.html#c5'/>"
    path = an_export(tmp_path, [entry("comment", "post-5", f"<content type='html'>{words}</content>{link}")])
    assert [comment.removed for comment in read(path).comments()] == [False]


def test_an_export_may_be_one_single_line(tmp_path: Path) -> None:
    path = an_export(tmp_path, [post_entry(1), comment_entry(2, 1)])
    path.write_text(path.read_text().replace("\n", ""))
    assert len(list(read(path).posts())) == len(list(read(path).comments())) == 1


@pytest.mark.parametrize("date", ["yesterday", "2011-13-01T12:00:00Z", "0000-01-01T00:00:00Z", "2011", "9" * 5000, ""])
def test_an_entry_without_a_date_is_skipped_and_reported_with_its_line(tmp_path: Path, date: str) -> None:
    entries = [post_entry(1), post_entry(2), comment_entry(3, 1, at=date), comment_entry(4, 1)]
    archive = read(an_export(tmp_path, entries))
    assert [comment.ref for comment in archive.comments()] == ["blogger:comment-4"]
    assert [post.ref for post in archive.posts()] == ["blogger:post-1", "blogger:post-2"]
    assert archive.total == 3
    assert [(item["line"], item["problem"][0]["name"]) for item in archive.bad_entries.items] == [(5, "published")]


@pytest.mark.parametrize("number", ["", "x"])
def test_an_entry_without_a_number_is_skipped_and_reported(tmp_path: Path, number: str) -> None:
    archive = read(an_export(tmp_path, [post_entry(1), entry("post", f"post-{number}", "<title>x</title>")]))
    assert [post.title for post in archive.posts()] == ["Post 1"]
    assert archive.bad_entries.items == [message("bad_entry_at", line=4, problem=[message("no_number")])]


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2011-05-01t12:00:00z", "2011-05-01T12:00:00+00:00"),
        ("2011-05-01T12:00:00.5z", "2011-05-01T12:00:00.500000+00:00"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
        ("2011-05-01T24:00:00-02:00", "2011-05-02T02:00:00+00:00"),
        ("2011-02-30T12:00:00+01:00", "2011-02-28T11:00:00+00:00"),
        ("2011-07-01T12:00:00", "2011-07-01T12:00:00+00:00"),
        ("2011-07-01", "2011-07-01T00:00:00+00:00"),
        ("2011/7/1 12:00", "2011-07-01T12:00:00+00:00"),
        ("Sun, 01 May 2011 12:00:00 +0200", "2011-05-01T10:00:00+00:00"),
    ],
)
def test_an_unusual_date_is_interpreted_and_reported(tmp_path: Path, date: str, expected: str) -> None:
    archive = read(an_export(tmp_path, [post_entry(1), post_entry(2, at=date), comment_entry(3, 1, at=date)]))
    assert [post.at.isoformat() for post in archive.posts()][1] == expected
    assert [post.updated_at.isoformat() for post in archive.posts()][1] == expected
    assert [comment.at.isoformat() for comment in archive.comments()] == [expected]
    assert [item["value"] for item in archive.odd_dates.items] == [date, date]
    assert archive.odd_dates.items[0]["place"] == "/2011/07/post-2.html"


def test_the_next_best_date_replaces_one_that_is_missing(tmp_path: Path) -> None:
    published = "<published>2011-07-01T12:00:00.000+02:00</published>"
    unchanged = "<updated>2011-07-01T12:00:00.000+02:00</updated>"
    link = f"<link rel='alternate' href='{HOST}/x.html?showComment=1306000000250#c4'/>"
    entries = [
        post_entry(1).replace(published, "").replace(unchanged, "<updated>2012-01-02T03:04:05Z</updated>"),
        post_entry(2, at="?"),
        post_entry(3).replace(unchanged, "<updated>soon</updated>"),
        comment_entry(4, 1, at="").replace("</entry>", f"{link}</entry>"),
    ]
    archive = read(an_export(tmp_path, entries))
    dates = [item.at.isoformat() for item in (*archive.posts(), *archive.comments())]
    assert dates == [
        "2012-01-02T03:04:05+00:00",
        "2011-07-01T00:00:00+00:00",
        "2011-07-01T10:00:00+00:00",
        "2011-05-21T17:46:40.250000+00:00",
    ]
    assert [item["code"] for item in archive.odd_dates.items] == [
        "missing_date",
        "odd_date",
        "odd_date",
        "missing_date",
    ]
    assert archive.bad_entries.count == 0


def test_a_feed_that_is_no_export_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="looks like a feed"):
        read(an_export(tmp_path, ["<entry><id>urn:1</id></entry>"]))


def test_memory_use_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        path = an_export(
            tmp_path, [post_entry(1), *(comment_entry(n + 2, 1, body="word " * 200) for n in range(count))]
        )
        tracemalloc.start()
        archive = read(path)
        assert sum(1 for _ in archive.comments()) == count
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    assert peak(4_000) < peak(1_000) + 500_000

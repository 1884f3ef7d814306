"""Test parsing wrk, generating the export and formatting tables."""

from __future__ import annotations

from contextvars import Context
from pathlib import Path

import pytest
from flask import Flask

from bench import thread_lengths
from bench.__main__ import OPTIMISATIONS, RESULTS_FILE, replace_tables
from bench.comment_posting import percentile
from bench.export import path_of, write_export
from bench.page_reading import parse_milliseconds, parse_wrk
from bench.rounds import FULL, QUICK
from bench.servers import environment
from bench.tables import GOALS, POSTINGS, THREADS_READ, medians, reading_rows, report
from bench.thread_lengths import count_queries, find_thread_paths
from blog.comments.models import Comment
from blog.db import db
from blog.posts.models import post_at
from tests.importing.export_files import run

WRK = """Running 3s test @ http://127.0.0.1:8000/
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    44.13ms    9.41ms 112.09ms   87.03%
    Req/Sec   364.30     40.71   424.00     76.67%
  Latency Distribution
     50%   42.28ms
     75%   45.92ms
     90%   52.72ms
     99%    1.01s 
  1090 requests in 3.00s, 71.42MB read
Requests/sec:    362.91
Transfer/sec:     23.78MB
"""  # noqa: W291  as wrk writes it


def test_parse_wrk_reads_rate_and_latencies() -> None:
    latency = parse_wrk(WRK)
    assert (latency.rate, latency.p50, latency.p99) == (362.91, 42.28, 1010.0)
    assert parse_milliseconds("850.00us") == pytest.approx(0.85)


@pytest.mark.parametrize("line", ["  Non-2xx or 3xx responses: 4\n", "  Socket errors: connect 0, read 3, timeout 1\n"])
def test_a_failed_request_ends_the_run(line) -> None:
    with pytest.raises(SystemExit, match="Not every page"):
        parse_wrk(WRK + line)


def test_unknown_output_of_wrk_ends_the_run() -> None:
    with pytest.raises(SystemExit):
        parse_wrk("wrk 4.1.0 [epoll]")


def test_the_generated_export_is_reproducible_and_importable(app: Flask, tmp_path: Path) -> None:
    size = write_export(tmp_path / "one.xml", posts=3, comments_each=12)
    assert write_export(tmp_path / "two.xml", posts=3, comments_each=12) == size
    assert (tmp_path / "one.xml").read_bytes() == (tmp_path / "two.xml").read_bytes()
    result = run(app, "import", tmp_path / "one.xml")
    assert result.exit_code == 0, result.output
    assert [post_at(path_of(number)).comment_count for number in range(3)] == [12, 12, 12]
    assert db.session.query(Comment).where(Comment.parent_id.is_not(None)).count() > 3


def test_a_long_thread_takes_no_more_queries_than_a_short_one(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread_lengths, "THREADS", {"short": 20, "long": 400})
    assert run(app, "fill", "--posts", "2", "--comments", "420", "--largest", "400").exit_code == 0
    counts = {
        name: Context().run(count_queries, app, path) for name, path in Context().run(find_thread_paths, app).items()
    }
    assert counts["short"] == counts["long"]
    assert 2 < counts["long"] < 20


def test_percentile_returns_a_measured_value() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile([7.0], 0.99)) == (50, 99, 7)


def test_a_measured_server_gets_no_setting_of_this_environment(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/blog")
    monkeypatch.setenv("BLOG_URL", "https://blog.example.org")
    variables = environment(tmp_path, PORT="8123")
    assert variables["PORT"] == "8123"
    assert variables["BLOG_INSTANCE"] == str(tmp_path)
    assert not {"DATABASE_URL", "BLOG_URL"} & variables.keys()


def figures(value: float) -> dict[str, float]:
    keys = {goal.key for goal in GOALS} | {"import.comments", "import.bytes", "import.size"}
    keys |= {"short.queries", "long.queries"}
    rows = {row[1] for row in (*reading_rows(FULL), *POSTINGS, *THREADS_READ)}
    return dict.fromkeys(keys | {f"{key}.{what}" for key in rows for what in ("rate", "p50", "p99")}, value)


def test_the_tables_show_medians_and_missed_goals() -> None:
    rounds = [figures(1.0), figures(9.0), figures(2.0)]
    assert medians(rounds)["page.ratio"] == 2
    tables = report(rounds, FULL, [("machine", "2 cores")])
    assert "| posting, p99 against that of the reads in the same seconds | 2 × | at most 2 × | yes |" in tables  # noqa: RUF001
    assert "**no**" in report([figures(0.1)], QUICK, [])
    assert "| machine | 2 cores |" in tables


def test_new_tables_leave_the_section_that_was_measured_by_hand() -> None:
    section = RESULTS_FILE.read_text().partition(OPTIMISATIONS)[2]
    assert "| `thread_page_cache` |" in section
    assert replace_tables(RESULTS_FILE.read_text(), "# Figures\n") == f"# Figures\n{OPTIMISATIONS}{section}"

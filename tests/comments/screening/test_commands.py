from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from flask import Flask

from blog.spam.pretrained import FILE

FIXTURES = Path(__file__).parents[4] / "shared" / "fixtures" / "comment-spam"
PARTS = ("Youtube01-Psy.csv", "Youtube02-KatyPerry.csv", "Youtube03-LMFAO.csv")
SPAM = ("subscribe to my channel", "check out my new video please", "free money at cheap.com", "visit my page")
HAM = ("i love this song", "best video ever", "the dance is so funny", "who is here in 2014")


def table(path: Path, rows: list[tuple[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["COMMENT_ID", "AUTHOR", "DATE", "CONTENT", "CLASS"])
        writer.writerows([("id", "Ann", "2014-01-01", text, marked) for text, marked in rows])
    return path


@pytest.fixture
def csv_files(tmp_path: Path) -> tuple[str, str, str]:
    rows = [(text, "1") for text in SPAM] + [(text, "0") for text in HAM]
    files = table(tmp_path / "a.csv", rows[::2]), table(tmp_path / "b.csv", rows[1::2]), table(tmp_path / "c.csv", rows)
    a, b, c = map(str, files)
    return a, b, c


def test_evaluate_prints_metrics_of_filter_and_bayes(app: Flask, csv_files: tuple[str, str, str]) -> None:
    a, b, c = csv_files
    result = app.test_cli_runner().invoke(args=["filter", "evaluate", "--train", a, b, "--test", c, "--json"])
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert list(found) == ["accuracy", "precision", "recall", "false_holds_per_1000", "bayes"]
    assert list(found["bayes"]) == ["accuracy", "precision", "recall", "false_holds_per_1000"]
    assert found["accuracy"] == 1.0


def test_file_options_accept_any_order(app: Flask, csv_files: tuple[str, str, str]) -> None:
    a, b, c = csv_files
    answers = [
        app.test_cli_runner().invoke(args=["filter", "evaluate", *args]).stdout
        for args in (
            ["--train", a, b, "--test", c],
            ["--train", a, "--train", b, "--test", c],
            [f"--test={c}", "--train", b, a],
        )
    ]
    assert answers[0].startswith("Learned from 8 texts, measured on 8.")
    assert len(set(answers)) == 1


BROKEN = {
    "absent.csv": None,
    "empty.csv": b"",
    "header.csv": b"COMMENT_ID,AUTHOR,DATE,CONTENT,CLASS\n",
    "columns.csv": b"a,b\n1,2\n",
    "class.csv": b"CONTENT,CLASS\nhello,2\n",
    "short.csv": b"CONTENT,CLASS\nhello\n",
    "quote.csv": b'CONTENT,CLASS\n"hello,1\n',
    "latin.csv": "CONTENT,CLASS\ncaf\u00e9,1\n".encode("latin-1"),
    "picture.csv": b"\x89PNG\r\n\x1a\n\x00\x00",
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("option", ["--train", "--test"])
def test_broken_file_prints_one_sentence(
    app: Flask, csv_files: tuple[str, str, str], tmp_path: Path, name: str, option: str
) -> None:
    path = tmp_path / name
    if (content := BROKEN[name]) is not None:
        path.write_bytes(content)
    files = {"--train": csv_files[0], "--test": csv_files[2]} | {option: str(path)}
    args = [part for pair in files.items() for part in pair]
    result = app.test_cli_runner().invoke(args=["filter", "evaluate", *args, "--json"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert str(path) in result.stderr


def test_folder_is_refused(app: Flask, csv_files: tuple[str, str, str], tmp_path: Path) -> None:
    result = app.test_cli_runner().invoke(args=["filter", "evaluate", "--train", str(tmp_path), "--test", csv_files[2]])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)


def test_training_needs_spam_and_ham(app: Flask, tmp_path: Path, csv_files: tuple[str, str, str]) -> None:
    spam = str(table(tmp_path / "spam.csv", [("subscribe", "1")]))
    result = app.test_cli_runner().invoke(args=["filter", "evaluate", "--train", spam, "--test", csv_files[2]])
    assert result.exit_code == 2
    assert "both kinds" in result.stderr
    assert (
        app.test_cli_runner().invoke(args=["filter", "evaluate", "--train", csv_files[0], "--test", spam]).exit_code
        == 0
    )


@pytest.mark.parametrize("args", [[], ["--train", "a.csv"], ["--test", "a.csv"]])
def test_missing_options_are_explained(app: Flask, args: list[str]) -> None:
    result = app.test_cli_runner().invoke(args=["filter", "evaluate", *args])
    assert result.exit_code == 2
    assert "Give files to learn from" in result.stderr


@pytest.mark.parametrize("test_file", PARTS)
def test_filter_beats_bayes_on_every_metric(app: Flask, test_file: str) -> None:
    if not FIXTURES.is_dir():
        pytest.skip("comment-spam is not in ../shared/fixtures")
    train = [str(FIXTURES / name) for name in PARTS if name != test_file]
    args = ["filter", "evaluate", "--train", *train, "--test", str(FIXTURES / test_file), "--json"]
    found = json.loads(app.test_cli_runner().invoke(args=args).stdout)
    bayes = found.pop("bayes")
    assert found["accuracy"] > bayes["accuracy"]
    assert found["precision"] > bayes["precision"]
    assert found["recall"] > bayes["recall"]
    assert found["false_holds_per_1000"] < bayes["false_holds_per_1000"]


def test_pretrained_weights_are_reproducible(app: Flask, tmp_path: Path) -> None:
    if not FIXTURES.is_dir():
        pytest.skip("comment-spam is not in ../shared/fixtures")
    out = tmp_path / "start.bin"
    files = [str(FIXTURES / name) for name in PARTS]
    result = app.test_cli_runner().invoke(args=["filter", "train-start", *files, "--out", str(out)])
    assert result.exit_code == 0
    assert out.read_bytes() == FILE.read_bytes()


def test_simulation_is_marked_as_synthetic(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["simulate-spam", "--json"])
    found = json.loads(result.stdout)
    assert found["synthetic"] is True
    assert found["the filter"]["precision"] > found["Bayes"]["precision"]
    assert found["the filter"]["recall"] > 0.8
    assert found["the filter"]["false_holds_per_1000"] < 20
    assert "an aim, not a figure" in app.test_cli_runner().invoke(args=["simulate-spam"]).stdout

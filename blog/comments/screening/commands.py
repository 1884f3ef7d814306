"""Evaluate and train the spam filter on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import click

from blog.comments.screening.lessons import learn_from_log
from blog.errors import Unusable
from blog.spam.datasets import load_labeled_texts
from blog.spam.evaluation import LabeledTexts, compare_with_bayes, train_on_texts
from blog.spam.metrics import format_table
from blog.spam.pretrained import pack_weights

FILE = click.Path(path_type=Path)


class MultiFileCommand(click.Command):
    """Accept several files after one option: `--train a.csv b.csv`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        expanded: list[str] = []
        option = ""
        for argument in args:
            if argument.startswith("-"):
                option = argument if argument in {"--train", "--test"} else ""
                expanded += [] if option else [argument]
            else:
                expanded += [option, argument] if option else [argument]
        return super().parse_args(ctx, expanded)


@click.group("filter")
def filter_group() -> None:
    """Measure and train the spam filter."""


@filter_group.command("evaluate", cls=MultiFileCommand)
@click.option("--train", type=FILE, multiple=True, metavar="FILE...", help="CSV files to learn from.")
@click.option("--test", type=FILE, multiple=True, metavar="FILE...", help="CSV files to measure on.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(train: tuple[Path, ...], test: tuple[Path, ...], as_json: bool) -> None:
    """Measure the spam filter on labeled texts, beside a plain Bayes filter.

    It learns from --train only. The files are CSV with the columns CONTENT and CLASS, where 1 is spam, as in
    UCI's YouTube Spam Collection.
    """
    if not train or not test:
        raise Unusable("Give files to learn from with --train, and others to measure on with --test.")
    training, test_texts = require_both_kinds(read_texts(train), "--train"), read_texts(test)
    found = compare_with_bayes(training, test_texts)
    if as_json:
        click.echo(json.dumps({**found.filter.as_json(), "bayes": found.bayes.as_json()}))
    else:
        click.echo(f"Learned from {len(training)} texts, measured on {len(test_texts)}.")
        click.echo("\n".join(format_table({"the filter": found.filter, "Bayes": found.bayes})))


@filter_group.command("learn")
def learn_again() -> None:
    """Learn from decisions in the audit log that are no lessons yet."""
    click.echo(f"{learn_from_log()} lessons learned.")


@filter_group.command("train-start", cls=MultiFileCommand)
@click.argument("files", type=FILE, nargs=-1, required=True)
@click.option("--out", type=FILE, required=True, help="Where to write the weights.")
def train_start(files: tuple[Path, ...], out: Path) -> None:
    """Compute the weights that a new blog starts with, from labeled texts."""
    texts = require_both_kinds(read_texts(files), "FILES")
    content = pack_weights(train_on_texts(texts))
    try:
        out.write_bytes(content)
    except OSError as error:
        raise Unusable(f"{out} cannot be written: {error.strerror}.") from error
    click.echo(f"{len(texts)} texts, {len(content)} bytes.")


def read_texts(files: tuple[Path, ...]) -> LabeledTexts:
    return [text for file in files for text in load_labeled_texts(file)]


def require_both_kinds(texts: LabeledTexts, where: str) -> LabeledTexts:
    if len({marked for _text, marked in texts}) < 2:
        raise Unusable(f"{where} must hold texts of both kinds, CLASS 0 and CLASS 1.")
    return texts


COMMANDS: tuple[click.Command, ...] = (filter_group,)

"""`bin/bench`: measure, print the tables, and with --write keep them in docs/benchmarks.md."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from bench.following import allow_connections
from bench.machine import facts
from bench.measuring import FULL, QUICK, Extent, Figures, one_round, plant
from bench.tables import report
from blog.settings import ROOT

KEPT_IN = ROOT / "docs" / "benchmarks.md"


@click.command()
@click.option("--quick", is_flag=True, help="One short round, to see that everything works.")
@click.option("--write", is_flag=True, help="Put the tables into docs/benchmarks.md as well.")
def main(quick: bool, write: bool) -> None:
    """Measure this blog on this machine, over loopback, on a temporary blog; prints Markdown."""
    extent = QUICK if quick else FULL
    allow_connections(extent.streams)
    taken_on = facts()
    tables = report(measure(extent), extent, taken_on)
    click.echo(tables, nl=False)
    if write:
        KEPT_IN.write_text(tables)


def measure(extent: Extent) -> list[Figures]:
    with TemporaryDirectory(prefix="talkback-bench-") as name:
        folder, started = Path(name), time.monotonic()
        plant(folder)
        rounds = []
        for number in range(extent.rounds):
            rounds.append(one_round(extent, folder, number))
            click.echo(f"Round {number + 1} of {extent.rounds} after {time.monotonic() - started:.0f} s.", err=True)
        return rounds


if __name__ == "__main__":
    main()

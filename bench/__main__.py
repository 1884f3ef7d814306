"""Run `bin/bench`: measure and print the tables, with --write into docs/benchmarks.md."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from bench.live_streams import allow_connections
from bench.machine import describe_machine
from bench.rounds import FULL, QUICK, Figures, Scale, create_blogs, run_round
from bench.tables import report
from blog.settings import ROOT

RESULTS_FILE = ROOT / "docs" / "benchmarks.md"
# this section was measured by hand
OPTIMISATIONS = "\n## Optimisations\n"


@click.command()
@click.option("--quick", is_flag=True, help="One short round, to see that everything works.")
@click.option("--write", is_flag=True, help="Put the tables into docs/benchmarks.md as well.")
def main(quick: bool, write: bool) -> None:
    """Measure this blog on this machine, over loopback, on a temporary blog; prints Markdown."""
    scale = QUICK if quick else FULL
    allow_connections(scale.streams)
    machine_facts = describe_machine()
    tables = report(measure(scale), scale, machine_facts)
    click.echo(tables, nl=False)
    if write:
        RESULTS_FILE.write_text(replace_tables(RESULTS_FILE.read_text(), tables))


def replace_tables(results: str, tables: str) -> str:
    """Replace all but the last section, which was measured by hand."""
    _, heading, section = results.partition(OPTIMISATIONS)
    return tables + heading + section


def measure(scale: Scale) -> list[Figures]:
    with TemporaryDirectory(prefix="talkback-bench-") as name:
        folder, started = Path(name), time.monotonic()
        create_blogs(folder)
        figures = []
        for number in range(scale.rounds):
            figures.append(run_round(scale, folder, number))
            click.echo(f"Round {number + 1} of {scale.rounds} after {time.monotonic() - started:.0f} s.", err=True)
        return figures


if __name__ == "__main__":
    main()

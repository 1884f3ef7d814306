"""Running an import that an editor asked for: off the request, in a process of its own, held by a lease."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import IO

from flask import current_app
from sqlalchemy import ColumnElement, or_, select, update

from blog.db import db, now, writing
from blog.errors import Unusable
from blog.exchange.models import DONE, REFUSED, RUNNING, WAITING, Import
from blog.exchange.uploads import bring_in
from blog.settings import ROOT, Settings

LEASE = timedelta(minutes=2)
EACH = timedelta(seconds=1)


def ask_for_import(name: str, content: IO[bytes], blog_url: str) -> Import:
    """Keep the uploaded file and a row that says that it waits; then have it begin."""
    asked = Import(name=name[:200] or "export", blog_url=blog_url[:300], state=WAITING)
    with writing():
        db.session.add(asked)
        db.session.flush()
        path = file_of(asked.id)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            shutil.copyfileobj(content, file, 1 << 20)
    begin(asked.id)
    return asked


def begin(import_id: int) -> None:
    """Start the work in a process of its own; this one only waits for it to end."""
    settings: Settings = current_app.config["SETTINGS"]
    command = [sys.executable, "-m", "flask", "imports", "run", str(import_id)]
    environment = settings.environment()
    work = threading.Thread(
        target=lambda: subprocess.run(command, cwd=ROOT, env=environment, check=False),  # noqa: S603
        name=f"import {import_id}",
        daemon=True,
    )
    work.start()


def begin_interrupted() -> None:
    """At the start of the server: what waits, or was cut off, goes on."""
    for import_id in db.session.scalars(select(Import.id).where(_free())):
        begin(import_id)


def run(import_id: int) -> None:
    """Do the work, if nobody else holds it; the report, or the sentence of a refusal, stays in the row."""
    if not _claim(import_id):
        return
    asked = db.session.get_one(Import, import_id)
    try:
        report = bring_in(file_of(import_id), blog_url=asked.blog_url, progress=_progress(import_id))
        _end(import_id, DONE, report.lines())
    except Unusable as refusal:
        _end(import_id, REFUSED, [str(refusal).replace(str(file_of(import_id)), asked.name)])
    file_of(import_id).unlink(missing_ok=True)


def file_of(import_id: int) -> Path:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.blog_instance / "imports" / str(import_id)


def lines_of(asked: Import) -> list[str]:
    """What the import has to say, a sentence each."""
    lines: list[str] = json.loads(asked.report or "[]")
    return lines


def _free() -> ColumnElement[bool]:
    return or_(Import.state == WAITING, (Import.state == RUNNING) & (Import.leased_until < now()))


def _claim(import_id: int) -> bool:
    claimed = update(Import).where(Import.id == import_id, _free())
    with writing():
        held = db.session.execute(claimed.values(state=RUNNING, leased_until=now() + LEASE))
        return bool(held.rowcount)  # type: ignore[attr-defined]


def _progress(import_id: int) -> Callable[[int, int], None]:
    """Say how far it is, at most once a second and never in the middle of an act."""
    last = [now() - EACH]

    def progress(done: int, total: int) -> None:
        if now() - last[0] < EACH or db.session().in_transaction():
            return
        last[0] = now()
        with writing():
            said = update(Import).where(Import.id == import_id)
            db.session.execute(said.values(done=done, total=total, leased_until=now() + LEASE))

    return progress


def _end(import_id: int, state: str, lines: list[str]) -> None:
    with writing():
        ended = update(Import).where(Import.id == import_id)
        db.session.execute(ended.values(state=state, report=json.dumps(lines), leased_until=None))

"""Running an import that an editor asked for: off the request, in a process of its own, held by a lease."""

from __future__ import annotations

import contextlib
import json
import logging
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import IO

from flask import Flask, current_app
from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from blog.db import db, now, writing
from blog.db_errors import is_temporary
from blog.errors import Unusable
from blog.importing.load.run import bring_in
from blog.importing.models import BROKEN, DONE, REFUSED, RUNNING, WAITING, Import
from blog.settings import ROOT, Settings

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
EACH = timedelta(seconds=1)
LOOK_SECONDS = 60
DRAFT = ".draft-"
FORGOTTEN_SECONDS = 24 * 3600


def ask_for_import(name: str, content: IO[bytes], blog_url: str) -> Import:
    """Keep the uploaded file and a row that says that it waits; then have it begin. OSError where the disk is full."""
    asked = Import(name=name[:200] or "export", blog_url=blog_url[:300], state=WAITING)
    draft = folder() / f"{DRAFT}{secrets.token_hex(8)}"
    draft.parent.mkdir(parents=True, exist_ok=True)
    try:
        with draft.open("wb") as file:
            shutil.copyfileobj(content, file, 1 << 20)
        with writing():
            db.session.add(asked)
            db.session.flush()
            draft.replace(file_of(asked.id))
    finally:
        draft.unlink(missing_ok=True)
    begin(asked.id)
    return asked


def begin(import_id: int) -> None:
    """Start the work in a process of its own; this one only waits for it to end."""
    settings: Settings = current_app.config["SETTINGS"]
    command = [sys.executable, "-m", "flask", "imports", "run", str(import_id)]
    environment = settings.environment()

    def work() -> None:
        try:
            subprocess.run(command, cwd=ROOT, env=environment, check=False)  # noqa: S603
        except OSError as error:
            log.warning("Import %d could not be started (%s); trying again in a while", import_id, error)

    threading.Thread(target=work, name=f"import {import_id}", daemon=True).start()


def begin_interrupted() -> None:
    """What waits, or was cut off, goes on."""
    for import_id in db.session.scalars(select(Import.id).where(_free())):
        begin(import_id)


def resume_imports(app: Flask) -> None:
    """Beside the server: look now and again for what was cut off. At the start alone would be too soon, since whoever
    fell with the server still holds it by a lease.
    """

    def look() -> None:
        while True:
            try:
                with app.app_context():
                    sweep()
                    begin_interrupted()
            except Exception as error:
                fault = None if is_temporary(error) else error
                log.warning("Imports that wait could not be looked for; trying again in a while", exc_info=fault)
            time.sleep(LOOK_SECONDS)

    threading.Thread(target=look, name="imports", daemon=True).start()


def sweep() -> None:
    """Away with uploads that a kill left half kept."""
    for draft in folder().glob(f"{DRAFT}*"):
        with contextlib.suppress(FileNotFoundError):
            if draft.stat().st_mtime < time.time() - FORGOTTEN_SECONDS:
                draft.unlink()


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
    except Exception as error:
        if is_temporary(error):
            raise  # once the lease has run out it is begun again
        log.exception("Import %d broke off", import_id)
        _end(import_id, BROKEN, [])
    file_of(import_id).unlink(missing_ok=True)


def file_of(import_id: int) -> Path:
    return folder() / str(import_id)


def folder() -> Path:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.blog_instance / "imports"


def lines_of(asked: Import) -> list[str]:
    """What the import has to say, a sentence each."""
    lines: list[str] = json.loads(asked.report or "[]")
    return lines


def _free() -> ColumnElement[bool]:
    # a lease that ends later than any can was taken while the clock was ahead
    ended = or_(Import.leased_until < now(), Import.leased_until > now() + timedelta(days=1))
    return or_(Import.state == WAITING, (Import.state == RUNNING) & ended)


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
        said = update(Import).where(Import.id == import_id)
        try:
            with writing():
                db.session.execute(said.values(done=done, total=total, leased_until=now() + LEASE))
        except SQLAlchemyError as error:  # the work itself need not end because of it
            if not is_temporary(error):
                raise

    return progress


def _end(import_id: int, state: str, lines: list[str]) -> None:
    with writing():
        ended = update(Import).where(Import.id == import_id)
        db.session.execute(ended.values(state=state, report=json.dumps(lines), leased_until=None))

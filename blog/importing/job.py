"""Run uploaded imports in a separate process, guarded by a lease."""

from __future__ import annotations

import contextlib
import json
import logging
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import IO

from flask import current_app
from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from blog.db import db, now, writing
from blog.db_errors import is_temporary
from blog.importing.export_errors import UnusableExport
from blog.importing.load.run import load_export
from blog.importing.models import BROKEN, DONE, REFUSED, RUNNING, WAITING, Import
from blog.importing.report_sentences import translate_report
from blog.settings import ROOT, Settings
from blog.stored_messages import dump_messages, load_messages

log = logging.getLogger(__name__)

LEASE_TIME = timedelta(minutes=2)
PROGRESS_INTERVAL = timedelta(seconds=1)
PARTIAL_PREFIX = ".draft-"
MAX_PARTIAL_AGE_SECONDS = 24 * 3600

# kept until they have ended, so that the system can forget them
_workers: set[subprocess.Popen[bytes]] = set()


def queue_import(name: str, content: IO[bytes], blog_url: str) -> Import:
    """Save the uploaded file, record its import and start it.

    Raises: OSError if the disk is full.
    """
    record = Import(name=name[:200] or "export", blog_url=blog_url[:300], state=WAITING)
    partial = imports_folder() / f"{PARTIAL_PREFIX}{secrets.token_hex(8)}"
    partial.parent.mkdir(parents=True, exist_ok=True)
    try:
        with partial.open("wb") as file:
            shutil.copyfileobj(content, file, 1 << 20)
        with writing(affects="nothing"):
            db.session.add(record)
            db.session.flush()
            partial.replace(export_path(record.id))
    finally:
        partial.unlink(missing_ok=True)
    start_worker(record.id)
    return record


def start_worker(import_id: int) -> None:
    """Start the import in a separate process, without waiting for it."""
    settings: Settings = current_app.config["SETTINGS"]
    command = [sys.executable, "-m", "flask", "imports", "run", str(import_id)]
    environment = settings.environment()
    _forget_ended_workers()
    try:
        _workers.add(subprocess.Popen(command, cwd=ROOT, env=environment))  # noqa: S603
    except OSError as error:
        log.warning("Import %d could not be started (%s); retrying later", import_id, error)


def resume_imports() -> None:
    """Start the imports that wait or were interrupted.

    A worker that died with the server holds its lease for a while, so once at the start is too early.
    """
    _forget_ended_workers()
    delete_partial_uploads()
    for import_id in db.session.scalars(select(Import.id).where(_is_available())):
        start_worker(import_id)


def delete_partial_uploads() -> None:
    """Delete old partial uploads, left behind by killed processes."""
    for partial in imports_folder().glob(f"{PARTIAL_PREFIX}*"):
        with contextlib.suppress(FileNotFoundError):
            if partial.stat().st_mtime < time.time() - MAX_PARTIAL_AGE_SECONDS:
                partial.unlink()


def run_import(import_id: int) -> None:
    """Run one import unless another process holds its lease.

    The row then holds the messages of the report, or of a refusal.
    """
    if not _claim(import_id):
        return
    record, path = db.session.get_one(Import, import_id), export_path(import_id)
    try:
        report = load_export(path, blog_url=record.blog_url, progress=_progress_writer(import_id))
        _finish(import_id, DONE, dump_messages(report.messages()))
    except UnusableExport as refusal:
        _finish(import_id, REFUSED, _with_uploaded_name(dump_messages([refusal.message]), path, record.name))
    except Exception as error:
        if is_temporary(error):
            raise  # the import is started again when its lease has expired
        log.exception("Import %d failed", import_id)
        _finish(import_id, BROKEN, "")
    path.unlink(missing_ok=True)


def export_path(import_id: int) -> Path:
    return imports_folder() / str(import_id)


def imports_folder() -> Path:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.blog_instance / "imports"


def report_lines(record: Import) -> list[str]:
    """Return an import's report in the current language; earlier releases stored lines."""
    messages = load_messages(record.report)
    lines: list[str] = json.loads(record.report) if messages is None else translate_report(messages)
    return lines


def _forget_ended_workers() -> None:
    for worker in list(_workers):
        if worker.poll() is not None:
            _workers.discard(worker)


def _is_available() -> ColumnElement[bool]:
    # a lease that ends too far ahead was taken while the clock was wrong
    expired = or_(Import.leased_until < now(), Import.leased_until > now() + timedelta(days=1))
    return or_(Import.state == WAITING, (Import.state == RUNNING) & expired)


def _claim(import_id: int) -> bool:
    claim = update(Import).where(Import.id == import_id, _is_available())
    with writing(affects="nothing"):
        result = db.session.execute(claim.values(state=RUNNING, leased_until=now() + LEASE_TIME))
        return bool(result.rowcount)  # type: ignore[attr-defined]


def _progress_writer(import_id: int) -> Callable[[int, int], None]:
    """Return a callback that saves progress once a second, outside transactions."""
    last = [now() - PROGRESS_INTERVAL]

    def progress(done: int, total: int) -> None:
        if now() - last[0] < PROGRESS_INTERVAL or db.session().in_transaction():
            return
        last[0] = now()
        change = update(Import).where(Import.id == import_id)
        try:
            with writing(affects="nothing"):
                db.session.execute(change.values(done=done, total=total, leased_until=now() + LEASE_TIME))
        except SQLAlchemyError as error:  # a missed progress report must not stop the import
            if not is_temporary(error):
                raise

    return progress


def _finish(import_id: int, state: str, report: str) -> None:
    with writing(affects="nothing"):
        change = update(Import).where(Import.id == import_id)
        db.session.execute(change.values(state=state, report=report, leased_until=None))


def _with_uploaded_name(report: str, path: Path, name: str) -> str:
    """Replace the file's path in a refusal with its name at the editor."""
    stored, uploaded = (json.dumps(text, ensure_ascii=False) for text in (str(path), name))
    return report.replace(stored, uploaded)

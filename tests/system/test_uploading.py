"""Test the upload and the import of a large export in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from blog.editors.accounts import add_editor
from blog.editors.models import OWNER
from blog.settings import Settings
from tests.importing.export_files import an_export, comment_entry, entry, post_entry
from tests.live_server import Server
from tests.system.visits import sign_in

PASSWORD = "a sentence to remember"


@pytest.fixture
def ed(blog: Flask) -> None:
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Build an export above the limit of other requests; most of it is a theme."""
    theme = (entry("template", f"layout-{number}", f"<content>{'x ' * 1_500_000}</content>") for number in range(9))
    path = an_export(tmp_path, [*theme, *(post_entry(number) for number in range(1, 60)), comment_entry(100, 1)])
    assert path.stat().st_size > Settings().max_body
    return path


def at_imports(page: Page, server: Server) -> None:
    sign_in(page, server.url, "ed@example.org", PASSWORD)
    page.get_by_role("link", name="Import").click()
    page.wait_for_load_state()


def slow_line(page: Page, bytes_a_second: int) -> None:
    line = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_a_second}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", line)


def test_large_upload_shows_progress(
    serve: Callable[..., Server], reader: Callable[..., Page], ed: None, export: Path
) -> None:
    server = serve()
    page = reader()
    at_imports(page, server)
    page.get_by_label("The file").set_input_files(export)
    slow_line(page, 12_000_000)
    page.get_by_role("button", name="Import").click()
    sent = page.get_by_label("Uploading")
    expect(sent).to_be_visible()
    expect(page.get_by_role("button", name="Import")).to_be_disabled()
    expect(page.locator(".sending .figure")).to_have_text(re.compile(r"[1-9]\d?%"))
    expect(page).to_have_url(re.compile(r"/desk/imports/1$"), timeout=30_000)
    expect(page.get_by_text("The import is complete.")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("59 posts, 1 comment")).to_be_visible()


def test_upload_works_without_javascript(
    serve: Callable[..., Server], reader: Callable[..., Page], ed: None, export: Path
) -> None:
    server = serve()
    page = reader(java_script_enabled=False)
    at_imports(page, server)
    page.get_by_label("The file").set_input_files(export)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("59 posts, 1 comment")).to_be_visible(timeout=30_000)


def test_wrong_file_type_gets_one_sentence(
    serve: Callable[..., Server], reader: Callable[..., Page], ed: None, tmp_path: Path
) -> None:
    (tmp_path / "photos.pdf").write_bytes(b"%PDF-1.7\n" + bytes(26_000_000))
    server = serve()
    page = reader()
    at_imports(page, server)
    page.get_by_label("The file").set_input_files(tmp_path / "photos.pdf")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("photos.pdf looks like a PDF document, which cannot be imported")).to_be_visible()
    expect(page.get_by_text(str(tmp_path))).to_have_count(0)


def test_upload_shows_refusals_and_lost_connections(
    serve: Callable[..., Server], reader: Callable[..., Page], ed: None, export: Path
) -> None:
    server = serve()
    page = reader()
    at_imports(page, server)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("Choose the file first")).to_be_visible()
    page.get_by_label("The file").set_input_files(export)
    page.get_by_label("The address of the old blog").fill("heron.example")
    page.locator("#upload").evaluate("form => { form.noValidate = true; }")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("The address begins with https://")).to_be_visible()
    expect(page.get_by_label("The address of the old blog")).to_have_value("heron.example")
    page.get_by_label("The file").set_input_files(export)
    page.get_by_label("The address of the old blog").fill("")
    page.context.set_offline(True)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("alert").get_by_text("The connection was lost")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("59 posts, 1 comment")).to_be_visible(timeout=30_000)

"""Render mail from `templates/mail/<name>.txt` and `.html`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import Flask, current_app, render_template
from jinja2 import pass_context

from blog.settings import Settings


def init(app: Flask, title: Callable[[], str]) -> None:
    """Register the filter `absolute` and the function that gives the sender's name."""
    app.extensions["mail_title"] = title
    # Jinja computes a filter of a constant when it compiles a template, unless the filter takes the context
    app.jinja_env.filters["absolute"] = pass_context(lambda _context, path: absolute_url(path))


def render_mail(name: str, **values: Any) -> tuple[str, str, str]:
    """Return (subject, text, html).

    The first line of the text template is the subject (its block `subject`).
    """
    subject, _, text = render_template(f"mail/{name}.txt", **values).strip().partition("\n")
    html = render_template(f"mail/{name}.html", subject=subject.strip(), **values)
    return subject.strip(), re.sub(r"\n{3,}", "\n\n", text).strip() + "\n", html


def absolute_url(path: str) -> str:
    """Return the URL of a path, from BLOG_URL, never from Host."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings.blog_url.rstrip("/") + path


def site_title() -> str:
    title: Callable[[], str] = current_app.extensions["mail_title"]
    return title()

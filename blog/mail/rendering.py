"""A mail from its two templates, `templates/mail/<name>.txt` and `.html`, in the site's wording."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import Flask, current_app, render_template

from blog.settings import Settings


def init(app: Flask, title: Callable[[], str]) -> None:
    """Give templates whole addresses; `title` says in whose name mail is sent."""
    app.extensions["mail_title"] = title
    app.jinja_env.filters["absolute"] = absolute


def render_mail(name: str, **values: Any) -> tuple[str, str, str]:
    """(subject, text, html). The subject is the first line of the text's template, by its block `subject`."""
    subject, _, text = render_template(f"mail/{name}.txt", **values).strip().partition("\n")
    html = render_template(f"mail/{name}.html", subject=subject.strip(), **values)
    return subject.strip(), re.sub(r"\n{3,}", "\n\n", text).strip() + "\n", html


def absolute(path: str) -> str:
    """The whole address of a path of this site, by BLOG_URL alone; never by what a request says of its host."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings.blog_url.rstrip("/") + path


def site_title() -> str:
    title: Callable[[], str] = current_app.extensions["mail_title"]
    return title()

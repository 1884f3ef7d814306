"""Check every page with axe, at the width of a phone and of a screen, light and dark.

axe-core comes with axe-playwright-python, which needs no Node.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page

from blog.comments.models import Ban
from blog.db import db, writing
from blog.editors.accounts import add_editor
from blog.editors.models import OWNER
from blog.importing.models import Import
from tests.factories import a_comment, a_post
from tests.live_server import Server
from tests.system.visits import change, sign_in

PASSWORD = "a sentence to remember"
WIDTHS = (390, 1280)
SCHEMES = ("light", "dark")
# no page of HTML, or a page of its own session
NO_PAGES = re.compile(
    r"/(static|media|feeds)/|\.(?:xml|txt)$|/live$|/token$|/held$|^/(healthz|readyz|oembed)$|/count$|/outbox$|/editing/"
    r"|export$|/mine$|^/(icons/|favicon|manifest)"
)


@pytest.fixture
def addresses(blog: Flask) -> list[str]:
    """Fill the blog; return the address of each route that answers GET."""
    posts = [a_post(f"Herons return, part {number}", labels=("Birds",), standfirst="Soon.") for number in range(12)]
    post = a_post(
        "The “last” cinema",
        labels=("Birds", "Films"),
        photo_url="/static/img/demo/loaf.svg",
        photo_alt="A loaf",
        photo_caption="A loaf of bread.",
        photo_credit="Linocut: Talkback",
        standfirst="Eleven coaches.",
        source_name="Platform & Signal",
        source_title="Sleepers return",
        source_url="https://paper.example/a",
        quote="The 22.14 drew in *late*.\n\n> And so on.",
        note="We were there.",
        author_name="Ed",
    )
    comment = a_comment(
        post, "First [of all](https://a.example).", website="https://ann.example", email="ann@example.org"
    )
    a_comment(post, "> Quoted\n\nA reply.", parent=comment, name="Bo")
    change(a_comment(post, "Buy now.", name="Eve"), "hold", "links")
    owner = add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    with writing():
        db.session.add_all([pending := Import(name="blog.xml"), ban := Ban(kind="domain", value="spam.example")])
    a_post("A draft", draft=True)
    assert post.published_at
    values = {
        "ban_id": ban.id,
        "editor_id": owner.id,
        "import_id": pending.id,
        "post_id": post.id,
        "comment_id": comment.id,
        "label_id": post.labels[0].id,
        "path": (post.path or "")[1:],
        "year": post.published_at.year,
        "month": f"{post.published_at:%m}",
        "name": "Birds",
        "author": "Ed",
        "token": "guess",
    }
    rules = [rule.rule for rule in blog.url_map.iter_rules() if "GET" in (rule.methods or ())]
    found = [re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda part: str(values.get(part[1], 1)), rule) for rule in rules]
    found += ["/desk/comments?state=held", posts[0].path or "", "/nothing-here", "/2001/02/herons-return-part-1.html"]
    return sorted(path for path in set(found) if not NO_PAGES.search(path))


def faults(page: Page, url: str) -> Iterator[str]:
    """Yield what axe finds on a page in each width and scheme."""
    page.goto(url)
    page.evaluate(Axe().axe_script)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found = page.evaluate("axe.run({resultTypes: ['violations']})")
            for fault in found["violations"]:
                places = "; ".join(node["html"][:120] for node in fault["nodes"][:3])
                yield f"{url} {width} {scheme}: {fault['id']}: {fault['help']}: {places}"


@pytest.mark.parametrize("who", ["reader", "editor"])
def test_axe_finds_nothing(
    serve: Callable[..., Server], reader: Callable[..., Page], addresses: list[str], who: str
) -> None:
    server, page = serve(), reader(reduced_motion="reduce")
    if who == "editor":
        sign_in(page, server.url, "ed@example.org", PASSWORD)
    visited = [path for path in addresses if path.startswith("/desk") == (who == "editor")]
    assert len(visited) >= 12
    found = [fault for path in visited for fault in faults(page, f"{server.url}{path}")]
    assert not found, "\n".join(found)


def test_axe_finds_a_planted_fault(
    serve: Callable[..., Server], reader: Callable[..., Page], addresses: list[str]
) -> None:
    server, page = serve(), reader()
    page.goto(f"{server.url}/")
    page.evaluate("document.querySelector('h3 a').textContent = ''")
    page.evaluate(Axe().axe_script)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")
    assert "link-name" in {fault["id"] for fault in found["violations"]}

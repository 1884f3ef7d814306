"""Test hostile text in a browser without CSP, so that only sanitizing protects."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from blog.comments.models import Comment
from blog.db import db
from tests.factories import a_comment, a_post
from tests.html.vectors import VECTORS
from tests.live_server import Server
from tests.system.visits import following

# as they arrive: a lone surrogate cannot be sent
TEXTS = [text.encode("utf-8", "replace").decode().replace("\0", "") for _, text in VECTORS]

CANARY = """
window.ran = [];
for (const name of ["alert", "confirm", "prompt", "print"]) {
  window[name] = (...said) => { window.ran.push(name + said); };
}
"""

# What stands in the thread that must not: elements and attributes that readers' text may never bring.
FOREIGN = """
() => {
  const allowed = new Set(["P","BR","B","I","EM","STRONG","U","S","CODE","PRE","A","UL","OL","LI","BLOCKQUOTE"]);
  const found = [];
  for (const body of document.querySelectorAll("#responses .body")) {
    for (const element of body.querySelectorAll("*")) {
      if (!allowed.has(element.tagName)) found.push(element.tagName);
      for (const {name, value} of element.attributes) {
        const known = {A: ["href", "rel"], OL: ["start"]}[element.tagName] ?? [];
        if (!known.includes(name)) found.push(element.tagName + " " + name);
        // a path of this site, as the browser reads it, or an address that names its host
        const here = /^\\/(?!\\/)/.test(value) && element.origin === location.origin;
        if (name === "href" && !here && !/^https?:\\/\\//.test(value)) found.push(value);
      }
    }
  }
  for (const element of document.querySelectorAll("#responses *")) {
    for (const {name, value} of element.attributes) {
      if (/^on|^(data-)?hx-/.test(name)) found.push(name);
      if (/^\\s*(javascript|vbscript|data):/i.test(value)) found.push(value);
    }
    if (element.id && !/^(thread|comment)-\\d+(-replies|-name|-agreed)?$/.test(element.id))
      found.push("#" + element.id);
  }
  const responses = (selector) => document.querySelectorAll(selector).length;
  const places = responses(":is(#responses, #responses .replies) > li");
  if (places !== responses("#responses li.response")) found.push("a response out of its place");
  return found;
}
"""


def test_attack_vectors_neither_run_nor_leave_markup(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    assert len(TEXTS) >= 60
    half = len(TEXTS) // 2
    post = a_post("Target")
    # in four branches, so that all of them stand on one page
    tops = [a_comment(post, text, name=text[:80]) for text in TEXTS[:4]]
    for number, text in enumerate(TEXTS[4:half]):
        a_comment(post, text, tops[number % 4], name=text[:80])
    server = serve()
    page = reader(bypass_csp=True)
    page.add_init_script(CANARY)
    page.goto(server.url + post.path)
    following(page)
    expect(page.locator("#responses li.response")).to_have_count(half)
    for number, text in enumerate(TEXTS[half:]):
        a_comment(post, text, tops[number % 4], name=text[:80])
    # a few break a rule (links, repeats) and wait for an editor
    shown = db.session.execute(select(func.count()).where(Comment.status == "visible")).scalar_one()
    assert shown > 0.95 * len(TEXTS)
    expect(page.locator("#responses li.response")).to_have_count(shown)
    for link in page.locator("#responses .body a").all()[:5]:
        link.hover()
    page.mouse.wheel(0, 20_000)
    assert page.evaluate("window.ran") == []
    assert page.evaluate(FOREIGN) == []
    page.reload()
    expect(page.locator("#responses li.response")).to_have_count(shown)
    assert page.evaluate("window.ran") == []
    assert page.evaluate(FOREIGN) == []


def test_markup_check_finds_planted_markup(serve: Callable[..., Server], reader: Callable[..., Page]) -> None:
    post = a_post("Target")
    a_comment(post, "harmless")
    server = serve()
    page = reader(bypass_csp=True)
    page.add_init_script(CANARY)
    page.goto(server.url + post.path)
    for planted in (
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='//evil.example/'>x</a>",
        "<a href='/\\\\evil.example/'>x</a>",
        "<p id=responses>x</p>",
        "<p hx-get=/>x</p>",
        "<section>x</section>",
    ):
        page.locator("#responses .body").evaluate("(body, html) => { body.innerHTML = html }", planted)
        assert page.evaluate(FOREIGN) != []
    page.locator("#responses .body").evaluate("(body) => { body.innerHTML = '<img src=x onerror=alert(1)>' }")
    page.wait_for_function("window.ran.length > 0")

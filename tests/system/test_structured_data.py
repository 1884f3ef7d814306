"""Test in a browser that JSON-LD breaks no security policy, ends no script and outlives the thread's swaps."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from blog.comments.thread import tree
from blog.site.update import change_settings
from tests.factories import a_comment, a_post
from tests.live_server import Server

HOSTILE = '</script><script>window.ran = 1</script><!--<script>"&\u2028'
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""
READ = "() => JSON.parse(document.querySelector('script[type=\"application/ld+json\"]').textContent)"


def test_browser_accepts_the_data_and_runs_none_of_it(
    serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    change_settings({"tagline": HOSTILE})
    post = a_post(HOSTILE, standfirst=HOSTILE, source_name=HOSTILE)
    a_comment(post, HOSTILE, name="Ann </script>")
    server, page = serve(), reader()
    page.add_init_script(WATCH)
    for path, kind in (("/", "WebSite"), (post.path or "", "NewsArticle")):
        answer = page.goto(f"{server.url}{path}")
        assert answer
        assert "'unsafe-inline'" not in answer.headers["content-security-policy"]
        expect(page.locator("h1")).to_have_count(1)
        data = page.evaluate(READ)
        assert (data.get("@graph") or [data])[0]["@type"] == kind
        assert page.evaluate("() => [window.violations, window.ran]") == [[], None]
    assert data["@graph"][0]["headline"].startswith("</script>")
    assert data["@graph"][0]["comment"][0]["author"]["name"] == "Ann </script>"


def test_turning_a_page_of_the_thread_keeps_one_description(
    serve: Callable[..., Server], reader: Callable[..., Page]
) -> None:
    post = a_post("Herons return")
    for number in range(tree.PAGE_SIZE + 1):
        a_comment(post, f"Number {number}.", reader_key=f"reader {number}")
    server, page = serve(), reader()
    page.goto(f"{server.url}{post.path}")
    page.get_by_role("link", name="Later").click()
    expect(page.locator("#responses > li")).to_have_count(1)
    assert page.locator('script[type="application/ld+json"]').count() == 1
    page.reload()
    assert page.evaluate(READ)["@graph"][0].keys() == {"@type", "headline", "url", "comment"}

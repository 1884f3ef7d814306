"""Test sign-in on a real server: proxies, log, live streams, first-run link."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from flask import Flask

from blog.db import db
from blog.editors.accounts import add_editor, change_password, remove_editor, sign_out
from blog.editors.models import OWNER, Editor, SignInFailure
from tests.comments.moderation.test_desk_live import Browser
from tests.live_server import Server
from tests.postgres.databases import on_sqlite

PASSWORD = "a sentence to remember"


@pytest.fixture
def ed(blog: Flask) -> Editor:
    return add_editor("ed@example.org", "Ed", OWNER, PASSWORD)


class Guesser(Browser):
    """Represent a browser that tries wrong passwords."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        page = self.send("GET", "/desk/sign-in").read().decode()
        self.token = re.search(r'name="csrf_token"[^>]* value="([^"]*)"', page)[1]

    def guess(self, **headers: str) -> int:
        form = f"csrf_token={self.token}&email=ed%40example.org&password=wrong+wrong+wrong"
        return self.send("POST", "/desk/session", form, **headers).status


@pytest.fixture
def guesser(serve: Callable[..., Server], ed: Editor) -> Iterator[Callable[..., Guesser]]:
    guessers: list[Guesser] = []

    def start(**settings: str) -> Guesser:
        guessers.append(Guesser(serve(**settings)))
        return guessers[-1]

    yield start
    for one in guessers:
        one.close()


FORGED = {
    "one": "198.51.100.{n}",
    "a chain": "198.51.100.{n}, 203.0.113.{n}, 127.0.0.1",
    "IPv6": "2001:db8:{n}::1",
    "with ports": "[2001:db8:{n}::1]:80, 198.51.100.{n}:443",
    "garbage": "unknown{n}, <{n}>, ,,, _hidden{n}",
    "long": "{n}, " * 500,
}


@on_sqlite
@pytest.mark.parametrize("forged", FORGED)
def test_untrusted_peer_cannot_forge_addresses(guesser: Callable[..., Guesser], forged: str) -> None:
    """Connect from 127.0.0.1, which is no trusted proxy here."""
    one = guesser(TRUSTED_PROXIES="192.0.2.1")
    answers = [one.guess(**{"X-Forwarded-For": FORGED[forged].format(n=n), "Forwarded": f"for={n}"}) for n in range(7)]
    assert answers == [403] * 5 + [429] * 2
    assert db.session.query(SignInFailure.address_key).distinct().count() == 1


@on_sqlite
@pytest.mark.parametrize("forged", FORGED)
def test_client_of_trusted_proxy_cannot_forge_addresses(guesser: Callable[..., Guesser], forged: str) -> None:
    """Expect the proxy to append the address that it saw."""
    one = guesser(TRUSTED_PROXIES="127.0.0.1")
    answers = [one.guess(**{"X-Forwarded-For": f"{FORGED[forged].format(n=n)}, 198.51.100.250"}) for n in range(7)]
    assert answers == [403] * 5 + [429] * 2


@on_sqlite
def test_clients_of_trusted_proxy_are_distinguished(guesser: Callable[..., Guesser]) -> None:
    one, numbers = guesser(TRUSTED_PROXIES="127.0.0.1"), count()
    assert [one.guess(**{"X-Forwarded-For": f"198.51.100.{next(numbers)}"}) for _ in range(21)] == [403] * 20 + [429]


LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ INFO blog\.editors\.\w+ \[([0-9a-f]{8})\] (.*)")


@on_sqlite
@pytest.mark.parametrize("settings", [{}, {"WEB_CONCURRENCY": "2"}], ids=["one process", "two processes"])
def test_account_log_has_no_personal_data(
    guesser: Callable[..., Guesser], ed: Editor, settings: dict[str, str]
) -> None:
    one = guesser(**settings)
    assert one.guess() == 403
    one.sign_in()
    page = one.send("GET", "/desk/editors").read().decode()
    token = re.search(r'name="csrf_token"[^>]* value="([^"]*)"', page)[1]
    one.send("POST", "/desk/editors", f"csrf_token={token}&name=Zoltan&email=zq%40example.org&role=editor").read()
    one.send("POST", "/desk/session?_method=DELETE", f"csrf_token={token}")
    log = one.server.log.read_text()
    lines = LINE.findall(log)
    assert [sentence for _id, sentence in lines] == [
        f"sign-in failed, account {ed.id}",
        f"signed in, account {ed.id}",
        f"account {ed.id + 1} added as editor by account {ed.id}",
        f"password link for account {ed.id + 1} made by account {ed.id}",
        f"signed out, account {ed.id}",
    ]
    assert len({request_id for request_id, _sentence in lines}) == 4
    printed = re.sub(r"(?m)^Talkback is open at .*$", "", log)
    assert not [one for one in ("example.org", "127.0.0.1", "Zoltan", "/desk/password/") if one in printed]


@pytest.mark.parametrize(
    "ending", [remove_editor, sign_out, lambda editor: change_password(editor, "another sentence")]
)
def test_live_stream_ends_with_the_session(
    serve: Callable[..., Server], ed: Editor, ending: Callable[[Editor], None]
) -> None:
    """End the session in another process, long before the next heartbeat."""
    add_editor("olive@example.org", "Olive", OWNER, PASSWORD)
    browser = Browser(serve(LIVE_BEAT="600"))
    browser.sign_in()
    stream = browser.send("GET", "/desk/live?since=0")
    assert stream.status == 200
    stream.readline()
    ending(ed)
    assert b"waiting" not in stream.read()
    browser.close()


PRINTED = r"(?m)^Make the owner's account here: http://\S+(/desk/first-run/[\w-]{43})$"


@on_sqlite
def test_each_start_prints_first_run_link_until_owner_exists(
    serve: Callable[..., Server], blog: Flask, instance: Path
) -> None:
    server, links = serve(), []
    for _ in range(2):
        links += re.findall(PRINTED, log_of(server))
        server.stop()
        server.log.unlink()
        server.start()
    links += re.findall(r"/desk/first-run/\S+", log_of(server))
    first, second, third = links
    assert len({first, second, third}) == 3
    browser = Browser(server)
    assert [browser.send("GET", link).status for link in links] == [404, 404, 200]
    assert third not in log_of(server).replace(f"{server.url}{third}", "", 1)
    add_editor("ed@example.org", "Ed", OWNER, PASSWORD)
    assert browser.send("GET", third).status == 404
    browser.close()
    server.stop()
    server.log.unlink()
    server.start()
    assert "first-run" not in log_of(server)


def log_of(server: Server) -> str:
    return server.log.read_text()

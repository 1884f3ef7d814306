"""Drive Firefox by WebDriver BiDi, which it speaks itself; Playwright's Firefox is a patched one."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
START_SECONDS = 60
WAIT_SECONDS = 30
# Resolves to the value of an expression as soon as it is true; to null when the time is over.
UNTIL = """new Promise((resolve) => {
  const until = Date.now() + %d;
  const ask = () => {
    const value = (() => { try { return (%s) } catch { return null } })();
    if (value || Date.now() > until) resolve(value || null);
    else setTimeout(ask, 50);
  };
  ask();
})"""


class Firefox:
    """Hold one tab of a browser."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.numbers = count(1)
        self.send("session.new", capabilities={})
        self.tab = self.send("browsingContext.getTree")["contexts"][0]["context"]

    def send(self, method: str, **params: object) -> Any:
        """Send a command and return its result. Raises: AssertionError with Firefox's message."""
        number = next(self.numbers)
        self.connection.send(json.dumps({"id": number, "method": method, "params": params}))
        while (answer := json.loads(self.connection.recv(WAIT_SECONDS + 30))).get("id") != number:
            pass
        assert answer["type"] == "success", answer
        return answer["result"]

    def goto(self, url: str) -> None:
        self.send("browsingContext.navigate", context=self.tab, url=url, wait="complete")

    def back(self) -> None:
        self.send("browsingContext.traverseHistory", context=self.tab, delta=-1)

    def evaluate(self, expression: str) -> Any:
        """Return a string, number or boolean that the page computes."""
        target = {"context": self.tab}
        answer = self.send("script.evaluate", expression=expression, target=target, awaitPromise=True)
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        return answer["result"].get("value")

    def sees(self, expression: str) -> Any:
        """Wait until an expression is true, and return its value."""
        value = self.evaluate(UNTIL % (WAIT_SECONDS * 1000, expression))
        assert value, f"not so in {WAIT_SECONDS} s: {expression}\n{self.evaluate('document.body.innerText')}"
        return value

    def click(self, selector: str) -> None:
        self.sees(f"document.querySelector({json.dumps(selector)})")
        self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    def type(self, selector: str, text: str) -> None:
        """Press the keys of a text in a field."""
        self.sees(f"document.querySelector({json.dumps(selector)})")
        self.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
        keys = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        actions = [{"type": "key", "id": "keyboard", "actions": keys}]
        self.send("input.performActions", context=self.tab, actions=actions)


@contextmanager
def open_firefox(path: str, profile: Path) -> Iterator[Firefox]:
    """Start Firefox with an empty profile, and end it."""
    command = [path, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={"HOME": str(profile)})
    try:
        assert process.stderr
        address = next(found[1] for line in process.stderr if (found := LISTENING.search(line)))
        with connect(f"{address}/session", open_timeout=START_SECONDS, max_size=None) as connection:
            yield Firefox(connection)
            with suppress(Exception):
                connection.send(json.dumps({"id": 0, "method": "browser.close", "params": {}}))
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stderr.close()  # type: ignore[union-attr]

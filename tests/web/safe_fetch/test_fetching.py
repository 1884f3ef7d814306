"""Attack the fetching of addresses, with real sockets on this machine."""

from __future__ import annotations

import gzip
import itertools
import shutil
import socket
import subprocess
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from blog.web.safe_fetch import FetchError, Limits, Network, fetch
from blog.web.safe_fetch.fetch_errors import SENTENCES
from blog.web.safe_fetch.public_addresses import is_public, parse_url
from tests.web.safe_fetch.loopback_server import LoopbackServer, loopback_server, page, redirect_to

SHORT = Limits(max_bytes=100_000, seconds=1.0)


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with loopback_server() as server:
        yield server


def refusal(url: str, network: Network | None = None, limits: Limits = SHORT, form: bytes | None = None) -> str:
    with pytest.raises(FetchError) as refused:
        fetch(url, limits=limits, form=form, **({"network": network} if network else {}))
    return refused.value.code


REFUSED = {
    "http://127.0.0.1/": "private_address",
    "http://127.1/": "wrong_address",
    "http://2130706433/": "wrong_address",
    "http://0x7f000001/": "wrong_address",
    "http://0x7f.0.0.1/": "wrong_address",
    "http://0177.0.0.1/": "wrong_address",
    "http://017700000001/": "wrong_address",
    "http://127.0.0.1.:80/": "private_address",
    "http://\uff11\uff12\uff17.\uff10.\uff10.\uff11/": "private_address",
    "http://127\u30020\u30020\u30021/": "private_address",
    "http://127\uff0e0\uff0e0\uff0e1/": "private_address",
    "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460/": "private_address",
    "http://0.0.0.0/": "private_address",
    "http://10.0.0.1/": "private_address",
    "http://172.16.0.1/": "private_address",
    "http://192.168.1.1/": "private_address",
    "http://100.64.0.1/": "private_address",
    "http://100.100.100.200/": "private_address",
    "http://169.254.169.254/latest/meta-data/": "private_address",
    "http://168.63.129.16/": "private_address",
    "http://192.0.0.192/": "private_address",
    "http://198.18.0.1/": "private_address",
    "http://192.88.99.1/": "private_address",
    "http://224.0.0.1/": "private_address",
    "http://240.0.0.1/": "private_address",
    "http://255.255.255.255/": "private_address",
    "http://[::1]/": "private_address",
    "http://[::]/": "private_address",
    "http://[0:0:0:0:0:0:0:1]/": "private_address",
    "http://[::ffff:127.0.0.1]/": "private_address",
    "http://[::ffff:7f00:1]/": "private_address",
    "http://[::ffff:0:127.0.0.1]/": "private_address",
    "http://[::127.0.0.1]/": "private_address",
    "http://[64:ff9b::7f00:1]/": "private_address",
    "http://[64:ff9b:1::7f00:1]/": "private_address",
    "http://[2002:7f00:1::]/": "private_address",
    "http://[2001:0:7f00:1::]/": "private_address",
    "http://[2001:db8::1]/": "private_address",
    "http://[fe80::1]/": "private_address",
    "http://[fe80::1%25eth0]/": "private_address",
    "http://[fec0::1]/": "private_address",
    "http://[fc00::1]/": "private_address",
    "http://[fd00:ec2::254]/": "private_address",
    "http://[ff02::1]/": "private_address",
    "http://[100::1]/": "private_address",
    "http://localhost/": "wrong_address",
    "http://localhost./": "wrong_address",
    "http://intranet/": "wrong_address",
    "http://user:secret@example.org/": "credentials",
    "http://127.0.0.1@example.org/": "credentials",
    "http://example.org@127.0.0.1/": "credentials",
    "http://example.org:22/": "wrong_port",
    "http://example.org:25/": "wrong_port",
    "http://example.org:6379/": "wrong_port",
    "http://example.org:0/": "wrong_port",
    "http://example.org:99999/": "wrong_address",
    "http://example.org:-1/": "wrong_address",
    "http://example.org:\uff18\uff10/": "wrong_address",
    "file:///etc/passwd": "wrong_address",
    "gopher://127.0.0.1:6379/_FLUSHALL": "wrong_address",
    "ftp://example.org/": "wrong_address",
    "dict://example.org/": "wrong_address",
    "javascript:alert(1)": "wrong_address",
    "data:text/html,x": "wrong_address",
    "//example.org/": "wrong_address",
    "http:/example.org/": "wrong_address",
    "http://": "wrong_address",
    "": "wrong_address",
    "http://example.org\\@127.0.0.1/": "wrong_address",
    "http://example.org/\r\nX-Header: 1": "wrong_address",
    "http://example.org\r\n/": "wrong_address",
    "http://exam\tple.org/": "wrong_address",
    " http://example.org/": "wrong_address",
    "http://example.org /": "wrong_address",
    "http://example.org%0d%0a/": "wrong_address",
    "http://example.org%2f@127.0.0.1/": "credentials",
    "http://example.org#@127.0.0.1/": "no_such_host",
    "http://example.org?@127.0.0.1/": "no_such_host",
    "http://example\u2100.org/": "wrong_address",
    "http://[::1/": "wrong_address",
    "http://[127.0.0.1]/": "wrong_address",
    "http://a..b.org/": "wrong_address",
    f"http://{'a' * 64}.org/": "wrong_address",
    f"http://{'a.' * 200}org/": "wrong_address",
    f"http://example.org/{'a' * 3000}": "wrong_address",
    "http://\ud800.org/": "wrong_address",
}


def no_name(host: str, _port: int) -> list[str]:
    """Resolve literal addresses only, as the system does."""
    if host.replace(".", "").isdigit() or ":" in host:
        return [host]
    raise OSError("no such name")


@pytest.mark.parametrize("url", REFUSED)
def test_address_is_refused(url: str) -> None:
    assert refusal(url, Network(no_name)) == REFUSED[url]


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fe80::1%eth0", "64:ff9b::a00:1", "junk"],
)
def test_name_that_resolves_to_a_private_address_is_refused(address: str) -> None:
    for found in ([address], ["93.184.215.14", address], [address, "93.184.215.14"]):
        assert refusal("http://example.org/", Network(lambda *_, found=found: found)) == "private_address"


def test_public_addresses_are_accepted() -> None:
    assert all(map(is_public, ("93.184.215.14", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001:800::200e")))


def test_name_without_address_is_refused() -> None:
    assert refusal("http://example.org/", Network(lambda *_: [])) == "no_such_host"


def test_url_is_parsed_once_and_normalized() -> None:
    target = parse_url("HTTP://BÜCHER.example:8080/é?q=ü&x=%20#frag")
    assert target.url == "http://xn--bcher-kva.example:8080/%C3%A9?q=%C3%BC&x=%20"
    assert parse_url("https://example.org.").authority == "example.org"
    assert parse_url("https://[2606:4700::1111]:443/").authority == "[2606:4700::1111]"


def test_checked_address_is_used_without_a_second_look_up(server: LoopbackServer) -> None:
    """A server of names that answers something else the second time gains nothing."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    asked = []

    def rebind(host: str, _port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    server.answers["/"] = page(b"Hello")
    answer = fetch(server.url(), network=server.network(resolve=rebind), limits=SHORT)
    assert (answer.status, answer.body, asked) == (200, b"Hello", ["hub.test"])
    head = server.requests[0].decode()
    assert f"Host: hub.test:{server.port}\r\n" in head
    assert not any(name in head for name in ("Cookie", "Authorization", "Referer"))


def test_every_redirect_is_looked_up_and_checked(server: LoopbackServer) -> None:
    names = {"hub.test": "127.0.0.1", "inside.test": "10.0.0.1", "other.test": "127.0.0.1"}
    network = server.network(resolve=lambda host, _port: [names.get(host, host)])
    server.answers |= {"/good": redirect_to(server.url("/page", "other.test")), "/page": page(b"Here")}
    assert fetch(server.url("/good"), network=network, limits=SHORT).url == server.url("/page", "other.test")
    for number, (location, code) in enumerate(
        {
            "http://inside.test/": "private_address",
            "http://169.254.169.254/latest/meta-data/": "private_address",
            "http://[::ffff:169.254.169.254]/": "private_address",
            f"http://127.0.0.2:{server.port}/": "private_address",
            "//inside.test/": "private_address",
            "file:///etc/passwd": "wrong_address",
            "gopher://hub.test/": "wrong_address",
            "http://user:secret@hub.test/": "credentials",
            "http://hub.test:22/": "wrong_port",
            "http://[": "wrong_address",
            "http://hub.test/\x7f": "wrong_address",
        }.items()
    ):
        server.answers[f"/{number}"] = redirect_to(location)
        assert refusal(server.url(f"/{number}"), network) == code, location


def test_redirects_are_counted(server: LoopbackServer) -> None:
    server.answers |= {f"/{number}": redirect_to(f"/{number + 1}") for number in range(6)} | {"/6": page()}
    assert fetch(server.url("/1"), network=server.network(), limits=SHORT).body == b"Hello"
    assert refusal(server.url("/0"), server.network()) == "many_redirects"
    server.answers["/loop"] = redirect_to("/loop")
    assert refusal(server.url("/loop"), server.network()) == "many_redirects"
    assert len(server.requests) == 6 + 6 + 6


def test_cookies_of_a_redirect_are_not_sent(server: LoopbackServer) -> None:
    server.answers |= {"/": page(b"", "Set-Cookie: a=b", "Location: /next", status="302 Found"), "/next": page()}
    fetch(server.url(), network=server.network(), limits=SHORT)
    assert b"a=b" not in server.requests[1]


def test_proxies_of_the_environment_are_not_used(server: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    server.answers["/"] = page()
    assert fetch(server.url(), network=server.network(), limits=SHORT).status == 200


def test_form_is_posted_and_not_redirected(server: LoopbackServer) -> None:
    server.answers |= {"/": b"HTTP/1.1 204 No Content\r\n\r\n", "/moved": redirect_to("/", 308)}
    assert fetch(server.url(), form=b"a=1", network=server.network(), limits=SHORT).status == 204
    assert server.requests[0].startswith(b"POST / HTTP/1.1\r\n")
    assert server.requests[0].endswith(b"\r\n\r\na=1")
    assert b"Content-Type: application/x-www-form-urlencoded\r\n" in server.requests[0]
    assert refusal(server.url("/moved"), server.network(), form=b"a=1") == "redirected"


def endless(piece: bytes, pause: float = 0.0) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n\r\n"
    while True:
        time.sleep(pause)
        yield piece


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ZEROS = b"\0" * 50_000_000
LARGE = {
    "announced": page(b"x" * 100_001),
    "announced hugely": b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 1000 + b"\r\n\r\n",
    "endless": endless(b"x" * 65_536),
    "chunked": itertools.chain(
        [CHUNKED],
        itertools.repeat(b"1000\r\n" + b"x" * 4096 + b"\r\n"),
    ),
    "gzip bomb": page(gzip.compress(ZEROS), "Content-Encoding: gzip"),
    "deflate bomb": page(zlib.compress(ZEROS), "Content-Encoding: deflate"),
}


@pytest.mark.parametrize("kind", LARGE)
def test_large_answer_is_not_read_to_its_end(server: LoopbackServer, kind: str) -> None:
    server.answers["/"] = LARGE[kind]
    assert refusal(server.url(), server.network(), Limits(100_000, 20)) == "large_answer"


def test_compressed_answer_is_read(server: LoopbackServer) -> None:
    server.answers["/"] = page(gzip.compress(b"Hello" * 1000), "Content-Encoding: gzip")
    assert fetch(server.url(), network=server.network(), limits=SHORT).body == b"Hello" * 1000


BROKEN = {
    "nested bomb": page(gzip.compress(gzip.compress(ZEROS)), "Content-Encoding: gzip, gzip"),
    "unknown encoding": page(b"x", "Content-Encoding: br"),
    "no gzip": page(b"x" * 100, "Content-Encoding: gzip"),
    "no http": b"SSH-2.0-OpenSSH_9.2\r\n" * 2,
    "nothing": b"",
    "short": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx",
    "long line": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 200 + b"\r\n",
    "odd chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nxxxxx\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_answer_is_one_sentence(server: LoopbackServer, kind: str) -> None:
    server.answers["/"] = BROKEN[kind]
    assert refusal(server.url(), server.network(), Limits(100_000, 20)) == "broken_answer"


def slowly(text: bytes, pause: float = 0.05) -> Iterator[bytes]:
    for letter in text:
        time.sleep(pause)
        yield bytes([letter])


SLOW = {
    "silence": lambda: slowly(b"x", 9),
    "a body, byte by byte": lambda: endless(b"x", 0.05),
    "headers, byte by byte": lambda: slowly(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000),
    "for ever to continue": lambda: itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "chunks without end": lambda: itertools.chain([CHUNKED], slowly(b"1\r\nx\r\n" * 1000)),
}


@pytest.mark.parametrize("kind", SLOW)
def test_slow_answer_ends_at_the_deadline(server: LoopbackServer, kind: str) -> None:
    server.answers["/"] = SLOW[kind]()
    assert refusal(server.url(), server.network(), Limits(100_000, 0.5)) == "too_slow"


def test_deadline_is_one_for_all_redirects(server: LoopbackServer) -> None:
    server.answers["/"] = itertools.chain(slowly(b"HTTP/1.1 302 Found\r\n", 0.02), [b"Location: /\r\n\r\n"])
    assert refusal(server.url(), server.network(), Limits(100_000, 0.3)) == "too_slow"


def test_closed_port_is_not_reached() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # another process may take a port that is only closed
        port = bound.getsockname()[1]
        network = Network(lambda _host, _port: ["127.0.0.1"], frozenset({("127.0.0.1", port)}), None)
        assert refusal(f"http://hub.test:{port}/", network) == "no_connection"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a file with the key and the certificate of hub.test."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=hub.test", "-addext",
         "subjectAltName=DNS:hub.test", "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    both = Path(folder / "both.pem")
    both.write_text(key.read_text() + cert.read_text())
    return str(both)


def test_certificate_is_checked_for_the_name(certificate: str) -> None:
    with loopback_server(certificate) as server:
        server.answers["/"] = page(b"Secret")
        network = server.network(ca=certificate)
        assert fetch(server.url(scheme="https"), network=network, limits=SHORT).body == b"Secret"
        assert refusal(server.url(scheme="https", host="other.test"), network) == "certificate"
        assert refusal(server.url(scheme="https"), server.network()) == "certificate"
        server.answers["/slow"] = endless(b"x", 0.05)
        assert refusal(server.url("/slow", scheme="https"), network, Limits(100_000, 0.5)) == "too_slow"


def test_tls_handshake_ends_at_the_deadline(server: LoopbackServer) -> None:
    assert refusal(server.url(scheme="https"), server.network(), Limits(1000, 0.3)) in {"too_slow", "no_connection"}


def test_every_error_has_a_sentence(app: object) -> None:
    for code in SENTENCES:
        sentence = str(FetchError(code, host="example.org", port=22, most=1))
        assert sentence.endswith(".")
        assert "%" not in sentence

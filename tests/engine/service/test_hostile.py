"""Hostile requests against a process: thousands at random, bodies without end, slow clients, foreign hosts, traversal.

Nothing but an answer below 500, nothing executed or given away, and others are answered meanwhile.
"""

from __future__ import annotations

import json
import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Event, Thread
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import pytest

from engine.service.connection import HEAD_S
from engine.service.guard import BODY_S, MOST_BODY
from tests.engine.service.conftest import Running

MARK = "REFRAIN-WAS-HERE"
VALUES = (
    "", "x", "rain", "1", "-1", "0", "1e999", "NaN", "99999999999999999999", "true", "null", "[]", "{}", "\x00", "\r\n",
    f"a\r\nX-Injected: {MARK}", f"<script>{MARK}</script>", f"\"><img src=x onerror='{MARK}'>", "' OR 1=1 --",
    "../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "/etc/passwd", "file:///etc/passwd", "....//....//etc/passwd",
    "\u202egnp.exe", "\u2028", "\ufeff", "é" * 300, "a" * 5_000, "%", "%00", "%ff%fe", "{{7*7}}", "${7*7}", "%s%n%x",
    "\N{PERFORMING ARTS}" * 50, "-" * 200, '"', '"' * 99, '"rain', "energy", "one", "json", "xml", "m3u8", "tracks",
)  # fmt: skip
METHODS = (
    "GET",
    "GET",
    "GET",
    "GET",
    "POST",
    "POST",
    "POST",
    "PUT",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "PATCH",
    "TRACE",
    "X",
)
HEADERS = ("Accept", "Range", "Cookie", "Authorization", "Content-Type", "If-None-Match", "Accept-Language", "X-Any")
OTHER_PATHS = (
    "/", "/static/refrain.css", "/static/../app.py", "/static/%2e%2e/%2e%2e/pyproject.toml", "/api/docs",
    "/rest/ping", "/rest/ping.view", "/rest/stream", "/rest/getCoverArt", "/rest/search3", "/v1/tracks/", "/v1/nothing",
    "//evil.example/", "/%00", "/.env", "/song/../../etc/passwd", "/sound/..%2f..%2fetc%2fpasswd", "/sign-in",
)  # fmt: skip


class Asker:
    """One client that asks for hostile things over a connection, and opens the next where it was closed."""

    def __init__(self, service: Running, document: dict[str, dict[str, object]]):
        self.port = urlsplit(service.url).port
        self.paths = [*document, *OTHER_PATHS]
        self.parameters = sorted(
            {
                parameter["name"]
                for methods in document.values()
                for operation in methods.values()
                if isinstance(operation, dict)
                for parameter in operation.get("parameters", ())
            }
            | {"u", "p", "t", "s", "v", "c", "f", "id", "query", "next", "token", "callback"}
        )
        self.connection = HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, seed: int) -> tuple[int, bytes, str]:
        """Status, body and request; 0 where the connection was closed without an answer, which is one too."""
        rng = random.Random(seed)

        def value() -> str:
            chosen = rng.choice(VALUES)
            return chosen if rng.random() < 0.8 else chosen + rng.choice(VALUES)

        path = rng.choice(self.paths)
        while "{" in path:
            start, end = path.index("{"), path.index("}")
            path = path[:start] + quote(value(), safe="/%" if rng.random() < 0.3 else "") + path[end + 1 :]
        names = rng.choices(self.parameters, k=rng.choice((0, 1, 1, 2, 4)))
        query = "&".join(f"{name}={quote(value(), safe='')}" for name in names)
        method = rng.choice(METHODS)
        body = None
        if method in ("POST", "PUT", "PATCH", "X"):
            keys = ("seeds", "text", "k", "filters", "target", "kind", "song", "length", "a", "b", "weights", "name")
            content = {rng.choice(keys): rng.choice((value(), [value()], {value(): value()}, rng.random(), None, -1))}
            body = rng.choice(
                (
                    json.dumps(content),
                    json.dumps([content]),
                    query,
                    value(),
                    "[" * 3_000,
                    json.dumps({"seeds": ["x"] * 300}),
                )
            ).encode("utf-8", "replace")
        headers = {"Host": f"127.0.0.1:{self.port}"}
        if body is not None:
            headers["Content-Type"] = rng.choice(
                ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/xml")
            )
        if rng.random() < 0.2:
            headers[rng.choice(HEADERS)] = value().replace("\r", "").replace("\n", "").encode().decode("latin-1")
        shown = f"seed {seed}: {method} {path[:200]}?{query[:200]}"
        try:
            self.connection.request(method, path + (f"?{query}" if query else ""), body, headers)
            answer = self.connection.getresponse()
            assert "X-Injected" not in answer.headers, shown
            return answer.status, answer.read(), shown
        except (HTTPException, ConnectionError, ValueError):
            self.connection.close()
            return 0, b"", shown


@contextmanager
def others_are_answered(service: Running, longest_s: float) -> Iterator[None]:
    """Somebody else asks for good things meanwhile, and has every answer in time."""
    ended, took, failures = Event(), list[float](), list[str]()

    def ask() -> None:
        while not took or not ended.wait(0.05):
            start = time.perf_counter()
            try:
                connection = HTTPConnection("127.0.0.1", urlsplit(service.url).port, timeout=30)
                connection.request("GET", "/api/v1/find?text=rain&k=3")
                if (status := connection.getresponse().status) != 200:
                    failures.append(str(status))
                connection.close()
            except (OSError, HTTPException) as error:
                failures.append(repr(error))
            took.append(time.perf_counter() - start)

    thread = Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    assert not failures
    assert took
    assert max(took) < longest_s, max(took)


def ask_hostile_things(service: Running, seeds: range) -> None:
    with urlopen(f"{service.url}/api/openapi.json") as answer:
        asker, wrong, answered = Asker(service, json.load(answer)["paths"]), [], 0
    with closing(asker.connection), others_are_answered(service, 10):
        for seed in seeds:
            status, body, shown = asker.ask(seed)
            answered += status > 0
            if status >= 500 or b"root:x:0" in body or b"Traceback" in body or b"site-packages" in body:
                wrong.append(f"{status} {shown}: {body[:200]!r}")
            if b"<!doctype html" in body[:50].lower() and f"<script>{MARK}".encode() in body:
                wrong.append(f"a script of {shown}")
    log = service.log.read_text()
    assert not wrong, "\n".join(wrong[:20])
    assert answered > 0.8 * len(seeds)
    assert service.process.poll() is None
    assert "Traceback" not in log, log[-3000:]
    assert "a bug of this program" not in log, log[-3000:]


def test_hostile_requests(service: Running) -> None:
    ask_hostile_things(service, range(150))


@pytest.mark.fuzz
def test_ten_thousand_hostile_requests(service: Running) -> None:
    ask_hostile_things(service, range(1_000, 11_000))


@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "in chunks"])
def test_a_body_of_64_mib_is_refused_and_not_kept(service: Running, chunked: bool) -> None:
    for path in ("search?text=rain", "find?text=rain"):  # what an answer loads is no body
        urlopen(f"{service.url}/api/v1/{path}").close()
    before = resident_mib(service.process.pid)
    with others_are_answered(service, 5):
        for _ in range(3):
            assert status_of_body(service, 64, chunked=chunked) == 413
    assert resident_mib(service.process.pid) < before + 16
    assert status_of_body(service, 0, chunked=chunked) == 400, "no request, and read whole"


def status_of_body(service: Running, mib: int, *, chunked: bool) -> int:
    """The status that a client reads which sends so many MiB for as long as it may."""
    length = "transfer-encoding: chunked" if chunked else f"content-length: {mib << 20}"
    head = f"POST /api/v1/recommend HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{length}\r\n\r\n"
    piece = b"x" * 65_536
    with socket.create_connection(("127.0.0.1", urlsplit(service.url).port or 0), timeout=20) as client:
        client.sendall(head.encode())
        try:
            for _ in range(mib * 16):
                client.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            if chunked:
                client.sendall(b"0\r\n\r\n")
        except ConnectionError:
            pass  # what it has answered can be read all the same
        answer = b""
        try:
            while b"\r\n" not in answer:
                if not (more := client.recv(65_536)):
                    break
                answer += more
        except ConnectionError:
            pass
    assert answer.startswith(b"HTTP/1.1 "), answer
    return int(answer.split()[1])


def resident_mib(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 2**20


@pytest.mark.slow
def test_slow_clients_are_left_behind(serve: Callable[..., Running], demo_index: Path) -> None:
    """Hundreds of connections: heads that never end, bodies that drip, and those that say nothing at all."""
    service = serve(demo_index)
    beginnings = (
        b"",
        b"GET /api/v1/health HTTP/1.1\r\nhost: localhost\r\nx-slow: ",
        b"POST /api/v1/recommend HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\n{",
        b"POST /rest/ping HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n1\r\n",
    )
    with ExitStack() as stack, others_are_answered(service, 5):
        clients = []
        for number in range(300):
            client = socket.create_connection(("127.0.0.1", urlsplit(service.url).port or 0))
            stack.callback(client.close)
            client.sendall(beginnings[number % len(beginnings)])
            client.settimeout(1)
            clients.append(client)
        opened = time.monotonic()
        while time.monotonic() < opened + max(HEAD_S, BODY_S) + 5:
            for number, client in enumerate(clients):
                try:
                    if number % len(beginnings):
                        client.sendall(b"a")
                except OSError:
                    pass
            time.sleep(1)
        still_open = [number for number, client in enumerate(clients) if is_open(client)]
    assert still_open == []


def is_open(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        while client.recv(65_536):
            pass
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost:80@evil.example", "0"])
@pytest.mark.parametrize(
    "path", ["/", "/api/v1/health", "/rest/ping?u=a&p=b&c=x&v=1", "/static/refrain.js", "/v1/search?q=a"]
)
def test_foreign_names_get_nothing(service: Running, host: str, path: str) -> None:
    with closing(HTTPConnection("127.0.0.1", urlsplit(service.url).port, timeout=20)) as connection:
        connection.putrequest("GET", path, skip_host=True)
        connection.putheader("Host", host)
        connection.endheaders()
        assert connection.getresponse().status in (400, 421)


def test_the_longest_body_is_read(service: Running) -> None:
    content = json.dumps({"seeds": [], "text": "rain"}).encode()
    body = content + b" " * (MOST_BODY - len(content))
    with urlopen(Request(f"{service.url}/api/v1/recommend", body, {"content-type": "application/json"})) as answer:
        assert answer.status == 200

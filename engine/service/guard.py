"""Guard: what stands before every route: who may ask, how much, how long, and what a browser may do with the answer.

A web page that a person visits can send requests to a service on the same machine. Without a token the service answers
only under names of this machine, so that a foreign name which resolves to it (DNS rebinding) gets nothing, and it
refuses what a browser sends on behalf of another page (Origin).
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping
from html import escape
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote, urlsplit

from engine.service.settings import is_loopback

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BODY = 1 << 20  # bytes; the longest request, a hundred thousand excluded songs, has more than half of it
# Bytes of a URL after the question mark. A server of HTTP reads a head of 64 KiB at the most, in which the address may
# stand a second time, as the referrer.
MOST_QUERY = 24_576
BODY_S = 10.0  # until the body is there
ANSWER_S = 30.0  # until an answer begins
COOKIE = "refrain_token"

# Routes that anybody may ask for: they say nothing of the catalogue, or ask for the token in a way of their own.
OPEN = ("/rest/", "/static/", "/sign-in")

_HEADERS = [
    (b"content-security-policy",
     b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
     b"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]  # fmt: skip


# What a browser shows: it says nothing of the catalogue, whoever asks.
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Not this way · Refrain</title><link rel="stylesheet" href="/static/refrain.css"></head>
<body><main id="main"><section class="taken"><h1>Not this way</h1><p class="lead" role="alert">{message}</p>
<p><a class="button" href="/">To the first page</a></p></section></main></body></html>
"""


class Refused(Exception):
    """A request that goes no further, with the status and the sentence of its answer."""

    def __init__(self, status: int, message: str, headers: tuple[tuple[bytes, bytes], ...] = ()):
        super().__init__(message)
        self.status, self.headers = status, headers


class Guard:
    """The ASGI application behind its guard.

    token   what a caller shows as "Authorization: Bearer TOKEN" or in the cookie; None lets every local caller in
    """

    def __init__(self, app: App, token: str | None = None, *, body_s: float = BODY_S, answer_s: float = ANSWER_S):
        self._app, self._token, self._body_s, self._answer_s = app, token, body_s, answer_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        began, head = False, scope["method"] == "HEAD"
        enough: asyncio.Future[None] = asyncio.get_running_loop().create_future()  # where the rest is read by nobody
        if head:  # every route that answers GET answers HEAD, with the same headers
            scope = {**scope, "method": "GET"}

        async def send_guarded(message: Message) -> None:
            nonlocal began
            if message["type"] == "http.response.start":
                began = True
                names = {name.lower() for name, _ in message.get("headers", ())}
                more = [(name, value) for name, value in _HEADERS if name not in names]
                message = {**message, "headers": [*message.get("headers", ()), *more]}
            elif head:
                if enough.done():
                    return
                if message.get("more_body", False):  # the rest may be a whole file
                    enough.set_result(None)
                message = {"type": "http.response.body", "body": b""}
            await send(message)

        try:
            self._check(scope)
            body = await self._body(scope, receive)
            await self._answer(scope, body, receive, send_guarded, lambda: began, enough)
        except Refused as refused:
            if not began:
                await _refuse(refused, send_guarded, browser=_is_browser(scope))

    def _check(self, scope: Scope) -> None:
        headers = _headers(scope)
        if len(scope["query_string"]) > MOST_QUERY:
            raise Refused(414, f"the query has {len(scope['query_string']):,} bytes, expected at most {MOST_QUERY:,}")
        host = headers.get("host", "")
        if self._token is None and not is_loopback(_name(host)):
            raise Refused(
                421, f"the host is {host[:80]!r}, expected 127.0.0.1 or localhost; start with --token to allow others"
            )
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            raise Refused(403, f"the request comes from a page of {origin[:80]!r}, expected one of this service")
        if self._token is None or scope["path"].startswith(OPEN):
            return
        given = headers.get("authorization", "")
        bearer = given[7:].strip() if given[:7].casefold() == "bearer " else ""
        if not any(hmac.compare_digest(each.encode(), self._token.encode()) for each in (bearer, _cookie(headers))):
            if scope["method"] == "GET" and _is_browser(scope):
                asked = scope["path"] + ("?" + scope["query_string"].decode("latin-1") if scope["query_string"] else "")
                back = f"next={quote(asked, safe='')}"
                place = f"/sign-in?{back}" if len(back) <= MOST_QUERY else "/sign-in"
                raise Refused(
                    303, "no token, or another one; sign in",
                    ((b"location", place.encode()), (b"cache-control", b"no-store")),
                )  # fmt: skip
            raise Refused(
                401, "no token, or another one; send the header: Authorization: Bearer TOKEN",
                ((b"www-authenticate", b"Bearer"),),
            )  # fmt: skip

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """The whole body: it is small, and read before anything waits for it."""
        length = _headers(scope).get("content-length", "0")
        if length.isdecimal() and int(length[:20]) > MOST_BODY:
            raise Refused(413, f"the body has {int(length[:20]):,} bytes, expected at most {MOST_BODY:,}")
        chunks, size = [], 0
        try:
            async with asyncio.timeout(self._body_s):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Refused(400, "the body broke off")
                    chunks.append(message.get("body", b""))
                    size += len(chunks[-1])
                    if size > MOST_BODY:
                        raise Refused(413, f"the body has more than {MOST_BODY:,} bytes, expected at most so many")
                    if not message.get("more_body", False):
                        return b"".join(chunks)
        except TimeoutError:
            raise Refused(408, f"the body was not there after {self._body_s:g} seconds; send it faster") from None

    async def _answer(
        self, scope: Scope, body: bytes, receive: Receive, send: Send, began: Callable[[], bool],
        enough: asyncio.Future[None],
    ) -> None:  # fmt: skip
        """Ask the application; an answer that has begun may last, as sound does."""
        given = False

        async def receive_body() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        task = asyncio.ensure_future(self._app(scope, receive_body, send))
        try:
            done, _ = await asyncio.wait((task, enough), timeout=self._answer_s, return_when=asyncio.FIRST_COMPLETED)
            if not done and not began():
                raise Refused(
                    503, f"no answer after {self._answer_s:g} seconds; ask for less", ((b"retry-after", b"5"),)
                )
            if not enough.done():
                await task
        finally:
            if not task.done():
                task.cancel()


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _name(host: str) -> str:
    """The name in a Host header, without its port.

    >>> _name("localhost:8080"), _name("[::1]:8080"), _name("127.0.0.1")
    ('localhost', '[::1]', '127.0.0.1')
    """
    name, _, port = host.rpartition(":")
    return name if name and port.isdecimal() else host


def _cookie(headers: dict[str, str]) -> str:
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return "" if cookie is None else cookie.value


def _is_browser(scope: Scope) -> bool:
    """Whether a person reads the answer."""
    return "text/html" in _headers(scope).get("accept", "")


async def _refuse(refused: Refused, send: Send, *, browser: bool) -> None:
    if browser:
        kind = b"text/html; charset=utf-8"
        content = _PAGE.format(message=escape(str(refused))).encode("utf-8", "replace")
    else:
        kind = b"application/json"
        content = json.dumps({"error": {"status": refused.status, "message": str(refused)}}).encode()
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(content)).encode()),
        *refused.headers,
    ]
    headers.append((b"connection", b"close"))  # what is left of the request is not read
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": content})

"""Connections: uvicorn's protocol, which waits for ever for the head of a request, with an end to that."""

from __future__ import annotations

from asyncio import TimerHandle, Transport

from uvicorn.protocols.http.auto import AutoHTTPProtocol

HEAD_S = 10.0  # from a connection or its last answer until the next head is there


class Connection(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """A connection that is closed where no request begins in time: open ones are counted by every system."""

    _head: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:
        super().connection_made(transport)
        self._head = self.loop.call_later(HEAD_S, self._no_head)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering and self._head is not None:
            self._head.cancel()
            self._head = None
        elif not answering and self._head is None:
            self._head = self.loop.call_later(HEAD_S, self._no_head)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._head is not None:
            self._head.cancel()
        super().connection_lost(exc)

    def _no_head(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

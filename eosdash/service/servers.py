"""The door (:mod:`eosdash.service.door`) of both servers: it stands where their threads are given
requests, so that one that waits has none."""

import socket
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import waitress
from waitress.task import ThreadedTaskDispatcher

from eosdash.service.door import Application, Doors, Place, behind, inside
from eosdash.service.presence import closed
from eosdash.service.settings import value
from eosdash.service.turns import slots

BEYOND = 2
"""Places beyond the computations that run at a time: of what is read while those compute."""

SWITCH = 0.0001
"""Seconds after which a busy thread lets another have its turn. The one that takes requests waits
so long after each call of the system, and with Python's 0.005 is late for all of them."""

SOON = 0.25
"""Seconds within which a connection is expected to bring a request."""

FIRST = 16_384
"""Bytes of a request that are looked at."""


def _doors() -> Doors:
    sys.setswitchinterval(SWITCH)
    return Doors(slots() + BEYOND)


class Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]
    """Gives the requests of waitress to its threads."""

    def __init__(self, threads: int) -> None:
        """To so many."""
        super().__init__()
        self.set_thread_count(threads)
        self._doors = _doors()

    def add_task(self, task: Any) -> None:
        """Answer the first request of a connection once it is let in."""
        request, add = task.requests[0], super().add_task
        place = Place(
            lambda place: add(_LetIn(task, place)), task.check_client_disconnected, task.cancel
        )
        # Of what is no request it knows neither.
        self._doors.enter("" if request.error else f"{request.command} {request.path} ", place)


class _LetIn:
    """A request of waitress with its place."""

    def __init__(self, channel: Any, place: Place) -> None:
        self.service = partial(inside, place, channel.service)
        self.cancel = channel.cancel


def created(application: Application, host: str, port: int) -> Any:
    """A server of waitress, to be run.

    Raises:
        OSError, ValueError: where it cannot listen.
    """
    return waitress.create_server(
        behind(application),
        _dispatcher=Dispatcher(value("threads")),  # one an open stream
        host=host,
        port=port,
        channel_request_lookahead=1,  # tells of clients that have left
        clear_untrusted_proxy_headers=False,  # the app knows how many there are
        ident="",
    )


class Threads(ThreadPoolExecutor):
    """Gives the connections of gunicorn to its threads."""

    def __init__(self, threads: int) -> None:
        """To so many."""
        super().__init__(threads)
        self._doors = _doors()

    def submit(  # type: ignore[override]
        self, handle: Callable[[Any], Any], connection: Any
    ) -> "Future[Any]":
        """Answer the next request of a connection once it is let in."""
        answered: Future[Any] = Future()

        def start(work: Callable[..., Any], *given: Any) -> "Future[Any] | None":
            try:
                return ThreadPoolExecutor.submit(self, work, *given)
            except RuntimeError:  # it ends, and takes no more
                answered.cancel()
                return None

        def answer(place: Place) -> None:
            if begun := start(inside, place, partial(handle, connection)):
                begun.add_done_callback(partial(_pass_on, answered))

        def drop() -> None:
            answered.set_exception(ConnectionAbortedError())  # closes it without a farewell

        def come(begin: str) -> None:
            self._doors.enter(begin, Place(answer, partial(closed, connection.sock), drop))

        def wait() -> None:
            connection.wait_for_data(SOON)
            come(_sent(connection.sock))

        if begin := _sent(connection.sock):
            come(begin)
        else:
            start(wait)
        return answered


def _pass_on(to: "Future[Any]", done: "Future[Any]") -> None:
    if error := done.exception():
        to.set_exception(error)
    else:
        to.set_result(done.result())


def _sent(sock: socket.socket) -> str:
    """What a client has sent and nobody has read yet; nothing where the head of a request is not
    complete, and who reads it may have to wait."""
    try:
        sent = sock.recv(FIRST, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:
        return ""
    return sent.decode("latin-1") if b"\r\n\r\n" in sent else ""


def stand_before(worker: Any) -> None:
    """Put the door before a worker of gunicorn that is about to answer."""
    worker.tpool = Threads(worker.cfg.threads)
    worker.wsgi = behind(worker.wsgi)
    for listener in worker.sockets:
        # Where the system can, it tells of connections that bring a request.
        with suppress(AttributeError, OSError):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 1)

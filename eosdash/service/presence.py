"""Whether who asked is still there, before anything is written that would show it."""

import select
import socket
from collections.abc import Callable
from typing import Any

from eosdash.service.flights import Gone, stays

LEFT = getattr(select, "POLLRDHUP", 0)
"""What a look at a connection asks for: whether its other end was closed, whatever it has sent and
was not read yet. Not every system tells it."""


def gone_of(environ: dict[str, Any]) -> Gone:
    """Whether the client of a WSGI request has gone, as far as the server lets it be known."""
    disconnected: Callable[[], bool] | None = environ.get("waitress.client_disconnected")
    if disconnected is not None:
        return disconnected
    sock: socket.socket | None = environ.get("gunicorn.socket")
    return stays if sock is None else lambda: closed(sock)


def closed(sock: socket.socket) -> bool:
    """Whether the other end of a connection has been closed."""
    try:
        poll = select.poll()  # a look that waits for nothing, whatever the timeout of the socket
        poll.register(sock, LEFT or select.POLLIN)
        return bool(poll.poll(0)) and (LEFT != 0 or sock.recv(1, socket.MSG_PEEK) == b"")
    except (OSError, ValueError):
        return True

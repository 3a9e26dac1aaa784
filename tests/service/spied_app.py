"""The app as it is, for gunicorn, with a spy, and with the number of the process that answers."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from eosdash.server import create_app
from tests.service import spied

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def naming(app: Wsgi) -> Wsgi:
    def named(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        def start_named(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start(status, [*headers, ("X-Process", str(os.getpid()))], *more)

        return app(environ, start_named)

    return named


spied.install()
server = create_app().server
server.wsgi_app = naming(server.wsgi_app)

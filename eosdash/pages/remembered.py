"""What is laid out for a link is remembered: a lecture hall asks for the same page at once.

Dash makes a page anew at every visit, as objects, as JSON, compressed. All of it follows from the
request alone, and so is kept as it was sent.
"""

from threading import Lock

from cachelib import SimpleCache
from flask import Flask, Response, g, request

from eosdash.service.prefix import prefix

MOST = 256
"""Answers that are kept, of some ten kilobytes each."""

ALWAYS_THE_SAME = ("/_dash-layout", "/_dash-dependencies")
CALLS = "/_dash-update-component"
LAYOUT = ".._pages_content."
"""How the output of the callback begins that lays out a page."""

HEADERS = ("Content-Type", "Content-Encoding", "Vary")

Kept = tuple[bytes, dict[str, str]]


def register(server: Flask) -> None:
    """Remember the pages of a server. To be called before its answers are given a compression, so
    that they are seen after it, and after all that may refuse a request."""
    known, lock = SimpleCache(threshold=MOST, default_timeout=0), Lock()

    @server.before_request
    def recall() -> Response | None:
        g.page = _key()
        kept: Kept | None = known.get(g.page) if g.page else None
        return Response(kept[0], headers=kept[1]) if kept else None

    @server.after_request
    def remember(response: Response) -> Response:
        key = g.get("page")  # nothing where the request was refused before
        if key and response.status_code == 200 and not known.has(key):
            headers = {name: response.headers[name] for name in HEADERS if name in response.headers}
            with lock:
                known.set(key, (response.get_data(), headers))
        return response


def _key() -> str | None:
    """The request in full, if its answer is a page."""
    asked = f"{request.host_url} {prefix()} {request.headers.get('Accept-Encoding')} {request.path}"
    if request.method == "GET" and request.path in ALWAYS_THE_SAME:
        return asked
    if request.path == CALLS and _lays_out():
        return f"{asked} {request.get_data(as_text=True)}"
    return None


def _lays_out() -> bool:
    call = request.get_json(silent=True)
    return isinstance(call, dict) and str(call.get("output", "")).startswith(LAYOUT)

"""Metrics, and a line in the log for each request; neither tells who asked.

Under gunicorn each process counts in files of its own, which ``/metrics`` adds up: gunicorn.conf.py
names their folder in ``PROMETHEUS_MULTIPROC_DIR`` before anything is imported. Without it a process
counts in its memory.
"""

import logging
import math
import os
import re
import struct
import sys
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, TextIO
from wsgiref.simple_server import WSGIServer

from flask import Flask, Response, g, request, request_finished, request_started
from flask import request_tearing_down as request_left
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector
from pythonjsonlogger.json import JsonFormatter

from eosdash.service import settings
from eosdash.service.kinds import KINDS

REASONS = ("rate", "queue", "invalid")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
# The same in gunicorn.conf.py, which must not import this.
LINE: dict[str, Any] = {
    "fmt": ["levelname", "name", "message"],
    "rename_fields": {"levelname": "level", "name": "logger"},
    "timestamp": "time",
}

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUIET = ("/healthz", "/metrics", "/_dash-component-suites/")

COMPUTATIONS = Counter("eosdash_computations", "Computations begun", ["kind"])
HITS = Counter("eosdash_cache_hits", "Requests answered from the cache", ["kind"])
MISSES = Counter("eosdash_cache_misses", "Requests that the cache had no answer to", ["kind"])
COLLAPSED = Counter(
    "eosdash_collapsed", "Requests that followed a computation already running", ["kind"]
)
REFUSED = Counter("eosdash_refused", "Requests refused: rate, queue or invalid", ["reason"])
# A process that died leaves nothing running, so it no longer counts in these.
RUNNING = Gauge(
    "eosdash_computations_running", "Computations under way", multiprocess_mode="livesum"
)
QUEUED = Gauge(
    "eosdash_queue_length", "Computations waiting for their turn", multiprocess_mode="livesum"
)
STREAMS = Gauge("eosdash_streams_open", "Answers being streamed", multiprocess_mode="livesum")
DEGRADED = Gauge(
    "eosdash_degraded", "1 while the shared cache does not answer", multiprocess_mode="livemax"
)
FIRST_ROW = Histogram(
    "eosdash_first_row_seconds",
    "From the request to its first row",
    ["kind", "cache"],
    buckets=_SECONDS,
)
REQUEST_SECONDS = Histogram(
    "eosdash_request_seconds",
    "From the request to the end of its answer",
    ["route", "status"],
    buckets=_SECONDS,
)
COMPUTATION_SECONDS = Histogram(
    "eosdash_computation_seconds", "What a computation took", ["kind"], buckets=_SECONDS
)

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Request:
    """What is known of a request under way."""

    request_id: str
    method: str
    route: str
    quiet: bool
    started: float = field(default_factory=perf_counter)
    noted: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """A part of the answer that is made after Flask has left the request."""
        token = _under_way.set(self)
        try:
            yield
        finally:
            _under_way.reset(token)

    def finish(self, status: int) -> None:
        """The answer has ended, or the client has left."""
        seconds = perf_counter() - self.started
        REQUEST_SECONDS.labels(self.route, str(status)).observe(seconds)
        level = logging.DEBUG if self.quiet and status < 500 else logging.INFO
        told = {
            "request_id": self.request_id,
            "method": self.method,
            "route": self.route,
            "status": status,
            "seconds": round(seconds, 6),
        }
        _log.log(level, "request", extra=self.noted | told)


_under_way: ContextVar[_Request | None] = ContextVar("request under way", default=None)


class _Stream:
    """The rows of an answer, each made with its request under way.

    It is no generator, because one that was never begun would not close what it wraps.
    """

    def __init__(self, of: _Request, rows: Iterable[Any]) -> None:
        self._of = of
        self._source = rows
        self._rows = iter(rows)
        self._open = False

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if not self._open:
            self._open = True
            STREAMS.inc()
        with self._of.under_way():
            try:
                return next(self._rows)
            except StopIteration:
                self._count_out()
                raise
            except Exception:
                # Flask has left the request, so it cannot tell.
                _log.exception("unhandled exception")
                raise

    def _count_out(self) -> None:
        if self._open:
            self._open = False
            STREAMS.dec()

    def __del__(self) -> None:
        self._count_out()

    def close(self) -> None:
        """The answer has ended, or the client has left."""
        self._count_out()
        close = getattr(self._source, "close", None)
        if close:
            with self._of.under_way():
                close()


def register(app: Flask) -> None:
    """Add ``/metrics``, the ids of requests, and the lines that tell of them."""
    _start_at_zero()
    app.add_url_rule("/metrics", "metrics", _metrics)
    # Signals, so that nothing depends on what else was registered, or when.
    request_started.connect(_begin, app)
    request_finished.connect(_answer, app)
    request_left.connect(_leave, app)
    app.log_exception = _log_exception  # type: ignore[method-assign]


def note(**fields: Any) -> None:
    """Add fields to the line of the request under way; nothing outside of one.

    It works in the view and in the generator that it returns, not in other threads.
    A name must be none of those that every record of a log has, such as ``name`` or ``args``.
    """
    of = _under_way.get()
    if of is not None:
        of.noted.update(fields)


def configure_logs() -> None:
    """Log what eosdash tells to stderr, a JSON object a line; a second call sets the level only.

    Raises:
        ValueError: if ``EOSDASH_LOG_LEVEL`` is no level.
    """
    setting = settings.SETTINGS["log_level"]
    level = str(setting.value).upper()
    if level not in LEVELS:
        raise ValueError(f"{setting.variable}={setting.value!r} is none of {', '.join(LEVELS)}")
    logger = logging.getLogger("eosdash")
    logger.setLevel(level)
    if not any(isinstance(handler, _Stderr) for handler in logger.handlers):
        logger.addHandler(_Stderr())
    # What the root prints too would be printed twice; pytest's handlers, there too, only collect.
    streams = [getattr(handler, "stream", None) for handler in logging.root.handlers]
    logger.propagate = sys.stderr not in streams and sys.stdout not in streams


def serve_metrics(port: int) -> WSGIServer:
    """Serve the metrics of processes that answer no requests; returns the server, to stop it."""
    server, _ = start_http_server(port, registry=_registry())
    return server


def _start_at_zero() -> None:
    """What has not happened yet is shown as 0, not left out."""
    for counter in (COMPUTATIONS, HITS, MISSES, COLLAPSED):
        for kind in KINDS:
            counter.labels(kind)
    for reason in REASONS:
        REFUSED.labels(reason)


def _metrics() -> Response:
    body = generate_latest(_registry())
    headers = {"Cache-Control": "no-store"}
    return Response(body, content_type=CONTENT_TYPE_PLAIN_0_0_4, headers=headers)


def _registry() -> CollectorRegistry:
    """The metrics of this process, or of all that share a folder."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    _Processes(registry)  # type: ignore[no-untyped-call]
    return registry


class _Processes(MultiProcessCollector):
    """Adds up what the processes counted; a file that one left half made is passed over."""

    def collect(self) -> Iterable[Metric]:
        """The metrics of all of them."""
        files = [str(file) for file in Path(self._path).glob("*.db") if _is_readable(file)]
        return self.merge(files)  # type: ignore[no-untyped-call]


def _is_readable(file: Path) -> bool:
    try:
        for _ in MmapedDict.read_all_values_from_file(file):  # type: ignore[no-untyped-call]
            pass
    except (OSError, RuntimeError, ValueError, struct.error):
        return False
    return True


def _begin(_app: Flask, **_: object) -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    # Only names that the app knows: a client could make up any number of others.
    route = request.url_rule.rule if request.url_rule else "other"
    method = request.method if request.method in _METHODS else "other"
    quiet = route.startswith(_QUIET) or (request.endpoint or "").endswith("static")
    g.telemetry = _Request(g.request_id, method, route, quiet)
    _under_way.set(g.telemetry)


def _answer(_app: Flask, *, response: Response, **_: object) -> None:
    of: _Request = g.telemetry
    response.headers["X-Request-ID"] = of.request_id
    if response.direct_passthrough:
        # A file, which the server sends by itself and without closing the response.
        of.finish(response.status_code)
        return
    if response.is_streamed:
        response.response = _Stream(of, response.response)
    status = response.status_code
    response.call_on_close(lambda: of.finish(status))


def _leave(_app: Flask, **_: object) -> None:
    # The thread goes on to other requests.
    _under_way.set(None)


def _log_exception(
    exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None],
) -> None:
    """In the place of Flask's own, whose line holds the path that was asked for."""
    _log.error("unhandled exception", exc_info=exc_info)


class _Stderr(logging.StreamHandler[TextIO]):
    """Prints JSON to what is stderr at the time: tests replace it."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.setFormatter(_Formatter(**LINE))
        self.addFilter(_name_request)

    def emit(self, record: logging.LogRecord) -> None:
        """Print the record."""
        self.stream = sys.stderr
        super().emit(record)


class _Formatter(JsonFormatter):
    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """JSON has no infinity, but an estimate may be one."""
        return {
            name: repr(value) if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in log_data.items()
        }


def _name_request(record: logging.LogRecord) -> bool:
    """Add the id of the request under way to whatever is logged meanwhile."""
    of = _under_way.get()
    if of is not None and not hasattr(record, "request_id"):
        record.request_id = of.request_id
    return True

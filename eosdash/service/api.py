"""The HTTP API, which the interface uses too."""

import hashlib
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from flask import Blueprint, Flask, Response, jsonify, request

import eosdash
from eosdash import table
from eosdash.basins import pixel_run
from eosdash.deck import DECK, DeckError, parse, read
from eosdash.explanations import explain_run
from eosdash.fields import MATH_VERSION, ParameterError, ParameterSet
from eosdash.params import (
    PAGES,
    BasinParams,
    ExplainParams,
    NetworkParams,
    SweepParams,
    TheoryParams,
    TrainParams,
)
from eosdash.service import gate, kinds, limits, maps, settings, telemetry
from eosdash.service.cache import ResultCache
from eosdash.service.columns import arrays_of, cobweb_record
from eosdash.service.encoding import columns_of, line
from eosdash.service.explained import arrays_with_facts
from eosdash.service.files import archive, download, qr_code, table_of
from eosdash.service.flights import Broken, Flights, Following, Unavailable, error_line
from eosdash.service.machine import Machine, readiness
from eosdash.service.presence import gone_of
from eosdash.service.requests import asked, coordinate_of, nearest_of, query_of, row_of

DECK_SECONDS = 1.0
"""What reading a deck is charged as."""

TABLE_SECONDS = 0.1
"""The same of a table."""

LIVE = "no-store, no-transform"
"""How an answer is cached that is being computed: not at all, and passed on line by line."""

FOREVER = "public, max-age=31536000, immutable"
"""How one from the cache is, whose address names the version of the mathematics."""


def register(app: Flask, flights: Flights, cache: ResultCache, machine: Machine) -> None:
    """Add the routes ``/api/…``, ``/healthz`` and ``/readyz``.

    Args:
        machine: where is computed what is for one answer alone.

    Raises:
        DeckError: if the configured deck has a mistake.
    """
    api = Blueprint("api", __name__)
    deck_file = Path(settings.value("deck") or DECK)
    deck = read(deck_file, kinds.check)
    can_compute = readiness(machine)

    @api.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok", version=eosdash.__version__)

    @api.get("/readyz")
    def readyz() -> tuple[Response, int]:
        able = can_compute()
        state = "degraded" if cache.degraded else "ready"
        return jsonify(status=state if able else "unable"), 200 if able else 503

    def stream(params: ParameterSet) -> Response:
        return _stream(params, flights, cache)

    def whole(params: ParameterSet) -> Iterator[bytes]:
        return follow(flights, params).whole().lines()

    @api.get("/api/train")
    def train() -> Response:
        return stream(asked(TrainParams))

    @api.get("/api/train.csv")
    def traintable_of() -> Response:
        params = asked(TrainParams)
        return download(table_of(params, whole(params)), "text/csv", "eosdash-run.csv")

    @api.get("/api/train.npz")
    def train_npz() -> Response:
        params = asked(TrainParams)
        body = archive(params, columns_of(whole(params)))
        return download(body, "application/zip", "eosdash-run.npz")

    @api.get("/api/explain")
    def explain() -> Response:
        return stream(asked(ExplainParams))

    @api.get("/api/explain.npz")
    def explain_npz() -> Response:
        params = asked(ExplainParams)
        _charge(params)
        with machine.turn(kinds.cost(params)):
            body = archive(params, arrays_with_facts(explain_run(params)))
        return download(body, "application/zip", f"eosdash-{params.explanation}.npz")

    @api.get("/api/basin")
    def basin() -> Response:
        return stream(asked(BasinParams))

    @api.get("/api/basin.npz")
    def basin_npz() -> Response:
        params = asked(BasinParams)
        body = archive(params, maps.arrays_of(whole(params)))
        return download(body, "application/zip", "eosdash-basin.npz")

    @api.get("/api/basin/run")
    def basin_run() -> Response:
        at = {name: coordinate_of(name) for name in ("x", "y")}
        params = asked(BasinParams, leaving_out=at)
        run = pixel_run(params, **at)
        limits.check_train(run.params)
        return _stream(run.params, flights, cache, line(maps.run_record(run)))

    @api.get("/api/sweep")
    def sweep() -> Response:
        return stream(asked(SweepParams))

    @api.get("/api/sweep.npz")
    def sweep_npz() -> Response:
        params = asked(SweepParams)
        _charge(params)
        with machine.turn(kinds.cost(params)):
            body = archive(params, arrays_of(params))
        return download(body, "application/zip", "eosdash-sweep.npz")

    @api.get("/api/theory")
    def theory() -> Response:
        return stream(asked(TheoryParams))

    @api.get(f"/api/nearest/<any({','.join(PAGES)}):page>")
    def nearest_set(page: str) -> Response:
        found = nearest_of(page)
        return jsonify(changes=found.changes, words=found.words)

    @api.get("/api/cobweb")
    def cobweb() -> Response:
        params = NetworkParams.make(**query_of())
        return Response(line(cobweb_record(params)), mimetype="application/json")

    @api.get("/api/deck")
    def served_deck() -> Response:
        return jsonify(deck.as_dict())

    @api.get("/api/deck.yaml")
    def deck_text() -> Response:
        return Response(deck_file.read_bytes(), mimetype="application/yaml")

    @api.post("/api/deck")
    def own_deck() -> Response:
        gate.charge(DECK_SECONDS)
        text = request.get_data(cache=False).decode(errors="replace")
        name = hashlib.sha256(text.encode()).hexdigest()[:12]
        return jsonify(parse(text, kinds.check).as_dict() | {"id": name})

    @api.post("/api/table")
    def own_table() -> Response:
        gate.charge(TABLE_SECONDS)
        answer = jsonify(table.taken(request.get_data(cache=False)))
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @api.errorhandler(DeckError)
    def faulty(error: DeckError) -> tuple[Response, int]:
        return jsonify(error=error.as_dict()), 422

    @api.get("/api/qr.svg")
    def qr() -> Response:
        return Response(qr_code(request.args.get("link", "")), mimetype="image/svg+xml")

    @api.app_errorhandler(ParameterError)
    def invalid(error: ParameterError) -> tuple[Response, int]:
        telemetry.REFUSED.labels("invalid").inc()
        return jsonify(error=error.as_dict()), 422

    @api.app_errorhandler(Unavailable)
    def unavailable(error: Unavailable) -> tuple[Response, int, dict[str, str]]:
        telemetry.REFUSED.labels(error.reason).inc()
        return jsonify(error=error.error), error.status, {"Retry-After": str(error.retry_after)}

    @api.app_errorhandler(Broken)
    def broken(error: Broken) -> tuple[Response, int]:
        return jsonify(error=error.error), error.status

    app.register_blueprint(api)


class _Lines:
    """The lines of an answer; a failure after the first is its last line."""

    def __init__(self, following: Following, before: bytes) -> None:
        """With one line ``before`` the others, which is row 0.

        Raises:
            ParameterError, Unavailable, Broken: whatever kept the first line from coming.
        """
        self._following = following
        self._first = before + next(following, b"")

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        first, self._first = self._first, b""
        if first:
            return first
        try:
            return next(self._following)
        except (ParameterError, Unavailable, Broken) as failure:
            return error_line(failure)

    def close(self) -> None:
        """The reader has read all, or has left."""
        telemetry.note(rows=self._following.rows)
        self._following.close()


def _charge(params: ParameterSet) -> None:
    gate.charge(kinds.cost(params))


def follow(flights: Flights, params: ParameterSet, row: int = 0) -> Following:
    """A result, charged to the address of the request if it has to be computed.

    Raises:
        Unavailable: if too much was computed for that address already.
    """
    charge = partial(_charge, params)
    following = flights.follow(params, row, charge, gone_of(request.environ))
    telemetry.note(kind=params.kind, key=following.key[:12], cache=following.state)
    return following


def _stream(
    params: ParameterSet, flights: Flights, cache: ResultCache, before: bytes = b""
) -> Response:
    """A result line by line, from the row on that was asked for."""
    row, tag = row_of(), "-".join([MATH_VERSION, params.key()[:32]])
    if before:  # which is row 0, and is not part of what is kept
        before, row, tag = before if row == 0 else b"", max(0, row - 1), ""
    if tag and not row and request.if_none_match.contains_weak(tag):
        return _kept(Response(status=304), tag)
    began = time.perf_counter()
    following = follow(flights, params, row)
    lines = _Lines(following, before)
    telemetry.FIRST_ROW.labels(params.kind, following.state).observe(time.perf_counter() - began)
    answer = Response(lines, mimetype="application/x-ndjson")
    answer.headers["Cache-Status"] = CACHE_STATUS[following.state]
    telemetry.DEGRADED.set(cache.degraded)
    if cache.degraded:
        answer.headers["Cache-Status"] += "; detail=degraded"
    if following.state == "hit" and tag and not row:
        answer.content_length = following.log.size
        return _kept(answer, tag)
    answer.headers["Cache-Control"] = LIVE
    answer.headers["X-Accel-Buffering"] = "no"  # nginx would hold the lines back
    return answer


CACHE_STATUS = {
    "hit": "eosdash; hit",
    "miss": "eosdash; fwd=miss",
    "collapsed": "eosdash; fwd=miss; collapsed",
}
"""As RFC 9211 has it."""


def _kept(answer: Response, tag: str) -> Response:
    """An answer that browsers and proxies may keep: for good where its address says with which
    version of the mathematics it was computed, and otherwise asking each time if it still holds."""
    answer.set_etag(tag)
    current = request.args.get("v") == MATH_VERSION
    answer.headers["Cache-Control"] = FOREVER if current else "public, no-cache"
    return answer

"""The HTTP API, which the interface uses too."""

import io
import json
from collections.abc import Container, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import segno
from flask import Blueprint, Flask, Response, jsonify, request
from numpy.typing import NDArray

import eosdash
from eosdash.basins import pixel_run
from eosdash.deck import DECK, DeckError, parse, read
from eosdash.fields import ParameterError, ParameterSet
from eosdash.params import BasinParams, NetworkParams, SweepParams, TheoryParams, TrainParams
from eosdash.params.basin import FARTHEST
from eosdash.service import limits, maps
from eosdash.service.cache import ResultCache
from eosdash.service.columns import arrays_of, cobweb_record
from eosdash.service.encoding import columns_of, line
from eosdash.service.stream import basin_lines, sweep_lines, theory_lines, train_lines

STREAM_HEADERS = {
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",  # nginx would hold the lines back
}


def register(app: Flask, cache: ResultCache) -> None:
    """Add the routes ``/api/…`` and ``/healthz``.

    Raises:
        DeckError: if the configured deck has a mistake.
    """
    api = Blueprint("api", __name__)
    deck_file = Path(app.config.get("DECK") or DECK)
    deck = read(deck_file, limits.check)

    @api.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok", version=eosdash.__version__)

    @api.get("/api/train")
    def train() -> Response:
        return _stream(train_lines(_train_params(), cache))

    @api.get("/api/train.csv")
    def train_csv() -> Response:
        params = _train_params()
        return download(_csv(params, train_lines(params, cache)), "text/csv", "eosdash-run.csv")

    @api.get("/api/train.npz")
    def train_npz() -> Response:
        params = _train_params()
        body = _npz(params, train_lines(params, cache))
        return download(body, "application/zip", "eosdash-run.npz")

    @api.get("/api/basin")
    def basin() -> Response:
        return _stream(basin_lines(_basin_params(), cache))

    @api.get("/api/basin.npz")
    def basin_npz() -> Response:
        params = _basin_params()
        body = archive(params, maps.arrays_of(basin_lines(params, cache)))
        return download(body, "application/zip", "eosdash-basin.npz")

    @api.get("/api/basin/run")
    def basin_run() -> Response:
        at = {name: _coordinate(name) for name in ("x", "y")}
        params = _basin_params(leaving_out=at)
        run = pixel_run(params, **at)
        limits.check_train(run.params)
        return _stream(chain([line(maps.run_record(run))], train_lines(run.params, cache)))

    @api.get("/api/sweep")
    def sweep() -> Response:
        params = SweepParams.make(**query_of())
        limits.check_sweep(params)
        return _stream(sweep_lines(params, cache))

    @api.get("/api/sweep.npz")
    def sweep_npz() -> Response:
        params = SweepParams.make(**query_of())
        limits.check_sweep(params)
        return download(archive(params, arrays_of(params)), "application/zip", "eosdash-sweep.npz")

    @api.get("/api/theory")
    def theory() -> Response:
        params = TheoryParams.make(**query_of())
        limits.check_theory(params)
        return _stream(theory_lines(params, cache))

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
        text = request.get_data(cache=False).decode(errors="replace")
        return jsonify(parse(text, limits.check).as_dict())

    @api.errorhandler(DeckError)
    def faulty(error: DeckError) -> tuple[Response, int]:
        return jsonify(error=error.as_dict()), 422

    @api.get("/api/qr.svg")
    def qr() -> Response:
        return Response(_qr(request.args.get("link", "")), mimetype="image/svg+xml")

    @api.app_errorhandler(ParameterError)
    def invalid(error: ParameterError) -> tuple[Response, int]:
        return jsonify(error=error.as_dict()), 422

    app.register_blueprint(api)


def _qr(link: str) -> bytes:
    """A link as a QR code, black on white whatever is around it, with the quiet zone it needs."""
    if not link.startswith(("http://", "https://")):
        raise ParameterError("link", "it is no link", "an address that begins with http")
    try:
        code = segno.make_qr(link, error="L")
    except segno.DataOverflowError:
        raise ParameterError("link", "it is too long for a QR code", "up to 2,953 bytes") from None
    body = io.BytesIO()
    code.save(body, kind="svg", scale=8, light="white", xmldecl=False)
    return body.getvalue()


def _train_params() -> TrainParams:
    """The parameter set of a run; raises a ParameterError for anything that cannot be used."""
    params = TrainParams.make(**query_of())
    limits.check_train(params)
    return params


def _basin_params(leaving_out: Container[str] = ()) -> BasinParams:
    """The parameter set of a map, in the same way."""
    query = {name: value for name, value in query_of().items() if name not in leaving_out}
    params = BasinParams.make(**query)
    limits.check_basin(params)
    return params


def query_of() -> dict[str, str]:
    """The query of the request.

    Raises:
        ParameterError: if it is too long, or names a parameter twice.
    """
    longest = limits.LIMITS["query"].value
    if len(request.query_string) > longest:
        raise ParameterError(
            "query", "it is too long", f"up to {longest:,.0f} characters; use the Python API"
        )
    for name, values in request.args.lists():
        if len(values) > 1:
            raise ParameterError(name, f"it is given {len(values)} times", "one value")
    return request.args.to_dict()


def _coordinate(name: str) -> float:
    """A coordinate of the query."""
    try:
        value = float(request.args[name])
    except (KeyError, ValueError):
        value = float("nan")
    if not abs(value) <= FARTHEST:
        raise ParameterError(name, "it is no coordinate", f"a number within ±{FARTHEST:g}")
    return value


def _stream(lines: Iterator[bytes]) -> Response:
    return Response(lines, mimetype="application/x-ndjson", headers=STREAM_HEADERS)


def download(body: bytes, mimetype: str, name: str) -> Response:
    """An answer that the browser keeps as a file."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, mimetype=mimetype, headers=headers)


def _csv(params: TrainParams, lines: Iterator[bytes]) -> bytes:
    """One row a step; columns of several numbers are spread as ``name_1``, ``name_2``, …"""
    names, columns = [], []
    for name, values in columns_of(lines).items():
        wide = values.ndim > 1
        names += [f"{name}_{i + 1}" for i in range(values.shape[1])] if wide else [name]
        columns += list(values.T) if wide else [values]
    text = io.StringIO()
    text.write(f"# {params.call()}\n{','.join(names)}\n")
    for row in zip(*(column.tolist() for column in columns), strict=True):
        text.write(",".join(map(repr, row)) + "\n")
    return text.getvalue().encode()


def _npz(params: TrainParams, lines: Iterator[bytes]) -> bytes:
    return archive(params, columns_of(lines))


def archive(params: ParameterSet, arrays: dict[str, NDArray[Any]]) -> bytes:
    """The arrays by name, and the parameter set as JSON under ``params``."""
    body = io.BytesIO()
    named: dict[str, Any] = arrays
    np.savez_compressed(body, params=np.array(json.dumps(params.canonical())), **named)
    return body.getvalue()

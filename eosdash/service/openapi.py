"""The HTTP API as an OpenAPI 3.1 document, read off the parameter sets so that it never drifts."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request

import eosdash
from eosdash.deck import LARGEST
from eosdash.fields import MATH_VERSION, ParameterSet
from eosdash.params import (
    PAGES,
    BasinParams,
    ExplainParams,
    NetworkParams,
    SweepParams,
    TheoryParams,
    TrainParams,
)
from eosdash.params.basin import FARTHEST
from eosdash.service.answers import ANYWHERE, SCHEMAS, STREAMS, Schema, ref
from eosdash.service.queries import parameters_of, query_parameter, set_parameters
from eosdash.table import ALLOWED

NDJSON = "application/x-ndjson"

SCHEMES = ("light", "dark")
"""Colours of an animation."""

_DESCRIPTION = """\
Gradient descent at large learning rates, computed and streamed. Every parameter is optional unless
it says so, none may be given twice, and one that has no effect beside the others is accepted and
ignored. Equal parameters give equal numbers. Lists are comma-separated. Whatever cannot be used
answers 422 before any work begins, and names the field, what is wrong, and what is allowed.

Streams are newline-delimited JSON: each line is a record with a `type`, first `start`, last `end`.
A stream that was cut is taken up again by the same query with `row`, the number of rows that came.
Rows are all lines but the signs of life, of type `queued` or `progress`. A stream that fails on its
way ends with a line of type `error` instead of `end`.
"""


def document() -> dict[str, Any]:
    """The document, ready for JSON."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "eosdash",
            "version": eosdash.__version__,
            "summary": "A laboratory for gradient descent at the edge of stability.",
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": _computed() | _scenes() | _table() | _server(),
        "components": {
            "schemas": SCHEMAS,
            "parameters": _shared() | set_parameters(),
            "responses": _refusals(),
        },
    }


def register(app: Flask) -> None:
    """Add the route ``/api/openapi.json``."""
    blueprint = Blueprint("openapi", __name__)
    made = document()

    @blueprint.get("/api/openapi.json")
    def openapi() -> Response:
        answer = jsonify(made)
        answer.headers["Cache-Control"] = "no-cache"  # ask whether it is still the same
        answer.add_etag()
        answer.make_conditional(request)
        return answer

    app.register_blueprint(blueprint)


def _computed() -> dict[str, Any]:
    """What is computed from a parameter set."""
    return {
        "/api/train": _stream("A run, as it is computed.", "train", TrainParams),
        "/api/train.csv": _file("A run as a table, one row a step.", "text/csv", TrainParams),
        "/api/train.npz": _file("The arrays of a run.", "application/zip", TrainParams),
        "/api/explain": _stream(
            "An explanation that is laid over a run, as it is computed.", "explain", ExplainParams
        ),
        "/api/explain.npz": _file(
            "The arrays of an explanation.", "application/zip", ExplainParams
        ),
        "/api/basin": _stream("A map, from coarse to fine.", "basin", BasinParams),
        "/api/basin.npz": _file("The arrays of a map.", "application/zip", BasinParams),
        "/api/basin/run": _stream(
            "The run from a point of a map.", "run", BasinParams, [_coordinate(n) for n in "xy"]
        ),
        **{
            f"/api/basin/animation.{ending}": _file(
                "A map as it changes with the learning rate, from 0.1 to 1.15 η_C.",
                mimetype,
                BasinParams,
                [_SCHEME],
            )
            for ending, mimetype in (
                ("gif", "image/gif"),
                ("webp", "image/webp"),
                ("npz", "application/zip"),
            )
        },
        "/api/sweep": _stream("A sweep, column by column.", "sweep", SweepParams),
        "/api/sweep.npz": _file("The arrays of a sweep.", "application/zip", SweepParams),
        "/api/theory": _stream("The four statements, checked.", "theory", TheoryParams),
        **{
            f"/api/nearest/{name}": _get(
                "What can be computed in place of what is asked for, where that is refused.",
                _json("What has to change, if anything.", "Nearest"),
                [_KEEP, *parameters_of(page.sets[0])],
                422, 429,
            )
            for name, page in PAGES.items()
        },
        "/api/cobweb": _get(
            "The balanced one-dimensional reduction of a scalar chain.",
            _json("The curve, its fixed points, and the staircase.", "Cobweb"),
            parameters_of(NetworkParams),
            422, 429, 503,
        ),
    }  # fmt: skip


def _scenes() -> dict[str, Any]:
    """The deck, and links to show."""
    link = query_parameter(
        "link", "What the code holds.", {"type": "string", "pattern": "^https?://"}, True
    )
    deck = _get("The deck of the site.", _json("The deck.", "Deck"), [], 429)
    return {
        "/api/deck": deck | {"post": _posted_deck()},
        "/api/deck.yaml": _get(
            "The deck of the site, to start from.", _text("The deck.", "application/yaml"), [], 429
        ),
        "/api/qr.svg": _get(
            "A link as a QR code.", _text("The picture.", "image/svg+xml"), [link], 422, 429
        ),
    }


def _posted_deck() -> dict[str, Any]:
    faulty = _json("The first mistake, with its line.", "DeckError")
    return {
        "summary": "Checks a deck of one's own, and keeps nothing of it.",
        "requestBody": {
            "required": True,
            "description": f"The deck as YAML, up to {LARGEST // 1024} KiB.",
            "content": {"application/yaml": {"schema": {"type": "string"}}},
        },
        "responses": _responses(_json("The deck, with an id of its text.", "Deck"), 413, 429)
        | {"422": faulty},
    }


def _table() -> dict[str, Any]:
    """What makes a parameter of a file."""
    return {
        "/api/table": {
            "post": {
                "summary": "Reads a table of one's own for the parameter `data`; keeps nothing.",
                "requestBody": {
                    "required": True,
                    "description": f"A text file: {ALLOWED}.",
                    "content": {"text/csv": {"schema": {"type": "string"}}},
                },
                "responses": _responses(_json("What it holds.", "Table"), 413, 422, 429),
            }
        }
    }


def _server() -> dict[str, Any]:
    """What tells of the server itself."""
    unready = _json("It is starting or stopping.", "Readiness")
    ready = _get("Whether requests may come.", _json("They may.", "Readiness"), [])
    ready["get"]["responses"]["503"] = unready
    own = _get("This document.", {"content": {"application/json": {"schema": _OBJECT}}}, [], 429)
    own["get"]["responses"] |= {"304": _UNCHANGED}
    own["get"]["responses"]["200"] |= {"description": "OpenAPI 3.1.", "headers": _ETAG}
    own["get"]["parameters"] = [{"$ref": "#/components/parameters/IfNoneMatch"}]
    return {
        "/api/openapi.json": own,
        "/healthz": _get("Whether the server answers.", _json("It does.", "Health"), []),
        "/readyz": ready,
        "/metrics": _get("Counters, for Prometheus.", _text("Its text format.", "text/plain"), []),
    }


_OBJECT: Schema = {"type": "object"}
_ETAG: Schema = {"ETag": {"schema": {"type": "string"}, "description": "For If-None-Match."}}
_CACHE_STATUS: Schema = {
    "Cache-Status": {
        "schema": {"type": "string"},
        "description": "Whether it was computed before, as in RFC 9211.",
    }
}
_UNCHANGED: Schema = {"description": "It is still what the ETag in If-None-Match stands for."}


def _get(
    summary: str, answer: Schema, parameters: Iterable[Schema], *refusals: int
) -> dict[str, Any]:
    return {
        "get": {
            "summary": summary,
            "parameters": list(parameters),
            "responses": _responses(answer, *refusals),
        }
    }


def _stream(
    summary: str, name: str, params: type[ParameterSet], more: Iterable[Schema] = ()
) -> dict[str, Any]:
    """A path that answers line by line, and takes up again what was cut."""
    records = [ref(record) for record in (*STREAMS[name], *ANYWHERE)]
    content = {
        "schema": {"type": "string", "description": "A JSON object on every line."},
        "x-itemSchema": {"anyOf": records},
    }
    answer = {
        "description": "In this order: "
        + ", ".join(STREAMS[name])
        + "; those between the first and the last may repeat.",
        "headers": _ETAG | _CACHE_STATUS,
        "content": {NDJSON: content},
    }
    parameters = [*more, *parameters_of(params)]
    parameters += [{"$ref": f"#/components/parameters/{shared}"} for shared in _shared()]
    made = _get(summary, answer, parameters, 422, 429, 503)
    made["get"]["responses"]["304"] = _UNCHANGED
    return made


def _file(
    summary: str, mimetype: str, params: type[ParameterSet], more: Iterable[Schema] = ()
) -> dict[str, Any]:
    """A path that answers with a file."""
    answer = _text("A file.", mimetype)
    answer["headers"] = {"Content-Disposition": {"required": True, "schema": {"type": "string"}}}
    return _get(summary, answer, [*more, *parameters_of(params)], 422, 429, 503)


def _json(description: str, name: str) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": ref(name)}}}


def _text(description: str, mimetype: str) -> Schema:
    return {"description": description, "content": {mimetype: {}}}


_REFUSALS = {
    413: ("TooLarge", "The body is too large, and is not read."),
    422: ("Unusable", "A parameter cannot be used, or asks for too much."),
    429: ("TooMany", "Too many requests, or too much computing, from one address."),
    503: ("Busy", "The server is busy: the queue is full."),
}
"""Names and meanings of the statuses that answer with an error."""


def _refusals() -> dict[str, Schema]:
    """The answers to what is refused; those that will pass say when to come again."""
    made = {name: _json(description, "Error") for name, description in _REFUSALS.values()}
    for name in ("TooMany", "Busy"):
        seconds = {"schema": {"type": "integer", "minimum": 0}, "description": "In seconds."}
        made[name]["headers"] = {"Retry-After": seconds | {"required": True}}
    return made


def _responses(answer: Schema, *refusals: int) -> dict[str, Schema]:
    return {"200": answer} | {
        str(status): {"$ref": f"#/components/responses/{_REFUSALS[status][0]}"}
        for status in refusals
    }


def _shared() -> dict[str, Schema]:
    """The parameters that belong to streams, not to what is computed."""
    condition = {
        "name": "If-None-Match",
        "in": "header",
        "description": "ETag of an answer that is at hand.",
        "schema": {"type": "string"},
    }
    row = query_parameter(
        "row",
        "Leave out that many rows, which came before the stream was cut.",
        {"type": "integer", "minimum": 0, "maximum": 999_999, "default": 0},
    )
    version = query_parameter(
        "v",
        f"Version of the mathematics, now {MATH_VERSION}: with it the answer may be kept for good.",
        {"type": "string"},
    )
    return {"Row": row, "Version": version, "IfNoneMatch": condition}


_KEEP = query_parameter(
    "keep", "A parameter that should stay: a number does, a choice is the last to give way.",
    {"type": "string"},
)  # fmt: skip
_SCHEME = query_parameter("scheme", "Colours.", {"enum": list(SCHEMES), "default": SCHEMES[0]})


def _coordinate(axis: str) -> Schema:
    limits = {"type": "number", "minimum": -FARTHEST, "maximum": FARTHEST}
    return query_parameter(axis, f"Coordinate {axis} of the point.", limits, True)

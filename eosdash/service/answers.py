"""What the HTTP API answers, as JSON Schemas: every record of every stream, and every object."""

from dataclasses import fields
from typing import Any

from eosdash.core.descent.critical_points import CRITICAL_POINTS
from eosdash.core.maps.basin import Level
from eosdash.core.outcome import OUTCOMES

Schema = dict[str, Any]

_NUMBER: Schema = {"type": ["number", "null"]}
"""A number; null where it is infinite or not defined, which JSON cannot write."""

_TEXT: Schema = {"type": "string"}
_OBJECT: Schema = {"type": "object"}
_WHOLE: Schema = {"type": "integer", "minimum": 0}
_FLAG: Schema = {"type": "boolean"}
_CRITICAL_POINT: Schema = {"enum": [str(kind) for kind in CRITICAL_POINTS]}
_OUTCOME: Schema = {"enum": [str(outcome) for outcome in OUTCOMES]}


def ref(name: str) -> Schema:
    """Reference to one of :data:`SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def _list(items: Schema, **limits: Any) -> Schema:
    return {"type": "array", "items": items, **limits}


def _object(description: str, **properties: Schema) -> Schema:
    """An object of at least these properties; later versions may add some."""
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
    }


def _record(type: str, description: str, **properties: Schema) -> Schema:
    """A line of a stream, told apart by its ``type``."""
    return _object(description, type={"const": type}, **properties)


def _perhaps(record: Schema, **properties: Schema) -> Schema:
    """The same with properties that it may have, too."""
    return record | {"properties": record["properties"] | properties}


def _beyond(base: str, description: str, **properties: Schema) -> Schema:
    """A record with more than those that it extends."""
    return {"allOf": [ref(base), _object(description, **properties)]}


def _or_none(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


_NUMBERS = _list(_NUMBER)
_PACKED = ref("Array")
_SUMMARY: Schema = _TEXT | {"description": "The result in words."}

_ERROR_FIELDS = _object(
    "The field at fault, what is wrong with it, and what is allowed there.",
    field=_TEXT,
    message=_TEXT,
    allowed=_TEXT,
)

_GENERAL: dict[str, Schema] = {
    "Array": _object(
        "An array: base64 of its little-endian bytes in C order, with its dtype and shape.",
        dtype={"type": "string", "pattern": "^(u?int(8|16|32|64)|float(32|64))$"},
        shape=_list(_WHOLE),
        data=_TEXT | {"contentEncoding": "base64"},
    ),
    "Error": _object(
        "What cannot be used.",
        error=_ERROR_FIELDS,
    ),
    "Nearest": _object(
        "What can be computed in place of what was asked for.",
        changes=_OBJECT
        | {
            "description": "The parameters that are others, as texts; empty where left out.",
            "additionalProperties": _TEXT,
        },
        words=_TEXT | {"description": "Why, and what is there instead; empty where nothing is."},
    ),
    "DeckError": _object(
        "What is wrong with a deck.",
        error=_object(
            "As for every error, and the line of the YAML text.",
            line={"type": "integer", "minimum": 1},
            field=_TEXT,
            message=_TEXT,
            allowed=_TEXT,
        ),
    ),
    "Start": _record(
        "start",
        "First line: what is computed, in full, and the thresholds.",
        kind={"enum": ["train", "explain", "basin", "sweep", "theory"]},
        version=_TEXT,
        params=_OBJECT | {"description": "The parameters that have an effect."},
        query=_OBJECT | {"description": "The same as texts.", "additionalProperties": _TEXT},
        python=_TEXT | {"description": "The call of the Python API that computes the same."},
        threshold=_NUMBER
        | {"description": "Of stability: 2/η, or what the optimizer has in its place."},
        edge=_object(
            "The threshold of stability: factor/η, and its formula.", factor=_NUMBER, words=_TEXT
        ),
        critical_lr=_or_none(
            _object(
                "η_C of the optimizer; null of a network that is not linear, and of several.",
                value=_NUMBER,
                closed_form=_FLAG,
            )
        ),
        parameters=_or_none(
            _WHOLE | {"description": "Number of weights; null of several networks at once."}
        ),
        start_sharpness=_NUMBER,
        fitting=_OBJECT
        | {"description": "What suits the rest, for the fields that are it where left out."},
    ),
    "End": _record("end", "Last line."),
    "Progress": _record("progress", "A sign of life, and of a map how many steps are done."),
    "Alive": _record("alive", "A sign of life while nothing is found."),
    "Queued": _record("queued", "Waits for its turn.", position=_WHOLE),
    "Failure": _record(
        "error", "Last line of a stream that fails on its way.", error=_ERROR_FIELDS
    ),
}

_RUN: dict[str, Schema] = {
    "RunChunk": _perhaps(
        _record(
            "chunk",
            "Measurements at consecutive steps; later chunks continue where one ends.",
            step=_WHOLE | {"description": "The first of the steps."},
            lr=_NUMBERS,
            loss=_NUMBERS,
            sharpness=_NUMBERS,
            grad_norm=_NUMBERS,
            unconverged=_list(_WHOLE),
        ),
        lambda_min=_NUMBERS,
    ),
    "RunEnd": _beyond(
        "End",
        "What became of the run.",
        outcome=_OUTCOME,
        step=_WHOLE,
        period=_or_none({"type": "integer", "minimum": 2}),
        critical_point=_or_none(_CRITICAL_POINT),
        badge=_TEXT,
        events=_list(_object("Something that happens.", kind=_TEXT, step=_WHOLE, text=_TEXT)),
        weights=_NUMBERS,
        summary=_SUMMARY,
    ),
    "Path": _record(
        "path",
        "Comes before the run from a point of a map: its path on the plane.",
        x=_NUMBERS,
        y=_NUMBERS,
        query=_or_none(_OBJECT | {"additionalProperties": _TEXT}),
        python=_TEXT,
    ),
}

_EXPLANATION: dict[str, Schema] = {
    "ExplainStart": _beyond(
        "Start",
        "What is laid over the run: what is approximate and where it comes from, in sentences, and "
        "what holds for all that follows.",
        explanation=_TEXT,
        notes=_list(_TEXT),
        facts=_OBJECT,
    ),
    "ExplainChunk": _record(
        "chunk",
        "Columns by name; beside a run, its steps are in the column step. Later chunks continue "
        "where one ends.",
    ),
    "Frame": _record(
        "frame",
        "The learned function at one step: the outputs, or the side of a grid that each class is "
        "on, or the share of data whose class is told rightly.",
        step=_WHOLE,
        loss=_NUMBER,
    ),
    "ExplainEnd": _beyond(
        "End", "What is seen, in words and in numbers.", summary=_SUMMARY, values=_OBJECT
    ),
}

_FIT = _object(
    "A power law, and how far it holds: the error is that of the fit; slopes from each size to the "
    "next; exponents of every second, fourth, … pixel; and what is found on known curves.",
    exponent=_NUMBER,
    error=_NUMBER,
    sizes=_NUMBERS,
    values=_NUMBERS,
    line=_NUMBERS,
    slopes=_NUMBERS,
    coarser=_NUMBERS,
    known=_list(_object("A curve.", curve=_TEXT, truth=_NUMBER, exponent=_NUMBER)),
)

_MAP: dict[str, Schema] = {
    "MapStart": _beyond(
        "Start",
        "The names of the codes of outcomes, and the map.",
        outcomes=_list(_OUTCOME),
        critical_points=_list(_CRITICAL_POINT),
        kinds=_OBJECT | {"additionalProperties": _TEXT},
        extent=_list({"type": "number"}, minItems=4, maxItems=4),
        resolutions=_list(_WHOLE),
        plane=_OBJECT,
    ),
    "Level": _record(
        "level",
        "The map at one resolution; rows from the low end of the second axis upwards.",
        resolution=_WHOLE,
        stride=_WHOLE,
        **{field.name: _PACKED for field in fields(Level) if field.name != "stride"},
    ),
    "Recheck": _record(
        "recheck", "Where the outcome changes with twice the steps.", changed=_PACKED
    ),
    "Overlays": _record(
        "overlays",
        "What can be drawn over the map, and why the rest cannot.",
        loss=_OBJECT,
        minimizers=_or_none(_list(_OBJECT)),
        region=_or_none(_list(_OBJECT)),
        fold=_or_none(_list(_OBJECT)),
        balanced=_or_none(_list(_OBJECT)),
        missing=_OBJECT,
    ),
    "MapEnd": _beyond(
        "End",
        "Shares of the outcomes, with intervals, and the measures of the boundary.",
        fraction=_OBJECT | {"additionalProperties": _NUMBER},
        interval=_OBJECT | {"additionalProperties": _NUMBERS},
        kinds=_OBJECT | {"additionalProperties": _NUMBER},
        entropy=_OBJECT,
        dimension=_FIT,
        uncertainty=_FIT,
        summary=_SUMMARY,
    ),
}

_SWEEP: dict[str, Schema] = {
    "SweepStart": _beyond(
        "Start",
        "The axis, η of each column, and the names of the codes of outcomes.",
        outcomes=_list(_OUTCOME),
        value=_NUMBERS,
        rates=_NUMBERS,
        observable=_TEXT,
    ),
    "Columns": _record(
        "columns",
        "Some columns, from coarse to fine: their orbits (visits, exponent), or the fates of "
        "their random starts (counts, interval, grad_norm, edge).",
        index=_list(_WHOLE),
    ),
    "SweepEnd": _beyond("End", "The result in words.", summary=_SUMMARY),
}

_OTHERS: dict[str, Schema] = {
    "Panel": _record(
        "panel",
        "One of the four statements, checked on the network.",
        panel={"enum": ["stable", "manifold", "nonsingular", "measure_zero"]},
        check=_TEXT,
        missing=_OBJECT,
        assumptions=_list(
            _object(
                "An assumption of the statement; ``holds`` is null where that is not known, or not "
                "asked as another one fails.",
                name=_TEXT,
                words=_TEXT,
                holds=_or_none(_FLAG),
            )
        ),
        instead=_TEXT | {"description": "What is true where an assumption fails; else empty."},
    ),
    "Cobweb": _object(
        "The balanced one-dimensional reduction of a chain.", lr=_NUMBER, critical_lr=_NUMBER
    ),
    "Deck": _object(
        "Scenes in the order in which they are shown.",
        title=_TEXT,
        scenes=_list(
            _object("A state of a page.", title=_TEXT, page=_TEXT, text=_TEXT, href=_TEXT)
        ),
    ),
    "Table": _object(
        "A table as it stands in a link; its size, and what was left out or rounded, in words.",
        data=_TEXT,
        size=_TEXT,
        notes=_TEXT,
    ),
    "Health": _object("The server answers.", status=_TEXT, version=_TEXT),
    "Readiness": _object("Whether requests may come.", status=_TEXT),
}

SCHEMAS: dict[str, Schema] = _GENERAL | _RUN | _EXPLANATION | _MAP | _SWEEP | _OTHERS
"""The components of the document, by name."""

STREAMS: dict[str, tuple[str, ...]] = {
    "train": ("Start", "RunChunk", "RunEnd"),
    "explain": ("ExplainStart", "ExplainChunk", "Frame", "ExplainEnd"),
    "run": ("Path", "Start", "RunChunk", "RunEnd"),
    "basin": ("MapStart", "Level", "Recheck", "Overlays", "MapEnd"),
    "sweep": ("SweepStart", "Columns", "SweepEnd"),
    "theory": ("Start", "Panel", "End"),
}
"""The records of each stream, in the order in which the first of each comes."""

ANYWHERE = ("Alive", "Queued", "Progress", "Failure")
"""What may come in any stream, and is no row of it."""

"""The parameters of the HTTP API, read off the parameter sets: what may stand in a query."""

from pydantic.fields import FieldInfo

from eosdash.fields import ParameterSet
from eosdash.params import NetworkParams, SweepParams
from eosdash.params.task import MOST_COLUMNS, MOST_NUMBERS, MOST_ROWS
from eosdash.service.answers import Schema
from eosdash.service.kinds import KINDS

SETS: tuple[type[ParameterSet], ...] = (NetworkParams, *(kind.params for kind in KINDS.values()))
"""What the API computes from; the fields of the first are described once for all."""

_PAIR = "^[1-9][0-9]*:[0-9]*[.]?[0-9]+([eE][+-]?[0-9]+)?$"
"""``step:lr``."""


_SIZE = "(0*[0-9]{1,6}([.][0-9]*)?|[.][0-9]+)([eE]-[0-9]+)?|0*1000000([.]0*)?"
"""A number of a table, within ±1e6: with up to six digits before the point, as links write it."""


def query_parameter(name: str, description: str, schema: Schema, required: bool = False) -> Schema:
    """A parameter of the query; lists stand in it with commas between their items."""
    made: Schema = {"name": name, "in": "query", "description": description, "schema": schema}
    if schema.get("type") == "array":
        made |= {"style": "form", "explode": False}
    return made | ({"required": True} if required else {})


def set_parameters() -> dict[str, Schema]:
    """Every field of every set as a parameter of a query, by the name of :func:`parameters_of`."""
    made: dict[str, Schema] = {}
    for params in SETS:
        for name, field in _fields(params).items():
            if field != made.get(_name(NetworkParams, name)):
                made[_name(params, name)] = field
    return made


def parameters_of(params: type[ParameterSet]) -> list[Schema]:
    """The fields of a parameter set, as references to :func:`set_parameters`."""
    shared = _fields(NetworkParams)
    return [
        {"$ref": f"#/components/parameters/{_name(owner, name)}"}
        for name, field in _fields(params).items()
        for owner in [NetworkParams if field == shared.get(name) else params]
    ]


def _name(params: type[ParameterSet], field: str) -> str:
    return f"{params.kind}.{field}"


def _fields(params: type[ParameterSet]) -> dict[str, Schema]:
    schemas = params.model_json_schema()["properties"]
    return {
        name: query_parameter(
            name, _words(params, name, field), _schema(params, name, schemas[name])
        )
        for name, field in params.model_fields.items()
    }


def _words(params: type[ParameterSet], name: str, field: FieldInfo) -> str:
    """What a field does, and what its schema does not say."""
    about, said = params.about(name), [field.description or ""]
    if about.symbol:
        said.append(f"Symbol: {about.symbol}.")
    if about.allowed:
        said.append(f"Accepted: {about.allowed}.")
    if about.when:
        when = (f"{other} is {' or '.join(values)}" for other, values in about.when.items())
        said.append(f"Has an effect where {' and '.join(when)}.")
    return " ".join(said)


def _schema(params: type[ParameterSet], name: str, field: Schema) -> Schema:
    """The schema of a field as it stands in a query, which has texts and no null."""
    schema = {word: value for word, value in field.items() if word not in ("about", "description")}
    for choice in schema.pop("anyOf", ()):
        if choice != {"type": "null"}:
            schema = choice | schema
    if name in params.fitted:
        del schema["default"]  # goes by the other parameters
    if not schema.get("default", True) and schema["default"] in (None, []):
        del schema["default"]  # stands for what has no text: leaving it out
    if schema.get("type") == "array":
        schema |= {"maxItems": schema.pop("maxLength")} if "maxLength" in schema else {}
        if name == "data":
            return _table(schema)
        if schema["items"].get("type") == "array":
            schema["items"] = {"type": "string", "pattern": _PAIR}
    if name == "plane":
        return _plane(schema)
    return _rates(schema, field) if params is SweepParams and name == "lr" else schema


def _table(schema: Schema) -> Schema:
    """Rows of as many numbers each, with a colon between two; the more, the fewer rows."""
    widths = range(2, MOST_COLUMNS + 1)
    number = f"[+-]?({_SIZE})"
    shapes = [
        {
            "type": "array",
            "items": {"type": "string", "pattern": f"^{number}(:{number}){{{width - 1}}}$"},
            "minItems": 2,
            "maxItems": min(MOST_ROWS, MOST_NUMBERS // width),
        }
        for width in widths
    ]
    return {"type": "array", "title": schema["title"], "anyOf": shapes}


def _plane(schema: Schema) -> Schema:
    """A plane may be given together with its weights or its seed, in one word."""
    names = {"enum": schema.pop("enum")}
    both = [{"pattern": "^weights:[0-9]+,[0-9]+$"}, {"pattern": "^random:[0-9]+$"}]
    return schema | {"anyOf": [names, *both]}


def _rates(schema: Schema, field: Schema) -> Schema:
    """Of a sweep, several learning rates are those of its columns; one is where its cursor is."""
    most = SweepParams.model_json_schema()["properties"]["rates"]["maxItems"]
    one = {name: limit for name, limit in schema.items() if name not in ("default", "title")}
    return {
        "type": "array",
        "title": field["title"],
        "items": one,
        "minItems": 1,
        "maxItems": most,
        "description": "One is the cursor, and changes no number; several are the columns.",
    }

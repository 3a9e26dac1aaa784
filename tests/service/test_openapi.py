"""The description of the API: complete, valid, and true."""

import json
import re

import jsonschema_rs
import pytest
import schemathesis
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

import eosdash
from eosdash.fields import ParameterError
from eosdash.figures.style import SCHEMES
from eosdash.params import (
    PAGES,
    BasinParams,
    ExplainParams,
    NetworkParams,
    SweepParams,
    TheoryParams,
    TrainParams,
)
from eosdash.params.explain import EXPLANATIONS
from eosdash.params.task import MOST_COLUMNS, MOST_NUMBERS, MOST_ROWS
from eosdash.service import openapi
from eosdash.service.answers import SCHEMAS
from tests.service.helpers import records, strict

DOCUMENT = openapi.document()
PATHS = DOCUMENT["paths"]

SETS = {
    "/api/train": TrainParams,
    "/api/train.csv": TrainParams,
    "/api/train.npz": TrainParams,
    "/api/explain": ExplainParams,
    "/api/explain.npz": ExplainParams,
    "/api/basin": BasinParams,
    "/api/basin.npz": BasinParams,
    "/api/basin/run": BasinParams,
    "/api/basin/animation.gif": BasinParams,
    "/api/basin/animation.webp": BasinParams,
    "/api/basin/animation.npz": BasinParams,
    "/api/sweep": SweepParams,
    "/api/sweep.npz": SweepParams,
    "/api/theory": TheoryParams,
    "/api/cobweb": NetworkParams,
} | {f"/api/nearest/{name}": page.sets[0] for name, page in PAGES.items()}
STREAMS = [
    *("/api/train", "/api/explain", "/api/basin", "/api/basin/run", "/api/sweep", "/api/theory")
]
MORE = {path: {"row", "v", "If-None-Match"} for path in STREAMS} | {
    f"/api/basin/animation.{ending}": {"scheme"} for ending in ("gif", "webp", "npz")
}
MORE["/api/basin/run"] |= {"x", "y"}
MORE |= {f"/api/nearest/{name}": {"keep"} for name in PAGES}

MAP = "depth=2&lr=0.8&resolution=16&steps=20"
QUERIES = [
    "/api/train?steps=20",
    "/api/train?steps=20&depth=2&eigenvalues=2&lr_schedule=3:0.2",
    "/api/train.csv?steps=20",
    "/api/train.npz?steps=20",
    *(f"/api/explain?explanation={name}&steps=20&at=5" for name in EXPLANATIONS),
    "/api/explain?explanation=function&task=moons&activation=tanh&steps=9",
    "/api/explain.npz?steps=20",
    f"/api/basin?{MAP}&twice=true",
    f"/api/basin?{MAP}&plane=trainability",
    f"/api/basin.npz?{MAP}",
    f"/api/basin/run?{MAP}&x=0.5&y=-0.25",
    f"/api/basin/animation.gif?{MAP}&scheme=dark",
    f"/api/basin/animation.webp?{MAP}",
    f"/api/basin/animation.npz?{MAP}",
    "/api/sweep?columns=5&starts=3&steps=20",
    "/api/sweep?over=width&low=1&high=3&starts=3&steps=20&task=whitened",
    "/api/sweep.npz?columns=5&starts=3&steps=20",
    "/api/theory?depth=2&points=5&starts=3&steps=20",
    "/api/cobweb",
    "/api/nearest/basin?depth=1&keep=depth",
    "/api/nearest/run?activation=tanh&init=balanced",
    "/api/nearest/theory?depth=2",
    "/api/nearest/sweep?over=depth&low=0.5&keep=over",
    "/api/deck",
    "/api/deck.yaml",
    "/api/qr.svg?link=http://example.org",
    "/api/openapi.json",
    "/healthz",
    "/readyz",
    "/metrics",
]


def resolved(part):
    """What a reference refers to."""
    while "$ref" in part:
        at = DOCUMENT
        for name in part["$ref"].removeprefix("#/").split("/"):
            at = at[name]
        part = at
    return part


def parameters(path):
    return {(one := resolved(each))["name"]: one for each in PATHS[path]["get"]["parameters"]}


def validator(schema):
    return jsonschema_rs.validator_for(schema | {"components": DOCUMENT["components"]})


def routes(app):
    """Method and path of every route for machines; a choice in a path stands for several."""
    for rule in app.url_map.iter_rules():
        choice = re.search(r"<any\((.*)\):\w+>", rule.rule)
        for word in choice[1].split(",") if choice else [""]:
            path = rule.rule.replace(choice[0], word) if choice else rule.rule
            if path.startswith("/api/") or path in ("/healthz", "/readyz", "/metrics"):
                yield from ((method.lower(), path) for method in rule.methods & {"GET", "POST"})


def test_every_route_is_described_and_nothing_else(app):
    described = {(method, path) for path, methods in PATHS.items() for method in methods}
    assert set(routes(app.server)) == described


@pytest.mark.parametrize("path", SETS)
def test_every_parameter_is_described_and_nothing_else(path):
    assert set(parameters(path)) == {*SETS[path].model_fields, *MORE.get(path, ())}


def test_the_document_is_valid():
    schemathesis.openapi.from_dict(DOCUMENT).validate()
    for name in SCHEMAS:
        validator({"$ref": f"#/components/schemas/{name}"})
    for path in SETS:
        for parameter in parameters(path).values():
            jsonschema_rs.meta.validate(parameter["schema"])
            assert parameter["description"]


def test_every_reference_leads_somewhere_and_every_component_is_used():
    used = set(re.findall(r'"#/components/(\w+/[\w.]+)"', json.dumps(DOCUMENT)))
    parts = DOCUMENT["components"]
    assert used == {f"{kind}/{name}" for kind, named in parts.items() for name in named}


SIMPLE = [
    (params, name, schema)
    for params, path in {SETS[path]: path for path in SETS}.items()
    for name, parameter in parameters(path).items()
    if name in params.model_fields and (schema := parameter["schema"])
]


def refused(params, name, value):
    """Whether a value of a field is refused for itself."""
    try:
        params.make(**{name: value})
    except ParameterError as error:
        return error.field == name
    return False


@pytest.mark.parametrize(("params", "name", "schema"), SIMPLE)
def test_what_is_said_of_a_parameter_is_true(params, name, schema):
    assert params.model_fields[name].description in parameters_of(params, name)["description"]
    for word, beyond in (("minimum", -1), ("maximum", 1), ("exclusiveMinimum", 0)):
        if word in schema:
            assert refused(params, name, str(schema[word] + beyond))
            assert not refused(params, name, str(schema[word])) or word == "exclusiveMinimum"
    for choice in schema.get("enum", ()):
        assert not refused(params, name, choice) or (name, choice) == ("weights", "")
    if "enum" in schema or "const" in schema:
        assert refused(params, name, "something else")
    if "default" in schema:
        field = params.model_fields[name]
        default = schema["default"]
        written = field.default if params is not SweepParams or name != "lr" else [field.default]
        assert default == (list(written) if isinstance(written, tuple) else written)


def parameters_of(params, name):
    path = next(path for path, cls in SETS.items() if cls is params)
    return parameters(path)[name]


@pytest.mark.parametrize("plane", ["weights:0,1", "random:3", "hessian"])
def test_a_plane_may_be_given_in_one_word(plane):
    schema = validator(parameters("/api/basin")["plane"]["schema"])
    assert schema.is_valid(plane)
    assert not schema.is_valid("weights:0")
    BasinParams.make(plane=plane)


TABLE = {"task": "csv", "activation": "tanh", "init": "gaussian", "depth": 2, "width": 4}
CELLS = [
    *(
        "0",
        "-3",
        "+7",
        "12.5",
        ".5",
        "4.",
        "-0.0",
        "1e-7",
        "3.25E-12",
        "999999.5",
        "1000000",
        "007",
    ),
    *(
        "",
        "-",
        ".",
        "1000001",
        "1e7",
        "-2e9",
        "inf",
        "nan",
        "x",
        "1,5",
        "0x3",
        "٣",
        "1 2",
        "--1",
        "1e",
    ),
]
GRIDS = [
    *(["1:2"], ["1:2", "3"], ["1", "2"], ["1:2", "3:4:5"], ["1:2", "3:4"], ["1:2:3", "4:5:6"]),
    *(["1:2"] * n for n in (MOST_ROWS, MOST_ROWS + 1)),
    *(["1:2:3:4"] * (MOST_NUMBERS // 4 + n) for n in (0, 1)),
    *([":".join("1" * (MOST_COLUMNS + n))] * 2 for n in (0, 1)),
    *([f"1:{cell}", "2:3"] for cell in CELLS),
    *(["1:2", f"{cell}:3"] for cell in CELLS),
]


@pytest.mark.parametrize("rows", GRIDS, ids=map(str, range(len(GRIDS))))
def test_a_table_is_described_as_it_is_accepted(rows):
    """What matches is accepted, and what is refused does not match."""
    described = validator(parameters_of(TrainParams, "data")["schema"]).is_valid(rows)
    try:
        TrainParams.make(**TABLE, data=",".join(rows))
        accepted = True
    except ParameterError:
        accepted = False
    assert described == accepted


@given(
    rows=st.integers(2, 4).flatmap(
        lambda width: st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * width), min_size=2, max_size=5)
    )
)
def test_every_table_in_a_link_is_as_described(rows):
    text = TrainParams.make(**TABLE, data=rows).query()["data"]
    assert validator(parameters_of(TrainParams, "data")["schema"]).is_valid(text.split(","))


@pytest.mark.parametrize(
    "schedule", ["0:0.1", "5:0.2", "5", "5:0.2:3", "1:2", "12:1e-3", "5:x", ":1"]
)
def test_a_schedule_is_no_table(schedule):
    described = validator(parameters_of(TrainParams, "lr_schedule")["schema"]).is_valid([schedule])
    assert described == (not refused(TrainParams, "lr_schedule", schedule))


def test_the_colours_are_those_of_the_figures():
    assert parameters("/api/basin/animation.gif")["scheme"]["schema"]["enum"] == list(SCHEMES)


def type_of(schema):
    """The ``type`` of the records that a schema describes."""
    schema = resolved(schema)
    if "allOf" in schema:
        return type_of(schema["allOf"][0])
    return schema["properties"]["type"]["const"]


@pytest.mark.parametrize("query", QUERIES)
def test_what_is_answered_is_as_described(client, query):
    answer = client.get(query)
    path = query.partition("?")[0]
    assert answer.status_code == 200
    content = resolved(PATHS[path]["get"]["responses"]["200"])["content"]
    assert answer.mimetype in content
    described = content[answer.mimetype]
    if answer.mimetype == openapi.NDJSON:
        schemas = {type_of(each): each for each in described["x-itemSchema"]["anyOf"]}
        for record in records(answer.data):
            validator(schemas[record["type"]]).validate(record)
    elif "schema" in described and answer.mimetype == "application/json":
        validator(described["schema"]).validate(strict(answer.data))


def test_every_path_that_is_asked_is_tried():
    asked = {query.partition("?")[0] for query in QUERIES}
    assert asked == {path for path, methods in PATHS.items() if "get" in methods}
    assert {path for path, methods in PATHS.items() if "post" in methods} == {"/api/deck", *POSTED}


POSTED = {"/api/table": b"a;b\n1,5;2\n3;4\n"}


@pytest.mark.parametrize("path", POSTED)
def test_what_is_posted_is_answered_as_described(client, path):
    answer = client.post(path, data=POSTED[path])
    assert answer.status_code == 200
    described = resolved(PATHS[path]["post"]["responses"]["200"])["content"][answer.mimetype]
    validator(described["schema"]).validate(strict(answer.data))


@pytest.fixture
def alone():
    """A client of a server that does nothing but describe."""
    app = Flask(__name__)
    openapi.register(app)
    return app.test_client()


def test_the_document_is_served(alone):
    answer = alone.get("/api/openapi.json")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    served = strict(answer.data)
    assert served == json.loads(json.dumps(DOCUMENT))
    assert served["info"]["version"] == eosdash.__version__


def test_a_document_that_is_at_hand_is_not_sent_again(alone):
    tag = alone.get("/api/openapi.json").headers["ETag"]
    again = alone.get("/api/openapi.json", headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert not again.data
    assert alone.get("/api/openapi.json", headers={"If-None-Match": '"other"'}).data

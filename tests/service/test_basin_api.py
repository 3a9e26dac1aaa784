"""The stream of a map, its archive, the run from a pixel, and what is refused."""

import ast
import base64
import http.client
import io
import json
import os
import re
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import numpy as np
import pytest

import eosdash
import eosdash.basins
from eosdash.basins import ground_of, pixel_run
from eosdash.core.maps.basin import map_basin
from eosdash.fields import ParameterError
from eosdash.params import BasinParams, TrainParams
from eosdash.runs import train_run
from eosdash.server import create_app
from eosdash.service import settings
from eosdash.service.limits import basin_seconds
from tests.conftest import ROOT, free_port, serving
from tests.service.helpers import arguments, cached, holds, records, streamed, strict, told_twice

MAPS = {
    "chain": "depth=2&lr=0.9&resolution=256&steps=200",
    "checked": "depth=3&lr=0.6&seed=1&extent=1.5&resolution=65&steps=80&twice=true",
    "one level": "depth=4&resolution=100&steps=60&plane=random:3&center=origin",
    "matrix": "task=whitened&depth=3&width=3&lr=0.5&init_scale=0.5&resolution=64&steps=60"
    "&plane=hessian",
    "points": "depth=3&lr=0.5&init_scale=0.5&plane=points&resolution=65&steps=60",
    "trainability": "depth=3&plane=trainability&resolution=64&steps=60",
}
CHAIN = MAPS["chain"]
ARRAYS = (
    "outcome", "steps", "period", "critical_point", "sharpness", "loss", "end_x", "end_y",
)  # fmt: skip
SLOW = "task=whitened&depth=4&width=8&lr=1e-4&init_scale=0.1&extent=0.5&resolution=128&steps="
"""Several seconds for 1,000 steps or so: nothing converges or diverges, and in many batches."""


def basin_url(query: str, form: str = "") -> str:
    return f"/api/basin{form}?{query}"


@cache
def mapped(query):
    return eosdash.basin(**arguments(query))


@pytest.fixture(params=MAPS)
def query(request):
    return MAPS[request.param]


def without_progress(body: bytes) -> bytes:
    lines = body.splitlines(keepends=True)
    return b"".join(line for line in lines if strict(line)["type"] != "progress")


def decoded(packed):
    """An array of a record, by what the interface promises of its bytes."""
    kind = np.dtype(packed["dtype"]).newbyteorder("<")
    array = np.frombuffer(base64.b64decode(packed["data"], validate=True), kind)
    return array.reshape(packed["shape"])


# The stream.


def test_a_map_is_a_start_then_levels_then_an_end(client, query):
    response = client.get(basin_url(query))
    assert response.status_code == 200
    assert response.mimetype == "application/x-ndjson"
    assert response.data.endswith(b"\n")
    signs = ("progress", "alive")  # of life, the second where the machine is slow
    sent = [record for record in records(response.data) if record["type"] not in signs]
    start = sent[0]
    expected = ["start", *["level"] * len(start["resolutions"]), "end"]
    if "trainability" not in query:
        expected.insert(2, "overlays")
    if "twice" in query:
        expected.insert(-1, "recheck")
    assert [record["type"] for record in sent] == expected
    levels = [record for record in sent if record["type"] == "level"]
    assert [level["resolution"] for level in levels] == start["resolutions"]
    assert levels[-1]["stride"] == 1


def test_the_coarsest_level_comes_first(client):
    body = client.get(basin_url(CHAIN)).data
    levels = [record for record in records(body) if record["type"] == "level"]
    assert [level["resolution"] for level in levels] == [64, 128, 256]
    assert [level["stride"] for level in levels] == [4, 2, 1]


def test_the_first_level_leaves_before_the_next_is_computed(make_client, monkeypatch):
    told, read = [], threading.Event()

    def tell(word):
        told.append(word)
        if told.count("200 level") == 2:
            assert read.wait(10)

    monkeypatch.setattr("eosdash.basins.map_basin", Spy(tell))
    response = make_client().get(basin_url(CHAIN))
    lines = streamed(response)
    assert any(record["type"] == "level" for record in lines)
    read.set()
    assert [record["type"] for record in lines if record["type"] == "level"] == ["level"] * 2


def test_arrays_are_those_of_the_python_api(client, query):
    body, found = client.get(basin_url(query)).data, mapped(query)
    for record in records(body):
        if record["type"] == "level":
            stride = record["stride"]
            assert {name for name, value in record.items() if isinstance(value, dict)} == {*ARRAYS}
            for name in ARRAYS:
                array, expected = decoded(record[name]), getattr(found, name)
                assert array.dtype == expected.dtype
                np.testing.assert_array_equal(array, expected[::stride, ::stride], err_msg=name)
        if record["type"] == "recheck":
            changed = decoded(record["changed"])
            assert changed.any()
            np.testing.assert_array_equal(changed, found.changed)


def test_the_start_describes_the_map(client, query):
    start = records(client.get(basin_url(query)).data)[0]
    params, found = BasinParams.make(**arguments(query)), mapped(query)
    assert start["kind"] == "basin"
    assert start["outcomes"] == list(found.outcomes)
    extent = (found.x[0], found.x[-1], found.y[0], found.y[-1])
    assert start["extent"] == pytest.approx(extent)
    assert start["critical_lr"]["value"] == found.critical_lr.value
    assert start["plane"].keys() == {"name", "x", "y", "landmarks"}
    assert BasinParams.make(**start["params"]).key() == params.key()
    assert BasinParams.make(**start["query"]).key() == params.key()
    call = ast.parse(start["python"], mode="eval").body
    assert ast.unparse(call.func) == "eosdash.basin"
    values = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    assert BasinParams.make(**values).key() == params.key()


def test_the_start_of_gradient_descent_is_marked_on_a_slice(client):
    query = f"{MAPS['one level']}&init_scale=0.7"
    (mark,) = records(client.get(basin_url(query)).data)[0]["plane"]["landmarks"].values()
    plane = ground_of(BasinParams.make(**arguments(query))).plane
    start = 0.7 * np.random.default_rng(0).standard_normal(4)
    x, y = plane.across @ start, plane.up @ start
    assert (mark["x"], mark["y"]) == pytest.approx((x, y))
    assert mark["distance"] == pytest.approx(np.sqrt(start @ start - x**2 - y**2))


def test_the_end_counts_the_outcomes_and_measures_their_boundary(client, query):
    end, found = records(client.get(basin_url(query)).data)[-1], mapped(query)
    assert end["fraction"] == found.fraction
    assert end["interval"] == {name: list(ends) for name, ends in found.interval.items()}
    assert end["entropy"] == found.boundary.entropy._asdict()
    for name in ("dimension", "uncertainty"):
        fit = getattr(found.boundary, name)
        assert end[name]["exponent"] == (None if np.isnan(fit.exponent) else fit.exponent)
        assert end[name]["values"] == fit.values.tolist()
        for told, array in (("slopes", fit.slopes), ("coarser", fit.coarser)):
            np.testing.assert_array_equal(np.array(end[name][told], dtype=float), array)
        assert end[name]["known"] == [curve._asdict() for curve in fit.known]
    assert end["summary"]


def test_proxies_are_told_to_pass_lines_on(make_client):
    headers = make_client().get(basin_url(MAPS["one level"])).headers
    assert "no-transform" in headers["Cache-Control"]
    assert headers["X-Accel-Buffering"] == "no"


# The cache.


@pytest.mark.parametrize("name", ["chain", "checked", "trainability"])
def test_a_map_is_told_again_without_its_signs_of_life(make_client, name):
    client = make_client()
    first, second = told_twice(client, basin_url(MAPS[name]))
    assert not cached(first)
    assert cached(second)
    assert b'"type":"progress"' not in second.data
    assert second.data == without_progress(first.data)


def test_a_map_is_computed_once_for_all_its_forms(make_client, monkeypatch):
    told = []
    monkeypatch.setattr("eosdash.basins.map_basin", Spy(told.append))
    client = make_client()
    archives = [client.get(basin_url(CHAIN, ".npz")).data for _ in range(2)]
    assert archives[0] == archives[1]
    assert cached(client.get(basin_url(CHAIN)))
    assert told.count("200 begins") == 1


def test_different_maps_have_entries_of_their_own(make_client):
    client = make_client()
    query = {"depth": 2, "lr": 0.9, "resolution": 64, "steps": 50}
    client.get(basin_url(urlencode(query))).get_data()
    for change in ("steps=51", "twice=true", "extent=2.5", "pair=1,0", "lr=0.91", "plane=random"):
        other = basin_url(urlencode(query | arguments(change)))
        assert not cached(client.get(other))
    assert cached(client.get(basin_url(urlencode(query))))


def test_the_same_map_asked_for_otherwise_is_told_from_the_cache(make_client):
    client = make_client()
    first = client.get(basin_url("depth=2&extent=2&resolution=16&steps=9")).data
    for query in (
        "steps=9.0&resolution=16&extent=-2,2&depth=2&pair=0,1",
        "depth=2&extent=-2,2.0,-2,2&resolution=16&steps=9&plane=weights:0,1&plane_seed=7",
    ):
        again = client.get(basin_url(query))
        assert cached(again)
        assert again.data == without_progress(first)


def test_the_first_line_of_trainability_does_not_tell_of_a_rate_that_has_no_part(make_client):
    """Else the cache would tell one request of the rate of another."""
    client = make_client()
    query = "depth=2&plane=trainability&resolution=16&steps=9"
    first = client.get(basin_url(f"{query}&lr=0.469")).data
    assert cached(client.get(basin_url(f"{query}&lr=5")))
    alone = make_client(CACHE_TYPE="NullCache").get(basin_url(f"{query}&lr=5")).data
    assert without_progress(first) == without_progress(alone)


# The archive.


def test_an_archive_holds_the_arrays_and_the_parameters(client, query):
    response = client.get(basin_url(query, ".npz"))
    assert 'attachment; filename="eosdash-basin.npz"' in response.headers["Content-Disposition"]
    found = mapped(query)
    with np.load(io.BytesIO(response.data), allow_pickle=False) as archive:
        expected = {name: getattr(found, name) for name in ARRAYS}
        if found.changed is not None:
            expected["changed"] = found.changed
        assert set(archive.files) == {*expected, "outcomes", "extent", "params"}
        for name, values in expected.items():
            np.testing.assert_array_equal(archive[name], values, err_msg=name)
        assert tuple(archive["outcomes"]) == found.outcomes
        sides = (found.x[0], found.x[-1], found.y[0], found.y[-1])
        np.testing.assert_allclose(archive["extent"], sides)
        params = json.loads(str(archive["params"]))
    assert BasinParams.make(**params).key() == found.params.key()


# The run from a pixel.


@pytest.mark.parametrize("name", MAPS)
def test_the_run_from_a_pixel_has_its_fate(client, name):
    found = mapped(MAPS[name])
    for i, j in ((3, 11), (40, 20), (50, 60)):
        x, y = float(found.x[j]), float(found.y[i])
        response = client.get(basin_url(f"{MAPS[name]}&x={x!r}&y={y!r}", "/run"))
        assert response.status_code == 200
        assert response.mimetype == "application/x-ndjson"
        told, *lines = [strict(line) for line in response.data.splitlines()]
        assert told["type"] == "path"
        expected = pixel_run(found.params, x, y)
        params = TrainParams.make(**told["query"])
        assert params.key() == expected.params.key()
        run = train_run(params)
        here = (found.outcomes[found.outcome[i, j]], found.steps[i, j])
        assert here == (run.outcome, run.step)
        assert here == (lines[-1]["outcome"], lines[-1]["step"])
        asked = client.get(f"/api/train?{urlencode(told['query'])}").data.splitlines()
        assert [strict(line) for line in asked[1:-1]] == lines[1:-1]
        np.testing.assert_array_equal(told["x"], expected.x)
        np.testing.assert_array_equal(told["y"], expected.y)
        if name != "trainability":
            assert (told["x"][0], told["y"][0]) == pytest.approx((x, y))
        call = ast.parse(told["python"], mode="eval").body
        values = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
        assert TrainParams.make(**values).key() == params.key()


def test_a_run_with_more_weights_than_a_link_may_hold_is_still_run(client):
    query = "task=whitened&depth=3&width=20&lr=0.1&init_scale=0.1&plane=random&steps=20"
    response = client.get(basin_url(f"{query}&resolution=16&x=0.1&y=0.1", "/run"))
    told, *lines = [strict(line) for line in response.data.splitlines()]
    assert told["query"] is None
    assert len(told["x"]) == lines[-1]["step"] == 20
    assert len(lines[0]["params"]["weights"]) == 480


# What is refused.

BAD = [
    ("extent=1,-1", "extent"),
    ("extent=-2,2,1,-1", "extent"),
    ("extent=-1", "extent"),
    ("extent=0", "extent"),
    ("extent=1,1", "extent"),
    ("extent=0,1,2,2", "extent"),
    ("extent=1,2,3", "extent"),
    ("extent=1,2,3,4,5", "extent"),
    ("extent=nan", "extent"),
    ("extent=-1,nan", "extent"),
    ("extent=inf", "extent"),
    ("extent=-1,1,-1,1e7", "extent"),
    ("extent=wide", "extent"),
    ("extent=1,,2", "extent"),
    ("extent=1e-20", "extent"),
    ("extent=1,1.000000000000001", "extent"),
    ("extent=0,1,1000,1000.00000000001", "extent"),
    ("extent=1e-12&resolution=2048", "extent"),
    ("plane=trainability&extent=-1,3", "extent"),
    ("plane=trainability&extent=-1,1,0,2.5", "extent"),
    ("pair=0,4", "pair"),
    ("pair=-1,0", "pair"),
    ("pair=1,1", "pair"),
    ("pair=1", "pair"),
    ("pair=0,1,2", "pair"),
    ("pair=a,b", "pair"),
    ("pair=0.5,1", "pair"),
    ("plane=weights:0,4", "pair"),
    ("plane=weights:2", "pair"),
    ("plane=weights:", "pair"),
    ("depth=1", "pair"),
    ("depth=1&plane=random", "plane"),
    ("depth=1&plane=hessian", "plane"),
    ("depth=1&plane=points", "plane"),
    ("plane=curved", "plane"),
    ("plane=hessian:3", "plane"),
    ("plane=random:x", "plane_seed"),
    ("plane=random:-1", "plane_seed"),
    ("plane_seed=4294967296", "plane_seed"),
    ("center=nowhere", "center"),
    ("resolution=4096", "resolution"),
    ("resolution=15", "resolution"),
    ("resolution=64.5", "resolution"),
    ("resolution=nan", "resolution"),
    ("steps=0", "steps"),
    ("steps=20001", "steps"),
    ("resolution=2048&steps=20000", "resolution"),
    ("twice=perhaps", "twice"),
    ("lr=nan", "lr"),
    ("lr=0.1&lr=0.2", "lr"),
    ("weights=1,2,3", "weights"),
    ("init=weights&plane=trainability&weights=1,2,3,4", "init"),
    ("plane=trainability&weights=1,2,3,4", "init"),
    ("magic=1", "magic"),
    ("eigenvalues=2", "eigenvalues"),
    ("lr_schedule=10:0.5", "lr_schedule"),
    ("x" * 8_001, "query"),
]


@pytest.fixture
def no_map(monkeypatch):
    """Any work on a map or on a run fails the test."""

    def work(*args, **others):
        pytest.fail("work has begun")

    monkeypatch.setattr("eosdash.service.flights.Flights.follow", work)
    monkeypatch.setattr("eosdash.service.api.pixel_run", work)


ROUTES = {"": "", ".npz": "", "/run": "&x=0.5&y=0.5"}


@pytest.mark.parametrize(("query", "field"), BAD, ids=[query[:40] for query, _ in BAD])
def test_bad_input_is_named_and_explained_before_any_work(client, no_map, query, field):
    for form, at in ROUTES.items():
        response = client.get(basin_url(query + at, form))
        assert response.status_code == 422
        assert strict(response.data).keys() == {"error"}
        error = response.get_json()["error"]
        assert error.keys() == {"field", "message", "allowed"}
        assert error["field"] == field
        assert error["message"]
        assert error["allowed"]


def test_good_input_does_begin_work(client, no_map):
    for form, at in ROUTES.items():
        with pytest.raises(pytest.fail.Exception, match="work has begun"):
            client.get(basin_url(CHAIN + at, form))


@pytest.mark.parametrize(
    ("at", "field"),
    [
        ("", "x"),
        ("x=1", "y"),
        ("y=1", "x"),
        ("x=nan&y=0", "x"),
        ("x=0&y=inf", "y"),
        ("x=0&y=1e7", "y"),
        ("x=&y=0", "x"),
        ("x=far&y=0", "x"),
        ("x=0&y=0&x=1", "x"),
        ("x=0&y=0&z=0", "z"),
    ],
)
def test_coordinates_that_are_none_are_refused(client, no_map, at, field):
    response = client.get(basin_url(f"{CHAIN}&{at}", "/run"))
    assert (response.status_code, response.get_json()["error"]["field"]) == (422, field)


def test_coordinates_have_no_part_in_a_map(client, no_map):
    response = client.get(basin_url(f"{CHAIN}&x=1&y=1"))
    assert (response.status_code, response.get_json()["error"]["field"]) == (422, "x")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("depth=3&plane=hessian&center=origin", "plane"),
        ("task=whitened&depth=3&width=20&plane=hessian&center=origin", "plane"),
        ("depth=2&plane=points&weights=1,1", "plane"),
    ],
)
def test_a_plane_that_cannot_be_laid_is_refused_as_bad_input(client, query, field):
    for form, at in ROUTES.items():
        response = client.get(basin_url(f"{query}&resolution=16&steps=2{at}", form))
        assert response.status_code == 422
        assert response.get_json()["error"]["field"] == field


EXPENSIVE = [
    "depth=2&resolution=2048&steps=20000",
    "task=whitened&depth=4&width=16&resolution=512&steps=2000",
    "depth=3&resolution=1500&steps=5000&twice=true",
]


@pytest.mark.parametrize("query", EXPENSIVE)
def test_a_map_that_is_too_expensive_is_told_its_cost_and_what_would_do(client, no_map, query):
    params = BasinParams.make(**arguments(query))
    error = client.get(basin_url(query)).get_json()["error"]
    assert error["field"] == "resolution"
    (seconds,) = re.findall(r"could take ([\d,]+) s", error["message"])
    cost = int(seconds.replace(",", ""))
    assert cost == pytest.approx(basin_seconds(params), rel=0.02)
    assert cost > settings.value("limit_seconds")
    (pixels,) = map(int, re.findall(r"resolution of up to (\d+)", error["allowed"]))
    (steps,) = map(int, re.findall(r"up to (\d+) steps", error["allowed"]))
    for name, most in (("resolution", pixels), ("steps", steps)):
        values = arguments(query)
        with pytest.raises(pytest.fail.Exception, match="work has begun"):
            client.get(basin_url(urlencode(values | {name: most})))
        response = client.get(basin_url(urlencode(values | {name: most + 1})))
        assert response.status_code == 422


def test_a_network_too_expensive_for_any_map_is_told_to_be_smaller(client, no_map, monkeypatch):
    monkeypatch.setenv("EOSDASH_LIMIT_SECONDS", "1e-6")
    error = client.get(basin_url("depth=2&resolution=64&steps=100")).get_json()["error"]
    assert error["allowed"] == "a smaller network"


@pytest.mark.parametrize(
    ("variable", "value", "field"),
    [("STEPS", "199", "steps"), ("PARAMETERS", "1", "width"), ("SECONDS", "1e-3", "resolution")],
)
def test_limits_hold_for_maps(client, no_map, monkeypatch, variable, value, field):
    monkeypatch.setenv(f"EOSDASH_LIMIT_{variable}", value)
    for form, at in ROUTES.items():
        response = client.get(basin_url(CHAIN + at, form))
        assert (response.status_code, response.get_json()["error"]["field"]) == (422, field)


def test_the_python_api_refuses_the_same():
    """All but what is a matter of one server: the cost, and a name given twice."""
    for query, field in BAD:
        if query in ("resolution=2048&steps=20000", "lr=0.1&lr=0.2") or field == "query":
            continue
        with pytest.raises(ParameterError) as caught:
            BasinParams.make(**arguments(query))
        assert caught.value.field == field


# A client that goes away.


class Spy:
    """Stands in for ``map_basin``: tells of the map with so many steps what becomes of it."""

    def __init__(self, tell):
        self.tell = tell

    def __call__(self, objective, plane, extent, resolution, steps):
        self.tell(f"{steps} begins")
        try:
            for record in map_basin(objective, plane, extent, resolution, steps):
                self.tell(f"{steps} {type(record).__name__.lower()}")
                yield record
            self.tell(f"{steps} ends")
        finally:
            self.tell(f"{steps} stops")


def spied_app():
    """The app for gunicorn, with a spy on its maps that writes to $SPY_LOG."""

    def tell(word):
        with Path(os.environ["SPY_LOG"]).open("a") as log:
            log.write(f"{word}\n")

    eosdash.basins.map_basin = Spy(tell)
    return create_app().server


def test_closing_a_stream_stops_its_computation_and_keeps_nothing(make_client, monkeypatch):
    told = []
    monkeypatch.setattr("eosdash.basins.map_basin", Spy(told.append))
    client = make_client()
    response = client.get(basin_url(SLOW + "1000"))
    lines = streamed(response)
    kinds = [next(lines)["type"]]
    while kinds[-1] != "progress":
        kinds.append(next(lines)["type"])
    assert set(kinds) <= {"start", "alive", "progress"}
    response.close()
    assert holds(lambda: "1000 stops" in told)
    assert (told[0], told[-1]) == ("1000 begins", "1000 stops")
    assert "1000 ends" not in told
    again = client.get(basin_url(SLOW + "1000"))
    assert again.headers["Cache-Status"] == "eosdash; fwd=miss"
    again.close()
    assert holds(lambda: told.count("1000 stops") == 2)


def test_the_real_server_stops_computing_when_its_client_leaves(tmp_path):
    told, port = tmp_path / "told", str(free_port())
    told.touch()
    spied = {"PORT": port, "EOSDASH_CACHE_DIR": str(tmp_path / "cache"), "SPY_LOG": str(told)}
    application = "tests.service.test_basin_api:spied_app()"
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", application]
    environ = os.environ | spied | {"WEB_CONCURRENCY": "1"}
    with serving(command, ROOT, environ, tmp_path / "log") as base:
        address = urlsplit(base)
        line = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        line.request("GET", basin_url(SLOW + "1001"))
        with line.getresponse() as response:
            kinds = [strict(response.readline())["type"]]
            while kinds[-1] != "progress":
                kinds.append(strict(response.readline())["type"])
        line.close()
        assert set(kinds) <= {"start", "alive", "progress"}
        assert holds(lambda: "1001 stops" in told.read_text().splitlines())
        words = told.read_text().splitlines()
        assert "1001 ends" not in words
        assert words.count("1001 level") <= 1


# Memory.

LARGEST = """
import re
from pathlib import Path
from eosdash.server import create_app

client = create_app().server.test_client()
for _ in range(2):
    response = client.get("/api/basin?depth=2&lr=0.9&resolution=2048&steps=20")
    for last in response.response:
        pass
# Not getrusage: there a process begins with the peak of the one that has started it.
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(int(peak[1]) * 1024, response.headers["Cache-Status"])
"""


def test_the_largest_map_takes_less_than_a_gigabyte(tmp_path):
    """Streamed, kept, and told again."""
    environ = os.environ | {"EOSDASH_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", LARGEST], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    assert not done.returncode, done.stderr[-500:]
    peak, state = done.stdout.strip().split(maxsplit=1)
    assert state == "eosdash; hit"
    assert int(peak) < 1e9

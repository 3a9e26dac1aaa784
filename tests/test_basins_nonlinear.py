"""Maps of networks that are not linear: every pixel a run, and no theorem about any of them."""

import json
from functools import cache
from urllib.parse import urlencode

import numpy as np
import pytest

import eosdash
from eosdash.basins import ground_of, pixel_run
from eosdash.core.maps.slices import Extent, weight_name
from eosdash.fields import ParameterError
from eosdash.marks import unmarked
from eosdash.overlays import overlays
from eosdash.params import BasinParams, TheoryParams
from eosdash.reference import reference_of
from eosdash.runs import objective_of, train_run
from eosdash.scope import map_scope
from eosdash.service import limits, maps
from tests.service.helpers import arguments, records

TANH = "task=chebyshev&samples=20&depth=2&width=8&activation=tanh&init_scaling=fan_in"
SMALL = "task=scalar&depth=2&width=2&activation=tanh&resolution=24&steps=200"
MAPS = {
    "weights": f"{TANH}&plane=weights:0,9&lr=1.4&resolution=24&steps=60",
    "random": f"{SMALL}&plane=random:1&lr=1.4",
    "hessian": f"{SMALL}&plane=hessian&lr=2.5",
    "points": f"{SMALL}&plane=points&lr=1",
    "minimizer": f"{SMALL}&plane=random&center=minimizer&lr=1.6",
    "origin": "task=scalar&depth=2&activation=tanh&biases=false&center=origin&extent=3&lr=2.5"
    "&resolution=24&steps=300",
    "trainability": "task=moons&samples=12&depth=2&width=2&activation=relu&plane=trainability"
    "&resolution=20&steps=150&seed=3",
    "entropy": "task=spirals&samples=16&depth=2&width=3&activation=gelu&loss=cross_entropy"
    "&weight_decay=0.05&plane=weights:2,6&lr=2&resolution=20&steps=150&init=uniform",
}


@cache
def mapped(name):
    return eosdash.basin(**arguments(MAPS[name]))


@pytest.fixture(params=MAPS)
def found(request):
    return mapped(request.param)


def named(found):
    return np.array(found.outcomes)[found.outcome]


def test_a_pixel_is_the_run_from_there(found):
    number = found.params.resolution
    for i, j in np.random.default_rng(7).integers(0, number, (25, 2)):
        run = train_run(pixel_run(found.params, found.x[j], found.y[i]).params)
        here = (named(found)[i, j], found.steps[i, j], found.period[i, j])
        assert here == (run.outcome, run.step, run.period or 0)
        if run.outcome not in ("diverged", "minimum"):
            loss = objective_of(run.params).loss(run.weights)
            assert found.loss[i, j] == pytest.approx(loss, rel=1e-6)


def test_maps_show_several_fates():
    assert {"minimum", "diverged"} <= set(named(mapped("random")).flat)
    assert {"periodic", "diverged"} <= set(named(mapped("origin")).flat)
    assert len(set(named(mapped("trainability")).flat)) > 1


def test_sharpness_is_told_where_a_point_is_reached_and_only_there(found):
    reached = np.isin(named(found), ["minimum", "saddle"])
    np.testing.assert_array_equal(np.isfinite(found.sharpness), reached)


def test_minima_are_stable_or_were_the_start():
    """What converges in more than a step has S ≤ 2/η: there alone a minimum attracts."""
    found = mapped("random")
    arrived = (named(found) == "minimum") & (found.steps > 2)
    assert arrived.any()
    assert found.sharpness[arrived].max() <= found.threshold * (1 + 1e-3)


def test_the_origin_of_two_weights_is_a_saddle():
    params = BasinParams.make(**arguments(MAPS["origin"] + "&resolution=25"))
    found = eosdash.basin(**arguments(MAPS["origin"]) | {"resolution": 25})
    assert params.center == "origin"
    assert named(found)[12, 12] == "saddle"
    assert (found.x[12], found.y[12]) == (0, 0)


def test_nothing_is_known_of_a_critical_learning_rate(found):
    assert found.critical_lr is None
    assert found.threshold == 2 / found.params.lr
    start = maps.start_record(found.params, ground_of(found.params))
    assert start["critical_lr"] is None
    assert not start["linear"]
    assert start["unit"]["symbol"] == "2/S(θ₀)"


def test_the_unit_is_where_the_start_is_at_the_edge():
    params = BasinParams.make(**arguments(MAPS["weights"]))
    run = eosdash.train(**arguments(TANH), steps=1)
    unit = reference_of(params).value
    assert unit == pytest.approx(2 / run.sharpness[0], rel=1e-6)
    assert reference_of(params.model_copy(update={"lr": 0.1})).value == unit
    assert reference_of(BasinParams.make(depth=2, target=4)) == (0.25, "η_C")


def test_an_extent_that_is_not_given_fits_the_start_whatever_the_learning_rate():
    for name in ("weights", "random"):
        extents = {
            ground_of(BasinParams.make(**arguments(MAPS[name]) | {"lr": lr})).extent
            for lr in (0.01, 0.3, 5)
        }
        ((left, right, low, high),) = extents
        assert -left == right == -low == high
        ground = ground_of(mapped(name).params)
        size = np.abs(ground.start).max() if name == "weights" else np.linalg.norm(ground.start)
        assert right == pytest.approx(1.8 * size, rel=0.05)


@pytest.mark.parametrize("plane", ["weights:0,1", "random"])
def test_a_start_of_zeros_has_a_map_too(plane):
    params = BasinParams.make(**arguments(SMALL), init_scale=0, plane=plane)
    assert ground_of(params).extent == Extent(-1.8, 1.8, -1.8, 1.8)


def test_a_plane_of_trainability_is_laid_about_the_edge_of_the_start():
    found = mapped("trainability")
    run = eosdash.train(**arguments(MAPS["trainability"].split("&plane")[0]), seed=3, steps=1)
    assert found.x[0] < np.log10(2 / run.sharpness[0]) < found.x[-1]
    # Where nothing is curved upwards there is no such rate.
    flat = BasinParams.make(
        task="scalar", depth=3, activation="relu", weights=None, init_scale=0, plane="trainability"
    )
    assert ground_of(flat).extent.right == pytest.approx(0.5, abs=2)


def test_axes_are_named_by_weight_or_bias():
    params = BasinParams.make(**arguments(TANH), plane="weights:9,24")
    start = maps.start_record(params, ground_of(params))
    assert (start["plane"]["x"], start["plane"]["y"]) == ("b<sub>1</sub>[2]", "b<sub>2</sub>[1]")
    network = BasinParams.make(task="toy", depth=2, width=3, activation="relu").network
    names = [weight_name(network, i) for i in range(network.parameters)]
    assert names[11:16] == [
        "W<sub>1</sub>[3, 4]", *(f"b<sub>1</sub>[{i}]" for i in (1, 2, 3)), "W<sub>2</sub>[1, 1]",
    ]  # fmt: skip
    assert len(set(names)) == network.parameters
    with pytest.raises(ParameterError, match="no two weights"):
        BasinParams.make(**arguments(TANH), plane="weights:0,25")


# What lies over a map.


def drawn(name):
    ground = ground_of(BasinParams.make(**arguments(MAPS[name])))
    return ground, overlays(ground.objective, ground.plane, ground.extent)


@pytest.mark.parametrize("name", ["weights", "points", "entropy"])
def test_what_is_known_of_linear_networks_alone_is_not_drawn(name):
    _, over = drawn(name)
    for part in ("minimizers", "region", "balanced"):
        assert getattr(over, part) is None
        assert "linear" in over.missing[part]


@pytest.mark.parametrize("name", ["weights", "hessian", "entropy"])
def test_the_loss_over_a_map_is_that_of_its_points(name):
    ground, over = drawn(name)
    assert len(over.loss.x) == len(over.loss.y) == 97
    for i, j in [(0, 0), (3, 90), (48, 48), (96, 20)]:
        theta = ground.plane.starts(over.loss.x[[j]], over.loss.y[[i]]).theta[:, 0]
        expected = np.log10(ground.objective.loss(theta))
        floor = over.loss.log10.max() - 6
        assert over.loss.log10[i, j] == pytest.approx(max(expected, floor), abs=1e-9)


def test_the_fold_is_where_an_eigenvalue_times_the_rate_is_one():
    ground, over = drawn("hessian")
    assert over.fold
    for curve in over.fold:
        theta = ground.plane.starts(*curve).theta
        values = 2.5 * np.linalg.eigvalsh(ground.objective.hessian(theta.T.copy()))
        assert np.abs(values - 1).min(axis=1).max() < 1e-3


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (f"{SMALL}&activation=relu".replace("activation=tanh&", ""), "jumps"),
        (TANH.replace("width=8", "width=20"), "61 parameters"),
        (TANH.replace("samples=20", "samples=2000"), "2000 samples"),
    ],
)
def test_a_fold_that_is_not_drawn_says_why(query, words):
    ground = ground_of(BasinParams.make(**arguments(query)))
    over = overlays(ground.objective, ground.plane, ground.extent)
    assert over.fold is None
    assert words in over.missing["fold"]


# Records, frames and words.


def test_the_stream_of_a_map_is_what_python_computes(client):
    response = client.get(f"/api/basin?{MAPS['random']}")
    assert response.status_code == 200
    lines = records(response.data)
    assert [line["type"] for line in lines if line["type"] != "progress"] == [
        *("start", "level", "overlays", "end")
    ]
    shares = {str(name): share for name, share in mapped("random").fraction.items()}
    assert lines[-1]["fraction"] == pytest.approx(shares)
    assert lines[0]["scope"] == unmarked(map_scope(mapped("random").params))
    assert json.dumps(lines[0]["play"])


def test_the_run_from_a_pixel_is_streamed(client):
    query = MAPS["random"] + "&" + urlencode({"x": 0.2, "y": -0.1})
    lines = records(client.get(f"/api/basin/run?{query}").data)
    assert [lines[0]["type"], lines[-1]["type"]] == ["path", "end"]
    assert lines[0]["query"]["activation"] == "tanh"


def test_learning_rates_are_played_to_a_multiple_of_the_edge_of_the_start():
    params = mapped("random").params
    rates = maps.play(params)["lr"]
    unit = reference_of(params).value
    assert rates[0] == pytest.approx(0.1 * unit, rel=1e-5)
    assert rates[-1] == pytest.approx(2.5 * unit, rel=1e-5)
    flat = BasinParams.make(depth=3, activation="tanh", biases=False, init_scale=0)
    assert maps.play(flat) is None


@pytest.mark.parametrize("form", ["npz", "gif", "webp"])
def test_a_map_is_played_in_units_of_the_start(client, form):
    query = SMALL.replace("resolution=24&steps=200", "resolution=16&steps=3")
    assert client.get(f"/api/basin/animation.{form}?{query}").status_code == 200


def test_the_scope_says_what_a_minimum_is_and_what_is_not_known():
    words = map_scope(mapped("entropy").params)
    assert words.startswith("GELU network, cross-entropy")
    assert "not about this one" in words
    assert "L-BFGS" not in words
    assert "L-BFGS" in map_scope(mapped("points").params)
    assert "L-BFGS" in map_scope(mapped("minimizer").params)
    assert map_scope(BasinParams.make()).startswith("Linear network")


# What there is not.


def test_the_theorems_are_about_linear_networks():
    for call in (
        lambda: TheoryParams.make(activation="tanh"),
        lambda: eosdash.theory.critical_lr(activation="tanh"),
        lambda: eosdash.theory.stable(activation="relu"),
        lambda: eosdash.theory.manifold(activation="gelu"),
        lambda: eosdash.theory.nonsingular(activation="softplus"),
    ):
        with pytest.raises(ParameterError) as caught:
            call()
        assert (caught.value.field, caught.value.allowed) == ("activation", "linear")


@pytest.mark.parametrize("path", ["theory", "cobweb"])
def test_what_is_of_linear_networks_is_refused_for_others(client, path):
    answer = client.get(f"/api/{path}?depth=2&activation=tanh")
    assert answer.status_code == 422
    assert "linear" in answer.get_json()["error"]["allowed"]


# Cost.


def test_samples_and_units_are_what_a_map_costs():
    def seconds(**changes):
        size = {"resolution": 256, "steps": 300}
        return limits.basin_seconds(BasinParams.make(**arguments(TANH) | size | changes))

    assert 1.5 < seconds(samples=40) / seconds() < 2.5
    assert 1.5 < seconds(width=16) / seconds() < 2.5
    assert seconds(activation="relu") < seconds()


def test_a_map_that_is_too_expensive_is_told_what_would_do():
    params = BasinParams.make(**arguments(TANH) | {"resolution": 1024, "steps": 500})
    with pytest.raises(ParameterError) as caught:
        limits.check_basin(params)
    most = int(caught.value.allowed.split("a resolution of up to ")[1].split()[0])
    limits.check_basin(params.model_copy(update={"resolution": most}))
    with pytest.raises(ParameterError):
        limits.check_basin(params.model_copy(update={"resolution": most + 2}))


def test_biases_are_among_the_weights_that_are_counted(monkeypatch):
    monkeypatch.setenv("EOSDASH_LIMIT_PARAMETERS", "24")
    with pytest.raises(ParameterError, match="25 weights"):
        limits.check_basin(BasinParams.make(**arguments(TANH)))


def test_the_first_level_of_a_costly_map_is_coarser(client):
    """So that there is something to see at once."""
    slow = TANH.replace("samples=20", "samples=100") + "&resolution=64&steps=100&lr=0.1"
    lines = records(client.get(f"/api/basin?{slow}").data)
    levels = [line["resolution"] for line in lines if line["type"] == "level"]
    assert levels == lines[0]["resolutions"]
    assert 16 <= levels[0] < 64 == levels[-1]
    assert [line["type"] for line in lines].count("overlays") == 1
    quick = BasinParams.make(**arguments(SMALL) | {"resolution": 128})
    assert maps.start_record(quick, ground_of(quick))["resolutions"] == [64, 128]


COSTLY = (
    "task=moons&samples=40&depth=3&width=4&activation=gelu&lr=0.2&resolution=64&steps=40",
    "task=toy&samples=70&depth=2&width=4&activation=relu&lr=0.1&resolution=64&steps=80",
    "task=regression&samples=9&width=1&d_in=1&d_out=1&depth=3&lr=0.3&resolution=128&steps=40",
)


@pytest.mark.parametrize("query", COSTLY)
def test_overlays_come_right_after_the_first_level(client, query):
    lines = records(client.get(f"/api/basin?{query}").data)
    types = [line["type"] for line in lines if line["type"] in ("level", "overlays")]
    assert types.count("level") > 1
    assert types[:3] == ["level", "overlays", "level"]


@pytest.mark.parametrize("width", [2, 12], ids=["dense", "iterated"])
def test_hessian_directions_are_the_top_two_eigenvectors(width):
    params = BasinParams.make(
        task="toy", samples=9, depth=3, width=width, activation="tanh", init_scale=0.5,
        plane="hessian",
    )  # fmt: skip
    ground = ground_of(params)
    values, vectors = np.linalg.eigh(ground.objective.hessian(ground.start))
    assert values[-1] > values[-2] > values[-3]
    assert abs(ground.plane.across @ vectors[:, -1]) == pytest.approx(1, abs=1e-6)
    assert abs(ground.plane.up @ vectors[:, -2]) == pytest.approx(1, abs=1e-6)

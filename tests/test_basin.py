"""Maps through the public interface: regions known exactly, single runs, planes, and bad input."""

import resource
import subprocess
import sys
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import eosdash
from eosdash.basins import ground_of, low_point_of, pixel_run
from eosdash.marks import unmarked
from eosdash.params import BasinParams
from eosdash.runs import train_run
from eosdash.scope import map_scope
from eosdash.words import plane_words
from tests.core.brute_force import of_matrix, regression
from tests.service.helpers import arguments

DECIDED = ("minimum", "diverged")


@cache
def mapped(query):
    return eosdash.basin(**arguments(query))


def named(found):
    """The outcome of every pixel by name."""
    return np.array(found.outcomes)[found.outcome]


def corners(found):
    """Coordinates of every pixel."""
    return np.meshgrid(found.x, found.y)


# Two layers, exactly.

EXACT = [(1, 0.9), (1, 0.5), (0.5, 1.5), (2, 0.3), (-1, 0.7)]


def region(u, v, y, lr):
    """‖u‖² + ‖v‖² − ηy uᵀv < (4 − η²y²)/η (Liang and Montúfar 2025), for u and v (w, ...)."""
    form = np.sum(u**2 + v**2 - lr * y * u * v, axis=0)
    return form < (4 - lr**2 * y**2) / lr


@pytest.mark.parametrize(("y", "lr"), EXACT)
def test_a_chain_of_two_converges_from_the_known_region(y, lr):
    found = mapped(f"depth=2&target={y}&lr={lr}&resolution=201&steps=2000")
    a, b = corners(found)
    outcome, inside = named(found), region(a[None], b[None], y, lr)
    decided = np.isin(outcome, DECIDED)
    assert np.mean((outcome == "minimum")[decided] == inside[decided]) >= 0.999
    assert 0.1 < inside.mean() < 0.9  # there is something to tell apart
    assert decided.mean() > 0.995
    assert found.fraction["undecided"] < 2e-4
    # What ends at the saddle started on the line that leads there, or came to it by one step.
    saddle = outcome == "saddle"
    error = a * b - y
    after = a - lr * error * b, b - lr * error * a
    line, image = (first + np.sign(y) * second for first, second in ((a, b), after))
    assert np.count_nonzero(saddle & (line == 0)) > 0.9 * np.count_nonzero(saddle)
    assert np.minimum(np.abs(line), np.abs(image))[saddle].max() < 1e-12


@pytest.mark.parametrize(("y", "lr"), [(1, 0.7), (-2, 0.35)])
@pytest.mark.parametrize("center", ["start", "origin"])
def test_wide_networks_converge_from_the_known_region(y, lr, center):
    network = f"depth=2&width=3&target={y}&lr={lr}&init_scale=0.6&seed=4"
    plane = f"plane=random:5&center={center}&extent=4"
    found = mapped(f"{network}&{plane}&resolution=201&steps=2000")
    across, up = (coordinate.ravel() for coordinate in corners(found))
    theta = ground_of(found.params).plane.starts(across, up).theta
    outcome, inside = named(found).ravel(), region(theta[:3], theta[3:], y, lr)
    decided = np.isin(outcome, DECIDED)
    assert np.mean((outcome == "minimum")[decided] == inside[decided]) >= 0.999
    assert 0.1 < inside.mean() < 0.9
    assert decided.mean() > 0.995


def test_above_the_critical_rate_only_a_null_set_converges():
    found = mapped("depth=2&lr=1.05&resolution=201&steps=2000")
    assert found.critical_lr.value == 1
    (a, b), outcome = corners(found), named(found)
    saddle = outcome == "saddle"
    assert saddle.any()
    np.testing.assert_array_equal(a[saddle], -b[saddle])
    # A minimum is reached by those alone that start on it.
    minimum = outcome == "minimum"
    np.testing.assert_allclose((a * b)[minimum], 1, atol=1e-12)
    assert found.steps[minimum].max() == 1


def test_beside_the_minimizers_nothing_converges_above_the_critical_rate():
    found = mapped("depth=2&lr=1.05&extent=2.4999&resolution=201&steps=1000")
    (a, b), outcome = corners(found), named(found)
    assert found.fraction["minimum"] == 0
    saddle = outcome == "saddle"
    assert np.count_nonzero(saddle) > 50
    np.testing.assert_array_equal(a[saddle], -b[saddle])


DECAYED = "depth=2&target=0.5&lr=1&weight_decay=0.2&extent=4&steps=300&resolution="


def test_weight_decay_by_a_plain_loop():
    """ab = y − r at the minimum."""
    found = mapped(f"{DECAYED}256")
    a, b = corners(found)
    with np.errstate(all="ignore"):
        for _ in range(300):
            error = a * b - 0.5
            a, b = a - (error * b + 0.2 * a), b - (error * a + 0.2 * b)
    outcome = named(found)
    np.testing.assert_array_equal(outcome == "minimum", np.abs(a * b - 0.3) < 1e-6)
    np.testing.assert_array_equal(outcome == "saddle", np.abs(a * b) < 1e-6)
    np.testing.assert_array_equal(outcome == "diverged", ~np.isfinite(a))


def test_with_weight_decay_a_fifth_converges_and_the_rest_diverges():
    found = mapped(f"{DECAYED}256")
    converged = found.fraction["minimum"] + found.fraction["saddle"]
    assert converged == pytest.approx(0.212, abs=0.003)
    assert converged + found.fraction["diverged"] == 1
    (a, b), saddle = corners(found), named(found) == "saddle"
    np.testing.assert_array_equal(a[saddle], -b[saddle])


def test_with_weight_decay_the_boundary_is_fractal():
    """Finer and finer, where without it the boundary is an ellipse."""
    rough = mapped(f"{DECAYED}512").boundary
    smooth = mapped("depth=2&lr=0.5&extent=4&resolution=512").boundary
    assert rough.dimension.exponent > 1.06
    assert smooth.dimension.exponent < 1.02
    assert rough.uncertainty.exponent < smooth.uncertainty.exponent - 0.1


# Every pixel is a run.

MATRIX = "task=whitened&init_scale=0.5&init_scaling=none&resolution=33&steps=300&width=3"
MAPS = {
    "two weights": "depth=2&lr=1.1&resolution=65&steps=400",
    "three weights": "depth=3&lr=0.6&seed=2&plane=random:3&resolution=65&steps=300",
    "five weights": "depth=5&lr=0.2&init_scale=0.9&seed=1&plane=weights:1,3&extent=8"
    "&resolution=65&steps=400",
    "matrix": f"{MATRIX}&depth=3&lr=0.5&plane=random:1",
    "decayed matrix": f"{MATRIX}&depth=2&lr=0.6&weight_decay=0.1&plane=hessian&extent=4",
    "regression": "task=regression&depth=2&width=4&d_in=3&d_out=2&noise=0.3&init_scale=0.5"
    "&lr=0.4&init_scaling=none&plane=weights:3,14&extent=4&resolution=33&steps=300",
}


@pytest.fixture(params=MAPS)
def found(request):
    return mapped(MAPS[request.param])


def raw_of(params):
    """The same loss, from raw data."""
    if params.task == "scalar":
        return of_matrix(params.sizes, np.array([[params.target]]), params.weight_decay)
    if params.task == "whitened":
        teacher = np.diag(params.singular_values)
        return of_matrix(params.sizes, teacher, params.weight_decay)
    return regression(
        *(params.sizes, params.samples, params.noise, params.condition, params.data_seed),
        decay=params.weight_decay,
    )


def weights_of(params):
    return sum(m * n for m, n in zip(params.sizes, params.sizes[1:], strict=False))


def drawn(params, seed):
    return params.init_scale * np.random.default_rng(seed).standard_normal(weights_of(params))


def flow_end(raw, theta):
    """Where gradient flow arrives."""
    flow = solve_ivp(
        lambda _, w: -raw.gradient(w), (0, 1000), theta, method="LSODA", rtol=1e-9, atol=1e-12
    )
    return flow.y[:, -1]


def plane_of(params):
    """Base and directions of a slice through its center, made anew."""
    raw, start = raw_of(params), drawn(params, params.seed)
    center = start
    if params.center == "origin":
        center = np.zeros_like(start)
    elif params.center == "minimizer":
        center = flow_end(raw, start)
    if params.plane == "weights":
        across, up = np.eye(len(start))[list(params.pair)]
        return SimpleNamespace(base=center * (across + up == 0), across=across, up=up)
    if params.plane == "random":
        first, second = np.random.default_rng(params.plane_seed).standard_normal((2, len(start)))
    elif params.plane == "hessian":
        second, first = np.linalg.eigh(raw.hessian(center))[1][:, -2:].T
        first, second = (v * np.sign(v[np.abs(v).argmax()]) for v in (first, second))
    else:
        first = flow_end(raw, start) - start
        second = drawn(params, params.seed + 1) - start
    across = first / np.linalg.norm(first)
    up = second - (across @ second) * across
    return SimpleNamespace(base=center, across=across, up=up / np.linalg.norm(up))


def pixels(found, number=40):
    rng = np.random.default_rng(7)
    return rng.integers(0, len(found.x), (number, 2))


def test_a_pixel_is_the_run_from_there(found):
    """Outcome, step and period, of every one; loss, sharpness and place of the point reached."""
    raw, plane, seen = raw_of(found.params), plane_of(found.params), []
    for i, j in pixels(found):
        at = pixel_run(found.params, found.x[j], found.y[i]).params
        start = plane.base + plane.across * found.x[j] + plane.up * found.y[i]
        np.testing.assert_allclose(at.weights, start, atol=1e-9)
        run = train_run(at)
        here = (found.outcomes[found.outcome[i, j]], found.steps[i, j], found.period[i, j])
        assert here == (run.outcome, run.step, run.period or 0)
        seen.append(run.outcome)
        if run.outcome == "diverged":
            assert found.loss[i, j] == np.inf
        if run.outcome not in ("minimum", "saddle", "periodic"):
            continue
        assert found.loss[i, j] == pytest.approx(raw.loss(run.weights), rel=1e-5, abs=1e-9)
        away = run.weights - plane.base
        end = found.end_x[i, j], found.end_y[i, j]
        assert end == pytest.approx((plane.across @ away, plane.up @ away), rel=1e-5, abs=1e-5)
        if run.outcome != "periodic":
            top = np.linalg.eigvalsh(raw.hessian(run.weights))[-1]
            assert found.sharpness[i, j] == pytest.approx(top, rel=1e-5)
    assert len(set(seen)) >= 2
    assert min(seen.count(outcome) for outcome in set(seen) - {"saddle", "undecided"}) >= 5


def test_the_settings_of_the_maps_see_different_fates():
    seen = {name for query in MAPS.values() for name in np.unique(named(mapped(query)))}
    assert {"minimum", "saddle", "periodic", "diverged", "undecided"} <= seen


def test_arrays_have_a_value_for_every_pixel(found):
    shape = (found.params.resolution,) * 2
    expected = {"outcome": "uint8", "steps": "uint16", "period": "uint8", "sharpness": "float32"}
    expected |= {"loss": "float32", "end_x": "float32", "end_y": "float32"}
    for name, kind in expected.items():
        array = getattr(found, name)
        assert (array.shape, array.dtype) == (shape, kind), name
    assert found.x.shape == found.y.shape == shape[:1]
    assert found.outcomes == (
        *("minimum", "saddle", "periodic", "bounded", "diverged", "undecided"),
    )
    assert found.outcome.max() < len(found.outcomes)


def test_coordinates_are_symmetric_about_zero_to_the_last_bit(found):
    np.testing.assert_array_equal(found.x, -found.x[::-1])
    np.testing.assert_array_equal(found.y, -found.y[::-1])
    assert (np.diff(found.x) > 0).all()
    assert (np.diff(found.y) > 0).all()


def test_sharpness_is_told_where_a_point_is_reached_and_only_there(found):
    reached = np.isin(named(found), ["minimum", "saddle"])
    np.testing.assert_array_equal(np.isfinite(found.sharpness), reached)


def test_periods_belong_to_periodic_outcomes(found):
    np.testing.assert_array_equal(found.period > 0, named(found) == "periodic")
    assert not np.any(found.period == 1)


def test_losses_are_infinite_and_ends_nowhere_where_it_diverged(found):
    diverged = named(found) == "diverged"
    np.testing.assert_array_equal(np.isinf(found.loss), diverged)
    for end in (found.end_x, found.end_y):
        np.testing.assert_array_equal(np.isnan(end), diverged)
    assert not np.isnan(found.loss).any()


def test_steps_are_the_whole_budget_where_nothing_ended_the_run(found):
    ended = np.isin(named(found), DECIDED)
    assert (found.steps[~ended] == found.params.steps).all()
    assert found.steps.min() > 0
    assert found.steps.max() <= found.params.steps


def test_fractions_count_the_pixels(found):
    assert list(found.fraction) == list(found.outcomes)
    for code, (name, share) in enumerate(found.fraction.items()):
        assert share == np.count_nonzero(found.outcome == code) / found.outcome.size
        low, high = found.interval[name]
        assert 0 <= low <= share <= high <= 1
        assert low < high
    assert sum(found.fraction.values()) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("name", ["three weights", "matrix"])
def test_maps_repeat_to_the_last_bit(name):
    one, two = mapped(MAPS[name]), eosdash.basin(**arguments(MAPS[name]))
    for array in ("x", "y", "outcome", "steps", "period", "sharpness", "loss", "end_x", "end_y"):
        np.testing.assert_array_equal(getattr(one, array), getattr(two, array), err_msg=array)
    assert (one.fraction, one.interval) == (two.fraction, two.interval)


def test_thresholds_are_those_of_the_network(found):
    assert found.threshold == 2 / found.params.lr
    run = pixel_run(found.params, 0.0, 0.0).params
    assert found.critical_lr == train_run(run.model_copy(update={"steps": 1})).critical_lr


# Rows, coordinates and extents.


def test_rows_rise_along_the_second_axis():
    """From a = 0 the step changes a alone, by ηb: only the top row is far enough out."""
    extent = (-0.1, 0.1, 0.0, 4.0)
    found = eosdash.basin(depth=2, lr=0.5, extent=extent, resolution=17, steps=400)
    assert (found.x[0], found.x[-1], found.y[0], found.y[-1]) == pytest.approx(extent)
    outcome = named(found)
    assert (outcome[-1] == "diverged").all()
    assert not (outcome[:8] == "diverged").any()


def test_columns_rise_along_the_first_axis():
    found = eosdash.basin(depth=2, lr=0.5, extent=(0.0, 4.0, -0.1, 0.1), resolution=17, steps=400)
    outcome = named(found)
    assert (outcome[:, -1] == "diverged").all()
    assert not (outcome[:, :8] == "diverged").any()


def test_a_map_is_asked_for_a_part():
    """Every fourth pixel of the larger map, and the same fates there."""
    whole = eosdash.basin(depth=2, lr=0.5, extent=(-2.0, 2.0, 0.0, 4.0), resolution=65, steps=400)
    part = eosdash.basin(depth=2, lr=0.5, extent=(0.0, 1.0, 2.0, 3.0), resolution=17, steps=400)
    np.testing.assert_array_equal(part.x, whole.x[32:49])
    np.testing.assert_array_equal(part.y, whole.y[32:49])
    np.testing.assert_array_equal(part.outcome, whole.outcome[32:49, 32:49])
    np.testing.assert_array_equal(part.steps, whole.steps[32:49, 32:49])


@pytest.mark.parametrize(("depth", "y"), [(2, 1), (3, -2), (5, 0.1)])
def test_an_extent_that_is_not_given_shows_the_flattest_minimizer(depth, y):
    """And stays the same while the learning rate is dragged."""
    extents = {
        ground_of(BasinParams.make(depth=depth, target=y, lr=lr)).extent for lr in (0.01, 0.3, 5)
    }
    ((left, right, low, high),) = extents
    assert -left == right == -low == high
    length = depth**0.5 * abs(y) ** (1 / depth)
    assert length < right < 2.5 * length


# Planes.

SMALL = {"depth": 3, "lr": 0.4, "init_scale": 0.6, "seed": 2, "resolution": 16, "steps": 200}
WIDE = {**SMALL, "task": "whitened", "depth": 2, "width": 3, "init_scaling": "none"}


@pytest.mark.parametrize("network", [SMALL, WIDE], ids=["chain", "matrix"])
@pytest.mark.parametrize("center", ["start", "origin", "minimizer"])
@pytest.mark.parametrize("plane", ["weights:2,0", "random:3", "hessian", "points"])
def test_a_slice_is_laid_as_it_is_described(network, center, plane):
    params = BasinParams.make(**network, plane=plane, center=center)
    if (plane, center, params.depth) == ("hessian", "origin", 3):
        with pytest.raises(eosdash.ParameterError, match="the Hessian vanishes"):
            ground_of(params)
        return
    ground, expected = ground_of(params), plane_of(params)
    x, y = np.random.default_rng(0).uniform(-2, 2, (2, 20))
    theta = expected.base[:, None] + np.outer(expected.across, x) + np.outer(expected.up, y)
    flows = "minimizer" in center or plane == "points"
    if plane == "hessian" and not is_unique(raw_of(params), expected.base):
        hessian = raw_of(params).hessian(ground.plane.base)
        top = np.linalg.eigvalsh(hessian)[[-1, -2]]
        for value, axis in zip(top, (ground.plane.across, ground.plane.up), strict=True):
            np.testing.assert_allclose(hessian @ axis, value * axis, atol=1e-6)
        return
    starts = ground.plane.starts(x, y)
    np.testing.assert_allclose(starts.theta, theta, atol=1e-6 if flows else 1e-9)
    assert starts.lr == 0.4


def is_unique(raw, center):
    """Whether the top two eigenvectors are. They are not at a minimizer of a chain, where all
    but one eigenvalue are zero, nor at the origin of a wide network."""
    *_, third, second, first = np.linalg.eigvalsh(raw.hessian(center))
    return third + 1e-3 < second < first - 1e-3


@pytest.mark.parametrize("network", [SMALL, WIDE], ids=["chain", "matrix"])
def test_a_plane_of_points_holds_start_minimizer_and_other_start(network):
    params = BasinParams.make(**network, plane="points")
    plane, raw = ground_of(params).plane, raw_of(params)
    start, other = drawn(params, params.seed), drawn(params, params.seed + 1)
    end = flow_end(raw, start)
    assert np.abs(raw.gradient(end)).max() < 1e-6
    for point, near in ((start, 1e-12), (end, 1e-7), (other, 1e-9)):
        again = plane.starts(*plane.coordinates(point[:, None])).theta[:, 0]
        np.testing.assert_allclose(again, point, atol=near)
    assert plane.coordinates(end[:, None])[0][0] == pytest.approx(
        np.linalg.norm(end - start), abs=1e-7
    )


@pytest.mark.parametrize("network", [SMALL, WIDE], ids=["chain", "matrix"])
def test_the_minimizer_that_a_plane_goes_through_is_one(network):
    params = BasinParams.make(**network, plane="random", center="minimizer")
    center = ground_of(params).plane.base
    raw = raw_of(params)
    assert np.linalg.norm(raw.gradient(center)) < 1e-7
    np.testing.assert_allclose(center, flow_end(raw, drawn(params, params.seed)), atol=1e-7)


@pytest.mark.parametrize(
    ("network", "flowed"),
    [
        ({"depth": 3, "seed": 4}, True),
        ({"task": "whitened", "depth": 3, "width": 20, "d_in": 3, "d_out": 3}, False),
        ({"depth": 4, "target": 0}, True),
        ({"depth": 3, "target": 0, "weights": [0.5, 0.5, 0.5]}, False),
        ({"task": "toy", "activation": "tanh", "samples": 9}, False),
    ],
)
def test_the_words_say_how_the_minimizer_was_found(network, flowed):
    params = BasinParams.make(**network, plane="random", center="minimizer")
    assert ("through the minimizer of gradient flow" in plane_words(params)) == flowed
    assert ("through a low point" in plane_words(params)) != flowed
    scope = unmarked(map_scope(params))
    assert ("where gradient flow from the start ends" in scope) == flowed
    assert ("L-BFGS" in scope) != flowed


@pytest.mark.parametrize(("width", "kept"), [(9, True), (24, False)])
def test_the_minimizer_of_a_small_network_is_found_once_for_all_learning_rates(width, kept):
    network = {"task": "whitened", "depth": 3, "width": width, "init_scale": 0.2, "plane": "points"}
    first, second = (low_point_of(BasinParams.make(**network, lr=lr)) for lr in (0.1, 0.7))
    assert (first is second) == kept
    np.testing.assert_array_equal(first.theta, second.theta)
    assert not first.theta.flags.writeable


@pytest.mark.parametrize("init", ["gaussian", "balanced"])
@pytest.mark.parametrize("task", ["scalar", "whitened"])
def test_a_plane_of_trainability_varies_rate_and_scale(task, init):
    network = {"task": task, "depth": 3, "width": 1 if task == "scalar" else 2, "init": init}
    found = eosdash.basin(**network, plane="trainability", resolution=17, steps=200, lr=3)
    critical = np.log10(found.critical_lr.value)
    assert found.x[0] < critical < found.x[-1]
    assert np.isnan(found.end_x).all()
    assert np.isnan(found.end_y).all()
    seen = set()
    for i, j in np.ndindex(5, 5):
        x, y = found.x[4 * j], found.y[4 * i]
        run = eosdash.train(**network, lr=10.0**x, init_scale=10.0**y, steps=200)
        at = (4 * i, 4 * j)
        here = (found.outcomes[found.outcome[at]], found.steps[at], found.period[at])
        assert here == (run.outcome, run.step, run.period or 0)
        assert pixel_run(found.params, x, y).params.key() == run.params.key()
        seen.add(run.outcome)
    assert {"minimum", "diverged"} <= seen


def test_the_rate_and_scale_given_have_no_part_in_a_plane_of_trainability():
    one, other = (
        eosdash.basin(depth=2, plane="trainability", resolution=16, steps=50, lr=lr, init_scale=s)
        for lr, s in ((0.1, 1), (5, 0.2))
    )
    assert one.params.key() == other.params.key()
    np.testing.assert_array_equal(one.x, other.x)
    np.testing.assert_array_equal(one.steps, other.steps)


@pytest.mark.parametrize("y", [1, 0.03, 1e-4, 1e-300, 100])
def test_learning_rates_of_a_plane_of_trainability_rise_and_are_allowed(y):
    x, _ = ground_of(BasinParams.make(depth=2, target=y, plane="trainability")).extent.axes(16)
    assert (np.diff(x) > 0).all()
    assert x[-1] <= 2


def test_learning_rates_of_a_plane_of_trainability_are_above_zero():
    """10⁻⁴⁰⁰ is 0 in double precision, where nothing moves and nothing is a saddle."""
    params = {"depth": 2, "resolution": 16, "steps": 150}
    with pytest.raises(eosdash.ParameterError) as caught:
        eosdash.basin(**params, plane="trainability", extent=(-400.0, 0.0, -1.0, 0.0))
    assert caught.value.field == "extent"


# Twice the steps.

HALVES = {
    "chain": ("depth=3&lr=0.6&seed=1&resolution=64&extent=1.5", 80),
    "matrix": (f"{MATRIX}&depth=2&lr=1.1&plane=random".replace("&steps=300", ""), 100),
    "trainability": ("depth=2&plane=trainability&resolution=48", 130),
}


@pytest.mark.parametrize("name", HALVES)
def test_twice_the_steps_marks_what_they_change(name):
    query, steps = HALVES[name]
    once, longer = (mapped(f"{query}&steps={number}") for number in (steps, 2 * steps))
    checked = mapped(f"{query}&steps={steps}&twice=true")
    assert checked.changed.dtype == bool
    np.testing.assert_array_equal(checked.changed, once.outcome != longer.outcome)
    assert 0 < checked.changed.mean() < 0.9
    np.testing.assert_array_equal(checked.outcome, once.outcome)
    np.testing.assert_array_equal(checked.steps, once.steps)
    assert once.changed is None


# Runs from a pixel.


def test_the_path_of_a_pixel_is_that_of_its_run():
    params = mapped(MAPS["three weights"]).params
    run = pixel_run(params, 0.3, -0.4)
    path, plane = train_run(run.params).path, plane_of(params)
    assert run.params.steps == params.steps
    np.testing.assert_allclose(run.x, (path - plane.base) @ plane.across, atol=1e-9)
    np.testing.assert_allclose(run.y, (path - plane.base) @ plane.up, atol=1e-9)
    assert (run.x[0], run.y[0]) == pytest.approx((0.3, -0.4))


def test_a_pixel_that_is_no_start_is_refused():
    params = BasinParams.make(depth=2, extent=2000)
    with pytest.raises(eosdash.ParameterError, match="out of range"):
        pixel_run(params, 1500.0, 0.0)
    with pytest.raises(eosdash.ParameterError) as caught:
        pixel_run(BasinParams.make(depth=2, plane="trainability"), 2.5, 0.0)
    assert caught.value.field == "lr"


# Bad input, and extremes.


@pytest.mark.parametrize(
    "params",
    [
        {"depth": 3, "plane": "hessian", "center": "origin"},
        {"task": "whitened", "depth": 3, "width": 20, "plane": "hessian", "center": "origin"},
        {"depth": 2, "plane": "points", "weights": (1, 1)},
    ],
    ids=["no Hessian", "no Hessian of a large network", "the start is a minimizer"],
)
def test_a_plane_that_cannot_be_laid_is_refused_by_name(params):
    with pytest.raises(eosdash.ParameterError) as caught:
        eosdash.basin(**params, resolution=16, steps=2)
    assert caught.value.field == "plane"
    assert caught.value.allowed


@pytest.mark.parametrize(
    "params",
    [
        {"depth": 12, "target": 0, "weights": (1000,) * 12, "extent": 1000, "lr": 1e-3},
        {"depth": 12, "init_scale": 100, "extent": 1e6, "lr": 1e-100},
        {"depth": 2, "extent": 1e6},
        {"depth": 12, "init_scale": 100, "plane": "trainability", "extent": (-4, 2, -4, 2)},
        {"depth": 2, "target": 1e-300},
        {"depth": 2, "target": 0},
        {"depth": 2, "init_scale": 0, "plane": "random"},
        {"task": "whitened", "depth": 1, "plane": "hessian", "lr": 1.99},
        {"task": "regression", "depth": 2, "samples": 1, "plane": "random", "lr": 0.1},
    ],
    ids=lambda params: "-".join(map(str, params.values()))[:40],
)
def test_extremes_are_outcomes_and_never_warnings(params):
    found = eosdash.basin(**params, resolution=17, steps=5)
    assert sum(found.fraction.values()) == pytest.approx(1)
    assert not np.isnan(found.loss).any()
    np.testing.assert_array_equal(np.isinf(found.loss), named(found) == "diverged")
    reached = np.isin(named(found), ["minimum", "saddle"])
    np.testing.assert_array_equal(np.isfinite(found.sharpness), reached)


def in_a_child(code, seconds=60):
    """What a fresh interpreter prints, of 2 GiB at most."""
    limit = 2 << 30

    def confine():
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, preexec_fn=confine
    )
    assert not done.returncode, done.stderr[-500:]
    return done.stdout.strip()


def test_no_start_is_too_steep_for_the_flow_to_its_minimizer():
    """In seconds and in bounded memory: a request may ask for it."""
    code = (
        "from eosdash.basins import ground_of\n"
        "from eosdash.params import BasinParams\n"
        "ground_of(BasinParams.make(plane='points', depth=3, width=20))\n"
        "ground_of(BasinParams.make(plane='points', depth=4, target=100, init_scale=10))\n"
        "print('laid')"
    )
    assert in_a_child(code, seconds=4) == "laid"


def test_pixels_closer_than_the_precision_of_the_weights_are_refused():
    """The coordinates are small, but the weights they are added to are not."""
    params = {"depth": 3, "weights": (900.0, 900.0, 900.0), "plane": "random", "resolution": 64}
    with pytest.raises(eosdash.ParameterError, match="double precision") as caught:
        eosdash.basin(**params, extent=1e-11, lr=1e-9)
    assert caught.value.field == "extent"
    assert eosdash.basin(**params, extent=1e-8, lr=1e-9, steps=2).outcome.shape == (64, 64)

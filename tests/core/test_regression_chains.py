"""Closed forms of chains on data of any mean square Σ, against Hessians of the raw data."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

import eosdash
from eosdash.core.descent.gradient_descent import Stretch
from eosdash.core.descent.measure import Measure
from eosdash.core.maps.plane import two_weight_plane
from eosdash.core.maps.slices import Extent, weight_slice
from eosdash.core.networks.tasks import regression_objective
from eosdash.core.theory.critical import critical_lr
from eosdash.core.theory.stable_minima import hyperbola, surface, weight_bound
from eosdash.overlays import overlays
from tests.core.brute_force import regression
from tests.depth import examples

DEPTHS = st.integers(2, 5)


@st.composite
def chains(draw, depths=DEPTHS):
    """The same data twice: the network's loss, and the raw one; targets that are not tiny."""
    depth, samples = draw(depths), draw(st.integers(2, 40))
    arguments = samples, draw(st.sampled_from([0.0, 0.3, 1.5])), 1.0, draw(st.integers(0, 999))
    sizes = (1,) * (depth + 1)
    objective = regression_objective(sizes, *arguments)
    assume(abs(objective.solution[0, 0]) > 0.05)
    assume(0.05 < objective.covariance[0, 0] < 20)
    return objective, regression(sizes, *arguments)


def sharpness_of(raw, weights):
    return float(np.linalg.eigvalsh(raw.hessian(np.array(weights)))[-1])


def random_minimizer(objective, rng):
    """Weights of random moduli and signs whose product is y."""
    depth, target = objective.network.depth, float(objective.solution[0, 0])
    weights = np.exp(0.5 * rng.standard_normal(depth)) * rng.choice([-1.0, 1.0], depth)
    weights *= (abs(target) / abs(weights.prod())) ** (1 / depth)
    weights[-1] *= np.sign(weights.prod() * target)
    return weights


@settings(max_examples=examples(25))
@given(chains(), st.integers(0, 999))
def test_gradient_flow_solution_is_as_sharp_as_the_end_of_the_flow(chain, seed):
    objective, raw = chain
    theta = np.random.default_rng(seed).uniform(0.5, 1.2, objective.network.depth)
    theta[-1] *= np.sign(objective.solution[0, 0])
    stretch = Stretch(0, theta[None], np.array([0.1]), raw.loss(theta[None]), np.ones(1))
    told = Measure(objective)(stretch).gfs_sharpness[0]
    end = solve_ivp(
        lambda _, w: -raw.gradient(w), (0, 3000), theta, method="LSODA", rtol=1e-11, atol=1e-13
    ).y[:, -1]
    assume(np.linalg.norm(raw.gradient(end)) < 1e-9)
    assert told == pytest.approx(sharpness_of(raw, end), rel=1e-6)


@settings(max_examples=examples(40))
@given(chains(), st.integers(0, 999), st.floats(0.05, 1.0))
def test_no_minimizer_is_flatter_than_the_critical_learning_rate_says(chain, seed, part):
    """And the weights of those that are stable are within the bound."""
    objective, raw = chain
    depth, found = objective.network.depth, critical_lr(objective)
    assert found.closed_form
    balanced = np.full(depth, abs(objective.solution[0, 0]) ** (1 / depth))
    balanced[0] *= np.sign(objective.solution[0, 0])
    assert found.value == pytest.approx(2 / sharpness_of(raw, balanced), rel=1e-9)
    lr = part * found.value
    bound, rng = weight_bound(objective, lr), np.random.default_rng(seed)
    assert bound.smallest <= np.abs(balanced).max() * (1 + 1e-9)
    for _ in range(10):
        weights = random_minimizer(objective, rng)
        sharpness = sharpness_of(raw, weights)
        assert sharpness >= 2 / found.value * (1 - 1e-9)
        if sharpness <= 2 / lr:
            assert np.abs(weights).min() >= max(bound.lower, bound.smallest) * (1 - 1e-9)
            assert np.abs(weights).max() <= min(bound.upper, bound.largest) * (1 + 1e-9)


@settings(max_examples=examples(20))
@given(chains(st.just(2)), st.floats(0.1, 1.2))
def test_the_plane_of_a_run_tells_stable_minimizers_by_the_hessian(chain, part):
    objective, raw = chain
    lr = part * critical_lr(objective).value
    plane = two_weight_plane(objective, lr)
    drawn = zip(plane.minimizers, plane.sharpness, plane.stable, strict=True)
    for branch, told, stable in drawn:
        sharpness = np.array([sharpness_of(raw, point) for point in branch.T[::12]])
        np.testing.assert_allclose(told[::12], sharpness, rtol=1e-8)
        sure = np.abs(sharpness * lr / 2 - 1) > 1e-9
        np.testing.assert_array_equal(stable[::12][sure], (sharpness <= 2 / lr)[sure])
    if part < 0.95:
        assert any(stable.any() for stable in plane.stable)
        assert plane.axis[-1] ** 2 * objective.covariance[0, 0] > 2 / lr


@settings(max_examples=examples(15))
@given(chains(st.integers(2, 3)), st.floats(0.2, 0.9))
def test_the_drawn_manifold_has_the_sharpness_of_the_hessian(chain, part):
    objective, raw = chain
    lr = part * critical_lr(objective).value
    draw = hyperbola if objective.network.depth == 2 else surface
    points, sharpness = draw(objective, lr)
    weights = np.moveaxis(points, 1, -1).reshape(-1, objective.network.depth)
    for theta, told in list(zip(weights, sharpness.ravel(), strict=True))[::97]:
        assert told == pytest.approx(sharpness_of(raw, theta), rel=1e-8)


@settings(max_examples=examples(15))
@given(chains(st.integers(2, 4)), st.integers(0, 999), st.floats(0.2, 0.9))
def test_what_lies_over_a_map_agrees_with_the_hessian(chain, seed, part):
    objective, raw = chain
    theta = np.random.default_rng(seed).uniform(0.4, 1.5, objective.network.depth)
    lr = part * critical_lr(objective).value
    plane = weight_slice(theta, 0, 1, lr)
    over = overlays(objective, plane, Extent(-3.0, 3.0, -3.0, 3.0))
    for curve in over.minimizers:
        for place in range(0, curve.points.shape[1], 60):
            point = np.concatenate([curve.points[:, place], theta[2:]])
            assert np.linalg.norm(raw.gradient(point)) < 1e-6
            assert curve.sharpness[place] == pytest.approx(sharpness_of(raw, point), rel=1e-5)
    for line in over.fold:
        for x, y in line.T[::40]:
            hessian = raw.hessian(np.concatenate([[x, y], theta[2:]]))
            assert np.abs(np.linalg.det(np.eye(len(hessian)) - lr * hessian)) < 0.05


@settings(max_examples=examples(10))
@given(chains(st.just(2)), st.integers(0, 999), st.floats(0.2, 0.9))
def test_the_exact_region_is_where_steps_on_the_raw_data_converge(chain, seed, part):
    """The floor of the loss is above 0 wherever there is noise."""
    objective, raw = chain
    target = float(objective.solution[0, 0])
    lr = part * critical_lr(objective).value
    plane = weight_slice(np.ones(2), 0, 1, lr)
    size = 20 / np.sqrt(lr)
    (edge,) = overlays(objective, plane, Extent(-size, size, -size, size)).region
    inside, outside = 0.97 * edge[:, ::15], 1.03 * edge[:, ::15]
    turned = np.random.default_rng(seed).uniform(0.999, 1.001)  # off the lines that map to 0
    for starts, converges in ((inside, True), (outside, False)):
        theta = starts.T * [turned, 1.0]
        with np.errstate(all="ignore"):
            for _ in range(4000):
                theta = theta - lr * raw.gradient(theta[:, None])[:, 0]
            error = np.abs(theta.prod(axis=1) - target)
        assert np.mean((error < 1e-3) == converges) > 0.9


def test_the_run_of_a_regression_chain_descends_to_the_flow_solution():
    run = eosdash.train(
        task="regression", depth=4, width=1, d_in=1, d_out=1, samples=11, noise=0.3, data_seed=8,
        init="weights", weights=[0.5, 0.9, 1.1, 0.7], lr=4e-3, steps=20_000,
    )  # fmt: skip
    assert run.gfs_sharpness[0] == pytest.approx(run.sharpness[-1], rel=2e-3)

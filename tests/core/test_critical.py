"""The critical learning rate: closed forms, scaling, and no flatter minimizer."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import ortho_group

from eosdash.core.networks.linear import LinearNetwork, Objective
from eosdash.core.networks.tasks import regression_objective, scalar_objective, whitened_objective
from eosdash.core.theory.critical import _least_sharpness, critical_lr
from tests.core.brute_force import of_matrix, regression


@pytest.mark.parametrize("depth", [1, 2, 3, 7, 12])
@pytest.mark.parametrize("y", [1.0, -0.3, 2.0])
def test_chain_in_closed_form(depth, y):
    answer = critical_lr(scalar_objective((1,) * (depth + 1), y))
    assert answer.closed_form
    assert answer.value == pytest.approx(2 / (depth * abs(y) ** (2 - 2 / depth)))


def test_whitened_teacher_in_closed_form_at_any_width():
    for sizes in [(3, 2, 3), (3, 64, 3), (2, 5, 9)]:
        answer = critical_lr(whitened_objective(sizes, (1.7, 0.5), rotate=True))
        assert answer == (pytest.approx(2 / (2 * 1.7)), True)


def test_a_target_of_zero_has_minimizers_of_no_sharpness():
    assert critical_lr(scalar_objective((1, 1, 1), 0.0)).value == np.inf


def test_one_layer_is_a_quadratic():
    objective = regression_objective((4, 2), 30, 0.1, 10.0, 3, weight_decay=0.2)
    inputs = regression((4, 2), 30, 0.1, 10.0, 3).inputs
    top = np.linalg.eigvalsh(inputs @ inputs.T / 30)[-1] + 0.2
    assert critical_lr(objective).value == pytest.approx(2 / top)


@pytest.mark.parametrize("depth", [2, 3, 5])
@pytest.mark.parametrize("values", [(1.0, 0.5), (2.0, 2.0, 0.1), (0.7,)])
def test_numerical_search_finds_the_closed_form(depth, values):
    objective = whitened_objective((3, *[4] * (depth - 1), 3), values, rotate=True)
    expected = depth * values[0] ** (2 - 2 / depth)
    assert _least_sharpness(objective) == pytest.approx(expected, rel=2e-3)


def skewed(factor, solution, hidden):
    network = LinearNetwork((factor.shape[0], *hidden, solution.shape[0]))
    return Objective(network, solution, factor)


@pytest.mark.parametrize("c", [0.25, 9.0])
def test_covariance_that_is_a_multiple_of_the_identity(c):
    """½c‖P − T‖² is c times the whitened loss, so that S is c times as large."""
    teacher = np.diag([1.5, 0.4])
    answer = critical_lr(skewed(np.sqrt(c) * np.eye(2), teacher, (3, 2)))
    assert not answer.closed_form
    assert answer.value == pytest.approx(2 / (c * 3 * 1.5 ** (4 / 3)), rel=2e-3)


def test_turning_inputs_and_outputs_changes_nothing():
    rng = np.random.default_rng(0)
    factor, solution = rng.standard_normal((3, 3)), rng.standard_normal((2, 3))
    into, out = ortho_group.rvs(3, random_state=1), ortho_group.rvs(2, random_state=2)
    plain = critical_lr(skewed(factor, solution, (4, 3))).value
    turned = critical_lr(skewed(into @ factor, out @ solution @ into.T, (4, 3))).value
    assert turned == pytest.approx(plain, rel=5e-3)


def minimizers(raw, parameters, lowest, number):
    """Random global minimizers, by L-BFGS from random starts of different sizes."""
    rng = np.random.default_rng(1)
    for _ in range(number):
        end = minimize(
            lambda w: (float(raw.loss(w)), raw.gradient(w)),
            rng.standard_normal(parameters) * rng.uniform(0.3, 1.2),
            jac=True,
            options={"gtol": 1e-8},
        )
        if end.fun < lowest + 1e-9:
            yield end.x


@pytest.mark.parametrize("sizes", [(2, 3, 2), (3, 2, 2, 2), (3, 1, 3), (2, 2, 1, 3)])
@pytest.mark.parametrize("samples", [2, 30])
def test_no_random_minimizer_is_flatter(sizes, samples):
    objective = regression_objective(sizes, samples, 0.3, 5.0, 4)
    raw, count = regression(sizes, samples, 0.3, 5.0, 4), objective.network.parameters
    values = np.linalg.svd(objective.solution @ objective.factor, compute_uv=False)
    lowest = objective.floor + np.sum(values[min(sizes) :] ** 2) / 2
    points = list(minimizers(raw, count, lowest, 12))
    assert len(points) >= 3
    flattest = min(np.linalg.eigvalsh(raw.hessian(w))[-1] for w in points)
    assert 2 / critical_lr(objective).value <= flattest * (1 + 1e-6)


@pytest.mark.parametrize("samples", [3, 30])
@pytest.mark.parametrize("d_in", [1, 3])
def test_flattest_minimizer_of_one_output(d_in, samples):
    """W_1 = g·P*, W_2 = 1/g: one number to search over."""
    objective = regression_objective((d_in, 1, 1), samples, 0.3, 5.0, 4)
    raw = regression((d_in, 1, 1), samples, 0.3, 5.0, 4)
    sharpness = [
        np.linalg.eigvalsh(raw.hessian(np.append(g * objective.solution, 1 / g)))[-1]
        for g in np.geomspace(0.1, 10, 2001)
    ]
    assert 2 / critical_lr(objective).value == pytest.approx(min(sharpness), rel=2e-3)


@pytest.mark.parametrize("y", [0.3, 1.0, -2.0])
@pytest.mark.parametrize("depth", [2, 3])
def test_weight_decay_of_a_chain_by_brute_force(depth, y):
    decay, sizes = 0.1, (1,) * (depth + 1)
    raw = of_matrix(sizes, np.array([[y]]), decay)
    starts = np.stack(np.meshgrid(*[[-1.2, 0.0, 1.3]] * depth), axis=-1).reshape(-1, depth)
    options = {"gtol": 1e-11}
    ends = [minimize(raw.loss, w, jac=raw.gradient, options=options) for w in starts]
    best = min(ends, key=lambda end: end.fun).x
    expected = 2 / np.linalg.eigvalsh(raw.hessian(best))[-1]
    answer = critical_lr(scalar_objective(sizes, y, decay))
    assert answer == (pytest.approx(expected, rel=1e-5), False)


def test_a_decay_that_leaves_only_zero():
    """Of three layers all weights vanish, and the Hessian is r times the identity."""
    assert critical_lr(scalar_objective((1, 1, 1, 1), 0.1, 0.5)).value == pytest.approx(2 / 0.5)

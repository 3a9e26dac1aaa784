"""The lowest loss: closed forms, and no point found below it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from eosdash.core.descent.minimum import decayed_singular_value, global_minimum
from eosdash.core.networks.tasks import regression_objective, scalar_objective, whitened_objective
from tests.core.brute_force import of_matrix, regression
from tests.depth import examples


def found(raw, parameters, starts=8):
    """The lowest loss that L-BFGS reaches from random starts."""
    rng = np.random.default_rng(5)
    ends = [
        minimize(
            lambda w: (float(raw.loss(w)), raw.gradient(w)),
            rng.standard_normal(parameters),
            jac=True,
            options={"maxiter": 3000, "gtol": 1e-9},
        ).fun
        for _ in range(starts)
    ]
    return min(ends)


def test_a_chain_without_weight_decay_reaches_zero():
    assert global_minimum(scalar_objective((1, 1, 1), 2.0)).value == 0


@pytest.mark.parametrize("narrowest", [1, 2, 3])
def test_a_bottleneck_leaves_the_singular_values_that_do_not_fit(narrowest):
    values = (2.0, 1.0, 0.5)
    lowest = global_minimum(whitened_objective((4, narrowest, 5, 3), values, rotate=True))
    assert lowest.value == pytest.approx(sum(v**2 for v in values[narrowest:]) / 2)
    assert lowest.closed_form


@pytest.mark.parametrize("samples", [2, 30])
@pytest.mark.parametrize("hidden", [(1,), (2, 3)])
def test_lowest_loss_of_a_noisy_regression(hidden, samples):
    sizes = (3, *hidden, 3)
    objective = regression_objective(sizes, samples, 0.5, 4.0, 2)
    best = found(regression(sizes, samples, 0.5, 4.0, 2), objective.network.parameters)
    assert global_minimum(objective).value == pytest.approx(best, rel=1e-6, abs=1e-9)


@settings(max_examples=examples(40))
@given(st.floats(0, 5), st.floats(0.001, 3), st.integers(2, 8))
def test_learned_singular_value_is_the_best_on_a_fine_grid(target, decay, depth):
    def cost(s):
        return (s - target) ** 2 / 2 + decay * depth * s ** (2 / depth) / 2

    grid = np.concatenate([[0.0], np.linspace(1e-6, max(target, 1e-3), 20_001)])
    learned = decayed_singular_value(target, decay, depth)
    assert 0 <= learned <= target
    assert cost(learned) <= cost(grid).min() + 1e-12


@pytest.mark.parametrize("depth", [2, 3, 4, 12])
def test_weight_decay_too_small_to_count_takes_nothing_away(depth):
    for decay in (5e-324, 1e-320, 1e-200):
        assert decayed_singular_value(0.7, decay, depth) == pytest.approx(0.7, rel=1e-15)
        assert decayed_singular_value(0.0, decay, depth) == 0


@pytest.mark.parametrize("y", [0.3, 1.0, -2.0])
@pytest.mark.parametrize("depth", [2, 3])
@pytest.mark.parametrize("decay", [0.05, 0.4])
def test_lowest_loss_of_a_decayed_chain_on_a_grid_of_weights(depth, decay, y):
    axis = np.linspace(-2, 2, 161)
    weights = np.stack(np.meshgrid(*[axis] * depth), axis=-1)
    raw = of_matrix((1,) * (depth + 1), np.array([[y]]), decay)
    loss = (weights.prod(axis=-1) - y) ** 2 / 2 + decay * (weights**2).sum(axis=-1) / 2
    start = weights[np.unravel_index(loss.argmin(), loss.shape)]
    refined = minimize(raw.loss, start, jac=raw.gradient, options={"gtol": 1e-10}).fun
    lowest = global_minimum(scalar_objective((1,) * (depth + 1), y, decay))
    assert lowest.value == pytest.approx(refined, abs=1e-10)


@pytest.mark.parametrize("decay", [0.02, 0.2])
@pytest.mark.parametrize("sizes", [(3, 2, 3), (2, 4, 3, 2), (3, 3)])
def test_lowest_loss_of_decayed_matrices(sizes, decay):
    whitened = whitened_objective(sizes, (1.5, 0.6), rotate=True, weight_decay=decay)
    best = found(of_matrix(sizes, whitened.solution, decay), whitened.network.parameters)
    assert global_minimum(whitened).value == pytest.approx(best, rel=1e-7)
    skewed = regression_objective(sizes, 20, 0.5, 9.0, 1, decay)
    best = found(regression(sizes, 20, 0.5, 9.0, 1, decay), skewed.network.parameters)
    assert global_minimum(skewed).value == pytest.approx(best, rel=1e-6)

"""Bounded and unbounded stable minimizers, against brute force on the raw data."""

import numpy as np
import pytest
from scipy.optimize import minimize

from eosdash.core.networks.linear import LinearNetwork, Objective
from eosdash.core.networks.tasks import regression_objective, scalar_objective, whitened_objective
from eosdash.core.theory import bounded, statements
from eosdash.core.theory.critical import critical_lr
from tests.core.brute_force import BruteForce

ANYWHERE = (0.0, 1.0, 37.0, 2.5e3)


def whitened(sizes, *values, rotate=False):
    return whitened_objective(sizes, values, rotate, data_seed=3)


UNBOUNDED = [
    (whitened((2, 5, 4, 2), 1.4, 0.6, rotate=True), 2),
    (whitened((2, 2, 2, 2), 1.4, rotate=True), 2),  # the target has rank 1
    (whitened((2, 3, 3, 1, 3, 2), 1.4, 0.6), 2),  # through a bottleneck, with a residual
    (whitened((2, 1, 3, 3, 2), 1.4, 0.6), 3),
    (scalar_objective((1, 2, 2, 1), -0.8), 2),
    (scalar_objective((1, 1, 1, 1), 0.0), 2),
    (regression_objective((3, 4, 4, 2), 30, 0.2, 15.0), 2),
    (regression_objective((4, 3, 2), 2), 1),  # fewer samples than inputs
    (regression_objective((4, 2), 2), 1),
]
BOUNDED = [
    whitened((2, 9, 2), 1.4, 0.6),
    whitened((2, 2, 5, 2), 1.4, 0.6),
    whitened((3, 4, 2, 4, 3), 1.4, 0.6),
    whitened((2, 1, 4, 2), 1.4, 0.6),
    scalar_objective((1, 1, 1), 0.0),
    scalar_objective((1,) * 6, 1.7),
    scalar_objective((1, 1, 3, 1), 1.7),
    regression_objective((3, 4, 2), 30, 0.2, 15.0),
]


def raw(objective):
    """The same loss on samples of its data."""
    count = len(objective.factor)
    inputs = np.sqrt(count) * objective.factor
    return BruteForce(objective.network.sizes, inputs, objective.solution @ inputs)


def sharpness(objective, theta):
    return np.linalg.eigvalsh(raw(objective).hessian(theta))[-1]


@pytest.mark.parametrize(("objective", "layer"), UNBOUNDED)
def test_along_an_unbounded_ray_neither_loss_nor_sharpness_changes(objective, layer):
    ray = bounded.unbounded_ray(objective)
    assert ray.layer == layer
    assert np.linalg.norm(ray.direction) == pytest.approx(1)
    lowest = lowest_loss(objective)
    least = sharpness(objective, ray.theta)
    for far in ANYWHERE:
        theta = ray.theta + far * ray.direction
        assert raw(objective).loss(theta) == pytest.approx(lowest, abs=1e-12)
        assert sharpness(objective, theta) == pytest.approx(least, rel=1e-7, abs=1e-9)


def lowest_loss(objective):
    """Error of the best map that fits through the narrowest layer, by its singular values."""
    values = np.linalg.svd(objective.solution @ objective.factor, compute_uv=False)
    return 0.5 * np.sum(values[min(objective.network.sizes) :] ** 2)


@pytest.mark.parametrize("objective", [objective for objective, _ in UNBOUNDED])
def test_the_ray_starts_at_a_flattest_minimizer(objective):
    least = 2 / critical_lr(objective).value
    found = sharpness(objective, bounded.unbounded_ray(objective).theta)
    assert found == pytest.approx(least, rel=1e-2, abs=1e-12)


def violation(objective, far, lr):
    """The least (L − min L) + (S − 2/η)₊² + (far − ‖θ‖)₊² that is found: is there a stable
    minimizer as far out as ``far``?"""
    lowest = lowest_loss(objective)

    def penalty(theta):
        beyond = max(0.0, np.linalg.eigvalsh(objective.hessian(theta))[-1] - 2 / lr)
        return float(
            objective.loss(theta) - lowest + beyond**2 + max(0.0, far - np.linalg.norm(theta)) ** 2
        )

    ends = []
    for seed in range(12):
        start = np.random.default_rng(seed).standard_normal(objective.network.parameters)
        ends.append(minimize(penalty, start, method="L-BFGS-B", options={"maxiter": 300}).fun)
    return min(ends)


@pytest.mark.parametrize(
    ("objective", "unbounded"),
    [
        (scalar_objective((1, 2, 2, 1), -0.8), True),
        (scalar_objective((1, 1, 1, 1), 0.0), True),
        (whitened((2, 1, 1), 0.9), False),
        (regression_objective((2, 1, 1), 1), True),
        (scalar_objective((1, 1, 3, 1), -0.8), False),
        (scalar_objective((1, 4, 1), -0.8), False),
        (scalar_objective((1, 3, 1), 0.0), False),
        (scalar_objective((1, 1, 1, 1), 0.8), False),
    ],
)
def test_a_search_finds_stable_minimizers_far_out_exactly_where_there_is_a_ray(
    objective, unbounded
):
    assert (bounded.unbounded_ray(objective) is not None) == unbounded
    critical = critical_lr(objective).value
    lr = 0.6 * critical if np.isfinite(critical) else 0.5
    found = violation(objective, 20.0, lr)
    assert (found < 1e-6) if unbounded else (found > 1)


@pytest.mark.parametrize("objective", BOUNDED)
def test_there_is_no_ray_elsewhere(objective):
    assert bounded.unbounded_ray(objective) is None


@pytest.mark.parametrize(
    "objective",
    [
        whitened((2, 5, 4, 2), 1.4, 0.6, rotate=True),
        whitened((2, 9, 2), 1.4, 0.6),
        scalar_objective((1, 3, 2, 2, 1), -0.6),
        scalar_objective((1, 1, 1), 0.0),
        regression_objective((3, 4, 4, 2), 30, 0.2, 15.0),
    ],
    ids=lambda o: str(o.network.sizes),
)
def test_products_of_layers_are_bounded_on_all_stable_minimizers(objective):
    theta = statements.random_points(objective.network, 0.8, 1, 60)
    for point in statements.projected(objective, theta).theta:
        lr = 2 / sharpness(objective, point)  # just stable
        bound, found = bounded.product_bound(objective, lr), bounded.products(objective, point)
        for most, here in zip(bound, found, strict=True):
            assert len(most) == objective.network.depth - 1
            assert np.all(here <= most * (1 + 1e-9))


def test_the_products_are_those_of_the_layers():
    network = LinearNetwork((2, 3, 4, 2))
    factor = np.array([[1.5, 0.0], [0.4, 0.7]])
    objective = Objective(network, np.eye(2), factor)
    theta = np.random.default_rng(0).standard_normal(network.parameters)
    first, second, third = network.layers(theta)
    found = bounded.products(objective, theta)

    def norm(matrix):
        return np.linalg.norm(matrix, 2)

    np.testing.assert_allclose(found.after, [norm(third @ second), norm(third)])
    np.testing.assert_allclose(found.before, [norm(first @ factor), norm(second @ first @ factor)])


def test_the_bound_of_a_chain_is_attained_far_out():
    """Three weights, the first two large: |w₁w₂| is about √(2/η), and |w₃| = |y|/|w₁w₂|."""
    objective, lr = scalar_objective((1, 1, 1, 1), 0.7), 1e-3
    bound = bounded.product_bound(objective, lr)
    root = np.sqrt(2 / lr)
    np.testing.assert_allclose(bound.before, [root * root / 0.7, root])
    np.testing.assert_allclose(bound.after, [root, root * root / 0.7])


def test_nothing_is_bounded_where_nothing_is_learned():
    assert np.isinf(bounded.product_bound(scalar_objective((1,) * 4, 0.0), 0.1).before[0])
    assert np.isfinite(bounded.product_bound(scalar_objective((1,) * 3, 0.0), 0.1).before).all()

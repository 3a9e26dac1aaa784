"""Momentum and mini-batches against thresholds on quadratics and loops written out."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eosdash.core.descent.gradient_descent import Ending, descend
from eosdash.core.descent.optimizers import GRADIENT_DESCENT, Optimizer, Walk, batches
from eosdash.core.networks.data import toy_regression
from eosdash.core.networks.initialization import uniform
from eosdash.core.networks.nonlinear import NonlinearNetwork, NonlinearObjective
from eosdash.core.networks.tasks import scalar_objective
from tests.core.toys import Quadratic
from tests.depth import examples

BETAS = st.floats(0, 0.98)
RATES = st.floats(0.01, 2)


def toy(samples=24):
    data = toy_regression(samples)
    return NonlinearObjective(NonlinearNetwork(data.sizes((6,))), data.inputs, data.outputs)


def path_of(objective, theta, lr, steps, optimizer):
    """All points, the one reached included, and the ending."""
    *parts, ending = descend(objective, theta, lr, steps, optimizer=optimizer)
    assert isinstance(ending, Ending)
    return np.concatenate([*(part.path for part in parts), ending.theta[None]]), ending


def heavy_ball(gradient, theta, lr, steps, beta):
    """θ_{k+1} = θ_k − η∇L(θ_k) + β(θ_k − θ_{k−1}): no velocity."""
    path = [theta, theta]
    for _ in range(steps):
        path.append(path[-1] - lr * gradient(path[-1]) + beta * (path[-1] - path[-2]))
    return np.array(path[1:])


def nesterov(gradient, theta, lr, steps, beta):
    """y = θ_k + β(θ_k − θ_{k−1}), θ_{k+1} = y − η∇L(y)."""
    path = [theta, theta]
    for _ in range(steps):
        y = path[-1] + beta * (path[-1] - path[-2])
        path.append(y - lr * gradient(y))
    return np.array(path[1:])


LOOPS = {False: heavy_ball, True: nesterov}
both = pytest.mark.parametrize("ahead", [False, True])


def reach(curvature, lr, optimizer, steps=4000):
    """How far from its minimum at 0 a parabola has been left lately, from 1."""
    theta, velocity, far = np.ones(1), np.zeros(1), []
    for _ in range(steps):
        gradient = curvature * optimizer.ahead(theta, velocity)
        theta, velocity = optimizer.move(theta, velocity, gradient, lr)
        far.append(abs(theta[0]))
        if not far[-1] < 1e12:
            return np.inf
    return max(far[-100:])


@both
@settings(max_examples=examples(40))
@given(beta=BETAS, lr=RATES)
def test_a_quadratic_is_stable_up_to_the_threshold(ahead, beta, lr):
    optimizer = Optimizer(beta, ahead)
    threshold = optimizer.threshold(lr)
    assert reach(0.98 * threshold, lr, optimizer) < 0.1
    assert reach(1.02 * threshold, lr, optimizer) > 1e6


@given(RATES, BETAS)
def test_thresholds(lr, beta):
    assert GRADIENT_DESCENT.threshold(lr) == pytest.approx(2 / lr)
    assert Optimizer(beta).threshold(lr) == pytest.approx((2 + 2 * beta) / lr)
    ahead = (2 + 2 * beta) / ((1 + 2 * beta) * lr)
    assert Optimizer(beta, nesterov=True).threshold(lr) == pytest.approx(ahead)
    rates = np.array([lr, 2 * lr])
    np.testing.assert_allclose(Optimizer(beta).threshold(rates), (2 + 2 * beta) / rates)


@both
@settings(max_examples=examples(20))
@given(beta=BETAS, steps=st.integers(1, 60), seed=st.integers(0, 99))
def test_path_is_that_of_a_loop(ahead, beta, steps, seed):
    objective = toy()
    theta = uniform(objective.network, 1.0, seed)
    path, ending = path_of(objective, theta, 0.1, steps, Optimizer(beta, ahead))
    expected = LOOPS[ahead](objective.gradient, theta, 0.1, ending.step, beta)
    np.testing.assert_allclose(path, expected, atol=1e-9)


@both
def test_momentum_on_a_quadratic_through_descend(ahead):
    """Curvatures 0.99 and 1.01 times the threshold of η = 0.5."""
    optimizer = Optimizer(0.7, ahead)
    edge = optimizer.threshold(0.5)
    calm, _ = path_of(Quadratic(np.diag([0.99 * edge, 0.1])), np.ones(2), 0.5, 2000, optimizer)
    assert np.abs(calm[-1]).max() < 1e-3
    _, wild = path_of(Quadratic(np.diag([1.01 * edge, 0.1])), np.ones(2), 0.5, 4000, optimizer)
    assert wild.outcome == "diverged"


@both
@pytest.mark.parametrize("batch", [None, 5])
def test_without_momentum_it_is_gradient_descent(ahead, batch):
    objective = toy()
    theta = uniform(objective.network, 1.0, 0)
    plain, _ = path_of(objective, theta, 0.1, 40, Optimizer(batch_size=batch))
    path, _ = path_of(objective, theta, 0.1, 40, Optimizer(0.0, ahead, batch))
    np.testing.assert_array_equal(path, plain)
    assert Optimizer(0.0, ahead).is_plain
    assert not Optimizer(0.1, ahead).is_plain
    assert not Optimizer(batch_size=5).is_plain


@given(st.integers(1, 40), st.data(), st.integers(0, 99))
def test_every_sample_comes_once_an_epoch(samples, draw, seed):
    size = draw.draw(st.integers(1, samples))
    an_epoch = samples // size
    drawn = list(islice(batches(samples, size, seed), 3 * an_epoch))
    assert {len(batch) for batch in drawn} == {size}
    for begin in range(0, 3 * an_epoch, an_epoch):
        epoch = np.concatenate(drawn[begin : begin + an_epoch])
        assert len(set(epoch.tolist())) == an_epoch * size
        assert set(epoch.tolist()) <= set(range(samples))


def test_epochs_differ_in_their_order():
    drawn = list(islice(batches(50, 50, 0), 2))
    assert not np.array_equal(*drawn)


def test_a_seed_repeats_a_run():
    objective = toy()
    theta = uniform(objective.network, 1.0, 0)
    runs = [
        path_of(objective, theta, 0.1, 30, Optimizer(0.5, batch_size=7, seed=seed))[0]
        for seed in (3, 3, 4)
    ]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert np.abs(runs[0] - runs[2]).max() > 1e-3


@pytest.mark.parametrize("beta", [0.0, 0.8])
@both
def test_steps_follow_the_gradients_of_mini_batches(beta, ahead):
    objective = toy()
    theta = uniform(objective.network, 1.0, 0)
    path, _ = path_of(objective, theta, 0.05, 20, Optimizer(beta, ahead, 7, seed=2))
    expected, velocity = [theta], 0 * theta
    for which in islice(batches(24, 7, 2), 20):
        some = NonlinearObjective(
            objective.network, objective.inputs[:, which], objective.outputs[:, which]
        )
        at = expected[-1] + beta * velocity if ahead else expected[-1]
        velocity = beta * velocity - 0.05 * some.gradient(at)
        expected.append(expected[-1] + velocity)
    np.testing.assert_allclose(path, expected, atol=1e-12)


@pytest.mark.parametrize("beta", [0.0, 0.8])
@both
def test_a_batch_of_all_samples_is_the_full_batch(beta, ahead):
    objective = toy()
    theta = uniform(objective.network, 1.0, 0)
    full, _ = path_of(objective, theta, 0.1, 40, Optimizer(beta, ahead))
    path, _ = path_of(objective, theta, 0.1, 40, Optimizer(beta, ahead, batch_size=24))
    np.testing.assert_allclose(path, full, atol=1e-11)


def test_curves_are_of_the_full_loss():
    objective = toy()
    theta = uniform(objective.network, 1.0, 0)
    parts = list(descend(objective, theta, 0.1, 60, optimizer=Optimizer(0.5, batch_size=3)))
    for part in parts[:-1]:
        np.testing.assert_allclose(part.loss, objective.loss(part.path), rtol=1e-12)
        norms = np.linalg.norm(objective.gradient(part.path), axis=1)
        np.testing.assert_allclose(part.grad_norm, norms, rtol=1e-9)


def test_a_run_that_only_passes_a_flat_point_goes_on():
    """At the bottom of a parabola the gradient is zero, but a ball in motion is not at rest."""
    objective, optimizer = Quadratic(np.array([[1.0]])), Optimizer(0.5)
    walk = Walk(objective, optimizer)
    theta = walk.step(np.array([2.0]), np.array([2.0]), 1.0)
    assert theta.tolist() == [0.0]
    path, ending = path_of(objective, np.array([2.0]), 1.0, 12, optimizer)
    assert ending.step == 12
    np.testing.assert_allclose(path, heavy_ball(lambda t: t, np.array([2.0]), 1.0, 12, 0.5))


@both
def test_a_run_with_momentum_ends_at_a_minimum(ahead):
    objective = scalar_objective((1, 1, 1), 1.0)
    path, ending = path_of(objective, np.array([1.5, 0.2]), 0.1, 5000, Optimizer(0.9, ahead))
    assert ending.outcome == "minimum"
    assert np.prod(path[-1]) == pytest.approx(1.0, abs=1e-8)


def test_divergence_with_momentum_is_an_outcome():
    objective = toy()
    theta = uniform(objective.network, 3.0, 0)
    _, ending = path_of(objective, theta, 50.0, 200, Optimizer(0.9))
    assert ending.outcome == "diverged"


@pytest.mark.parametrize("momentum", [-0.1, 1.0, np.nan])
def test_impossible_momentum_is_refused(momentum):
    with pytest.raises(ValueError, match="below 1"):
        Optimizer(momentum)


def test_impossible_batches_are_refused():
    with pytest.raises(ValueError, match="one sample or more"):
        Optimizer(batch_size=0)
    with pytest.raises(ValueError, match="25 from 24"):
        Walk(toy(), Optimizer(batch_size=25))
    with pytest.raises(ValueError, match="no samples"):
        next(
            descend(scalar_objective((1, 1), 1.0), np.ones(1), 0.1, 5, (), Optimizer(0.0, False, 1))
        )

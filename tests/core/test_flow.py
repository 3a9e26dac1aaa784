"""Gradient flow against closed forms, conserved quantities and a second integrator."""

from itertools import pairwise

import numpy as np
import pytest

from eosdash.core.curvature.eigenpairs import TopEigenpairs
from eosdash.core.flows.flow import FlowChunk, FlowEnding, FlowStatus, flow, times_of
from eosdash.core.networks.initialization import gaussian
from eosdash.core.networks.tasks import scalar_objective, whitened_objective
from tests.core.toys import chebyshev, fan_in


def run(objective, theta, times, **options):
    *chunks, ending = flow(objective, theta, times, **options)
    assert all(isinstance(chunk, FlowChunk) for chunk in chunks)
    assert isinstance(ending, FlowEnding)
    assert [chunk.step for chunk in chunks] == [
        sum(len(before.time) for before in chunks[:i]) for i in range(len(chunks))
    ]
    return chunks, ending


def joined(chunks, name):
    return np.concatenate([getattr(chunk, name) for chunk in chunks])


def test_one_layer_decays_exponentially():
    objective = scalar_objective((1, 1), 2.0)
    times = times_of(np.full(200, 0.03))
    chunks, ending = run(objective, np.array([-1.0]), times)
    exact = 2 - 3 * np.exp(-times)
    np.testing.assert_allclose(joined(chunks, "path")[:, 0], exact, atol=1e-5)
    np.testing.assert_allclose(joined(chunks, "loss"), (exact - 2) ** 2 / 2, atol=3e-5)
    np.testing.assert_allclose(joined(chunks, "sharpness"), 1.0)
    assert ending.status is FlowStatus.FINISHED
    assert ending.samples == 201


def test_two_equal_layers_follow_the_logistic_curve():
    """w′ = w (y − w²) from equal weights: w² is logistic with rate 2y."""
    objective = scalar_objective((1, 1, 1), 1.5)
    times = np.linspace(0, 4, 50)
    chunks, _ = run(objective, np.array([0.2, 0.2]), times)
    growth = np.exp(2 * 1.5 * times)
    product = 1.5 * 0.04 * growth / (1.5 + 0.04 * (growth - 1))
    np.testing.assert_allclose(joined(chunks, "path").prod(axis=1), product, atol=1e-5)


@pytest.mark.parametrize("sizes", [(3, 5, 4, 2), (2, 6, 2)])
def test_deep_linear_networks_keep_their_balance(sizes):
    objective = whitened_objective(sizes, (1.0, 0.5), data_seed=2)
    theta = gaussian(objective.network, 0.6, 1)
    chunks, _ = run(objective, theta, np.linspace(0, 20, 100))
    layers = objective.network.layers(joined(chunks, "path"))
    for before, after in pairwise(layers):
        kept = after.swapaxes(1, 2) @ after - before @ before.swapaxes(1, 2)
        assert np.abs(kept - kept[0]).max() < 2e-5
    loss = joined(chunks, "loss")
    assert np.all(np.diff(loss) <= 1e-9)
    assert loss[-1] < 0.01 * loss[0]


def test_tanh_network_agrees_with_tiny_runge_kutta_steps():
    objective = chebyshev((1, 8, 6, 1))
    start = fan_in(objective, 3)
    chunks, _ = run(objective, start, np.array([0.0, 3.0]), eigenvalues=2)
    theta, step = start, 0.002
    for _ in range(1500):
        k1 = -objective.gradient(theta)
        k2 = -objective.gradient(theta + step / 2 * k1)
        k3 = -objective.gradient(theta + step / 2 * k2)
        k4 = -objective.gradient(theta + step * k3)
        theta = theta + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    np.testing.assert_allclose(joined(chunks, "path")[-1], theta, atol=1e-5)
    exact = np.linalg.eigvalsh(objective.hessian(theta))[::-1][:2]
    np.testing.assert_allclose(joined(chunks, "eigenvalues")[-1], exact, rtol=1e-4)
    assert joined(chunks, "converged").all()


def test_follows_a_network_where_gradient_descent_would_be_at_the_edge():
    objective = chebyshev()
    chunks, ending = run(objective, fan_in(objective, 0), times_of(np.full(2400, 0.2))[::100])
    assert ending.status is FlowStatus.FINISHED
    assert joined(chunks, "sharpness").max() > 15
    assert np.all(np.diff(joined(chunks, "loss")) < 0)


def test_too_much_work_is_a_status():
    objective = chebyshev((1, 8, 6, 1))
    chunks, ending = run(objective, fan_in(objective, 3), np.linspace(0, 500, 50), work=100)
    assert ending.status is FlowStatus.OVERWORKED
    assert 0 < ending.samples < 50
    assert ending.samples == len(joined(chunks, "time"))
    assert 100 <= ending.gradients < 110


def test_the_size_of_chunks_changes_nothing():
    """Nor does it when some are empty, because the work between two samples is long."""
    objective = chebyshev((1, 8, 6, 1))
    start, times = fan_in(objective, 3), np.array([0.0, 1.0, 30.0, 31.0, 32.0])
    whole, _ = run(objective, start, times)
    cut, ending = run(objective, start, times, longest=2, patience=10)
    sizes = [len(chunk.time) for chunk in cut]
    assert 0 in sizes
    assert max(sizes) == 2
    assert ending.samples == 5
    for name in ("time", "path", "loss", "grad_norm"):
        np.testing.assert_array_equal(joined(cut, name), joined(whole, name))
    np.testing.assert_allclose(joined(cut, "eigenvalues"), joined(whole, "eigenvalues"), rtol=1e-5)


@pytest.mark.parametrize("scale", [1e80, 1e200])
def test_overflow_is_a_status(scale):
    objective = scalar_objective((1, 1, 1, 1), 1.0)
    _, ending = run(objective, np.full(3, scale), np.linspace(0, 1, 5))
    assert ending.status in (FlowStatus.OVERFLOWED, FlowStatus.STUCK)


def test_no_samples_is_no_work():
    _, ending = run(scalar_objective((1, 1), 1.0), np.ones(1), np.empty(0))
    assert ending == FlowEnding(FlowStatus.FINISHED, 0, 0.0, ending.gradients)


@pytest.mark.parametrize("times", [[1.0, 0.5], [-1.0, 0.0]])
def test_times_ascend_from_the_start(times):
    with pytest.raises(ValueError, match="ascend"):
        next(flow(scalar_objective((1, 1), 1.0), np.ones(1), np.array(times)))


def test_eigenvectors_keep_their_signs_over_stretches():
    objective = chebyshev((1, 12, 10, 1))
    path = fan_in(objective, 1) + np.linspace(0, 0.1, 40)[:, None]
    whole = TopEigenpairs(objective, 2)(path)
    tracker = TopEigenpairs(objective, 2)
    parts = np.concatenate([tracker(path[:15]).vectors, tracker(path[15:]).vectors])
    along = np.einsum("tkp,tkp->tk", parts[1:], parts[:-1])
    assert along.min() > 0.9
    np.testing.assert_allclose(np.abs(np.sum(whole.vectors * parts, axis=2)), 1, atol=1e-4)
    hessian = objective.hessian(path[7])
    residual = parts[7] @ hessian - whole.values[7, :, None] * parts[7]
    assert np.abs(residual).max() < 1e-3 * whole.values[7, 0]

"""The central flow against toys with known averages, and against gradient descent's own."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eosdash.core.curvature.eigenpairs import TopEigenpairs, curvature_slopes
from eosdash.core.flows.central_flow import CentralChunk, CentralEnding, CentralStatus, central_flow
from eosdash.core.flows.complementarity import packed, solve, unpacked
from eosdash.core.flows.flow import flow
from eosdash.core.flows.smoothing import Oscillations, Smoother, local_mean, smoothed
from eosdash.core.networks.tasks import scalar_objective
from tests.core.toys import Quadratic, Valleys, chebyshev, descent, fan_in
from tests.depth import examples


def run(surface, theta, lr, steps, **options):
    *chunks, ending = central_flow(surface, theta, np.full(steps, lr), **options)
    assert all(isinstance(chunk, CentralChunk) for chunk in chunks)
    assert isinstance(ending, CentralEnding)
    assert ending.samples == sum(len(chunk.time) for chunk in chunks)
    return chunks, ending


def joined(chunks, name):
    return np.concatenate([getattr(chunk, name) for chunk in chunks])


@settings(max_examples=examples(60))
@given(st.integers(1, 4), st.integers(0, 10_000))
def test_complementarity(count, seed):
    rng = np.random.default_rng(seed)
    size = count * (count + 1) // 2
    factor = rng.standard_normal((size, size + 4))
    operator, excess = factor @ factor.T, rng.standard_normal(size)
    answer, solved = solve(operator, excess, count)
    x, slack = unpacked(answer, count), unpacked(operator @ answer - excess, count)
    assert solved
    assert np.linalg.eigvalsh(x)[0] >= -1e-10
    assert np.linalg.eigvalsh(slack)[0] >= -1e-5
    assert abs(np.sum(x * slack)) < 1e-5 * (1 + np.abs(answer).max())


def test_a_problem_without_a_solution_says_so():
    answer, solved = solve(np.zeros((1, 1)), np.ones(1), 1)
    assert not solved
    assert not solve(np.eye(1), np.array([np.nan]), 1)[1]
    np.testing.assert_array_equal(answer, 0)


def test_packing_keeps_inner_products():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 3, 3))
    a, b = a + a.T, b + b.T
    assert packed(a) @ packed(b) == pytest.approx(np.sum(a * b))
    np.testing.assert_allclose(unpacked(packed(a), 3), a)


def test_curvature_slopes_are_the_gradients_of_eigenvalues():
    objective = chebyshev((1, 8, 6, 1))
    theta = fan_in(objective, 3)
    pairs = TopEigenpairs(objective, 2)(theta[None])
    slopes = curvature_slopes(objective, theta, pairs.vectors[0])
    direction = np.random.default_rng(1).standard_normal(len(theta)) * 1e-5
    ends = [np.linalg.eigvalsh(objective.hessian(theta + s * direction))[::-1] for s in (1, -1)]
    change = (ends[0] - ends[1])[:2] / 2
    np.testing.assert_allclose(np.diagonal(slopes @ direction), change, rtol=1e-4)
    np.testing.assert_array_equal(slopes, slopes.swapaxes(0, 1))


def test_one_valley_is_held_at_the_edge():
    """b grows at the rate ε up to 2/η and stays; Σ = 2ε; the mean loss is zero there."""
    rate, lr = 0.01, 0.5
    chunks, ending = run(Valleys((rate,)), np.array([0.0, 3.9]), lr, 100)
    b = joined(chunks, "path")[:, 1]
    np.testing.assert_allclose(b, np.minimum(3.9 + rate * joined(chunks, "time"), 4.0), atol=1e-9)
    np.testing.assert_allclose(joined(chunks, "total_variance")[30:], 2 * rate, rtol=1e-6)
    np.testing.assert_allclose(joined(chunks, "mean_loss")[30:], 0.0, atol=1e-7)
    assert set(joined(chunks, "rank")[30:]) == {1}
    assert ending.status is CentralStatus.FINISHED


def test_gradient_descent_averages_to_it_in_a_valley():
    """Over four cycles of about 890 steps; the map itself spirals outwards slowly."""
    rate, lr = 1e-4, 0.5
    start = np.array([1.3 * (2 * rate) ** 0.5, 4.0])
    path = descent(Valleys((rate,)), start, lr, 3555)
    assert np.mean(path[:, 0] ** 2) == pytest.approx(2 * rate, rel=0.02)
    assert np.mean(path[:, 1]) == pytest.approx(4.0, rel=1e-3)


def test_two_valleys_are_held_at_the_edge_one_after_the_other():
    surface = Valleys((0.01, 0.003))
    theta = np.array([0.0, 0.0, 3.95, 3.9])
    chunks, ending = run(surface, theta, 0.5, 140, most=3)
    variance = joined(chunks, "variance")
    np.testing.assert_allclose(joined(chunks, "path")[-1, 2:], 4.0, atol=1e-6)
    np.testing.assert_allclose(variance[40, :2], [0.02, 0.0], atol=1e-7)
    assert variance[-1].sum() == pytest.approx(0.026, rel=1e-4)
    assert joined(chunks, "rank")[[5, 40, -1]].tolist() == [0, 1, 2]
    assert joined(chunks, "converged").all()
    assert ending.status is CentralStatus.FINISHED


def test_a_start_beyond_the_edge_is_outside():
    chunks, ending = run(Valleys((0.01,)), np.array([0.0, 6.0]), 0.5, 50)
    assert ending == CentralEnding(CentralStatus.OUTSIDE, 1)
    assert joined(chunks, "sharpness")[0] == pytest.approx(6.0)


def test_a_quadratic_cannot_be_held():
    """No third derivatives, no way down."""
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    for matrix in (np.diag([4.1, 1.0]), turn @ np.diag([4.1, 1.0]) @ turn.T):
        chunks, ending = run(Quadratic(matrix), np.ones(2), 0.5, 50)
        assert ending.status is CentralStatus.OUTSIDE
        assert joined(chunks, "total_variance").max() < 10


def test_overflow_is_a_status():
    _, ending = run(scalar_objective((1, 1, 1), 1.0), np.array([1e200, 1e200]), 0.5, 5)
    assert ending == CentralEnding(CentralStatus.OVERFLOWED, 0)


def test_below_the_edge_it_is_gradient_flow():
    objective = chebyshev((1, 8, 6, 1))
    theta, lr, steps = fan_in(objective, 3), 0.05, 200
    chunks, _ = run(objective, theta, lr, steps)
    assert joined(chunks, "sharpness").max() < 2 / lr * 0.9
    other = np.concatenate(
        [chunk.path for chunk in list(flow(objective, theta, lr * np.arange(steps)))[:-1]]
    )
    np.testing.assert_allclose(joined(chunks, "path"), other, atol=1e-4)


def test_a_chain_at_the_edge():
    """The setting of depth 4 in shared/math.md: gradient descent settles just below 2/η."""
    objective = scalar_objective((1,) * 5, 1.0)
    theta, lr = np.array([1.38, 0.59, 0.43, 1.14]), 0.469
    chunks, _ = run(objective, theta, lr, 400, parts=2)
    assert joined(chunks, "sharpness").max() < 1.01 * 2 / lr
    end = TopEigenpairs(objective)(descent(objective, theta, lr, 1500)[-1:]).values[0, 0]
    assert joined(chunks, "sharpness")[-1] == pytest.approx(end, rel=0.01)


def test_tanh_network_at_the_edge():
    """From step 2,200 of the reference run, where two eigenvalues are at 2/η = 10."""
    objective, lr, begin, steps = chebyshev(), 0.2, 2200, 400
    path = descent(objective, fan_in(objective, 0), lr, begin + steps)
    theta = smoothed(path[begin - 1 : begin + 2])[0]
    chunks, ending = run(objective, theta, lr, steps)
    measured = TopEigenpairs(objective)(path[begin::5]).values[:, 0]
    sharpness = joined(chunks, "sharpness")
    assert np.median(sharpness) == pytest.approx(np.median(measured), rel=0.05)
    assert np.median(sharpness) == pytest.approx(10.0, rel=0.002)
    assert np.median(joined(chunks, "rank")) == 2
    assert joined(chunks, "converged").all()
    assert ending.status is CentralStatus.FINISHED
    oscillations = Oscillations(objective, 2, joined(chunks, "path"))
    seen = oscillations(0, path[begin:])
    square = np.mean(seen.square)
    assert square == pytest.approx(np.mean(joined(chunks, "total_variance")), rel=0.3)
    assert np.mean(seen.coordinates**2) * 2 > 0.9 * square
    loss = objective.loss(path[begin : begin + steps])
    assert np.mean(joined(chunks, "mean_loss")) == pytest.approx(np.mean(loss), rel=0.3)
    moved = np.linalg.norm(path[-1] - path[begin])
    assert seen.distance is not None
    assert np.nanmax(seen.distance) < 0.3 * moved


def test_smoothing_removes_an_alternation():
    steps = np.arange(60)
    path = np.stack([0.1 * steps + (-1.0) ** steps, np.cos(0.01 * steps)], axis=1)
    np.testing.assert_allclose(smoothed(path)[:, 0], 0.1 * steps[1:-1], atol=1e-12)
    smoother, rows = Smoother(), []
    for begin, end in ((0, 1), (1, 2), (2, 30), (30, 31), (31, 60)):
        part = smoother(begin, path[begin:end])
        assert part.step == 1 + sum(map(len, rows))
        rows.append(part.centre)
    np.testing.assert_allclose(np.concatenate(rows), smoothed(path))


def test_local_means():
    values = np.array([1.0, 2.0, 3.0, np.nan, 5.0])
    np.testing.assert_allclose(local_mean(values, 3), [1.5, 2.0, 2.5, 4.0, 5.0])

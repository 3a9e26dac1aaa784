"""Large eigenvalues followed in single precision, against whole Hessians in double."""

import numpy as np
import pytest

from eosdash.core.curvature import spectrum
from eosdash.core.curvature.following import PRECISION, Follower, facing, mixed
from eosdash.core.curvature.nonlinear_curvature import NonlinearCurvature
from eosdash.core.curvature.spectrum import SINGLE_LIMIT, SpectrumTracker
from eosdash.core.descent.gradient_descent import Stretch, descend
from eosdash.core.descent.optimizers import GRADIENT_DESCENT, Optimizer
from eosdash.core.eigen.davidson import CLEAR, Known, improved, searched
from eosdash.core.networks.data import spirals, toy_regression
from eosdash.core.networks.initialization import gaussian
from eosdash.core.networks.nonlinear import SINGLE, NonlinearNetwork, NonlinearObjective
from tests.core.test_nonlinear_spectrum import SETTINGS, errors, setting, stretches

OPTIMIZERS = {
    "plain": (GRADIENT_DESCENT, 1.0),
    "momentum": (Optimizer(momentum=0.9), 0.1),
    "mini-batches": (Optimizer(batch_size=5), 0.5),
}


@pytest.fixture
def no_limit(monkeypatch):
    """Every network counts as large."""
    monkeypatch.setattr(spectrum, "SINGLE_LIMIT", 0)


@pytest.mark.usefixtures("no_limit")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("name", SETTINGS)
def test_eigenvalues_along_a_run(name, count, optimizer):
    objective, theta, lr = setting(name)
    rule, slower = OPTIMIZERS[optimizer]
    tracker, compared = SpectrumTracker(objective, count, lowest=False), 0
    for part in descend(objective, theta, slower * lr, 200, optimizer=rule):
        if isinstance(part, Stretch):
            extremes = tracker(part.path)
            assert tracker._follower is not None
            assert extremes.lowest is None
            assert extremes.converged.all()
            found = errors(objective, extremes, part.path, 9)
            assert max(found) < PRECISION
            compared += len(found)
    assert compared > 20


@pytest.mark.usefixtures("no_limit")
@pytest.mark.parametrize("spread", [0.03, 1.0])
def test_points_with_little_in_common(spread):
    """Nothing to interpolate: slower, and as precise."""
    objective, theta, _ = setting("tanh", 0.05)
    path = theta + spread * np.random.default_rng(0).standard_normal((45, len(theta)))
    extremes = SpectrumTracker(objective, 2, lowest=False)(path)
    assert extremes.converged.all()
    assert max(errors(objective, extremes, path, 1)) < PRECISION


@pytest.mark.usefixtures("no_limit")
@pytest.mark.parametrize("lengths", [(1, 1, 2, 1, 3), (5, 4, 33)])
def test_stretches_of_any_length(lengths):
    objective, theta, lr = setting("cross-entropy")
    path = np.concatenate([part.path for part in stretches(objective, theta, lr, sum(lengths))])
    tracker, begin = SpectrumTracker(objective, lowest=False), 0
    for length in lengths:
        part = path[begin : begin + length]
        assert max(errors(objective, tracker(part), part, 1)) < PRECISION
        begin += length


def large(decay=0.0):
    data = toy_regression(1500)
    network = NonlinearNetwork((4, 30, 8, 1))
    objective = NonlinearObjective(network, data.inputs, data.outputs, weight_decay=decay)
    assert objective.samples * network.parameters > SINGLE_LIMIT
    return objective, gaussian(network, 1.0, 0, fan_in=True)


def test_a_large_network_is_followed_with_weight_decay():
    objective, theta = large(0.1)
    (part,) = stretches(objective, theta, 0.3, 12)
    tracker = SpectrumTracker(objective, 2, lowest=False)
    extremes = tracker(part.path)
    assert tracker._follower is not None
    assert max(errors(objective, extremes, part.path, 11)) < PRECISION


def test_what_is_followed_in_double_precision():
    """Small networks, symmetric trajectories and λ_min."""
    objective, _ = large()
    assert SpectrumTracker(objective, lowest=False)._follower is not None
    assert SpectrumTracker(objective)._follower is None
    assert SpectrumTracker(objective, generic=False, lowest=False)._follower is None
    assert SpectrumTracker(setting("tanh")[0], lowest=False)._follower is None


def test_the_same_run_gives_the_same_bits():
    objective, theta = large()
    (part,) = stretches(objective, theta, 0.3, 10)
    first, second = (SpectrumTracker(objective, lowest=False)(part.path) for _ in range(2))
    np.testing.assert_array_equal(first.top, second.top)


@pytest.mark.usefixtures("no_limit")
@pytest.mark.parametrize("size", [1e30, 1e60, np.inf])
def test_what_single_precision_cannot_hold_is_done_in_double(size):
    objective, theta, _ = setting("relu")
    path = np.stack([theta, theta, np.full_like(theta, size), theta])
    tracker = SpectrumTracker(objective, 2, lowest=False)
    extremes = tracker(path)
    assert tracker._follower is None
    assert max(errors(objective, extremes, path[[0, 1]], 1)) < 1e-6
    assert extremes.top[3] == pytest.approx(extremes.top[0], rel=1e-6)
    if not np.isfinite(size):
        assert np.isnan(extremes.top[2]).all()
        assert not extremes.converged[2]


@pytest.mark.usefixtures("no_limit")
@pytest.mark.parametrize("sample", [0, 3])
def test_single_precision_does_not_decide_which_side_of_a_kink_a_sample_is_on(sample):
    """One at which all units of the first layer are on by 1e-10, where their weights round."""
    objective, theta, _ = setting("relu")
    network = objective.network
    layers, shifts = network.layers(theta), network.shifts(theta)
    shifts[0] = 1e-10 - layers[0] @ objective.inputs[:, sample]
    path = np.tile(network.flat(layers, shifts), (7, 1))
    tracker = SpectrumTracker(objective, lowest=False)
    extremes = tracker(path)
    assert tracker._follower is not None
    assert max(errors(objective, extremes, path, 1)) < PRECISION


@pytest.mark.usefixtures("no_limit")
def test_rounding_is_noticed(monkeypatch):
    """With data that single precision changes by more than is promised."""
    objective, theta, lr = setting("tanh")
    coarse = NonlinearObjective(objective.network, 1.001 * objective.inputs, objective.outputs)
    monkeypatch.setattr(NonlinearObjective, "single", coarse.single)
    tracker = SpectrumTracker(objective, lowest=False)
    (part,) = stretches(objective, theta, lr, 10)
    extremes = tracker(part.path)
    assert tracker._follower is None
    assert max(errors(objective, extremes, part.path, 3)) < 1e-6


@pytest.mark.parametrize("name", SETTINGS)
def test_single_precision_stays_single(name):
    objective, theta, _ = setting(name)
    direction = np.random.default_rng(0).standard_normal((1, 2, len(theta)))
    curvature = NonlinearCurvature(objective.single, theta[None].astype(SINGLE))
    found = curvature(direction.astype(SINGLE))
    assert found.dtype == np.float32
    assert {array.dtype for layer in curvature.layers for array in layer if array is not None} == {
        SINGLE
    }
    exact = NonlinearCurvature(objective, theta[None])(direction)
    np.testing.assert_allclose(found, exact, atol=1e-5 * np.abs(exact).max())


class Matrices:
    """Symmetric matrices (N, P, P) as operators that count their products."""

    def __init__(self, matrices, tally=None):
        self.matrices, self.tally = matrices, [] if tally is None else tally

    def __call__(self, block):
        self.tally.append(block.shape[0] * block.shape[1])
        return block @ self.matrices

    def random(self, count):
        return np.random.default_rng(0).standard_normal((len(self.matrices), count, 60))

    def of(self, which):
        return Matrices(self.matrices[which], self.tally)


def spiked(levels, size=60, seed=0):
    """A matrix with those eigenvalues and small others, and its eigenvectors as rows."""
    rng = np.random.default_rng(seed)
    rows = np.linalg.qr(rng.standard_normal((size, size)))[0].T
    every = np.concatenate([levels, 0.1 * rng.random(size - len(levels))])
    return (rows.T * every) @ rows, rows


def nearby(rows, error, seed=1):
    noise = np.random.default_rng(seed).standard_normal(rows.shape)
    return np.linalg.qr((rows + error * noise).T)[0].T


@pytest.mark.parametrize(("count", "products"), [(1, 4), (2, 6), (3, 9)])
def test_good_guesses_take_few_products(count, products):
    """One of a single eigenvalue is for the next, which lies close behind."""
    levels = np.array([5.0, 4.9, 4.0, 3.0])
    matrix, rows = spiked(levels)
    guess = Known(nearby(rows[:4], 1e-3)[None], levels[None])
    operator = Matrices(matrix[None])
    solved = improved(operator, guess, count, 1e-9, 10)
    assert solved.converged.all()
    assert sum(operator.tally) <= products
    np.testing.assert_allclose(solved.values, levels[None, :count], atol=5e-9)
    np.testing.assert_allclose(solved.known.rows @ solved.known.rows.swapaxes(1, 2), [np.eye(4)],
                               atol=1e-12)  # fmt: skip
    assert abs(solved.known.rows[0, 0] @ rows[0]) == pytest.approx(1, abs=1e-8)


def test_a_guess_in_the_wrong_order_is_noticed():
    """The second is predicted just below the first, and is in truth above it."""
    levels = np.array([5.0, 4.99, 3.0])
    matrix, rows = spiked(levels)
    order = [1, 0, 2]
    guess = Known(rows[None, order], np.array([[5.0, 5.0 * (1 - CLEAR / 2), 3.0]]))
    solved = improved(Matrices(matrix[None]), guess, 1, 1e-9, 10)
    np.testing.assert_allclose(solved.values, [[5.0]], rtol=1e-9)


def test_a_search_from_nothing_and_a_hidden_eigenvalue():
    """Some start in an invariant subspace: the probe shows what is outside. A long search cuts
    its basis down on the way."""
    levels = np.array([5.0, 4.9, 4.8, 4.0, 3.9])
    matrix, rows = spiked(levels)
    start = np.stack([nearby(rows[:3], 1.0), rows[1:4]])
    probe = np.random.default_rng(3).standard_normal((2, 1, 60))
    operator = Matrices(np.stack([matrix, matrix]))
    solved = searched(operator, start, 2, 1e-10, 100, probe)
    assert solved.converged.all()
    np.testing.assert_allclose(solved.values, [levels[:2]] * 2, rtol=1e-9)
    crowded, _ = spiked(np.linspace(5, 4, 40))
    solved = searched(Matrices(crowded[None]), start[:1], 2, 1e-8, 200, probe[:1])
    assert solved.converged.all()
    np.testing.assert_allclose(solved.values, np.linalg.eigvalsh(crowded)[None, :-3:-1], rtol=1e-7)


def test_a_search_for_many():
    """More than a basis would hold else."""
    matrix, rows = spiked(np.linspace(5, 4, 30))
    start = nearby(rows[:14], 1.0)[None]
    solved = searched(Matrices(matrix[None]), start, 12, 1e-8, 300, None)
    assert solved.converged.all()
    exact = np.linalg.eigvalsh(matrix)[:-13:-1]
    np.testing.assert_allclose(solved.values[0], exact, rtol=1e-7)


def test_a_search_that_is_cut_short_says_so():
    matrix, rows = spiked(np.linspace(5, 4, 40))
    solved = searched(Matrices(matrix[None]), nearby(rows[:3], 1.0)[None], 1, 1e-12, 3, None)
    assert not solved.converged.any()


def test_no_curvature_at_all():
    solved = searched(Matrices(np.zeros((1, 60, 60))), np.eye(3, 60)[None], 1, 1e-9, 10, None)
    assert solved.converged.all()
    np.testing.assert_array_equal(solved.values, 0)


def test_frames_are_turned_and_mixed():
    levels = np.array([5.0, 4.0, 3.0])
    matrix, rows = spiked(levels)
    angle = 0.3
    turn = np.eye(3)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    frame = (turn @ rows[:3])[None]
    found, inner = facing(Known(rows[None, :3], levels[None]), frame)
    np.testing.assert_allclose(found, frame, atol=1e-12)
    np.testing.assert_allclose(inner[0], frame[0] @ matrix @ frame[0].T, atol=1e-12)
    nodes = np.arange(12.0).reshape(1, 2, 2, 3)
    np.testing.assert_allclose(mixed(nodes, np.array([[0.25, 0.75]]))[0], nodes[0, 0] + 4.5)


def test_a_follower_goes_on_where_it_was():
    """Guards included, a second stretch is no slower than the middle of a first."""
    objective, theta, lr = setting("tanh")
    path = np.concatenate([part.path for part in stretches(objective, theta, lr, 64)])
    follower = Follower(objective, 1)
    values = np.concatenate([follower(path[:31])[0], follower(path[31:])[0]])
    whole, converged = Follower(objective, 1)(path)
    assert converged.all()
    np.testing.assert_allclose(values, whole, rtol=2 * PRECISION)


@pytest.mark.usefixtures("no_limit")
@pytest.mark.parametrize("seed", [1, 5, 13])
def test_two_large_eigenvalues_that_lie_close_together_and_turn(seed):
    """From near the origin, with momentum, the two largest differ by 10⁻³ to 10⁻⁴, and their
    vectors turn from step to step: what lies between two points is no guess."""
    data = spirals(100, 0.0)
    network = NonlinearNetwork((2, 12, 11, 2), "gelu")
    objective = NonlinearObjective(network, data.inputs, data.outputs, weight_decay=0.05)
    theta = gaussian(network, 0.04, seed)
    tracker, closest = SpectrumTracker(objective, lowest=False), np.inf
    for part in descend(objective, theta, 1.8, 16, optimizer=Optimizer(momentum=0.8)):
        if isinstance(part, Stretch):
            extremes = tracker(part.path)
            whole = np.linalg.eigvalsh([objective.hessian(point) for point in part.path])
            wrong = np.abs(extremes.top[:, 0] - whole[:, -1]) / np.abs(whole).max(axis=1)
            assert wrong[extremes.converged].max() < PRECISION
            assert extremes.converged.all()
            closest = min(closest, np.min(1 - whole[:, -2] / whole[:, -1]))
    assert closest < 1e-3

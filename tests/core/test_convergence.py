"""What counts as a converged eigenvalue is one, and none lies outside the spectrum."""

import numpy as np
import pytest

from eosdash.core.curvature.curvature import Curvature, PlainCurvature
from eosdash.core.curvature.settled import extreme_curvatures, point_sharpness
from eosdash.core.curvature.spectrum import SpectrumTracker
from eosdash.core.descent.gradient_descent import Stretch, descend
from eosdash.core.eigen import krylov
from eosdash.core.eigen.krylov import extreme_eigenvalues
from eosdash.core.eigen.subspace import Basis
from eosdash.core.networks.initialization import balanced
from eosdash.core.networks.tasks import whitened_objective
from eosdash.params import TrainParams
from eosdash.runs import is_generic, objective_of, start_of
from tests.core.brute_force import of_matrix


class Matrices:
    """Symmetric matrices (N, P, P) as an operator."""

    def __init__(self, matrices):
        self.matrices = matrices

    def __call__(self, block):
        return block @ self.matrices

    def random(self, count, turn=0):
        shape = (len(self.matrices), count, self.matrices.shape[1])
        return np.random.default_rng(turn).standard_normal(shape)

    def clean(self, block):
        pass

    def of(self, which):
        return Matrices(self.matrices[which])


def matrix_of(eigenvalues, seed=0):
    """A symmetric matrix with these eigenvalues, and its eigenvectors as rows."""
    rng = np.random.default_rng(seed)
    rows = np.linalg.qr(rng.standard_normal((len(eigenvalues), len(eigenvalues))))[0]
    return (rows.T * eigenvalues) @ rows, rows


@pytest.fixture
def degenerate():
    """A balanced start where the Hessian has few different eigenvalues."""
    objective = whitened_objective((6, 12, 12, 12, 6), (0.9,) * 6, rotate=True, data_seed=3)
    return objective, balanced(objective, 0.5)


def test_a_basis_stays_orthonormal_where_every_direction_is_soon_spanned(degenerate):
    objective, theta = degenerate
    curvature = Curvature(objective, theta[None])
    basis = Basis(curvature, curvature.random(4))
    basis.grow(curvature.random(1, 9), 40)
    rows = basis.rows[0]
    np.testing.assert_allclose(rows @ rows.T, np.eye(44), atol=1e-10)
    values = np.linalg.eigvalsh(basis.projected[0])
    exact = np.linalg.eigvalsh(
        of_matrix(objective.network.sizes, objective.solution).hessian(theta)
    )
    assert exact[0] - 1e-10 < values[0] < values[-1] < exact[-1] + 1e-10


def test_eigenvalues_of_few_kinds_along_a_run(degenerate):
    objective, theta = degenerate
    tracker = SpectrumTracker(objective, 2, generic=False)
    for part in descend(objective, theta, 0.3, 40):
        if isinstance(part, Stretch):
            found = tracker(part.path)
            assert found.converged.all()
            for i in range(0, len(part.path), 6):
                exact = np.linalg.eigvalsh(objective.hessian(part.path[i]))
                np.testing.assert_allclose(found.top[i], exact[:-3:-1], atol=1e-6 * exact[-1])
                assert found.lowest[i] == pytest.approx(exact[0], abs=1e-6 * exact[-1])


def test_maps_know_the_sharpness_where_the_hessian_has_few_eigenvalues():
    objective = whitened_objective((6, 8, 8, 6), (1.2,) * 6, rotate=True, data_seed=1)
    points = np.stack([balanced(objective, scale) for scale in np.linspace(0.2, 1.2, 9)])
    exact = np.linalg.eigvalsh(objective.hessian(points))[:, -1]
    np.testing.assert_allclose(point_sharpness(objective, points.T.copy()), exact, rtol=1e-6)


def test_maps_of_wide_layers_between_single_numbers():
    """The Hessian sees 39 of 120 directions: fewer than a basis holds."""
    objective = whitened_objective((1, 10, 10, 1), (1.0,))
    points = np.random.default_rng(0).standard_normal((5, 120)) / 3
    exact = np.linalg.eigvalsh(objective.hessian(points))
    ends = extreme_curvatures(objective, points.T.copy())
    np.testing.assert_allclose(ends, exact[:, [0, -1]].T, rtol=1e-9)
    np.testing.assert_allclose(point_sharpness(objective, points.T.copy()), ends[1], rtol=1e-12)


def test_what_belongs_to_no_direction_is_cleaned_away(degenerate):
    """Outside of the space of compressed directions products are not symmetric."""
    objective, theta = degenerate
    curvature = Curvature(objective, theta[None] + 0.01)
    block = np.random.default_rng(0).standard_normal((1, 5, curvature.random(1).shape[2]))
    clean = block.copy()
    curvature.clean(clean)
    again = clean.copy()
    curvature.clean(again)
    np.testing.assert_allclose(again, clean, atol=1e-12)
    np.testing.assert_allclose(curvature.compress(curvature.expand(block)), clean, atol=1e-12)
    assert np.abs(clean - block).max() > 0.1
    inner = (curvature(clean) @ clean.swapaxes(1, 2))[0]
    np.testing.assert_allclose(inner, inner.T, atol=1e-11)


def test_directions_asked_for_again_are_others():
    objective = whitened_objective((2, 3, 2), (1.0, 0.5))
    point = np.ones((1, 12))
    for kind in (Curvature, PlainCurvature):
        first, second = (kind(objective, point).random(2, turn) for turn in (0, 1))
        assert np.abs(first - second).max() > 0.1


@pytest.mark.parametrize("apart", [0.02, 0.03])
def test_a_start_that_knows_only_the_neighbour_of_the_lowest(apart):
    """Its residuals are zero but for 1e-7 of the eigenvector that it misses. Four images of a
    random direction do not show that one, but a guard that leaves room for it."""
    eigenvalues = np.r_[-0.3 - apart, -0.3, np.linspace(-0.29, 0.6, 95), 0.8, 0.9, 1.0]
    right = 0
    for seed in range(20):
        matrix, rows = matrix_of(eigenvalues, seed)
        start = rows[[1, -3, -2, -1]] + 1e-7 * rows[0]
        probe = np.random.default_rng(seed + 50).standard_normal((1, 1, 100))
        found = extreme_eigenvalues(Matrices(matrix[None]), start[None], 1, probe, 4)
        right += np.allclose(found.values[0], eigenvalues[[0, -1]], atol=1e-6)
    assert right >= 18


HIDING = {
    "decoupled modes": {
        "task": "whitened", "d_in": 4, "d_out": 3, "singular_values": (0.575,) * 3,
        "data_seed": 489, "hidden": (13, 3), "lr": 0.170757, "weight_decay": 0.05,
        "init_scale": 0.05936272874067353, "seed": 299, "steps": 300, "optimizer": "heavy_ball",
        "momentum": 0.8,
    },
    "kinks": {
        "task": "spirals", "samples": 10, "data_seed": 304, "hidden": (13,), "activation": "relu",
        "loss": "cross_entropy", "lr": 0.715483, "weight_decay": 0.05, "init": "uniform",
        "init_scale": 0.9321951852124197, "seed": 996, "steps": 600, "optimizer": "heavy_ball",
        "momentum": 0.8, "eigenvalues": 3,
    },
    "a spectrum near zero": {
        "task": "whitened", "d_in": 5, "d_out": 1, "singular_values": (0.536,), "data_seed": 95,
        "hidden": (5, 5, 5), "lr": 1.118409, "init_scale": 0.6084588182152703,
        "init_scaling": "fan_in", "seed": 569, "steps": 600, "optimizer": "heavy_ball",
        "momentum": 0.8, "eigenvalues": 2,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", HIDING)
def test_no_eigenvalue_is_overtaken_unseen(name):
    """Runs on which a neighbour once passed for the lowest or for one of the largest."""
    params = TrainParams.make(**HIDING[name])
    objective = objective_of(params)
    start = start_of(params, objective)
    tracker = SpectrumTracker(objective, params.eigenvalues, is_generic(params, objective, start))
    for part in descend(objective, start, params.lr, params.steps, (), params.rule):
        if isinstance(part, Stretch):
            found = tracker(part.path)
            exact = np.linalg.eigvalsh(objective.hessian(part.path))
            bound = 1e-6 * np.abs(exact).max(axis=1)
            assert found.converged.all()
            assert (np.abs(found.lowest - exact[:, 0]) <= bound).all()
            away = np.abs(found.top - exact[:, : -params.eigenvalues - 1 : -1])
            assert (away.max(axis=1) <= bound).all()


def test_what_does_not_converge_is_diagonalized_or_says_so(monkeypatch):
    eigenvalues = np.linspace(-1, 1, 90)
    matrices = np.stack([matrix_of(eigenvalues)[0], matrix_of(0.5 * eigenvalues, 1)[0]])
    start = np.random.default_rng(0).standard_normal((2, 4, 90))
    monkeypatch.setattr(krylov, "WHOLE_CYCLES", 1)
    monkeypatch.setattr(krylov, "MAX_CYCLES", 1)
    found = extreme_eigenvalues(Matrices(matrices), start, 1)
    assert found.converged.all()
    np.testing.assert_allclose(found.values, [[-1, 1], [-0.5, 0.5]], atol=1e-12)
    np.testing.assert_allclose(
        np.abs(np.einsum("nbp,npq,nbq->nb", found.vectors, matrices, found.vectors))[:, -1],
        [1, 0.5], atol=1e-12,
    )  # fmt: skip
    monkeypatch.setattr(krylov, "WHOLE_LIMIT", 89)
    found = extreme_eigenvalues(Matrices(matrices), start, 1)
    assert not found.converged.any()
    assert (np.abs(found.values) < [[1], [0.5]]).all()


def test_a_space_that_is_spanned_is_an_error_and_no_endless_loop():
    matrix, _ = matrix_of(np.linspace(0, 1, 6))
    basis = Basis(Matrices(matrix[None]), np.eye(6)[None])
    with pytest.raises(np.linalg.LinAlgError, match="no direction"):
        basis.grow(np.ones((1, 1, 6)), 1)

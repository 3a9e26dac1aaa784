"""The theory from Python: what every network gets, and why the rest is missing."""

import numpy as np
import pytest

from eosdash import ParameterError, train
from eosdash.core.theory.critical import EFFORT
from eosdash.params import NetworkParams
from eosdash.runs import critical_lr_of, objective_of
from eosdash.theory import critical_lr, manifold, nonsingular, stable

WHITENED = {"task": "whitened", "depth": 3, "width": 3}
REGRESSION = {"task": "regression", "depth": 2, "width": 4, "condition": 5.0}
LARGE = {"task": "whitened", "depth": 3, "width": 64}
NARROW = {"task": "whitened", "depth": 2, "width": 1}

NETWORKS = [
    {"depth": 1},
    {"depth": 2},
    {"depth": 2, "target": -3.0},
    {"depth": 2, "target": 0.0},
    {"depth": 2, "target": 1e-200},
    {"depth": 2, "width": 5},
    {"depth": 3, "target": -0.5},
    {"depth": 12},
    {"depth": 2, "weight_decay": 0.1},
    {"depth": 2, "weight_decay": 10.0},
    WHITENED,
    WHITENED | {"singular_values": (0.0,)},
    REGRESSION,
    REGRESSION | {"samples": 1},
    REGRESSION | {"d_in": 1, "d_out": 1, "width": 1},
    REGRESSION | {"weight_decay": 0.1},
    NARROW,
    LARGE,
]


def fields(result):
    return {name: value for name, value in vars(result).items() if name != "missing"}


@pytest.mark.parametrize("network", NETWORKS, ids=str)
@pytest.mark.parametrize("lr", [1e-6, 0.4, 100.0])
def test_a_part_is_there_or_a_reason_is(network, lr):
    for result in (
        nonsingular(points=5, lr=lr, **network),
        manifold(points=5, lr=lr, **network),
        stable(lr=lr, **network),
    ):
        absent = {name for name, value in fields(result).items() if value is None}
        if "minimizers" in absent:  # the sampled parts have one reason
            absent -= {"failed", "residual", "rank", "ratio", "sharpness"}
        assert absent == set(result.missing)
        assert all(text.endswith(".") for text in result.missing.values())


# Critical learning rate


def test_critical_lr_by_a_formula():
    found = critical_lr(task="whitened", depth=3, width=4, singular_values=(1.5, 0.5))
    assert found.closed_form
    assert found.value == pytest.approx(2 / (3 * 1.5 ** (4 / 3)))
    assert found.sharpness == pytest.approx(3 * 1.5 ** (4 / 3))
    assert (found.spread, found.starts) == (None, 0)


def test_critical_lr_by_a_search():
    found = critical_lr(**REGRESSION)
    assert not found.closed_form
    assert found.starts == 5
    assert found.spread[0] == found.sharpness == pytest.approx(2 / found.value)
    assert found.spread[1] == pytest.approx(found.sharpness, rel=1e-3)
    assert found.value >= critical_lr_of(NetworkParams.make(**REGRESSION)).value


@pytest.mark.parametrize("hidden", [(8, 8), (4, 4), (3,)])
def test_critical_lr_bounds_its_work(hidden, monkeypatch):
    """Counted in eigenvalue problems of n directions, at n³ each: five starts share twice what one
    may take, three rounds each, and where the network is narrow a fourth on the whole Hessian."""
    solved = []
    for name in ("eigh", "eigvalsh"):
        solve = getattr(np.linalg, name)
        monkeypatch.setattr(
            np.linalg, name, lambda a, solve=solve: solved.append(a.shape[-1] ** 3) or solve(a)
        )
    critical_lr(hidden=hidden, task="regression", d_in=8, d_out=8, condition=10.0)
    assert len(solved) > 100
    assert sum(solved) < 2 * 4 * EFFORT * 1.5


def test_critical_lr_with_weight_decay_and_without_a_target():
    assert critical_lr(depth=2, weight_decay=0.1).starts == 1
    assert critical_lr(depth=2, target=0.0).value == np.inf
    assert critical_lr(depth=2, target=0.0).sharpness == 0


# The map of gradient descent


@pytest.mark.parametrize("network", [{"depth": 4}, {"depth": 2}, WHITENED, REGRESSION], ids=str)
@pytest.mark.parametrize("lr", [0.1, 1.0, 10.0])
def test_determinant_vanishes_nowhere_it_is_looked_at(network, lr):
    found = nonsingular(points=300, lr=lr, **network)
    assert found.log_det.shape == (300,)
    assert found.vanishing == 0
    assert found.smallest == found.log_det.min() > -np.inf


def test_one_layer_may_map_everything_to_one_point():
    assert nonsingular(points=10, depth=1, lr=1.0).vanishing == 10
    assert nonsingular(points=10, depth=1, lr=0.9).vanishing == 0


def test_plane_of_two_weights():
    lr = 0.5
    plane = nonsingular(points=1, depth=2, lr=lr).plane
    for lines, images in zip(plane.mesh, plane.image, strict=True):
        a, b = lines[7]
        error = a * b - 1
        np.testing.assert_allclose(images[7], [a - lr * error * b, b - lr * error * a])
    for curve, caustic in zip(plane.fold, plane.caustic, strict=True):
        a, b = curve
        det = (1 - lr * a**2) * (1 - lr * b**2) - lr**2 * (2 * a * b - 1) ** 2
        assert np.abs(det).max() < 1e-12
        np.testing.assert_allclose(caustic[0], a - lr * (a * b - 1) * b)
        # Fold and caustic lie within what is drawn.
        assert np.abs(curve).max() < plane.mesh.constant_a.max()
        assert np.abs(caustic).max() < plane.preimages.x.max()
    assert plane.preimages.number.shape == (61, 61)


@pytest.mark.parametrize("decay", [0.0, 0.2])
def test_a_step_of_the_plane_is_a_step_of_a_run(decay):
    network = {"depth": 2, "target": -0.7, "lr": 0.5, "weight_decay": decay}
    plane = nonsingular(points=1, **network).plane
    for lines, images in zip(plane.mesh, plane.image, strict=True):
        run = train(weights=tuple(lines[3, :, 40]), steps=1, **network)
        np.testing.assert_allclose(run.weights, images[3, :, 40], rtol=1e-12)


# Minimizers


def test_dimension_of_the_minimizers():
    assert manifold(points=1, depth=2).dimension == 1
    assert manifold(points=1, depth=3).dimension == 2
    assert manifold(points=1, depth=1).dimension == 0
    assert manifold(points=1, **WHITENED).dimension == 21 - 4
    assert manifold(points=1, **REGRESSION).dimension == 16 - 4
    # One sample sees one direction of two inputs.
    assert manifold(points=1, **REGRESSION, samples=1).dimension == 16 - 2
    assert manifold(points=1, **LARGE).dimension == 4352 - 4


@pytest.mark.parametrize("network", [{"depth": 5}, WHITENED, REGRESSION, LARGE], ids=str)
def test_rank_at_sampled_minimizers(network):
    found = manifold(points=20, **network)
    assert len(found.minimizers) + found.failed == 20
    assert found.failed == 0
    assert found.residual.max() < 1e-11
    assert np.all(found.rank == found.expected_rank)
    assert np.all(found.ratio > 1e-4)
    objective = objective_of(NetworkParams.make(**network))
    assert np.all(objective.loss(found.minimizers) < objective.floor + 1e-20)
    assert np.all(found.sharpness >= 2 / critical_lr(**network).value * (1 - 1e-9))


def test_why_there_is_no_manifold():
    assert "y = 0" in manifold(points=1, depth=2, target=0.0).missing["dimension"]
    assert (
        "full rank" in manifold(points=1, **WHITENED, singular_values=(1.0,)).missing["dimension"]
    )
    assert "narrowest" in manifold(points=1, **NARROW).missing["minimizers"]
    assert "decay" in manifold(points=1, depth=2, weight_decay=0.1).missing["minimizers"]


def test_minimizers_are_drawn_for_two_and_three_weights():
    two, three = manifold(points=1, depth=2), manifold(points=1, depth=3)
    assert two.hyperbola.points.shape == (2, 2, 201)
    assert three.surface.points.shape == (4, 3, 41, 41)
    assert three.surface.sharpness.shape == (4, 41, 41)
    assert two.surface is three.hyperbola is None


# Stable minimizers


@pytest.mark.parametrize(
    "network",
    [
        *({"depth": depth, "target": y} for depth in (2, 3) for y in (1.0, -2.0, 0.3, 7.0)),
        {"depth": 6},
        WHITENED,
    ],
    ids=str,
)
def test_no_minimizer_is_stable_above_the_critical_learning_rate(network):
    critical = critical_lr(**network).value
    below, above = (stable(lr=share * critical, **network) for share in (0.99, 1.01))
    assert (below.empty, above.empty) == (False, True)
    assert below.certain
    assert above.certain
    at = stable(lr=critical, **network)
    assert not at.empty
    assert at.stable is None or at.stable.any()
    if below.stable is not None:
        assert below.stable.any()
        assert not above.stable.any()


def test_an_estimated_critical_learning_rate_is_no_proof():
    critical = critical_lr(**REGRESSION).value
    assert stable(lr=0.9 * critical, **REGRESSION).certain
    above = stable(lr=1.1 * critical, **REGRESSION)
    assert above.empty
    assert not above.certain


def test_stable_part_of_the_hyperbola_is_an_arc():
    found = stable(depth=2, lr=0.5)
    inside = np.sum(found.hyperbola.points**2, axis=1) <= 2 / 0.5
    np.testing.assert_array_equal(found.stable, inside)
    weights = np.abs(found.hyperbola.points).swapaxes(1, 2)[found.stable]
    assert found.bound.smallest <= weights.min()
    assert weights.max() <= found.bound.largest
    assert found.bound.lower == pytest.approx(np.sqrt(0.25))
    assert found.bound.upper == pytest.approx(1 / np.sqrt(0.25))


def test_stable_part_of_the_surface_is_within_the_bound():
    found = stable(depth=3, target=-2.0, lr=0.1)
    weights = np.abs(np.moveaxis(found.surface.points, 1, -1)[found.stable])
    assert 0 < len(weights) < found.stable.size
    assert found.bound.smallest <= weights.min()
    assert weights.max() <= found.bound.largest


# Errors


def test_a_wrong_parameter_is_named():
    for call in (critical_lr, nonsingular, manifold, stable):
        with pytest.raises(ParameterError, match="depth"):
            call(depth=0)
    for call in (nonsingular, manifold):
        for points in (0, 10_001, 2.5):
            with pytest.raises(ParameterError, match="points"):
                call(points=points)

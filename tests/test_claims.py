"""The table of claims, each against brute force: where its assumptions hold it is true, and where
one fails what is said instead is."""

import numpy as np
import pytest
from scipy.optimize import minimize

import eosdash
from eosdash import theory
from eosdash.assumptions import ASSUMPTIONS, Setting
from eosdash.claims import CLAIMS, STATEMENTS, failing, verdicts, why_not
from eosdash.core.descent.optimizers import Optimizer
from eosdash.core.networks.initialization import aligned
from eosdash.core.networks.linear import LinearNetwork, Objective
from eosdash.core.networks.tasks import regression_objective, scalar_objective, whitened_objective
from eosdash.core.theory import bounded, statements
from eosdash.core.theory.critical import critical_lr
from eosdash.params import BasinParams, NetworkParams, SweepParams, TrainParams
from eosdash.scope import map_scope, run_scope, sweep_scope
from eosdash.service.encoding import first_record
from eosdash.setting import setting_of
from tests.core.brute_force import BruteForce


def raw(objective):
    """The same loss on samples of its data, layer by layer."""
    inputs = np.sqrt(len(objective.factor)) * objective.factor
    outputs = objective.solution @ inputs
    return BruteForce(objective.network.sizes, inputs, outputs, objective.weight_decay)


def converged(objective, lr, theta, steps=4000):
    """Which of the starts (n, P) gradient descent leads to a point that it stays at, and where."""
    loss = raw(objective)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            theta = theta - lr * loss.gradient(theta)
        moves = np.linalg.norm(loss.gradient(theta), axis=1)
    return moves < 1e-9, theta


# The table


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_is_complete(name):
    claim = CLAIMS[name]
    assert claim.words.endswith(".")
    assert next(iter(claim.needs)) == "linear"
    assert set(claim.needs) <= set(ASSUMPTIONS)
    for instead in claim.needs.values():
        assert callable(instead) or instead.endswith(".")
    if name in STATEMENTS:
        assert claim.title
        assert claim.symbols
        assert claim.refuted


def test_no_assumption_is_left_over():
    used = {need for claim in CLAIMS.values() for need in claim.needs}
    assert used == set(ASSUMPTIONS)


def test_after_the_first_that_fails_none_is_asked():
    found = verdicts("chain", Setting(whitened_objective((2, 2), (0.0,)), 0.1))
    assert [each.holds for each in found] == [True, False, None, None, None]
    assert failing("chain", Setting(scalar_objective((1, 1), 2.0), 0.1)) is None
    assert why_not("chain", Setting(scalar_objective((1, 1), 2.0), 0.1)) == ""


@pytest.mark.parametrize("rule", [Optimizer(0.7), Optimizer(0.7, nesterov=True)])
def test_plain_descent_is_an_assumption(rule):
    setting = Setting(scalar_objective((1, 1, 1), 1.0), 0.4, rule)
    for claim in ("nonsingular", "measure_zero", "region"):
        assert failing(claim, setting) == "plain"
    assert failing("manifold", setting) is None


def test_a_schedule_is_no_constant_learning_rate():
    setting = Setting(scalar_objective((1, 1, 1), 1.0), 0.4, constant=False)
    assert failing("measure_zero", setting) == "constant"


# Convergence past η_C


DECAYED = [
    (scalar_objective((1, 1, 1, 1), 1.2, 0.15), False),
    (scalar_objective((1, 2, 2, 1), -0.9, 0.05), False),
    (whitened_objective((2, 2, 2, 2, 2), (1.1, 0.4), weight_decay=0.1), False),
    (scalar_objective((1, 1, 1), 0.9, 0.3), True),
    (scalar_objective((1, 1, 1), 0.4, 0.7), True),  # the origin is the only minimizer
    (whitened_objective((2, 3, 2), (1.2, 0.5), weight_decay=0.3), True),
    (scalar_objective((1, 1, 1, 1), 0.3, 1.5), True),  # and here, unstable past η_C = 2/r
    (scalar_objective((1, 1), 0.8, 0.4), True),
    (scalar_objective((1, 1, 1, 1), 0.0, 0.5), True),
    (scalar_objective((1, 1, 1, 1), 1.2), True),
]


@pytest.mark.parametrize(("objective", "holds"), DECAYED)
def test_past_the_critical_learning_rate_starts_converge_only_where_the_claim_fails(
    objective, holds
):
    critical = critical_lr(objective).value
    assert (failing("measure_zero", Setting(objective, critical)) is None) == holds
    starts = np.random.default_rng(4).standard_normal((400, objective.network.parameters))
    starts *= np.linspace(0.05, 0.6, 400)[:, None]
    there, ends = converged(objective, 1.12 * critical, starts)
    if holds:
        assert not there.any()
        return
    assert 0.02 < there.mean() < 0.98
    assert np.abs(ends[there]).max() < 1e-6  # the origin, which is no global minimizer
    assert failing("measure_zero", Setting(objective, 1.12 * critical)) == "no_well"
    lowest = np.linalg.eigvalsh(raw(objective).hessian(np.zeros(len(starts[0]))))[0]
    assert lowest == pytest.approx(objective.weight_decay)


@pytest.mark.parametrize("y", [0.4, -0.4])
def test_with_two_layers_and_much_weight_decay_the_origin_is_the_global_minimum(y):
    objective = scalar_objective((1, 1, 1), y, 0.7)
    loss, origin = raw(objective), np.zeros(2)
    np.testing.assert_allclose(np.linalg.eigvalsh(loss.hessian(origin)), [0.3, 1.1])
    elsewhere = np.random.default_rng(0).standard_normal((2000, 2)) * 2
    assert np.all(loss.loss(elsewhere) > loss.loss(origin))
    assert critical_lr(objective).value == pytest.approx(2 / 1.1)
    there, ends = converged(objective, 0.9 * 2 / 1.1, 0.3 * elsewhere[:200])
    assert there.mean() > 0.3
    assert np.abs(ends[there]).max() < 1e-6


# The minimizers as a manifold


MANIFOLDS = [
    whitened_objective((2, 3, 4, 2), (1.1, 0.4), rotate=True),
    scalar_objective((1, 3, 2, 1), -0.6),
    regression_objective((4, 4, 2), 3),  # Σ of rank 3
    whitened_objective((3, 2), (0.9,)),
]


def nullity(objective, theta):
    values = np.abs(np.linalg.eigvalsh(raw(objective).hessian(theta)))
    return int(np.sum(values < 1e-6 * values.max()))


def minimizers(objective, number=6):
    """Where a quasi-Newton method ends, from random starts."""
    loss, ends = raw(objective), []
    lowest = objective.floor + 0.5 * np.sum(
        np.linalg.svd(objective.solution @ objective.factor, compute_uv=False)[
            min(objective.network.sizes) :
        ]
        ** 2
    )
    for seed in range(4 * number):
        start = 0.6 * np.random.default_rng(seed).standard_normal(objective.network.parameters)
        options = {"gtol": 1e-12, "maxiter": 4000}
        found = minimize(loss.loss, start, jac=loss.gradient, method="BFGS", options=options)
        if found.fun < lowest + 1e-14:
            ends.append(found.x)
    assert len(ends) >= number
    return ends


@pytest.mark.parametrize("objective", MANIFOLDS)
def test_the_minimizers_have_the_dimension_of_a_manifold(objective):
    setting = Setting(objective, 0.1)
    assert failing("manifold", setting) is None
    dimension = objective.network.parameters - setting.outputs
    for theta in minimizers(objective):
        assert nullity(objective, theta) == dimension


@pytest.mark.parametrize(
    ("objective", "dimension"),
    [
        (whitened_objective((3, 1, 2), (1.1, 0.4), rotate=True), 5 - 4),
        (whitened_objective((3, 3, 2, 3), (1.1, 0.7, 0.4), rotate=True), 21 - 8),
        (whitened_objective((2, 1, 3, 2), (1.3,)), 11 - 3),
    ],
)
def test_through_a_bottleneck_they_are_a_manifold_of_another(objective, dimension):
    setting = Setting(objective, 0.1)
    assert failing("manifold", setting) == "wide"
    assert f"of dimension {dimension} " in why_not("manifold", setting)
    for theta in minimizers(objective):
        assert nullity(objective, theta) == dimension


@pytest.mark.parametrize(
    ("objective", "lost", "elsewhere"),
    [
        (whitened_objective((3, 3, 3), (0.8,), rotate=True), 5, 9),
        (whitened_objective((3, 4, 4, 3), (0.8, 0.3)), 8, 9),
        (scalar_objective((1, 1, 1, 1), 0.0), 0, 1),
    ],
)
def test_a_target_that_is_not_of_full_rank_has_minimizers_at_which_the_rank_is_lost(
    objective, lost, elsewhere
):
    setting = Setting(objective, 0.1)
    assert failing("manifold", setting) == "full_rank"
    values = np.linalg.svd(objective.solution, compute_uv=False)
    values[values < 1e-12] = 0
    balanced = aligned(objective, values ** (1 / objective.network.depth))
    assert raw(objective).loss(balanced) == pytest.approx(0, abs=1e-20)
    assert np.linalg.matrix_rank(jacobian(objective, balanced), tol=1e-9) == lost
    found = statements.projected(
        objective, statements.random_points(objective.network, 1.0, 0, 5)
    ).theta
    ranks = [np.linalg.matrix_rank(jacobian(objective, theta), tol=1e-9) for theta in found]
    assert lost < min(ranks)
    assert max(ranks) <= elsewhere
    if not objective.network.is_chain:
        assert f"its rank is {lost} instead of {elsewhere}" in why_not("manifold", setting)


def jacobian(objective, theta):
    """Of the outputs, (outputs, P); they are linear in each weight alone."""
    moved = [
        (objective.product(theta + direction) - objective.product(theta)) @ objective.factor
        for direction in np.eye(len(theta))
    ]
    return np.stack([part.ravel() for part in moved], axis=1)


@pytest.mark.parametrize(
    "objective",
    [
        scalar_objective((1, 2, 2, 1), -0.9, 0.05),
        regression_objective((3, 4, 2), 30, 0.4, 5.0, weight_decay=0.2),
    ],
)
def test_with_weight_decay_all_minimizers_are_bounded(objective):
    radius, loss = bounded.decayed_radius(objective), raw(objective)
    best = min(
        (
            minimize(loss.loss, start, jac=loss.gradient, method="BFGS")
            for start in np.random.default_rng(1).standard_normal((8, objective.network.parameters))
        ),
        key=lambda found: found.fun,
    )
    assert 0.5 * radius < np.linalg.norm(best.x) <= radius * (1 + 1e-6)


# Balance


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_gradient_flow_keeps_or_shrinks_the_imbalance(decay):
    objective = whitened_objective((2, 3, 2), (1.2, 0.5), weight_decay=decay)
    loss, time, steps = raw(objective), 1.5, 3000
    theta = np.random.default_rng(2).standard_normal(12)

    def imbalance(theta):
        first, second = objective.network.layers(theta)
        return second.T @ second - first @ first.T

    before = imbalance(theta)
    for _ in range(steps):  # Heun's method
        slope = loss.gradient(theta)
        ahead = theta - time / steps * slope
        theta = theta - 0.5 * time / steps * (slope + loss.gradient(ahead))
    expected = np.exp(-2 * decay * time) * before
    np.testing.assert_allclose(imbalance(theta), expected, atol=1e-5)
    said = failing("balance", Setting(objective, 0.1))
    assert said == ("no_decay" if decay else None)


def test_balanced_minimizers_are_the_flattest_on_whitened_data_only():
    values = np.array([1.3, 0.4])
    whitened = whitened_objective((2, 3, 3, 2), tuple(values))
    theta = aligned(whitened, values ** (1 / 3))
    assert failing("flattest", Setting(whitened, 0.1)) is None
    least = 2 / critical_lr(whitened).value
    assert np.linalg.eigvalsh(raw(whitened).hessian(theta))[-1] == pytest.approx(least)
    factor = np.diag([6.0, 0.2])
    other = Objective(LinearNetwork((2, 3, 3, 2)), np.diag([0.5, 0.8]), factor)
    assert failing("flattest", Setting(other, 0.1)) == "whitened"
    theta = aligned(other, np.array([0.8, 0.5]) ** (1 / 3))
    least = 2 / critical_lr(other).value
    assert np.linalg.eigvalsh(raw(other).hessian(theta))[-1] > 1.3 * least


# From Python


@pytest.mark.parametrize(
    ("claim", "network", "need"),
    [
        ("nonsingular", {"depth": 1, "lr": 1.0}, "one_layer_rate"),
        ("nonsingular", {"depth": 3, "width": 2, "weight_decay": 4.0, "lr": 0.25}, "decay_rate"),
        ("nonsingular", {"depth": 3, "width": 1, "weight_decay": 4.0, "lr": 0.25}, None),
        ("manifold", {"depth": 4, "target": 0.0}, "full_rank"),
        ("stable", {"depth": 4, "width": 3}, "no_free_layer"),
        ("stable", {"depth": 4, "hidden": (3, 1, 3)}, None),
        ("stable", {"depth": 4, "width": 3, "weight_decay": 0.1}, None),
        ("stable", {"task": "regression", "depth": 2, "d_in": 5, "samples": 4}, "seen"),
        ("measure_zero", {"depth": 5, "weight_decay": 0.02}, "no_well"),
        ("measure_zero", {"depth": 5, "target": 0.0}, "finite"),
        ("measure_zero", {"depth": 1, "target": 0.0}, None),
        ("measure_zero", {"optimizer": "nesterov", "momentum": 0.3}, "plain"),
        ("measure_zero", {"optimizer": "nesterov", "momentum": 0.0}, None),
        ("measure_zero", {"lr_schedule": "20:0.3"}, "constant"),
        ("manifold", {"optimizer": "heavy_ball"}, None),
    ],
)
def test_which_assumption_fails_is_asked_from_python(claim, network, need):
    found = theory.assumptions(claim, **network)
    assert next((each.name for each in found if each.holds is False), None) == need
    assert {each.words for each in found} == {ASSUMPTIONS[n].words for n in CLAIMS[claim].needs}


def test_of_a_network_that_is_not_linear_that_is_what_fails():
    for claim in CLAIMS:
        first, *rest = theory.assumptions(claim, activation="tanh")
        assert (first.name, first.holds) == ("linear", False)
        assert [each.holds for each in rest] == [None] * len(rest)
        assert "linear" in why_not(claim, setting_of(NetworkParams.make(activation="relu")))


def test_all_four_statements_are_checked_with_their_assumptions():
    found = eosdash.check_theory(depth=3, weight_decay=0.1, points=5, starts=2, steps=20)
    fails = {
        name: [each.name for each in asked if each.holds is False]
        for name, asked in found.assumptions.items()
    }
    assert fails == {
        "nonsingular": [], "manifold": ["no_decay"], "stable": [], "measure_zero": ["no_well"],
    }  # fmt: skip
    assert found.manifold.assumptions == found.assumptions["manifold"]


# What pages say


def test_the_words_past_the_critical_learning_rate_are_those_of_the_network():
    plain = first_record(TrainParams.make(depth=3))
    assert plain["past"] == "Past η_C no minimizer is stable."
    decayed = first_record(TrainParams.make(depth=3, weight_decay=0.08))
    assert "the origin is a minimum of its own, stable up to η = 2/r = 25" in decayed["past"]
    momentum = {"optimizer": "heavy_ball", "momentum": 0.5}
    decayed = first_record(TrainParams.make(depth=3, weight_decay=0.08, **momentum))
    assert "stable up to η = (2 + 2β)/r = 37.5" in decayed["past"]
    assert first_record(TrainParams.make(depth=2, weight_decay=0.08))["past"] == plain["past"]
    assert first_record(TrainParams.make(activation="tanh"))["past"] is None


@pytest.mark.parametrize(("beta", "nesterov"), [(0.6, False), (0.6, True)])
def test_the_origin_is_as_stable_as_is_said_with_momentum(beta, nesterov):
    """One mode of a quadratic of curvature r."""
    setting = Setting(scalar_objective((1,) * 4, 1.0, 0.1), 0.5, Optimizer(beta, nesterov))
    limit = float(why_not("critical", setting).rstrip(".").rpartition("= ")[2])

    def grows(lr):
        theta, velocity = np.array([1e-3, 0, 0]), np.zeros(3)
        loss = raw(setting.objective)
        for _ in range(3000):
            ahead = theta + beta * velocity * nesterov
            velocity = beta * velocity - lr * loss.gradient(ahead)
            theta = theta + velocity
            if np.abs(theta).max() > 1:
                return True
        return False

    assert not grows(0.98 * limit)
    assert grows(1.02 * limit)


def test_scopes_say_what_the_theorem_assumes_where_it_fails():
    assert "theorem" not in run_scope(TrainParams.make(depth=3))
    assert "plain gradient descent" in run_scope(TrainParams.make(optimizer="heavy_ball"))
    schedule = {"lr_schedule": "30:0.1", "steps": 90}
    assert "constant learning rate" in run_scope(TrainParams.make(**schedule))
    decayed = {"depth": 3, "weight_decay": 0.2}
    for scope, kind in (
        (run_scope, TrainParams),
        (map_scope, BasinParams),
        (sweep_scope, SweepParams),
    ):
        assert "origin a strict local minimum" in scope(kind.make(**decayed))
        assert "origin" not in scope(kind.make(**decayed | {"depth": 2}))
    over = SweepParams.make(depth=2, weight_decay=0.2, over="depth", low=1, high=4)
    assert "origin a strict local minimum" in sweep_scope(over)

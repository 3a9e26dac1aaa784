"""Many starts of networks that are not linear: each ends as it would alone, to the last bit."""

import numpy as np
import pytest

from eosdash.core.curvature import settled
from eosdash.core.descent.critical_points import CRITICAL_POINTS
from eosdash.core.descent.flock import Flock
from eosdash.core.descent.gradient_descent import Ending, descend
from eosdash.core.networks.kernels import BLOCK_FLOATS, block_size, kernel_of, loss_of
from eosdash.core.outcome import OUTCOMES
from eosdash.params import NetworkParams
from eosdash.runs import objective_of

SADDLED = {"task": "scalar", "depth": 2, "activation": "tanh", "biases": False}
"""Two weights, L = ½(b tanh a − 1)², with a saddle at the origin."""

NETWORKS = {
    "two weights": SADDLED,
    "tanh": {"task": "chebyshev", "samples": 20, "depth": 2, "width": 8, "activation": "tanh"},
    "relu": {"task": "moons", "samples": 30, "depth": 3, "width": 4, "activation": "relu"},
    "gelu": {
        "task": "spirals", "samples": 40, "depth": 2, "width": 5, "activation": "gelu",
        "loss": "cross_entropy", "weight_decay": 0.05,
    },
    "softplus": {"task": "toy", "samples": 25, "depth": 3, "width": 8, "activation": "softplus"},
    "decayed": {
        "task": "chebyshev", "degree": 2, "samples": 8, "depth": 2, "width": 2,
        "activation": "tanh", "weight_decay": 0.02,
    },
}  # fmt: skip


def loss_of_network(**params):
    return objective_of(NetworkParams.make(**params))


def starts(objective, number, seed=0, scale=1.2):
    rng = np.random.default_rng(seed)
    return scale * rng.standard_normal((objective.network.parameters, number))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("each", [False, True], ids=["one rate", "a rate each"])
def test_kernels_give_the_gradient_times_a_factor_to_the_last_bit(name, each):
    objective = loss_of_network(**NETWORKS[name])
    number = min(2 * block_size(objective) + 3, 500)
    theta = starts(objective, number)
    factor = np.random.default_rng(1).random(number) if each else 0.3
    made = np.empty_like(theta)
    kernel_of(objective)(theta, factor, made, np.empty(number))
    alone = np.array([objective.gradient(point) for point in theta.T.copy()]).T
    np.testing.assert_array_equal(made, factor * alone)


def test_losses_of_many_points_are_those_of_each():
    objective = loss_of_network(**NETWORKS["tanh"])
    theta = starts(objective, 3 * block_size(objective) + 1)
    np.testing.assert_allclose(loss_of(objective)(theta), objective.loss(theta.T.copy()))
    assert loss_of(objective)(theta[:, :0]).shape == (0,)


@pytest.mark.parametrize(("samples", "width"), [(2, 1), (100, 8), (2000, 64)])
def test_a_block_fits_the_cache_or_is_one_point(samples, width):
    objective = loss_of_network(
        task="chebyshev", samples=samples, depth=2, width=width, activation="tanh"
    )
    size = block_size(objective)
    assert size >= 1
    assert size == 1 or size * samples * width <= BLOCK_FLOATS


ENDS = [
    ("two weights", 0.5, 600, {"minimum"}),
    ("two weights", 2.5, 600, {"periodic", "diverged"}),
    ("tanh", 0.4, 400, {"undecided", "diverged"}),
    ("relu", 0.3, 300, set()),
    ("gelu", 3.0, 300, set()),
    ("softplus", 0.3, 300, set()),
    ("decayed", 0.8, 1200, {"minimum"}),
]


@pytest.mark.parametrize(("name", "lr", "steps", "among"), ENDS)
def test_a_start_in_a_flock_ends_as_it_would_alone(name, lr, steps, among):
    objective = loss_of_network(**NETWORKS[name])
    theta = starts(objective, 24, seed=2)
    ends = Flock(objective, steps).run(theta, lr)
    seen = {OUTCOMES[code] for code in ends.outcome}
    assert among <= seen
    for i, start in enumerate(theta.T.copy()):
        *_, alone = descend(objective, start, lr, steps)
        assert isinstance(alone, Ending)
        together = (OUTCOMES[ends.outcome[i]], ends.steps[i], ends.period[i])
        assert together == (alone.outcome, alone.step, alone.period or 0)
        if alone.outcome not in ("minimum", "diverged"):
            np.testing.assert_array_equal(ends.theta[:, i], alone.theta)


def test_a_saddle_is_no_minimum():
    """On it, and on the way through it to a minimum: there the gradient vanishes for a while."""
    objective = loss_of_network(**SADDLED)
    theta = np.array([[0.0, 1e-11, 0.5], [0.0, 1e-11, 0.5]])
    ends = Flock(objective, 400).run(theta, 0.5)
    assert [OUTCOMES[code] for code in ends.outcome] == ["saddle", "minimum", "minimum"]
    assert ends.steps[0] == 400
    assert ends.steps[1] > ends.steps[2]
    short = Flock(objective, 8).run(theta, 0.5)
    assert [OUTCOMES[code] for code in short.outcome] == ["saddle", "undecided", "undecided"]


def test_who_leaves_a_saddle_may_still_arrive_in_the_same_phase():
    """It rests there from step 180, where the last phase begins, to 204."""
    start = np.array([[1e-45], [1e-45]])
    ends = Flock(loss_of_network(**SADDLED), 360).run(start, 0.5)
    assert OUTCOMES[ends.outcome[0]] == "minimum"
    assert 250 < ends.steps[0] < 350


@pytest.mark.parametrize("limit", [0, 80], ids=["krylov", "dense"])
@pytest.mark.parametrize("name", ["tanh", "gelu", "softplus"])
def test_sharpness_of_many_points_is_that_of_the_hessian(monkeypatch, limit, name):
    monkeypatch.setattr(settled, "WHOLE_LIMIT", limit)
    objective = loss_of_network(**NETWORKS[name])
    theta = starts(objective, 7)
    values = np.linalg.eigvalsh(objective.hessian(theta.T.copy()))
    np.testing.assert_allclose(settled.point_sharpness(objective, theta), values[:, -1], rtol=1e-6)
    whole = settled.whole_spectrum(objective, theta)
    np.testing.assert_allclose(whole, values, atol=1e-9 * np.abs(values).max())


def test_a_dead_network_rests_where_it_is():
    """No unit of it is on, and no second derivative says whether this is the lowest loss."""
    objective = loss_of_network(task="scalar", depth=2, activation="relu", biases=False)
    ends = Flock(objective, 50).run(np.array([[-1.0], [0.0]]), 0.5)
    found = OUTCOMES[ends.outcome[0]], CRITICAL_POINTS[ends.critical_point[0]], ends.steps[0]
    assert found == ("undecided", "flat", 50)


def test_moves_that_overflow_are_divergence_and_no_warning():
    objective = loss_of_network(**NETWORKS["relu"])
    ends = Flock(objective, 20).run(starts(objective, 10, scale=1e3), 100.0)
    assert {OUTCOMES[code] for code in ends.outcome} == {"diverged"}

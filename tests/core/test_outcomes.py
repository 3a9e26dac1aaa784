"""What is said of an orbit, on inputs for which the right answer is known otherwise."""

import numpy as np
import pytest

import eosdash
from eosdash.core.descent.flock import Flock
from eosdash.core.descent.gradient_descent import Ending, descend
from eosdash.core.descent.optimizers import Optimizer
from eosdash.core.networks.data import Samples
from eosdash.core.networks.tasks import (
    least_squares_objective,
    scalar_objective,
    whitened_objective,
)
from eosdash.core.outcome import OUTCOMES


def chain(depth, target, weights, lr, steps, **others):
    return eosdash.train(
        task="scalar", depth=depth, target=target, init="weights", weights=weights, lr=lr,
        steps=steps, **others,
    )  # fmt: skip


def ends(run):
    """The outcome and what the run rests on."""
    return run.outcome, run.critical_point


ZERO_TARGETS = [
    chain(2, 0, [0.4, 1.3], 0.4, 150),
    chain(3, 0, [0.9, -1.2, 0.2], 0.3, 400),
    eosdash.train(
        task="whitened", depth=2, width=3, singular_values=[0, 0], init_scale=0.8,
        init_scaling="none", seed=4, lr=0.2,
        steps=5000,
    ),
    eosdash.train(
        task="whitened", depth=2, width=4, singular_values=[3e-10, 1e-11], rotate=True,
        init_scale=0.9, init_scaling="none", seed=1, lr=0.2, steps=5000,
    ),
    eosdash.train(
        task="csv", data="1:4,-1:4,2:4,-2:4", depth=2, width=1, init="weights", weights=[0.5, 1.2],
        lr=0.2, steps=400,
    ),
]  # fmt: skip


@pytest.mark.parametrize("run", ZERO_TARGETS, ids=range(len(ZERO_TARGETS)))
def test_where_there_is_nothing_to_learn_rest_is_at_the_global_minimum(run):
    assert ends(run) == ("minimum", "global_minimum")


def test_a_map_to_zero_has_minima_and_no_saddles():
    fraction = eosdash.basin(
        task="scalar", depth=2, target=0, lr=0.4, plane="weights:0,1", extent=1.8, resolution=64
    ).fraction
    assert fraction["saddle"] == 0
    assert fraction["minimum"] > 0.8
    assert fraction["minimum"] + fraction["undecided"] == pytest.approx(1)
    sweep = eosdash.sweep(task="scalar", depth=2, target=0, lr=[0.1, 0.4], starts=40, steps=800)
    assert sweep.fraction["saddle"].tolist() == [0, 0]


@pytest.mark.parametrize("lr", [1e-9, 1e-7, 1e-5])
@pytest.mark.parametrize("steps", [200, 900])
def test_a_steady_drift_is_undecided_and_settles_nowhere(lr, steps):
    run = chain(2, 1.4, [0.6, 0.9], lr, steps)
    assert run.outcome == "undecided"
    assert all(event.kind != "settles" for event in run.events)
    few = eosdash.train(
        task="csv", data="-2e-3:1,60:-2,0:.7", activation="tanh", depth=2, width=3, lr=0.05,
        steps=steps, init_scale=1, seed=2,
    )  # fmt: skip
    assert few.outcome == "undecided"


def test_an_orbit_that_tends_to_a_period_is_undecided_until_it_has_it():
    """From (1.05 η_C) a chain of three unequal weights closes in on its 2-cycle slowly."""
    start, seen = [0.83, -1.31, 0.55], []
    for steps in (600, 1500, 8000):
        run = chain(3, 1.1, start, 0.6, steps)
        seen.append((run.outcome, run.period))
    assert seen[-1] == ("periodic", 2)
    assert set(seen) <= {("undecided", None), ("periodic", 2)}
    assert seen[0] == ("undecided", None)


PLATEAUS = [
    ((1, 1, 1, 1), 1.3, [2e-5, 1.5e-5, 1.1e-5]),
    ((1, 1, 1, 1, 1), -0.8, [1e-3, 1.2e-3, 0.8e-3, 1e-3]),
    ((1, 1, 1), 0.5, [1e-9, 3e-10]),
    ((1, 1, 1), 0.5, [1e-40, 3e-41]),
]


@pytest.mark.parametrize(("sizes", "target", "weights"), PLATEAUS)
@pytest.mark.parametrize("steps", [5, 60])
def test_a_plateau_is_no_convergence(sizes, target, weights, steps):
    objective, start = scalar_objective(sizes, target), np.array(weights)
    *_, ending = descend(objective, start, 0.2, steps)
    assert isinstance(ending, Ending)
    assert (ending.outcome, ending.critical_point) == ("undecided", "none")
    codes = Flock(objective, steps).run(start[:, None], 0.2).outcome
    assert [OUTCOMES[code] for code in codes] == ["undecided"]


STUCK = [
    {
        "task": "moons",
        "samples": 20,
        "activation": "gelu",
        "hidden": [5, 4],
        "loss": "cross_entropy",
    },
    {"task": "chebyshev", "degree": 5, "samples": 12, "activation": "tanh", "hidden": [6, 5]},
]


@pytest.mark.parametrize("network", STUCK)
def test_weights_of_zero_rest_at_no_minimum(network):
    run = eosdash.train(init_scale=0, lr=0.4, steps=900, **network)
    assert run.outcome in ("undecided", "saddle")
    assert run.critical_point in ("flat", "saddle", None)


@pytest.mark.parametrize(("depth", "decay"), [(3, 0.2), (4, 0.05)])
def test_the_origin_is_a_local_minimum_under_weight_decay(depth, decay):
    """Its Hessian is r times the identity, and the loss at it ½y² is not the lowest."""
    run = chain(depth, 1.2, [0.04] * depth, 0.7, 3000, weight_decay=decay, lambda_min=True)
    assert ends(run) == ("minimum", "local_minimum")
    assert run.lambda_min[-1] == pytest.approx(decay)
    whole = eosdash.basin(
        task="scalar", depth=depth, target=1.2, lr=0.7, weight_decay=decay, init="weights",
        weights=[0.04] * depth, plane="weights:0,1", extent=0.05, resolution=16, steps=3000,
    )  # fmt: skip
    names = {whole.critical_points[code] for code in whole.critical_point.ravel()}
    assert (whole.fraction["minimum"], names) == (1, {"local_minimum"})


def test_a_local_minimum_of_matrices_may_be_turned_but_not_left():
    """Of two directions one is learned, the other has decayed: hidden units may be rotated."""
    objective = whitened_objective((2, 3, 3, 2), (1.5, 0.8), weight_decay=0.1)
    layers = [np.zeros(shape) for shape in objective.network.shapes]
    for layer in layers:
        layer[0, 0] = 1.1
    start = objective.network.flat(layers)
    start = start + 1e-3 * np.random.default_rng(1).standard_normal(start.size)
    *_, ending = descend(objective, start, 0.2, 4000)
    assert (ending.outcome, ending.critical_point) == ("minimum", "local_minimum")


def test_a_second_direction_that_is_still_learned_is_no_period():
    weights, seen = [0.7, 0, 0, 1e-3] * 3, []
    for steps in (600, 1200, 2000, 4000):
        run = eosdash.train(
            task="whitened", depth=3, width=2, singular_values=[1, 0.6], weights=weights,
            init="weights", lr=0.74, steps=steps,
        )  # fmt: skip
        seen.append((run.outcome, run.period))
    assert seen == [("undecided", None)] * 3 + [("periodic", 2)]
    assert run.singular_values[-1].min() > 0.4  # by then the second one is learned


@pytest.mark.parametrize("away", [3e-11, -2e-12])
@pytest.mark.parametrize("optimizer", [Optimizer(), Optimizer(0.5), Optimizer(0.5, True)])
def test_a_start_beside_an_unstable_minimum_does_not_rest_there(away, optimizer):
    """S = 2.05 there; the step is 1.3 times what is stable."""
    start = np.array([1.1 + away, 1 / 1.1])
    lr = 1.3 * optimizer.threshold(1.0) / (1.1**2 + 1.1**-2)
    objective = scalar_objective((1, 1, 1), 1.0)
    *_, ending = descend(objective, start, lr, 30, (), optimizer)
    assert (ending.outcome, ending.critical_point) == ("undecided", "none")
    if optimizer.is_plain:
        codes = Flock(objective, 30).run(start[:, None], lr).outcome
        assert [OUTCOMES[code] for code in codes] == ["undecided"]


def test_on_an_unstable_minimum_to_the_last_bit_a_run_rests():
    run = chain(3, 8.0, [2.0, 2.0, 2.0], 0.9, 40)
    assert ends(run) == ("minimum", "unstable_minimum")
    assert "not stable" in run.events[-1].text


@pytest.mark.parametrize("center", [3e5, 2e6, 9e8])
def test_what_starts_far_away_has_not_left(center):
    *_, ending = descend(scalar_objective((1, 1, 1), 1.0), np.array([center, center]), 1e-30, 50)
    assert ending.outcome == "undecided"


def test_a_large_target_is_reached():
    """A weight of 9e7, far beyond 10⁶ starts, and a gradient that rounding keeps above 1e-9."""
    data = Samples(np.array([[0.01, -0.01, 0.005]]), np.array([[9e5, -9e5, 4.5e5]]))
    objective = least_squares_objective((1, 1), data)
    *_, ending = descend(objective, np.array([1.0]), 0.5 / 7.5e-5, 400)
    assert (ending.outcome, ending.critical_point) == ("minimum", "global_minimum")
    assert ending.theta[0] == pytest.approx(9e7)


def test_convergence_is_told_at_the_last_row():
    run = chain(1, 1.0, [0.3], 1.0, 50)
    assert len(run.loss) == 2  # the start, and the minimum that one step leads to
    (event,) = (event for event in run.events if event.kind == "converges")
    assert event.step == 1
    assert run.grad_norm[event.step] == 0


def test_a_dead_network_is_flat():
    run = eosdash.train(
        task="scalar", target=1, activation="relu", biases=False, depth=2, width=2,
        init="weights", weights=[-1.0, -0.5, 0.7, 0.2], lr=0.3, steps=60,
    )  # fmt: skip
    assert ends(run) == ("undecided", "flat")


def test_a_relu_network_that_fits_rests_at_the_lowest_loss():
    run = eosdash.train(
        task="scalar", target=1, activation="relu", biases=False, depth=2, width=2,
        init="weights", weights=[1.0, -0.5, 0.7, 0.2], lr=0.3, steps=400,
    )  # fmt: skip
    assert ends(run) == ("minimum", "global_minimum")


def test_on_the_line_into_a_saddle_a_run_ends_there_and_nowhere_else():
    exact = chain(2, 1.0, [0.9, -0.9], 0.8, 500)
    assert ends(exact) == ("saddle", "saddle")
    beside = chain(2, 1.0, [0.9, np.nextafter(-0.9, 0)], 0.8, 500)
    assert ends(beside) == ("minimum", "global_minimum")
    for steps in (20, 40, 60, 80):
        assert chain(2, 1.0, [0.9, np.nextafter(-0.9, 0)], 0.8, steps).outcome != "saddle"

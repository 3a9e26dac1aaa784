"""Many starts at once end as each of them does alone."""

import numpy as np
import pytest

from eosdash.core.descent import flock
from eosdash.core.descent.flock import Flock, phases
from eosdash.core.descent.gradient_descent import Ending, descend
from eosdash.core.descent.tile import Tile
from eosdash.core.networks.kernels import Kernel, kernel_of
from eosdash.core.networks.linear import Objective
from eosdash.core.networks.tasks import regression_objective, scalar_objective, whitened_objective
from eosdash.core.outcome import OUTCOMES

NETWORKS = [
    scalar_objective((1, 1), 0.7),
    scalar_objective((1, 1, 1), 0.7, 0.1),
    scalar_objective((1,) * 6, 0.7),
    whitened_objective((2, 4, 4, 2), (1.0, 0.5)),
    regression_objective((3, 5, 2), weight_decay=0.1),
    whitened_objective((2, 20, 2), (1.0, 0.5)),
]


@pytest.mark.parametrize("objective", NETWORKS)
def test_kernels_give_the_gradient_times_a_factor(objective: Objective) -> None:
    rng = np.random.default_rng(0)
    theta, factor = rng.standard_normal((objective.network.parameters, 50)), rng.random(50)
    expected = factor * objective.gradient(theta.T).T
    made = np.empty_like(theta)
    kernel_of(objective)(theta, factor, made, np.empty(50))
    np.testing.assert_allclose(made, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("depth", "lr"), [(2, 0.9), (2, 1.05), (3, 0.6), (3, 0.7), (4, 0.45), (5, 0.3)]
)
def test_a_start_in_a_flock_ends_as_it_would_alone(depth: int, lr: float) -> None:
    objective = scalar_objective((1,) * (depth + 1), 1.0)
    starts = np.random.default_rng(depth).uniform(-2, 2, (depth, 60))
    ends = Flock(objective, 600).run(starts, lr)
    for i, start in enumerate(starts.T):
        *_, alone = descend(objective, start, lr, 600)
        assert isinstance(alone, Ending)
        together = (OUTCOMES[ends.outcome[i]], ends.steps[i], ends.period[i])
        assert together == (alone.outcome, alone.step, alone.period or 0)


def test_each_start_may_have_its_own_learning_rate() -> None:
    objective = scalar_objective((1, 1, 1), 1.0)
    starts, rates = np.array([[1.5, 1.5, 0.3], [0.2, 0.2, -0.3]]), np.array([0.2, 1.9, 0.5])
    ends = Flock(objective, 400).run(starts, rates)
    for i in range(3):
        *_, alone = descend(objective, starts[:, i], rates[i], 400)
        assert OUTCOMES[ends.outcome[i]] == alone.outcome


def bounded_and_crawling() -> tuple[Objective, np.ndarray, np.ndarray]:
    """90 starts of a chain of two weights, every third so slow that it crawls to the end."""
    starts = np.random.default_rng(4).uniform(-0.9, 0.9, (2, 90))
    return scalar_objective((1, 1, 1), 1.0), starts, np.where(np.arange(90) % 3, 1.35, 1e-5)


def test_orbits_are_kept_as_they_are_walked(monkeypatch) -> None:
    objective, starts, rates = bounded_and_crawling()
    walked, step = [], Tile.step

    def counted(tile: Tile, kernel: Kernel) -> np.ndarray:
        walked.append(tile.index.size)
        return step(tile, kernel)

    monkeypatch.setattr(Tile, "step", counted)
    ends = Flock(objective, 450).run(starts, rates)
    assert {OUTCOMES[code] for code in ends.outcome[::3]} == {"undecided"}
    assert "bounded" in {OUTCOMES[code] for code in ends.outcome}
    assert sum(walked) < 1.05 * 450 * 90


@pytest.mark.parametrize("steps", [150, 450])
def test_outcomes_do_not_depend_on_how_many_are_looked_at_together(steps, monkeypatch) -> None:
    objective, starts, rates = bounded_and_crawling()
    expected = Flock(objective, steps).run(starts, rates)
    monkeypatch.setattr(flock, "SEEN_FLOATS", 7 * 3 * steps)
    found = Flock(objective, steps).run(starts, rates)
    for name, array in vars(expected).items():
        np.testing.assert_array_equal(getattr(found, name), array)


def test_moves_too_long_to_be_squared_are_no_rest() -> None:
    # The target is so small that η_C is that large; nothing may warn of it.
    starts, rates = np.array([[1.5, 1e-150], [0.2, 1e-150]]), np.array([1e160, 1e200])
    ends = Flock(scalar_objective((1, 1, 1), 1e-200), 9).run(starts, rates)
    assert [OUTCOMES[code] for code in ends.outcome] == ["diverged", "minimum"]


@pytest.mark.parametrize("steps", [1, 7, 33, 500, 3001])
def test_phases_cover_the_budget_once(steps: int) -> None:
    for last in {0, steps // 3, steps // 2}:
        parts = list(phases(steps, last))
        assert [step for part in parts for step in range(*part)] == list(range(steps))
        assert parts[-1] == (last, steps)

"""Gradient descent, θ ← θ − η∇L(θ), as a generator of stretches of its trajectory.

This is the one place where the update rule stands. Measuring, streaming, progress, caching and
cancelling wrap the generator; closing it stops the work.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from eosdash.core.minimum import global_minimum
from eosdash.core.network import Array, Objective
from eosdash.core.outcome import BALL, Outcome, Watch
from eosdash.core.spectrum import SpectrumTracker

FIRST_STRETCH = 16
LONGEST_STRETCH = 256
STRETCH_FLOATS = 200_000
"""About how many numbers of trajectory a stretch may hold: keeps rows coming from large
networks. Lengths depend on the network alone, so that a run repeats to the last bit."""


@dataclass(frozen=True)
class Stretch:
    """Consecutive points of a trajectory.

    Attributes:
        step: step of the first point; step 0 is the start.
        path: the points θ, (T, P).
        lr: η used to leave each point, (T,).
        loss, grad_norm: L(θ) and ‖∇L(θ)‖₂ there, (T,).
    """

    step: int
    path: Array
    lr: Array
    loss: Array
    grad_norm: Array


@dataclass(frozen=True)
class Ending:
    """How a trajectory ended.

    Attributes:
        outcome: its fate.
        step: number of steps done, which is also the number of points in the stretches.
        period: p of a periodic outcome.
        period_step: the step from which the orbit returns to itself after p steps.
        theta: the point reached, (P,); beyond the last one in the stretches by one step.
    """

    outcome: Outcome
    step: int
    period: int | None
    period_step: int | None
    theta: Array


def learning_rates(lr: float, schedule: Sequence[tuple[int, float]], steps: int) -> Array:
    """η at each of the steps 0 … steps − 1, (steps,), changed by pairs (step, η)."""
    rates = np.full(steps, lr)
    for step, rate in schedule:
        rates[step:] = rate
    return rates


def descend(
    objective: Objective,
    theta: Array,
    lr: float,
    steps: int,
    schedule: Sequence[tuple[int, float]] = (),
) -> Iterator[Stretch | Ending]:
    """Run gradient descent from ``theta`` (P,) and yield stretches, then the ending.

    It ends early when a global minimum is reached (the step no longer moves: ‖∇L‖ ≤ 1e-9, at
    the lowest loss) or when θ leaves the ball of radius 1e6; overflow is an outcome, not an
    error. A saddle ends nothing: a trajectory may still leave it.
    """
    rates = learning_rates(lr, schedule, steps)
    lowest = global_minimum(objective)
    last_change = max((step for step, _ in schedule), default=0)
    watch = Watch(objective.network.parameters, lowest.value, lowest.tolerance, last_change)
    longest = int(np.clip(STRETCH_FLOATS // objective.network.parameters, 4, LONGEST_STRETCH))
    step, length, diverged = 0, min(FIRST_STRETCH, longest), False
    while step < steps and not diverged:
        stretch, theta, diverged = _advance(objective, theta, step, rates[step : step + length])
        reached = watch.at_minimum(step, stretch.loss, stretch.grad_norm)
        if reached is not None and (not schedule or _is_stable(objective, stretch, reached)):
            point = stretch.path[reached]
            theta = point - stretch.lr[reached] * objective.gradient(point)
            yield _head(stretch, reached + 1)
            yield Ending(Outcome.MINIMUM, step + reached + 1, None, None, theta)
            return
        watch.follow(step, stretch.path, stretch.loss, stretch.grad_norm)
        yield stretch
        step += len(stretch.loss)
        length = min(2 * length, longest)
    outcome = Outcome.DIVERGED if diverged else watch.verdict()
    periodic = outcome is Outcome.PERIODIC
    yield Ending(
        outcome,
        step,
        watch.period if periodic else None,
        watch.period_step if periodic else None,
        theta,
    )


def _advance(
    objective: Objective, theta: Array, step: int, rates: Array
) -> tuple[Stretch, Array, bool]:
    """One stretch, the point after it, and whether that point has left the ball."""
    path = np.empty((len(rates), len(theta)))
    gradients = np.empty_like(path)
    done, left = 0, False
    with np.errstate(over="ignore", invalid="ignore"):
        while done < len(rates) and not left:
            path[done] = theta
            gradients[done] = gradient = objective.gradient(theta)
            theta = theta - rates[done] * gradient
            done += 1
            left = not theta @ theta <= BALL**2
    path, gradients = path[:done], gradients[:done]
    grad_norm = np.linalg.norm(gradients, axis=1)
    return Stretch(step, path, rates[:done], objective.loss(path), grad_norm), theta, left


def _is_stable(objective: Objective, stretch: Stretch, index: int) -> bool:
    """Whether S ≤ 2/η at a point of a stretch: a minimum reached at one learning rate may not
    hold at the next."""
    extremes = SpectrumTracker(objective)(stretch.path[index : index + 1])
    return bool(extremes.top[0, 0] <= 2 / stretch.lr[index])


def _head(stretch: Stretch, length: int) -> Stretch:
    """The first ``length`` points of a stretch."""
    return Stretch(
        stretch.step,
        stretch.path[:length],
        stretch.lr[:length],
        stretch.loss[:length],
        stretch.grad_norm[:length],
    )

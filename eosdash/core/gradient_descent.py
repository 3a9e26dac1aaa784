"""Gradient descent, θ ← θ − η∇L(θ), as a generator of stretches of its trajectory.

The update rule, with momentum and mini-batches, stands in :mod:`eosdash.core.optimizers`.
Measuring, streaming, progress, caching and cancelling wrap the generator; closing it stops the
work.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from eosdash.core.minimum import UNKNOWN, curves_up, lowest_known
from eosdash.core.network import Array
from eosdash.core.nonlinear import NonlinearObjective
from eosdash.core.optimizers import GRADIENT_DESCENT, Optimizer, Sampled, Walk
from eosdash.core.outcome import BALL, Outcome, Watch
from eosdash.core.protocols import Surface
from eosdash.core.spectrum import SpectrumTracker

FIRST_STRETCH = 16
LONGEST_STRETCH = 256
STRETCH_FLOATS = 200_000
"""About how many numbers of trajectory a stretch may hold: keeps rows coming from large
networks. Lengths depend on the network alone, so that a run repeats to the last bit."""

STRETCH_SAMPLES = 50_000
"""How many samples the points of a stretch may visit, all together: keeps rows coming where a
step takes long."""


@dataclass(frozen=True)
class Stretch:
    """Consecutive points of a trajectory.

    Attributes:
        step: step of the first point; step 0 is the start.
        path: the points θ, (T, P).
        lr: η used to leave each point, (T,).
        loss, grad_norm: L(θ) and ‖∇L(θ)‖₂ there, of the full loss, (T,).
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
    objective: Surface,
    theta: Array,
    lr: float,
    steps: int,
    schedule: Sequence[tuple[int, float]] = (),
    optimizer: Optimizer = GRADIENT_DESCENT,
) -> Iterator[Stretch | Ending]:
    """Run gradient descent from ``theta`` (P,) and yield stretches, then the ending.

    It ends early when a minimum is reached (the step no longer moves: ‖∇L‖ ≤ 1e-9, and with
    momentum or mini-batches a step is no longer than η/(1 − β) times that) or when θ leaves the
    ball of radius 1e6; overflow is an outcome, not an error. A linear network's minimum is the
    global one, at the lowest loss; any other's is a point from which the loss curves down in no
    direction, see :func:`eosdash.core.minimum.curves_up`. A saddle ends nothing: a trajectory may
    still leave it.

    Raises:
        ValueError: if the optimizer asks for mini-batches that the loss cannot give.
    """
    rates = learning_rates(lr, schedule, steps)
    lowest = lowest_known(objective)
    last_change = max((step for step, _ in schedule), default=0)
    watch = Watch(objective.network.parameters, lowest.value, lowest.tolerance, last_change)
    judge = _Judge(objective, optimizer, lowest is UNKNOWN, bool(schedule))
    walk = Walk(objective, optimizer)
    longest = _longest(objective)
    step, length, diverged = 0, min(FIRST_STRETCH, longest), False
    while step < steps and not diverged:
        stretch, theta, diverged = _advance(walk, theta, step, rates[step : step + length])
        unrest = _unrest(stretch, theta, optimizer)
        reached = watch.at_minimum(step, stretch.loss, unrest)
        if reached is not None and judge.accepts(stretch, reached):
            after = stretch.path[reached + 1 :]
            yield _head(stretch, reached + 1)
            yield Ending(
                Outcome.MINIMUM, step + reached + 1, None, None, after[0] if len(after) else theta
            )
            return
        watch.follow(step, stretch.path, stretch.loss, unrest)
        yield stretch
        step += len(stretch.loss)
        length = min(2 * length, longest)
    outcome = Outcome.DIVERGED if diverged else judge.named(watch.verdict(), stretch)
    periodic = outcome is Outcome.PERIODIC
    yield Ending(
        outcome,
        step,
        watch.period if periodic else None,
        watch.period_step if periodic else None,
        theta,
    )


def _longest(objective: Surface) -> int:
    """Most points of a stretch."""
    most = STRETCH_FLOATS // objective.network.parameters
    if isinstance(objective, Sampled):
        most = min(most, STRETCH_SAMPLES // objective.samples)
    return int(np.clip(most, 4, LONGEST_STRETCH))


def _advance(walk: Walk, theta: Array, step: int, rates: Array) -> tuple[Stretch, Array, bool]:
    """One stretch, the point after it, and whether that point has left the ball."""
    path = np.empty((len(rates), len(theta)))
    gradients = np.empty_like(path)
    slopes = _Slopes(walk.objective)
    done, left = 0, False
    with np.errstate(over="ignore", invalid="ignore"):
        while done < len(rates) and not left:
            path[done] = theta
            gradients[done] = gradient = slopes.at(theta)
            theta = walk.step(theta, gradient, rates[done])
            done += 1
            left = not theta @ theta <= BALL**2
    path, gradients = path[:done], gradients[:done]
    grad_norm = np.linalg.norm(gradients, axis=1)
    return Stretch(step, path, rates[:done], slopes.losses(path), grad_norm), theta, left


class _Slopes:
    """Gradients at the points of a stretch in turn, and afterwards the losses there: on samples,
    both from the same pass through the network."""

    def __init__(self, objective: Surface) -> None:
        self.objective = objective
        self._losses: list[Array] = []

    def at(self, theta: Array) -> Array:
        """∇L(θ), (P,)."""
        if not isinstance(self.objective, NonlinearObjective):
            return self.objective.gradient(theta)
        at = self.objective.linearize(theta)
        self._losses.append(at.loss)
        return at.gradient

    def losses(self, path: Array) -> Array:
        """L(θ), (T,), at those points (T, P)."""
        return np.array(self._losses) if self._losses else self.objective.loss(path)


def _unrest(stretch: Stretch, end: Array, optimizer: Optimizer) -> Array:
    """What has to vanish at a minimum, (T,): ‖∇L‖, and where steps are made of more than that,
    (1 − β)/η times the length of the step from each point. ``end`` is the point after the last."""
    if optimizer.is_plain:
        return stretch.grad_norm
    with np.errstate(over="ignore", invalid="ignore"):
        moves = np.linalg.norm(np.diff(stretch.path, axis=0, append=end[None]), axis=1)
        return np.maximum(stretch.grad_norm, (1 - optimizer.momentum) / stretch.lr * moves)


@dataclass(frozen=True)
class _Judge:
    """Decides whether a point where the gradient vanishes is a minimum to stop at."""

    objective: Surface
    optimizer: Optimizer
    by_curvature: bool
    scheduled: bool

    def accepts(self, stretch: Stretch, index: int) -> bool:
        """Whether that point of a stretch is one."""
        point = stretch.path[index]
        if self.by_curvature and not curves_up(self.objective, point):
            return False
        return not self.scheduled or self._is_stable(point, stretch.lr[index])

    def named(self, outcome: Outcome, last: Stretch) -> Outcome:
        """The verdict when the budget is spent: at a minimum only if curvature has no objection."""
        minimum = outcome is Outcome.MINIMUM and self.by_curvature
        if minimum and not curves_up(self.objective, last.path[-1]):
            return Outcome.SADDLE
        return outcome

    def _is_stable(self, point: Array, lr: float) -> bool:
        """Whether S is up to the stability threshold, 2/η: a minimum reached at one learning rate
        may not hold at the next."""
        extremes = SpectrumTracker(self.objective)(point[None])
        return bool(extremes.top[0, 0] <= self.optimizer.threshold(lr))


def _head(stretch: Stretch, length: int) -> Stretch:
    """The first ``length`` points of a stretch."""
    return Stretch(
        stretch.step,
        stretch.path[:length],
        stretch.lr[:length],
        stretch.loss[:length],
        stretch.grad_norm[:length],
    )

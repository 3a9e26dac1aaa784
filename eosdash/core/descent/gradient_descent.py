"""Gradient descent, θ ← θ − η∇L(θ), as a generator of stretches of its trajectory.

The update rule, with momentum and mini-batches, stands in :mod:`eosdash.core.descent.optimizers`.
Measuring, streaming, progress, caching and cancelling wrap the generator; closing it stops the
work.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eosdash.core.descent.critical_points import (
    CRITICAL_POINTS,
    CriticalPoint,
    CriticalPoints,
    is_minimum,
)
from eosdash.core.descent.optimizers import GRADIENT_DESCENT, Optimizer, Sampled, Walk
from eosdash.core.descent.recurrence import TAIL, onset, projection
from eosdash.core.descent.verdict import Seen, crawl, is_unstable, judge
from eosdash.core.networks.nonlinear import NonlinearObjective
from eosdash.core.networks.protocols import Surface
from eosdash.core.outcome import OUTCOMES, Outcome, Scale, scale_of, watched_from
from eosdash.core.types import Array

FIRST_STRETCH = 16
LONGEST_STRETCH = 256
STRETCH_FLOATS = 400_000
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
        step: number of steps done, which is also the number of points in the stretches. A minimum
            was reached at the last of them, step − 1; the ball was left from there.
        period: p of a periodic outcome.
        period_step: the step from which the orbit returns to itself after p steps.
        theta: the point reached, (P,); beyond the last one in the stretches by one step.
        critical_point: what kind of critical point the run ended at, if at one.
    """

    outcome: Outcome
    step: int
    period: int | None
    period_step: int | None
    theta: Array
    critical_point: CriticalPoint = CriticalPoint.NONE


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

    It ends early at a minimum that is stable at the last learning rate, or where θ leaves the
    ball; overflow is an outcome, not an error. A saddle ends nothing: a trajectory may still leave
    it. What is a minimum, the ball, and every other outcome is defined in
    :mod:`eosdash.core.outcome`.

    Raises:
        ValueError: if the optimizer asks for mini-batches that the loss cannot give.
    """
    rates = learning_rates(lr, schedule, steps)
    watch = _Watch(objective, optimizer, theta, rates, max((at for at, _ in schedule), default=0))
    walk = Walk(objective, optimizer)
    longest = _longest(objective)
    step, length, diverged = 0, min(FIRST_STRETCH, longest), False
    while step < steps and not diverged:
        some = rates[step : step + length]
        stretch, theta, diverged = _advance(walk, theta, step, some, watch.ball)
        reached = watch.follow(stretch, theta)
        if reached is not None:
            index, kind = reached
            after = stretch.path[index + 1 :]
            yield _head(stretch, index + 1)
            end = after[0] if len(after) else theta
            yield Ending(Outcome.MINIMUM, step + index + 1, None, None, end, kind)
            return
        yield stretch
        step += len(stretch.loss)
        length = min(4 * length, longest)
    yield Ending(Outcome.DIVERGED, step, None, None, theta) if diverged else watch.ending(theta)


class _Watch:
    """Follows one trajectory stretch by stretch and says what became of it.

    Args:
        start: θ_0, (P,).
        rates: η of all steps, (steps,).
        settled_from: the step from which convergence may be called: the last change of the
            learning rate, because what is stable at one may not be at the next.
    """

    def __init__(
        self,
        objective: Surface,
        optimizer: Optimizer,
        start: Array,
        rates: Array,
        settled_from: int,
    ) -> None:
        self.optimizer, self.rates, self.settled_from = optimizer, rates, settled_from
        self.critical = CriticalPoints(objective)
        scale: Scale = scale_of(objective)
        self.ball = float(scale.ball(start))
        self.quiet = scale.quiet(rates)
        self._projection = projection(len(start))
        self._orbit: list[Array] = []
        self._unrest: list[Array] = []
        self._last = start
        self._turned_down = False

    def follow(self, stretch: Stretch, end: Array) -> tuple[int, CriticalPoint] | None:
        """Take in a stretch and the point after it; the index of the first of its points that is
        a stable minimum, and of which kind, if there is one."""
        unrest = _unrest(stretch, end, self.optimizer)
        self._unrest.append(unrest)
        path = stretch.path
        self._orbit.append(path if self._projection is None else path @ self._projection)
        self._last = path[-1]
        rests = unrest <= self.quiet[stretch.step : stretch.step + len(unrest)]
        rests[: max(0, self.settled_from - stretch.step)] = False
        return self._minimum(stretch, rests)

    def _minimum(
        self, stretch: Stretch, rests: NDArray[np.bool_]
    ) -> tuple[int, CriticalPoint] | None:
        """Asked about curvature, a run at rest is not asked again before it has moved on."""
        begins = rests & ~np.concatenate([[self._turned_down], rests[:-1]])
        lowest = rests & self.critical.may_be_lowest(stretch.loss)
        asked = np.flatnonzero(begins | lowest)
        self._turned_down = bool(rests[-1])
        if not asked.size:
            return None
        theta = stretch.path[asked].T
        kinds = self.critical.kinds(theta, stretch.loss[asked])
        minima = np.flatnonzero(is_minimum(kinds))
        for i in minima[:1]:
            one, at = slice(i, i + 1), int(asked[i])
            lr = stretch.lr[at : at + 1]
            if not is_unstable(self.critical, self.optimizer, theta[:, one], kinds[one], lr)[0]:
                return at, CRITICAL_POINTS[kinds[i]]
            if self._unrest[-1][at] == 0:
                return at, CriticalPoint.UNSTABLE
        return None

    def ending(self, end: Array) -> Ending:
        """What a trajectory is that spent its budget without arriving."""
        if self._crawls(end):
            return Ending(Outcome.UNDECIDED, len(self.rates), None, None, end)
        orbit, unrest = np.concatenate(self._orbit), np.concatenate(self._unrest)
        steps = len(unrest)
        begin = watched_from(steps, TAIL)
        seen = Seen(
            steps,
            orbit[begin:, :, None],
            unrest[begin:, None],
            self.quiet[-1:],
            self._last[:, None],
            end[:, None],
            self.rates[-1:],
        )
        verdict = judge(self.critical, self.optimizer, seen)
        outcome, period = OUTCOMES[verdict.outcome[0]], int(verdict.period[0]) or None
        since = None if period is None else onset(orbit, period)
        kind = CRITICAL_POINTS[verdict.kind[0]]
        return Ending(outcome, steps, period, since, end, kind)

    def _crawls(self, end: Array) -> bool:
        if not self.optimizer.is_plain:
            return False
        lr, gradient = self.rates[-1], self.critical.objective.gradient
        move = lr * gradient(end)
        further = lr * gradient(end - move)
        return bool(crawl(move[:, None], further[:, None], lr * self.quiet[-1])[0])


def _longest(objective: Surface) -> int:
    """Most points of a stretch."""
    most = STRETCH_FLOATS // objective.network.parameters
    if isinstance(objective, Sampled):
        most = min(most, STRETCH_SAMPLES // objective.samples)
    return int(np.clip(most, 4, LONGEST_STRETCH))


def _advance(
    walk: Walk, theta: Array, step: int, rates: Array, ball: float
) -> tuple[Stretch, Array, bool]:
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
            left = not theta @ theta <= ball**2
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


def _head(stretch: Stretch, length: int) -> Stretch:
    """The first ``length`` points of a stretch."""
    return Stretch(
        stretch.step,
        stretch.path[:length],
        stretch.lr[:length],
        stretch.loss[:length],
        stretch.grad_norm[:length],
    )

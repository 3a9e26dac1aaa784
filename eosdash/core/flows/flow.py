"""Gradient flow, θ′ = −∇L(θ), beside a run of gradient descent, as a generator of chunks.

Step t of a run with learning rates η_0, η_1, … is set beside the flow at the time
η_0 + ⋯ + η_{t−1}, as in Cohen et al. 2021 (arXiv:2103.00065).

The integrator is SciPy's RK23 (Bogacki and Shampine 1989), with an error per step of at most
1e-6 |θ_i| + 1e-9 in the root mean square. The flow of a network soon goes with the slow
directions while the sharp ones limit an explicit step to about 2.5 / S; then the method with the
most stability for a gradient is the cheapest. Measured on tanh 1-30-20-1, Chebyshev T_6, up to
time 300 at this tolerance: RK23 3,600 gradients (error 2e-6), RK45 5,600 (5e-7), DOP853 5,600
(4e-8), LSODA 18,500, or 995 and many whole Hessians, the slowest of all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import RK23

from eosdash.core.curvature.spectrum import SpectrumTracker
from eosdash.core.networks.protocols import Surface
from eosdash.core.outcome import scale_of
from eosdash.core.types import Array

TOLERANCE = 1e-6
"""Relative error per step; a thousandth of it absolute."""

WORK = 300_000
"""Gradients spent on a flow, at most."""

FIRST_CHUNK, LONGEST_CHUNK = 16, 128
PATIENCE = 2_000
"""Gradients after which a chunk is handed out though it is not full."""


class FlowStatus(StrEnum):
    """How a flow ended."""

    FINISHED = "finished"
    """All samples are there."""
    OVERWORKED = "overworked"
    """The budget of gradients was spent: the flow is too stiff, or too long."""
    OVERFLOWED = "overflowed"
    """It left the ball of radius 1e6, or the numbers that double precision can hold."""
    STUCK = "stuck"
    """No step is small enough for the tolerance."""


@dataclass(frozen=True)
class FlowChunk:
    """Consecutive samples of a flow; the first belongs to step ``step`` of the run.

    Attributes:
        step: index of the first sample.
        time: of each sample, (T,).
        path: θ, (T, P).
        loss, grad_norm: L(θ) and ‖∇L(θ)‖₂, (T,).
        eigenvalues: the k largest of the Hessian, descending, (T, k); NaN where not finite.
        converged: whether those hold to 1e-6 relative to the spectral norm, (T,).
    """

    step: int
    time: Array
    path: Array
    loss: Array
    grad_norm: Array
    eigenvalues: Array
    converged: NDArray[np.bool_]

    @property
    def sharpness(self) -> Array:
        """λ_max(∇²L(θ)), (T,)."""
        return self.eigenvalues[:, 0]


@dataclass(frozen=True)
class FlowEnding:
    """How a flow ended, after how many samples, at what time, with how many gradients."""

    status: FlowStatus
    samples: int
    time: float
    gradients: int


def times_of(rates: Array) -> Array:
    """Times (T + 1,) of the steps 0 … T of a run with learning rates ``rates`` (T,)."""
    return np.concatenate([[0.0], np.cumsum(rates)])


def flow(
    surface: Surface,
    theta: Array,
    times: Array,
    eigenvalues: int = 1,
    tolerance: float = TOLERANCE,
    work: int = WORK,
    longest: int = LONGEST_CHUNK,
    patience: int = PATIENCE,
) -> Iterator[FlowChunk | FlowEnding]:
    """Gradient flow from ``theta`` (P,), sampled at ``times``; chunks, then the ending.

    Args:
        surface: the loss.
        times: when to sample, (T,): not negative, ascending; 0 is the start.
        eigenvalues: how many of the largest Hessian eigenvalues each sample gets.
        tolerance: relative error per step.
        work: gradients to spend, at most.
        longest: samples of a chunk, at most.
        patience: gradients after which a chunk is handed out though it is not full, or empty.

    Samples between steps are cubic Hermite interpolants, of the order of the method.

    Raises:
        ValueError: for times that descend or are negative.
    """
    if np.any(np.diff(times) < 0) or np.any(times[:1] < 0):
        raise ValueError("times ascend from 0 or later")
    sampler = _Sampler(surface, theta, times, tolerance, work)
    sampler.patience = patience
    spectrum = SpectrumTracker(surface, eigenvalues, lowest=False)
    length = min(FIRST_CHUNK, longest)
    while sampler.status is None:
        first = sampler.done
        path = sampler.advance(length)
        yield _chunk(surface, spectrum, first, times[first : sampler.done], path)
        length = min(2 * length, longest)
    yield FlowEnding(sampler.status, sampler.done, sampler.time, sampler.gradients)


def _chunk(
    surface: Surface, spectrum: SpectrumTracker, step: int, time: Array, path: Array
) -> FlowChunk:
    """What is measured at samples (T, P), if there are any."""
    if not len(path):
        none, top = np.empty(0), np.empty((0, spectrum.count))
        return FlowChunk(step, none, path, none, none, top, none.astype(bool))
    with np.errstate(all="ignore"):
        grad_norm = np.linalg.norm(surface.gradient(path), axis=1)
        ends = spectrum(path)
        loss = surface.loss(path)
    return FlowChunk(step, time, path, loss, grad_norm, ends.top, ends.converged)


class _Sampler:
    """The integrator, asked for the points at given times."""

    def __init__(
        self, surface: Surface, theta: Array, times: Array, tolerance: float, work: int
    ) -> None:
        self.surface, self.times, self.work = surface, times, work
        self.done = self.gradients = 0
        self._ball = scale_of(surface).ball(theta)
        self.patience = PATIENCE
        self.status: FlowStatus | None = None
        with np.errstate(all="ignore"):
            if not len(times):
                self.status = FlowStatus.FINISHED
            elif not np.linalg.norm(self._velocity(0.0, theta)) < np.inf:
                self.status = FlowStatus.OVERFLOWED
            end = float(times[-1]) if len(times) else 0.0
            start = np.zeros_like(theta) if self.status else theta
            self._solver = RK23(
                self._velocity, 0.0, start, end, rtol=tolerance, atol=1e-3 * tolerance
            )

    @property
    def time(self) -> float:
        """How far the integration has come."""
        return float(self._solver.t)

    def _velocity(self, _: float, theta: Array) -> Array:
        self.gradients += 1
        return -self.surface.gradient(theta)

    def advance(self, length: int) -> Array:
        """Up to ``length`` more samples, (n, P); fewer when that is too much work."""
        rows: list[Array] = []
        started = self.gradients
        with np.errstate(all="ignore"):
            while len(rows) < length and self.status is None:
                if self.times[self.done] > self._solver.t:
                    self._step()
                else:
                    self._sample(rows, length)
                if self.gradients - started > self.patience:
                    break
        return np.array(rows).reshape(len(rows), len(self._solver.y))

    def _sample(self, rows: list[Array], length: int) -> None:
        """All the samples up to where the integration has come."""
        solver = self._solver
        between = None if solver.t_old is None else solver.dense_output()
        while self.done < len(self.times) and len(rows) < length:
            time = self.times[self.done]
            if time > solver.t:
                return
            if between is None or time == solver.t:
                rows.append(solver.y.copy())
            else:
                rows.append(np.asarray(between(time)))
            self.done += 1
        if self.done == len(self.times):
            self.status = FlowStatus.FINISHED

    def _step(self) -> None:
        if self.gradients >= self.work:
            self.status = FlowStatus.OVERWORKED
            return
        self._solver.step()
        if self._solver.status == "failed":
            self.status = FlowStatus.STUCK
        elif not np.linalg.norm(self._solver.y) <= self._ball:
            self.status = FlowStatus.OVERFLOWED

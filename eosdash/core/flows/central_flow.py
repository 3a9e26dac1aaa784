"""The central flow: where gradient descent goes on average while it oscillates.

Cohen, Damian, Talwalkar, Kolter and Lee 2024 (arXiv:2410.24206) replace a run of gradient
descent θ_t = w_t + δ_t by its time average w and the covariance Σ of the oscillation δ. With one
step of gradient descent as the time η,

    w′ = −∇L(w) − ½ ∇⟨Σ, H(w)⟩,     Σ ⪰ 0,   H ⪯ 2/η on the space below,   ⟨Σ, 2/η − H⟩ = 0:

Σ lives on the eigenvectors whose eigenvalue is 2/η, and is what it takes to keep the eigenvalues
from growing beyond: a differential complementarity problem over positive semidefinite matrices.

What is approximate here, beside the theory itself:

- U holds the eigenvectors with λ_i > 0.95 · 2/η, at most ``most`` of them. More than are critical
  does no harm, since complementarity gives the others Σ = 0; fewer would, and the ending says so.
- Third derivatives G_ij = ∇(u_iᵀ H u_j) are central differences of Hessian products,
  :func:`eosdash.core.curvature.eigenpairs.curvature_slopes`.
- Time is cut into ``parts`` pieces τ of a step. Over a piece U, G and Σ = U X Uᵀ are frozen, and
  X is chosen so that the linearized eigenvalues *at its end* obey the constraint: with
  A_ij = −⟨G_ij, ∇L⟩ and M_ij,kl = ⟨G_ij, G_kl⟩,

      X ⪰ 0,   S = 2/η − Λ − τ (A − ½ M X) ⪰ 0,   ⟨X, S⟩ = 0.

  What is second order in τ is left over, and taken into the next piece: there the same equation
  pulls the eigenvalues back to 2/η, so that they do not drift. The first piece after a change of
  k, and every small error in Λ, thus show up as a little noise in X.
- With X frozen the flow takes one step of the classical Runge–Kutta method, stable for S below
  2.78/τ. Along U it relaxes within a step; A and M allow for that with the method's own factor.
- Not a part of the central flow: the start of the oscillation. Gradient descent crosses 2/η and
  goes on until the oscillation has grown, for some hundred steps after a long calm, in which its
  oscillation had shrunk to rounding; the flow turns at once. Nor are the cycles about the average.
- Networks with ReLU: curvature that changes at kinks is not seen, and predictions are poor.

Measured on tanh 1-30-20-1, Chebyshev T_6, η = 0.2 (``python -m benchmarks.central_flow``, seed 0):
over steps 1,364–6,000 the median sharpness is 10.000 against 10.004 of gradient descent, the mean
loss within 8 % and tr Σ within 11 % in each sixth of them, and the paths 0.2 apart after a way of
8.8. Of seed 1 the same once its oscillation has grown, 10 % and 13 %.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eosdash.core.curvature.eigenpairs import TopEigenpairs, curvature_slopes
from eosdash.core.flows.complementarity import packed, solve, unpacked
from eosdash.core.networks.protocols import Surface
from eosdash.core.outcome import scale_of
from eosdash.core.types import Array

MARGIN = 0.05
"""Eigenvalues this close below 2/η, relatively, take part."""

CRITICAL = 0.01
"""Eigenvalues this close to 2/η, relatively, are counted as critical."""

OUTSIDE = 0.2
"""The flow is given up where the sharpness is this far above 2/η, relatively."""

FIRST_CHUNK, LONGEST_CHUNK = 8, 64


class CentralStatus(StrEnum):
    """How a central flow ended."""

    FINISHED = "finished"
    """All samples are there."""
    CROWDED = "crowded"
    """All samples are there, but somewhere as many eigenvalues took part as were allowed to."""
    OUTSIDE = "outside"
    """The central flow says nothing here: the sharpness was 20 % above 2/η, as after a start
    there, or only an oscillation larger than θ itself could hold it down, if any: a quadratic."""
    OVERFLOWED = "overflowed"
    """It left the ball of radius 1e6, or the numbers that double precision can hold."""


@dataclass(frozen=True)
class CentralChunk:
    """Consecutive samples of a central flow, one a step of the run; the first is ``step``.

    Attributes:
        step: index of the first sample; sample t stands beside step t of gradient descent.
        time: Σ η up to it, (T,).
        path: w, (T, P).
        loss: L(w), (T,).
        mean_loss: L(w) + ½ ⟨H(w), Σ⟩, the predicted time average of the loss, (T,).
        grad_norm: ‖∇L(w)‖₂, (T,).
        eigenvalues: the largest of H(w), descending, (T, most).
        variance: uᵀ Σ u for their eigenvectors, in the units of ‖θ‖², (T, most).
        rank: number of directions that oscillate, rank Σ, (T,).
        critical: number of eigenvalues within 1 % of 2/η or above, (T,).
        converged: whether the eigenvalues hold to 1e-6 and X solved its problem to 1e-8, (T,).
    """

    step: int
    time: Array
    path: Array
    loss: Array
    mean_loss: Array
    grad_norm: Array
    eigenvalues: Array
    variance: Array
    rank: NDArray[np.int64]
    critical: NDArray[np.int64]
    converged: NDArray[np.bool_]

    @property
    def sharpness(self) -> Array:
        """λ_max(H(w)), (T,)."""
        return self.eigenvalues[:, 0]

    @property
    def total_variance(self) -> Array:
        """tr Σ, the predicted variance of the oscillation, (T,)."""
        return np.asarray(self.variance.sum(axis=1))


@dataclass(frozen=True)
class CentralEnding:
    """How a central flow ended, and after how many samples."""

    status: CentralStatus
    samples: int


class _Sample(NamedTuple):
    """One row of a chunk, in the order of its fields from ``time`` on."""

    time: float
    path: Array
    loss: float
    mean_loss: float
    grad_norm: float
    eigenvalues: Array
    variance: Array
    rank: int
    critical: int
    converged: bool


def central_flow(
    surface: Surface,
    theta: Array,
    rates: Array,
    most: int = 3,
    parts: int = 1,
    longest: int = LONGEST_CHUNK,
) -> Iterator[CentralChunk | CentralEnding]:
    """The central flow from ``theta`` (P,), sampled at every step of a run; chunks, then the end.

    Args:
        surface: the loss, three times differentiable.
        rates: η at each step, (T,); sample t stands before step t.
        most: how many oscillating directions there may be.
        parts: pieces that a step is cut into.
        longest: steps of a chunk, at most.

    A piece costs 4 gradients, one solve for ``most`` eigenvectors from a warm start and, near the
    edge, 2k² Hessian products.
    """
    flow = _CentralFlow(surface, theta, most, parts)
    done, length = 0, min(FIRST_CHUNK, longest)
    status: CentralStatus | None = None
    while status is None:
        rows: list[_Sample] = []
        with np.errstate(all="ignore"):
            for rate in rates[done : done + length]:
                row = flow.step(float(rate))
                status = flow.status
                if np.isfinite(row.grad_norm):
                    rows.append(row)
                if status is not None:
                    break
        if rows:
            yield _chunk(done, rows)
        done += len(rows)
        length = min(2 * length, longest)
        if status is None and done >= len(rates):
            status = CentralStatus.CROWDED if flow.crowded else CentralStatus.FINISHED
    yield CentralEnding(status, done)


def _chunk(step: int, rows: list[_Sample]) -> CentralChunk:
    time, path, loss, mean_loss, grad_norm, eigenvalues, variance, rank, critical, converged = (
        np.array(column) for column in zip(*rows, strict=True)
    )
    return CentralChunk(
        step, time, path, loss, mean_loss, grad_norm, eigenvalues, variance, rank, critical,
        converged.astype(bool),
    )  # fmt: skip


class _Oscillation(NamedTuple):
    """Σ on the leading eigenvectors: X (k, k), its push ½ ∇⟨Σ, H⟩ (P,), whether X was found, and
    whether it is no larger than 1 + ‖θ‖²; else it is left out."""

    covariance: Array
    push: Array
    solved: bool = True
    possible: bool = True


class _CentralFlow:
    """The state of a central flow, and one step of it."""

    def __init__(self, surface: Surface, theta: Array, most: int, parts: int) -> None:
        self.surface, self.theta, self.parts = surface, theta, parts
        self.pairs = TopEigenpairs(surface, most)
        self.time = 0.0
        self._ball = scale_of(surface).ball(theta)
        self.crowded = False
        self.status: CentralStatus | None = None

    def step(self, rate: float) -> _Sample:
        """The sample before a step with learning rate η, which is then taken."""
        sample = self._piece(rate)
        for _ in range(self.parts - 1):
            if self.status is None:
                self._piece(rate)
        self.time += rate
        return sample

    def _piece(self, rate: float) -> _Sample:
        theta, threshold, tau = self.theta, 2 / rate, rate / self.parts
        found = self.pairs(theta[None])
        values, vectors = found.values[0], found.vectors[0]
        gradient = self.surface.gradient(theta)
        size = float(np.linalg.norm(gradient))
        if not (size < np.inf and values[0] <= np.inf):
            self.status = CentralStatus.OVERFLOWED
        elif values[0] > (1 + OUTSIDE) * threshold:
            self.status = CentralStatus.OUTSIDE
        count = int(np.sum(values > (1 - MARGIN) * threshold)) if self.status is None else 0
        self.crowded |= count == len(values) < len(theta)
        wave = self._oscillation(vectors[:count], values[:count], gradient, threshold, tau)
        if not wave.possible:
            self.status = CentralStatus.OUTSIDE
        if self.status is None:
            self._advance(wave.push, tau)
        loss = float(self.surface.loss(theta))
        variance = np.zeros(len(values))
        variance[:count] = np.diagonal(wave.covariance)
        strength = np.linalg.eigvalsh(wave.covariance) if count else np.zeros(1)
        return _Sample(
            time=self.time,
            path=theta,
            loss=loss,
            mean_loss=loss + 0.5 * float(variance @ np.where(variance > 0, values, 0.0)),
            grad_norm=size,
            eigenvalues=values,
            variance=variance,
            rank=int(np.sum(strength > 1e-3 * strength[-1])) if strength[-1] > 0 else 0,
            critical=int(np.sum(values > (1 - CRITICAL) * threshold)),
            converged=bool(found.converged[0]) and wave.solved,
        )

    def _oscillation(
        self, vectors: Array, values: Array, gradient: Array, threshold: float, tau: float
    ) -> _Oscillation:
        """X from its complementarity problem, for k eigenpairs at a point."""
        count = len(values)
        if not count:
            return _Oscillation(np.zeros((0, 0)), np.zeros_like(gradient))
        slopes = packed(curvature_slopes(self.surface, self.theta, vectors).transpose(2, 0, 1))
        slopes = slopes.T  # (k (k + 1) / 2, P)
        relaxed = slopes - ((slopes @ vectors.T) * (1 - _relaxation(tau * values))) @ vectors
        excess = packed(np.diag(values - threshold)) - tau * (relaxed @ gradient)
        answer, solved = solve(0.5 * tau * (relaxed @ slopes.T), excess, count)
        covariance = unpacked(answer, count)
        found = solved or answer.any()
        if not (found and np.trace(covariance) <= 1 + self.theta @ self.theta):
            return _Oscillation(np.zeros((count, count)), np.zeros_like(gradient), False, False)
        return _Oscillation(covariance, 0.5 * slopes.T @ answer, solved)

    def _advance(self, push: Array, tau: float) -> None:
        """One Runge–Kutta step of w′ = −∇L(w) − push."""
        start, gradient = self.theta, self.surface.gradient
        k1 = -gradient(start) - push
        k2 = -gradient(start + 0.5 * tau * k1) - push
        k3 = -gradient(start + 0.5 * tau * k2) - push
        k4 = -gradient(start + tau * k3) - push
        self.theta = start + tau / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        if not np.linalg.norm(self.theta) <= self._ball:
            self.status = CentralStatus.OVERFLOWED


def _relaxation(z: Array) -> Array:
    """How far one step of the method takes x′ = v − λx from x = 0, as a part of τv; z = τλ."""
    return 1 - z / 2 + z**2 / 6 - z**3 / 24

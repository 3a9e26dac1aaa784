"""Gradient descent on two weights as a map of the plane: its fold, caustic and preimages.

With one input, one output and widths (1, 1, 1) a step takes θ = (a, b) to

    G(a, b) = (c a − ε b, c b − ε a),      ε = k (ab − y),  k = ηΣ,  c = 1 − ηr.

In s = a + b and d = a − b it reads s ↦ s (c − ε), d ↦ d (c + ε), which makes everything here
exact. Points have their coordinates in the first axis, (2, …). Only 0 < c, that is ηr < 1, is
treated.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eosdash.core.networks.linear import Objective
from eosdash.core.types import Array

MOST_PREIMAGES = 5
"""The equation for ε is of degree five."""

DOUBLE = 1e-13
"""α or β this small beside the other coefficients counts as zero, and its pair of roots as double:
rounding moves each by about 1e-8."""

NEWTON_STEPS = 3

MARGIN = 1.25
"""The plane is drawn this much beyond the fold, and its image beyond the caustic."""


class PlaneMap(NamedTuple):
    """A step of gradient descent on the weights (a, b).

    Attributes:
        rate: k = ηΣ, positive.
        rest: c = 1 − ηr, positive.
        target: y.
    """

    rate: float
    rest: float
    target: float

    def __call__(self, points: Array) -> Array:
        """G at points (2, …)."""
        a, b = points
        error = self.rate * (a * b - self.target)
        return np.stack([self.rest * a - error * b, self.rest * b - error * a])

    def determinant(self, points: Array) -> Array:
        """det DG = (c − ka²)(c − kb²) − k²(2ab − y)² at points (2, …), (…)."""
        a, b = points
        mixed = self.rate * (2 * a * b - self.target)
        return (self.rest - self.rate * a**2) * (self.rest - self.rate * b**2) - mixed**2


class Mesh(NamedTuple):
    """Lines of a square mesh, (K, 2, m): K of constant a, and K of constant b."""

    constant_a: Array
    constant_b: Array


class PreimageGrid(NamedTuple):
    """Numbers of preimages of the points of a grid.

    Attributes:
        x, y: coordinates, (N,) each.
        number: how many (a, b) are taken to each point, rows along y, (N, N).
    """

    x: Array
    y: Array
    number: NDArray[np.int8]


def plane_map(objective: Objective, lr: float) -> PlaneMap:
    """The map of a network of sizes (1, 1, 1)."""
    return PlaneMap(
        rate=lr * float(objective.covariance[0, 0]),
        rest=1 - lr * objective.weight_decay,
        target=float(objective.solution[0, 0]),
    )


def fold(step: PlaneMap, points: int = 97) -> list[Array]:
    """The zero set of det DG, one or two closed curves (2, m).

    With x = k ab and Y = k y, it is where c k s² = 3 (Y + c − x)(x − (Y − c)/3) and
    c k d² = 3 ((Y + c)/3 − x)(x − (Y − c)): over one interval of x, at whose ends s or d is 0.
    One curve around the origin for |Y| < c, otherwise two.

    Args:
        points: on each of the arcs that signs of s and d tell apart.
    """
    k, c, y = step.rate, step.rest, step.rate * step.target
    # The interval is where both products are positive, each between its two roots.
    sums, differences = sorted([(y - c) / 3, y + c]), sorted([y - c, (y + c) / 3])
    low, high = max(sums[0], differences[0]), min(sums[1], differences[1])
    # Evenly spaced angles resolve the square roots at the ends.
    x = (low + high) / 2 - (high - low) / 2 * np.cos(np.linspace(0, np.pi, points))
    s = np.sqrt(np.maximum(3 * (y + c - x) * (x - (y - c) / 3), 0) / (c * k))
    d = np.sqrt(np.maximum(3 * ((y + c) / 3 - x) * (x - (y - c)), 0) / (c * k))
    arc = np.stack([s, d])
    mirror_s, mirror_d = np.array([[-1.0], [1.0]]), np.array([[1.0], [-1.0]])
    if abs(y) < c:
        half = np.concatenate([arc, mirror_d * arc[:, -2::-1]], axis=1)
        curves = [np.concatenate([half, -half[:, 1:]], axis=1)]
    else:
        across, along = (mirror_d, mirror_s) if y > 0 else (mirror_s, mirror_d)
        loop = np.concatenate([arc, across * arc[:, -2::-1]], axis=1)
        curves = [loop, along * loop]
    for curve in curves:
        curve[:, -1] = curve[:, 0]
    return [_weights(curve) for curve in curves]


def reach(step: PlaneMap) -> float:
    """Half width of a square around the fold and the balanced minimizers."""
    furthest = max(float(np.abs(curve).max()) for curve in fold(step))
    return MARGIN * max(furthest, abs(step.target) ** 0.5)


def mesh(half_width: float, lines: int = 21, points: int = 121) -> Mesh:
    """A mesh of the square of a half width, ``points`` along each of 2 · ``lines`` lines."""
    at, along = (np.linspace(-half_width, half_width, n) for n in (lines, points))
    still, moving = np.broadcast_arrays(at[:, None], along)
    return Mesh(np.stack([still, moving], axis=1), np.stack([moving, still], axis=1))


def image(step: PlaneMap, lines: Array) -> Array:
    """G along lines (K, 2, m)."""
    return step(lines.swapaxes(0, 1)).swapaxes(0, 1)


def preimages(step: PlaneMap, points: Array) -> Array:
    """All (a, b) that a step takes to each of the points (2, n): (2, n, 5), the rest NaN.

    With τ = ε/c, ϱ = k y/c, α = k (p + q)²/4c³ and β = k (p − q)²/4c³ for the point (p, q),

        (τ + ϱ)(1 − τ²)² = α (1 + τ)² − β (1 − τ)²,

    and each real root is a preimage s = (p + q)/c(1 − τ), d = (p − q)/c(1 + τ). If p + q = 0
    the double root τ = 1 leaves s = 0 instead, or ±s from ab = y + c/k; and likewise d. Near
    the caustic two preimages meet, and closer than rounding they may count as none.
    """
    k, c, y = step
    sums, differences = points[0] + points[1], points[0] - points[1]
    scale = k / (4 * c**3)
    alpha, beta = scale * sums**2, scale * differences**2
    found = np.full((2, points.shape[1], MOST_PREIMAGES), np.nan)
    rho = k * y / c
    on_sum = alpha <= DOUBLE * (1 + abs(rho) + beta)
    on_difference = beta <= DOUBLE * (1 + abs(rho) + alpha)
    for first, second in ((False, False), (True, False), (False, True), (True, True)):
        which = np.flatnonzero((on_sum == first) & (on_difference == second))
        if not len(which):
            continue
        # The equation without the double roots τ = 1 and τ = −1 that these points leave.
        tau = _real_roots(_reduced(rho, alpha[which], beta[which], first, second))
        free = tau.shape[1]
        s, d = np.zeros_like(tau), np.zeros_like(tau)
        with np.errstate(divide="ignore", invalid="ignore"):
            if not first:
                s = sums[which, None] / (c * (1 - tau))
            if not second:
                d = differences[which, None] / (c * (1 + tau))
        found[:, which, :free] = np.where(np.isnan(tau), np.nan, np.stack([s, d]))
        if first:
            d = differences[which] / (2 * c)
            s = _root_or_nan(d**2 + 4 * (y + c / k))
            found[:, which, free] = s, d
            found[:, which, free + 1] = -s, d
            free += 2
        if second:
            s = sums[which] / (2 * c)
            d = _root_or_nan(s**2 - 4 * (y - c / k))
            found[:, which, free] = s, d
            found[:, which, free + 1] = s, -d
    return _polished(step, _weights(found), points[:, :, None])


def count_preimages(step: PlaneMap, resolution: int = 61) -> PreimageGrid:
    """Numbers of preimages on a square around the caustic and the balanced minimizers."""
    furthest = max(float(np.abs(step(curve)).max()) for curve in fold(step))
    half = MARGIN * max(furthest, abs(step.target) ** 0.5)
    # Exactly symmetric, so that the lines p = ±q, where preimages coincide, are met exactly.
    axis = (np.arange(resolution) - (resolution - 1) / 2) * (2 * half / (resolution - 1))
    p, q = np.meshgrid(axis, axis)
    found = preimages(step, np.stack([p.ravel(), q.ravel()]))
    number = np.sum(~np.isnan(found[0]), axis=-1, dtype=np.int8)
    return PreimageGrid(axis, axis, number.reshape(resolution, resolution))


def _weights(sums_and_differences: Array) -> Array:
    """(a, b) from (s, d), (2, …)."""
    s, d = sums_and_differences
    return np.stack([s + d, s - d]) / 2


def _root_or_nan(square: Array) -> Array:
    return np.sqrt(np.where(square >= 0, square, np.nan))


def _reduced(rho: float, alpha: Array, beta: Array, no_sum: bool, no_difference: bool) -> Array:
    """Monic coefficients after the leading one, highest degree first, (n, degree)."""
    one = np.ones_like(alpha)
    if no_sum and no_difference:
        return np.stack([rho * one], axis=-1)
    if no_sum:
        return np.stack([(rho + 2) * one, (1 + 2 * rho) * one, rho + beta], axis=-1)
    if no_difference:
        return np.stack([(rho - 2) * one, (1 - 2 * rho) * one, rho - alpha], axis=-1)
    constant = rho - alpha + beta
    return np.stack(
        [rho * one, -2 * one, constant - 3 * rho, 1 - 2 * alpha - 2 * beta, constant], axis=-1
    )


def _real_roots(coefficients: Array) -> Array:
    """Real roots of monic polynomials (n, degree), NaN in place of the others."""
    count, degree = coefficients.shape
    companion = np.zeros((count, degree, degree))
    companion[:, np.arange(1, degree), np.arange(degree - 1)] = 1.0
    companion[:, 0] = -coefficients
    roots = np.linalg.eigvals(companion)
    # A real matrix has its real eigenvalues without any imaginary part.
    return np.where(np.imag(roots) == 0, np.real(roots), np.nan)


def _polished(step: PlaneMap, found: Array, points: Array) -> Array:
    """After Newton steps on G(a, b) = (p, q), each taken where it lowers the residual."""
    k, c, y = step
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        left = step(found) - points
        for _ in range(NEWTON_STEPS):
            a, b = found
            mixed = k * (2 * a * b - y)
            toward = np.stack(
                [
                    (c - k * a**2) * left[0] + mixed * left[1],
                    (c - k * b**2) * left[1] + mixed * left[0],
                ]
            )
            moved = found - toward / step.determinant(found)
            after = step(moved) - points
            better = np.abs(after).max(axis=0) < np.abs(left).max(axis=0)
            found, left = np.where(better, moved, found), np.where(better, after, left)
    return found

"""The minimizers M of a scalar chain as a curve or surface, its sharpness, and what is stable.

On M, w_L ⋯ w_1 = y ≠ 0, the sharpness is S = Σ y² (1/w_1² + … + 1/w_L²), Σ the mean of x². All
here is without weight decay.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from eosdash.core.networks.linear import Objective
from eosdash.core.types import Array

FURTHEST = 3.0
"""The surface is drawn at most this many e-foldings from the balanced minimizers."""

MOST_EXPONENT = 700.0


class Hyperbola(NamedTuple):
    """The minimizers ab = y of a chain of depth 2; branch 0 has a > 0, branch 1 a < 0.

    Attributes:
        points: (a, b) along both branches, (2, 2, n): branch, coordinate, place.
        sharpness: S at each point, (2, n).
    """

    points: Array
    sharpness: Array


class Surface(NamedTuple):
    """The minimizers abc = y of a chain of depth 3, one patch for each pair of signs of a and b.

    Attributes:
        points: (a, b, c) on a grid of log-spaced |a| (rows) and |b| (columns), (4, 3, n, n).
        sharpness: S at each vertex, (4, n, n).
    """

    points: Array
    sharpness: Array


class WeightBound(NamedTuple):
    """Bounds on every |w_i| of a stable minimizer of a scalar chain.

    Attributes:
        lower: |y| √(ηΣ/2), since one term of S alone exceeds 2/η below it.
        upper: |y| · lower^{−(L−1)}, which the product y then leaves to the others.
        smallest, largest: the values of |w_i| between which there are stable minimizers, with
            the others all equal; both NaN if there are none.
    """

    lower: float
    upper: float
    smallest: float
    largest: float


def chain_sharpness(weights: Array, variance: float) -> Array:
    """S at minimizers of a scalar chain, weights (L, …) with no zero, (…)."""
    product = np.multiply.reduce(weights, axis=0)
    return np.asarray(variance * np.sum((product / weights) ** 2, axis=0))


def hyperbola(objective: Objective, lr: float, points: int = 201) -> Hyperbola:
    """The minimizers of a chain of depth 2, to where S is twice the larger of 2/η and min S.

    With |a|, |b| = √|y| e^{±u} the sharpness is min S · cosh 2u.
    """
    y, variance = _target(objective)
    end = 0.5 * math.acosh(2 * max(1.0, 2 / lr / (2 * variance * abs(y))))
    a = math.sqrt(abs(y)) * np.exp(np.linspace(-end, end, points))
    branch = np.stack([a, y / a])
    both = np.stack([branch, -branch])
    return Hyperbola(both, chain_sharpness(both.swapaxes(0, 1), variance))


def surface(objective: Objective, lr: float, points: int = 41) -> Surface:
    """The minimizers of a chain of depth 3 around the stable ones, at most by e³.

    ``points`` of |a| and of |b| reach as far as the largest |w_i| of a stable minimizer, and
    as far below |y|^{1/3} as above it.
    """
    y, variance = _target(objective)
    center = abs(y) ** (1 / 3)
    largest = weight_bound(objective, lr).largest / center
    end = 1.0 if math.isnan(largest) else min(max(1.0, math.log(largest) + 0.25), FURTHEST)
    modulus = center * np.exp(np.linspace(-end, end, points))
    a, b = np.meshgrid(modulus, modulus, indexing="ij")
    patches = [
        np.stack([i * a, j * b, y / (i * a * j * b)]) for i in (1.0, -1.0) for j in (1.0, -1.0)
    ]
    both = np.stack(patches)
    return Surface(both, chain_sharpness(both.swapaxes(0, 1), variance))


def weight_bound(objective: Objective, lr: float) -> WeightBound:
    """Bounds on every |w_i| over M_η, for y ≠ 0.

    With one weight fixed, S is least if the others share the rest of the product equally:
    for w_i = |y|^{1/L} e^u

        S(u) = (min S / L) (e^{−2u} + (L − 1) e^{2u/(L−1)}),

    decreasing to u = 0 and increasing from there.
    """
    y, variance = _target(objective)
    depth = objective.network.depth
    size = math.log(abs(y))  # logarithms, which neither overflow nor vanish
    threshold = math.log(2) - math.log(lr) - math.log(variance)
    low = size - threshold / 2
    lower, upper = _exp(low), _exp(size - (depth - 1) * low)
    if depth == 1:
        only = abs(y) if threshold >= 0 else math.nan
        return WeightBound(lower, upper, only, only)
    center = size / depth
    allowed = threshold - 2 * (size - center)

    def excess(u: float) -> float:
        others = math.log(depth - 1) + 2 * u / (depth - 1)
        return float(np.logaddexp(-2 * u, others)) - allowed

    # At η = η_C rounding must not turn the balanced minimizers away.
    if excess(0.0) > 1e-12:
        return WeightBound(lower, upper, math.nan, math.nan)
    if excess(0.0) >= 0:
        return WeightBound(lower, upper, _exp(center), _exp(center))
    # A little beyond where one of the two terms alone reaches what is allowed.
    down = -0.5 * allowed - 0.1
    up = 0.5 * (depth - 1) * (allowed - math.log(depth - 1) + 0.1)
    smallest, largest = (_exp(center + brentq(excess, 0, end)) for end in (down, up))
    return WeightBound(lower, upper, smallest, largest)


def _exp(exponent: float) -> float:
    """e^x, infinite instead of an overflow."""
    return math.exp(exponent) if exponent < MOST_EXPONENT else math.inf


def _target(objective: Objective) -> tuple[float, float]:
    """y and Σ."""
    return float(objective.solution[0, 0]), float(objective.covariance[0, 0])

"""Measures of a map of outcomes: the shares of the outcomes and how fractal their boundary is.

A map is an array of codes (M, N), indices into ``OUTCOMES``, one at each point of a regular grid.
Every code is an outcome of its own. Lengths are in pixels, the distance of neighbouring points.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import entr, ndtri

from eosdash.core.maps.calibration import known_dimensions, known_uncertainties
from eosdash.core.maps.exponents import (
    LEAST_SIDE,
    Codes,
    Fit,
    box_counting_dimension,
    uncertainty_exponent,
)
from eosdash.core.outcome import OUTCOMES
from eosdash.core.types import Array


class Fraction(NamedTuple):
    """A share between 0 and 1, and the ends of its confidence interval."""

    value: float
    low: float
    high: float


class Entropy(NamedTuple):
    """Basin entropy in nats.

    Attributes:
        total: S_b, the mean over all boxes.
        boundary: S_bb, the mean over the boxes with more than one outcome; 0 if there are none.
        boxes, boundary_boxes: how many there are of either.
    """

    total: float
    boundary: float
    boxes: int
    boundary_boxes: int

    @property
    def is_fractal(self) -> bool:
        """The log 2 criterion: S_bb > log 2 implies a fractal boundary.

        Sufficient, not necessary: two outcomes never exceed log 2, however fractal. It speaks of
        small boxes, nearly all of which see two outcomes if a boundary is smooth; on a coarse map
        boxes that see three are not rare.
        """
        # A mean of numbers that are all log 2 may round up.
        return self.boundary > math.log(2) * (1 + 1e-12)


class Boundary(NamedTuple):
    """What is measured of the boundary between outcomes."""

    entropy: Entropy
    dimension: Fit
    uncertainty: Fit


def wilson(count: ArrayLike, total: ArrayLike, confidence: float = 0.95) -> tuple[Array, Array]:
    """Wilson score interval of a share (Wilson 1927): the lower and upper ends, (...) each.

    Args:
        count: how many of the sample have the property, (...).
        total: size of the sample, (...), broadcast with ``count``; 0 gives the interval (0, 1).
        confidence: probability that an interval covers the share, strictly between 0 and 1.
    """
    number, size = np.broadcast_arrays(np.asarray(count, float), np.asarray(total, float))
    z = ndtri((1 + confidence) / 2)
    center = (number + z**2 / 2) / (size + z**2)
    spread = number * (size - number) / np.maximum(size, 1)
    half = z * np.sqrt(spread + z**2 / 4) / (size + z**2)
    # Both ends are exact there, but for rounding.
    low = np.where(number == 0, 0.0, center - half)
    high = np.where(number == size, 1.0, center + half)
    return low, high


def fractions(outcome: Codes, confidence: float = 0.95) -> dict[str, Fraction]:
    """Share of the pixels (M, N) of each outcome, zero included, with its Wilson interval.

    The interval is that of as many points drawn independently and uniformly from the window, the
    squares around all pixels. For a regular grid laid at random it is conservative where the
    boundary winds: the share then errs by the order of N^{D/2 − 2}, N^{−3/2} for a smooth boundary
    (Kendall, Hlawka and Matheron), and the interval is as wide as N^{−1}. It is not conservative
    where the boundary follows the grid, as straight edges and thin strips along an axis do. Nor
    does it allow for the half pixel at each side by which the window exceeds the extent of the
    points, a frame with 2/N of its area.
    """
    counts = np.bincount(outcome.ravel(), minlength=len(OUTCOMES))
    low, high = wilson(counts, outcome.size, confidence)
    return {
        name: Fraction(float(count / outcome.size), float(start), float(stop))
        for name, count, start, stop in zip(OUTCOMES, counts, low, high, strict=True)
    }


def basin_entropy(outcome: Codes, box: int = 5) -> Entropy:
    """Gibbs entropy −Σ p log p of the shares of the outcomes (M, N) in boxes of box × box pixels.

    The boxes do not overlap; incomplete ones at the last rows and columns are left out (Daza,
    Wagemakers, Georgeot, Guéry-Odelin and Sanjuán 2016, doi:10.1038/srep31416).

    Raises:
        ValueError: if no box fits.
    """
    if not 1 <= box <= min(outcome.shape):
        raise ValueError(f"no box of {box} × {box} pixels fits into the map")
    rows, columns = outcome.shape[0] // box, outcome.shape[1] // box
    kinds = len(OUTCOMES)
    number = np.arange(rows * columns).reshape(rows, columns).repeat(box, 0).repeat(box, 1)
    pairs = kinds * number + outcome[: rows * box, : columns * box]
    counts = np.bincount(pairs.ravel(), minlength=rows * columns * kinds).reshape(-1, kinds)
    entropies = entr(counts / box**2).sum(axis=1)
    mixed = (counts > 0).sum(axis=1) > 1
    return Entropy(
        total=float(entropies.mean()),
        boundary=float(entropies[mixed].mean()) if mixed.any() else 0.0,
        boxes=rows * columns,
        boundary_boxes=int(mixed.sum()),
    )


def measure_boundary(outcome: Codes) -> Boundary:
    """Basin entropy, dimension and uncertainty of a map (M, N), with what tells how far the two
    exponents can be trusted.

    Sides below 64 pixels have fewer than three sizes, so that the exponents are NaN.

    Raises:
        ValueError: if a side is below 5 pixels.
    """
    fits = []
    for estimate, known in (
        (box_counting_dimension, known_dimensions),
        (uncertainty_exponent, known_uncertainties),
    ):
        fit = estimate(outcome)
        if not np.isnan(fit.exponent):
            coarser = tuple(estimate(part).exponent for part in _thinned(outcome))
            fit = fit._replace(coarser=coarser, known=known(outcome.shape))
        fits.append(fit)
    return Boundary(basin_entropy(outcome), *fits)


def _thinned(outcome: Codes) -> Iterator[Codes]:
    """The map on every second, fourth, … pixel, as long as exponents can be fitted to it."""
    while min(outcome.shape) >= 2 * LEAST_SIDE - 1:
        outcome = outcome[::2, ::2]
        yield outcome

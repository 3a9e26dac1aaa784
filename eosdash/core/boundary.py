"""Measures of a map of outcomes: the shares of the outcomes and how fractal their boundary is.

A map is an array of codes (M, N), indices into ``OUTCOMES``, one at each point of a regular grid.
Every code is an outcome of its own. Lengths are in pixels, the distance of neighbouring points.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr, ndtri

from eosdash.core.network import Array
from eosdash.core.outcome import OUTCOMES

Codes = NDArray[np.uint8]

FEWEST_SIZES = 3
"""A power law is fitted to no fewer points than this: two always lie on a line."""


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


class Fit(NamedTuple):
    """A power law fitted to what is seen at different sizes, value ≈ e^intercept · size^slope.

    Attributes:
        exponent: what the slope says: α = slope, or D = −slope. NaN, as are the three numbers
            below, if there are fewer than three sizes with a value above 0.
        error: standard error of the slope. It says how straight the points lie. The same boundary
            is behind all of them, so the exponent may be further off than that.
        slope, intercept: least squares of log value on log size, all points alike.
        sizes: in pixels, ascending powers of two, (n,).
        values: a fraction or a count at each size, (n,); those of 0 have no part in the fit.
    """

    exponent: float
    error: float
    slope: float
    intercept: float
    sizes: Array
    values: Array

    @property
    def line(self) -> Array:
        """Values of the fitted law at the sizes, (n,)."""
        return np.exp(self.intercept) * self.sizes**self.slope


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


def uncertainty_exponent(outcome: Codes) -> Fit:
    """α of f(ε) ~ ε^α, the share of the pixels (M, N) whose outcome is uncertain within ε.

    A pixel is uncertain if the outcome differs at any of the four pixels that are ε away along
    an axis, of those on the map (Grebogi, McDonald, Ott and Yorke 1983,
    doi:10.1016/0375-9601(83)90945-3). α = 2 − D for the box-counting dimension D of the boundary
    between basins of positive area: an outcome on a set without area is missed at distance ε.
    """
    sizes = _sizes(outcome)
    shares = [float(_uncertain(outcome, size).mean()) for size in sizes]
    return _fit(sizes, shares, 1)


def _uncertain(outcome: Codes, distance: int) -> NDArray[np.bool_]:
    uncertain = np.zeros(outcome.shape, dtype=bool)
    # Writing to the transposed view writes to the map.
    for codes, found in ((outcome, uncertain), (outcome.T, uncertain.T)):
        differs = codes[distance:] != codes[:-distance]
        found[distance:] |= differs
        found[:-distance] |= differs
    return uncertain


def box_counting_dimension(outcome: Codes) -> Fit:
    """D of N(s) ~ s^{−D}, the number of boxes of side s that the boundary of (M, N) passes.

    The boundary runs between the points of the grid: it passes the unit square with a pixel at
    its lower left if the outcomes at the four corners are not all the same. Boxes are made of
    s × s such squares, so a box counts if the outcomes differ among its pixels and those of the
    next row and column, and no piece of boundary is in two boxes of a size. At the last row and
    column, where there is no next, the pixels of the box decide. All sizes count in the same
    region, the map cut to whole boxes of the largest size: a side of 2ⁿ pixels is not cut at all.
    """
    sizes = _sizes(outcome)
    if not sizes:
        return _fit(sizes, [], -1)
    rows, columns = (length // sizes[-1] * sizes[-1] for length in outcome.shape)
    framed = np.pad(outcome, (0, 1), mode="edge")[: rows + 1, : columns + 1]
    corner = framed[:-1, :-1]
    passed = (corner != framed[:-1, 1:]) | (corner != framed[1:, :-1]) | (corner != framed[1:, 1:])
    counts = [int(passed.sum())]
    for _ in sizes[1:]:
        passed = passed[::2] | passed[1::2]
        passed = passed[:, ::2] | passed[:, 1::2]
        counts.append(int(passed.sum()))
    return _fit(sizes, counts, -1)


def measure_boundary(outcome: Codes) -> Boundary:
    """Basin entropy, dimension and uncertainty of a map (M, N).

    Sides below 64 pixels have fewer than three sizes, so that the exponents are NaN.

    Raises:
        ValueError: if a side is below 5 pixels.
    """
    return Boundary(
        basin_entropy(outcome), box_counting_dimension(outcome), uncertainty_exponent(outcome)
    )


def _sizes(outcome: Codes) -> list[int]:
    """1, 2, 4, … up to a sixteenth of the shorter side: beyond it the finite map is felt."""
    return [2**power for power in range((min(outcome.shape) // 16).bit_length())]


def _fit(sizes: list[int], values: list[float] | list[int], sign: int) -> Fit:
    """The power law through ``values``, with exponent ``sign`` times its slope."""
    size, value = np.array(sizes, dtype=float), np.array(values, dtype=float)
    usable = value > 0
    number = int(usable.sum())
    if number < FEWEST_SIZES:
        return Fit(np.nan, np.nan, np.nan, np.nan, size, value)
    x, y = np.log(size[usable]), np.log(value[usable])
    away = x - x.mean()
    slope = away @ y / (away @ away)
    intercept = y.mean() - slope * x.mean()
    residual = y - intercept - slope * x
    error = np.sqrt(residual @ residual / (number - 2) / (away @ away))
    return Fit(float(sign * slope), float(error), float(slope), float(intercept), size, value)

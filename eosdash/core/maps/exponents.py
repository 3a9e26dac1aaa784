"""Exponents of the boundary between outcomes: power laws fitted to what is seen at several sizes.

A map is an array of codes (M, N), one at each point of a regular grid. Every code is an outcome of
its own. Lengths are in pixels, the distance of neighbouring points.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eosdash.core.types import Array

Codes = NDArray[np.uint8]

FEWEST_SIZES = 3
"""A power law is fitted to no fewer points than this: two always lie on a line."""

LEAST_SIDE = 64
"""Sides below this have fewer sizes than that."""


class Known(NamedTuple):
    """What an estimate finds on a curve of known exponent, drawn on a grid of the same size.

    Attributes:
        curve: its name.
        truth: the exponent of the curve.
        exponent: what is found; the difference is the error of the estimate there.
    """

    curve: str
    truth: float
    exponent: float


class Fit(NamedTuple):
    """A power law fitted to what is seen at different sizes, value ≈ e^intercept · size^slope.

    Attributes:
        exponent: what the slope says: α = slope, or D = −slope. NaN, as are the three numbers
            below, if there are fewer than three sizes with a value above 0.
        error: standard error of the slope, which is that of the fit: it says how straight the
            points lie. The exponent is off by more, as ``slopes``, ``coarser`` and ``known`` tell.
        slope, intercept: least squares of log value on log size, all points alike.
        sizes: in pixels, ascending powers of two, (n,).
        values: a fraction or a count at each size, (n,); those of 0 have no part in the fit.
        coarser: the exponent found on every second, fourth, … pixel of the map, as long as
            sides have 64.
        known: what the same estimate finds on curves of known exponent.
        sign: 1 if the exponent is the slope, −1 if it is minus that.
    """

    exponent: float
    error: float
    slope: float
    intercept: float
    sizes: Array
    values: Array
    coarser: tuple[float, ...] = ()
    known: tuple[Known, ...] = ()
    sign: int = 1

    @property
    def slopes(self) -> Array:
        """The exponent from each size to the next alone, (n − 1,); NaN beside a value of 0. Where
        they drift, the power law does not hold over the sizes of the fit."""
        values = np.where(self.values > 0, self.values, np.nan)
        return np.asarray(self.sign * np.diff(np.log(values)) / np.diff(np.log(self.sizes)))

    @property
    def line(self) -> Array:
        """Values of the fitted law at the sizes, (n,)."""
        return np.exp(self.intercept) * self.sizes**self.slope


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


def _sizes(outcome: Codes) -> list[int]:
    """1, 2, 4, … up to a sixteenth of the shorter side: beyond it the finite map is felt."""
    return [2**power for power in range((min(outcome.shape) // 16).bit_length())]


def _fit(sizes: list[int], values: list[float] | list[int], sign: int) -> Fit:
    """The power law through ``values``, with exponent ``sign`` times its slope."""
    size, value = np.array(sizes, dtype=float), np.array(values, dtype=float)
    usable = value > 0
    number = int(usable.sum())
    if number < FEWEST_SIZES:
        return Fit(np.nan, np.nan, np.nan, np.nan, size, value, sign=sign)
    x, y = np.log(size[usable]), np.log(value[usable])
    away = x - x.mean()
    slope = away @ y / (away @ away)
    intercept = y.mean() - slope * x.mean()
    residual = y - intercept - slope * x
    error = np.sqrt(residual @ residual / (number - 2) / (away @ away))
    return Fit(
        float(sign * slope), float(error), float(slope), float(intercept), size, value, sign=sign
    )

"""Curves of known dimension on the grid of a map: what the estimates of exponents make of them.

A power law has to be read off a few sizes of a finite grid, and its exponent is off by more than
the standard error of the fit. How much, these curves show, which fill a map as a basin does:

- a circle, D = 1 and α = 1;
- the same with an outcome on a line within, one pixel wide, as the starts that reach a saddle are:
  still D = 1 and α = 1, but it is missed a few pixels away;
- a Koch snowflake, D = log 4 / log 3 and α = 2 − D.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from eosdash.core.maps.exponents import (
    Codes,
    Fit,
    Known,
    box_counting_dimension,
    uncertainty_exponent,
)

KOCH = math.log(4) / math.log(3)
"""Dimension of the Koch curve (von Koch 1904)."""

RADIUS, OFF_CENTRE, TILT = 0.38, 0.013 - 0.021j, 0.4
"""Of the curves, in sides of the map: none of them lies evenly on the grid."""

SHORTEST = 0.5
"""The snowflake is drawn until its edges have no more pixels than this."""

Complex = NDArray[np.complex128]


def known_dimensions(shape: tuple[int, ...]) -> tuple[Known, ...]:
    """What box counting finds on the curves, drawn on a map of so many rows and columns."""
    return _measured(shape)[0]


def known_uncertainties(shape: tuple[int, ...]) -> tuple[Known, ...]:
    """The same of the uncertainty exponent."""
    return _measured(shape)[1]


@lru_cache(maxsize=64)
def _measured(shape: tuple[int, ...]) -> tuple[tuple[Known, ...], tuple[Known, ...]]:
    dimensions, uncertainties = [], []
    for name, dimension, outcome in curves(shape):
        found: tuple[Fit, Fit] = box_counting_dimension(outcome), uncertainty_exponent(outcome)
        dimensions.append(Known(name, dimension, found[0].exponent))
        uncertainties.append(Known(name, 2 - dimension, found[1].exponent))
    return tuple(dimensions), tuple(uncertainties)


def curves(shape: tuple[int, ...]) -> list[tuple[str, float, Codes]]:
    """Name and dimension of each curve, and a map (M, N) of what lies inside."""
    rows, columns = shape
    side = min(shape)
    centre = complex(columns - 1, rows - 1) / 2 + OFF_CENTRE * side
    y, x = np.ogrid[:rows, :columns]
    circle = np.hypot(x - centre.real, y - centre.imag) < RADIUS * side
    crossed = circle.astype(np.uint8)
    crossed[circle & (x + y == round(centre.real + centre.imag))] = 2
    edges = math.ceil(math.log(math.sqrt(3) * RADIUS * side / SHORTEST, 3))
    flake = centre + RADIUS * side * np.exp(1j * TILT) * snowflake(edges)
    return [
        ("circle", 1.0, circle.astype(np.uint8)),
        ("circle, line of saddles", 1.0, crossed),
        ("Koch snowflake", KOCH, filled(flake, shape)),
    ]


def snowflake(rounds: int) -> Complex:
    """Corners of Koch's snowflake after so many rounds from a triangle on the unit circle."""
    corners = np.exp(-2j * np.pi * np.arange(3) / 3)
    for _ in range(rounds):
        third = (np.roll(corners, -1) - corners) / 3
        tip = corners + third * (1 + np.exp(1j * np.pi / 3))
        corners = np.stack([corners, corners + third, tip, corners + 2 * third], axis=1).ravel()
    return corners


def filled(corners: Complex, shape: tuple[int, ...]) -> Codes:
    """Which pixels (M, N) lie inside a polygon: to their left its edges cross their row an odd
    number of times."""
    ends = np.roll(corners, -1)
    low, high = np.minimum(corners.imag, ends.imag), np.maximum(corners.imag, ends.imag)
    first = np.ceil(low).astype(int)
    number = np.ceil(high).astype(int) - first
    edge = np.repeat(np.arange(len(corners)), number)
    row = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(number) - number, number)
    part = (row - corners.imag[edge]) / (ends - corners).imag[edge]
    column = np.ceil(corners.real[edge] + part * (ends - corners).real[edge]).astype(int)
    crossings = np.zeros(shape, dtype=np.uint32)
    seen = (row >= 0) & (row < shape[0]) & (column < shape[1])
    np.add.at(crossings, (row[seen], np.maximum(column[seen], 0)), 1)
    return (np.cumsum(crossings, axis=1) % 2).astype(np.uint8)

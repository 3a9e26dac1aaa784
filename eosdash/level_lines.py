"""Zero sets of functions of two coordinates, as curves.

SciPy's ``elementwise.find_root`` takes two to three times as long here: it evaluates the ends of
an edge again, which the grid has, and does not finish with a secant.
"""

from collections.abc import Callable

import numpy as np
from contourpy import LineType, contour_generator
from numpy.typing import NDArray

from eosdash.core.maps.slices import Extent
from eosdash.core.types import Array

NEAR = 0.02
"""From within this share of an edge a secant leads to the root."""

Function = Callable[[Array, Array], Array]
"""From coordinates (n,) and (n,) to K values at each point, (K, n)."""


def zero_lines(
    function: Function, extent: Extent, resolution: int, costly: bool = False
) -> list[Array]:
    """Zero sets of the K values of a function of order 1, as curves (2, m).

    Every vertex is the root on an edge of the grid: to rounding, or, for a ``costly`` function,
    by a secant through a point near it. Where the function is NaN nothing is drawn.
    """
    x, y = extent.axes(resolution)
    columns, rows = np.meshgrid(x, y)
    values = function(columns.ravel(), rows.ravel()).reshape(-1, resolution, resolution)
    found = [(sheet, line) for sheet, grid in enumerate(values) for line in traced(grid)]
    if not found:
        return []
    lengths = [line.shape[1] for _, line in found]
    sheet = np.repeat([sheet for sheet, _ in found], lengths)
    place = np.concatenate([line for _, line in found], axis=1)
    # On an edge one index is whole, and the other nearly a half.
    along = np.abs(place % 1 - 0.5) < 0.25
    i, j = np.where(along, np.floor(place), np.rint(place)).astype(int)
    k, l = np.stack([i, j]) + along
    start, stop = np.stack([x[i], y[j]]), np.stack([x[k], y[l]])

    def on_edge(t: Array, which: NDArray[np.intp]) -> Array:
        points = (1 - t) * start[:, which] + t * stop[:, which]
        return function(*points)[sheet[which], np.arange(len(which))]

    ends = values[sheet, j, i], values[sheet, l, k]
    if costly:
        t = roots(on_edge, *ends, NEAR * np.abs(ends[1] - ends[0]), steps=4)
    else:
        t = roots(on_edge, *ends, np.full(len(sheet), 1e-13), steps=60)
    points = (1 - t) * start + t * stop
    return _distinct(np.split(points, np.cumsum(lengths)[:-1], axis=1), extent)


def traced(values: Array) -> list[Array]:
    """The edges that the zero set of a grid (N, N) crosses, in its order: lines (2, m) of indices
    (column, row), whole along one axis and between 0.4 and 0.6 along the other."""
    positive = values > 0
    if not positive.any() or not np.any(values <= 0):
        return []
    # contourpy sees a sign times between 1 and 3/2. In a cell of diagonal signs it lets the mean
    # of the corners decide which of them are connected: of logarithms, that is the sign of the
    # bilinear interpolant at its saddle (Nielson and Hamann 1991, "The asymptotic decider").
    size = np.log(np.maximum(np.abs(values), np.finfo(float).tiny))
    lowest, highest = np.nanmin(size), np.nanmax(size)
    level = np.where(positive, 1.0, -1.0) * (1 + 0.5 * (size - lowest) / (highest - lowest or 1.0))
    contours = contour_generator(
        z=level, name="serial", corner_mask=False, line_type=LineType.Separate
    )
    return [np.asarray(line).T for line in contours.lines(0.0)]


def roots(
    function: Callable[[Array, NDArray[np.intp]], Array],
    at_0: Array,
    at_1: Array,
    tolerance: Array,
    steps: int,
) -> Array:
    """A root on [0, 1] of each of n functions that change sign there, (n,).

    Regula falsi in the Illinois variant (Dowell and Jarratt 1971), on values bounded by 1: a
    polynomial may be of order 1 at one end and 10³⁰ at the other. ``function`` takes the points
    and which of the functions to evaluate there. It ends with a secant through a point where the
    function is within ``tolerance`` (n,), or after ``steps``.
    """

    def bounded(value: Array) -> Array:
        return value / (1 + np.abs(value))

    old, new = np.zeros(len(at_0)), np.ones(len(at_1))
    at_old, at_new = bounded(at_0), bounded(at_1)

    def secant(which: NDArray[np.intp] | slice) -> Array:
        a, b, p, q = old[which], new[which], at_old[which], at_new[which]
        return b - q * (b - a) / (q - p)

    active = np.arange(len(old))
    for step in range(steps):
        t, last = secant(active), at_new[active]
        # Between two points where it is known the function may be lost in rounding.
        value = np.nan_to_num(function(t, active))
        crossed = (value > 0) != (last > 0)
        old[active] = np.where(crossed, new[active], old[active])
        at_old[active] = np.where(crossed, last, at_old[active] * (0.5 if step else 1.0))
        new[active], at_new[active] = t, bounded(value)
        active = active[np.abs(value) > tolerance[active]]
        if not len(active):
            break
    return secant(slice(None))


def _distinct(lines: list[Array], extent: Extent) -> list[Array]:
    """Without repetitions, which the equal eigenvalues of a symmetric point leave."""
    width, height = extent.right - extent.left, extent.high - extent.low
    near = 1e-6 * np.array([[width], [height]])
    kept: list[Array] = []
    for line in lines:
        same = (other for other in kept if other.shape == line.shape)
        if not any(np.all(np.abs(line - other) <= near) for other in same):
            kept.append(line)
    return kept

"""What can be drawn over a map of starts on a plane: loss, minimizers, and what is known exactly.

Everything is drawn on a :class:`Slice` within an :class:`Extent`, at the slice's learning rate η.
A part that does not exist for a network is None, and says why. A part that exists but lies
elsewhere is an empty list.
"""

import math
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.polynomial.chebyshev import chebvander
from numpy.typing import NDArray

from eosdash.assumptions import Setting
from eosdash.claims import why_not
from eosdash.core.curvature.curvature import Curvature
from eosdash.core.maps.slices import Extent, Slice
from eosdash.core.networks.linear import LinearNetwork, Objective
from eosdash.core.networks.nonlinear import Loss, NonlinearObjective
from eosdash.core.types import Array
from eosdash.level_lines import Function, zero_lines
from eosdash.surface_overlays import fold_lines, loss_on_grid

LOSS_RESOLUTION = 97
DEPTH_OF_LOSS = 1e-6
"""The loss is cut off below this share of the largest."""

MINIMIZER_RESOLUTION = 61, 241
MINIMIZER_EFFORT = 2_000_000
"""Grid points times parameters for the minimizers, as far as the resolution allows."""

FOLD_RESOLUTION = 35, 121
FOLD_EFFORT = 900
"""Resolution times size of the Hessian for the fold, as far as the resolution allows."""
FOLD_LIMIT = 32
"""The fold is drawn up to this size of the Hessian, which at every point of a grid takes 0.1 s."""

ELLIPSE, ARC = 361, 181
"""Points all around an ellipse, and in addition on each of its arcs in view."""

ROUNDING = 1e-3
"""An eigenvalue of ηH that rounding may change by more than this is not compared with 1."""

Part = TypeVar("Part")


class LossGrid(NamedTuple):
    """The loss on an evenly spaced grid.

    Attributes:
        x, y: coordinates, (N,) each.
        log10: log10 of the loss, rows along y, (N, N); no less than its largest value − 6.
    """

    x: Array
    y: Array
    log10: Array


class MinimizerCurve(NamedTuple):
    """A stretch of a curve of global minimizers.

    Attributes:
        points: its coordinates, (2, m).
        sharpness: S at each point, (m,).
        stable: whether S ≤ 2/η, (m,).
    """

    points: Array
    sharpness: Array
    stable: NDArray[np.bool_]


class Overlays(NamedTuple):
    """What can be drawn over a slice.

    Attributes:
        loss: the loss, for contour lines.
        minimizers: where the slice meets the global minimizers.
        region: boundary of the exact convergence region, closed curves (2, m) that may leave
            the extent.
        fold: zero set of det DG = det(I − η∇²L), where the map G of gradient descent folds,
            curves (2, m).
        balanced: where the slice's two weights have the same modulus, segments (2, 2).
        missing: for every part that is None the reason, in plain words.
    """

    loss: LossGrid
    minimizers: list[MinimizerCurve] | None
    region: list[Array] | None
    fold: list[Array] | None
    balanced: list[Array] | None
    missing: dict[str, str]


def overlays(objective: Loss, plane: Slice, extent: Extent) -> Overlays:
    """All that can be drawn over the part of ``plane`` within ``extent``.

    Curves found on a grid pass through the slice exactly where they cross its grid lines; a pair
    of them closer than the grid's spacing may be missed.
    """
    if isinstance(objective, NonlinearObjective):
        return _of_any_surface(objective, plane, extent)
    minimizers = _minimizers(objective, plane, extent)
    region = _region(objective, plane, extent)
    fold = _fold(objective, plane, extent)
    balanced = _balanced(objective, plane, extent)
    parts = {"minimizers": minimizers, "region": region, "fold": fold, "balanced": balanced}
    return Overlays(
        _loss(objective, plane, extent),
        _if_drawn(minimizers),
        _if_drawn(region),
        _if_drawn(fold),
        _if_drawn(balanced),
        missing={name: part for name, part in parts.items() if isinstance(part, str)},
    )


def _of_any_surface(objective: NonlinearObjective, plane: Slice, extent: Extent) -> Overlays:
    """Where the network is not linear, the loss and the fold are all that is known."""
    x, y, loss = loss_on_grid(objective, plane, extent)
    fold = fold_lines(objective, plane, extent)
    setting = Setting(objective, plane.lr)
    claims = {"minimizers": "curve", "region": "region", "balanced": "balance"}
    missing = {part: why_not(claim, setting) for part, claim in claims.items()}
    if isinstance(fold, str):
        missing["fold"] = fold
    return Overlays(_cut_off(x, y, loss), None, None, _if_drawn(fold), None, missing)


def _if_drawn(part: Part | str) -> Part | None:
    return None if isinstance(part, str) else part


def _loss(objective: Objective, plane: Slice, extent: Extent) -> LossGrid:
    """The loss on a plane is a polynomial of degree 2L, so a few points determine it; at the
    Chebyshev nodes to rounding of its largest value, far below where it is cut off."""
    x, y = extent.axes(LOSS_RESOLUTION)
    degree = 2 * objective.network.depth
    nodes = np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))
    fit = np.linalg.inv(chebvander(nodes, degree))
    interpolate = chebvander(np.linspace(-1, 1, LOSS_RESOLUTION), degree) @ fit
    across, up = (0.5 * ((a[0] + a[-1]) + (a[-1] - a[0]) * nodes) for a in (x, y))
    rows = [plane.starts(across, np.full(degree + 1, height)).theta.T for height in up]
    loss = interpolate @ np.array([objective.loss(row) for row in rows]) @ interpolate.T
    return _cut_off(x, y, loss)


def _cut_off(x: Array, y: Array, loss: Array) -> LossGrid:
    """Without what is negligible beside the largest loss."""
    smallest = max(DEPTH_OF_LOSS * loss.max(), np.finfo(float).tiny)
    return LossGrid(x, y, np.log10(np.maximum(loss, smallest)))


def _minimizers(objective: Objective, plane: Slice, extent: Extent) -> list[MinimizerCurve] | str:
    """The level lines product(θ) = y of a network with one input and one output.

    The residual is zero there, so ∇²L = Σ JᵀJ with J = ∇_θ product, and S = Σ ‖J‖².
    """
    if reason := why_not("curve", Setting(objective, plane.lr)):
        return reason
    network, target = objective.network, float(objective.solution[0, 0])
    stacks = _stacks(network, plane)

    def excess(x: Array, y: Array) -> Array:
        return _carried(stacks, x, y)[-1] / abs(target) - np.sign(target)

    resolution = _odd_within(MINIMIZER_RESOLUTION, np.sqrt(MINIMIZER_EFFORT / network.parameters))
    lines = zero_lines(excess, extent, resolution)
    curves = []
    for points in lines:
        sharpness = objective.covariance[0, 0] * _squared_gradient(stacks, *points)
        curves.append(MinimizerCurve(points, sharpness, sharpness <= 2 / plane.lr))
    return curves


def _region(objective: Objective, plane: Slice, extent: Extent) -> list[Array] | str:
    """Boundary of ‖u‖² + ‖v‖² − ηy uᵀv < (4 − η²y²)/η, with u = W_1, v = W_2 and η|y| < 1, from
    where almost every start converges to a global minimum and from outside almost none (Liang
    and Montúfar 2025, arXiv:2509.25351). Σ ≠ 1 multiplies the gradient, and so η."""
    if reason := why_not("region", Setting(objective, plane.lr)):
        return reason
    rate = plane.lr * float(objective.covariance[0, 0])
    target, width = float(objective.solution[0, 0]), objective.network.sizes[1]
    directions = np.stack([plane.across, plane.up])

    def form(left: Array, right: Array) -> Array:
        swapped = np.roll(right, width, axis=-1)
        return left @ (right - 0.5 * rate * target * swapped).T

    # Around its least value on the plane the form is that value and a square.
    matrix = form(directions, directions)
    center = -np.linalg.solve(matrix, form(directions, plane.base))
    lowest = plane.base + center @ directions
    left_over = (4 - (rate * target) ** 2) / rate - form(lowest, lowest)
    if left_over <= 0:
        return []
    axes = math.sqrt(left_over) * np.linalg.inv(np.linalg.cholesky(matrix)).T
    return [_ellipse(np.asarray(center), axes, extent)]


def _ellipse(center: Array, axes: Array, extent: Extent) -> Array:
    """The closed curve center + axes · (cos φ, sin φ), (2, m), finer where it is in view."""

    def at(angle: Array) -> Array:
        return center[:, None] + axes @ np.stack([np.cos(angle), np.sin(angle)])

    bounds = np.reshape(extent, (2, 2))
    reach, phase = np.hypot(*axes.T), np.arctan2(axes[:, 1], axes[:, 0])
    cosine = (bounds - center[:, None]) / reach[:, None]
    opening = np.arccos(np.clip(cosine, -1, 1))
    crossings = np.concatenate([phase[:, None] + opening, phase[:, None] - opening], axis=1)
    turn = 2 * np.pi
    corners = np.sort(crossings[np.tile(np.abs(cosine) < 1, 2)] % turn)
    angles = [np.linspace(0, turn, ELLIPSE)]
    for start, stop in zip(corners, np.append(corners[1:], corners[:1] + turn), strict=True):
        x, y = at(np.array([0.5 * (start + stop)]))[:, 0]
        if extent.left <= x <= extent.right and extent.low <= y <= extent.high:
            angles.append(np.linspace(start, stop, ARC) % turn)
    curve = at(np.sort(np.concatenate(angles)))
    curve[:, -1] = curve[:, 0]
    return curve


def _fold(objective: Objective, plane: Slice, extent: Extent) -> list[Array] | str:
    """Where an eigenvalue of η∇²L is 1.

    Several may be at once (in wide layers, an even number on whole curves), and det DG then need
    not change sign: each eigenvalue is followed on its own.
    """
    network = objective.network
    if network.depth == 1:
        return "With one layer the Hessian is the same everywhere, and nothing folds."
    if network.depth == 2 and network.sizes[0] == network.sizes[-1] == 1:
        factors = _factors_of_det(objective, plane)
        return zero_lines(factors, extent, FOLD_RESOLUTION[1])
    size = min(network.parameters, _compressed_size(network))
    if size > FOLD_LIMIT:
        return f"A Hessian at every point is too costly for {network.parameters} parameters."
    resolution = _odd_within(FOLD_RESOLUTION, FOLD_EFFORT / size)
    return zero_lines(_eigenvalues_below(objective, plane), extent, resolution, costly=True)


def _factors_of_det(objective: Objective, plane: Slice) -> Function:
    """det(I − η∇²L) = (c² − ε²)^{w−1} [c² − ε² − ηΣ (c(‖u‖² + ‖v‖²) + 2ε uᵀv)] for depth 2 with
    one input and one output, where u = W_1, v = W_2, c = 1 − ηr and ε = ηΣ(uᵀv − y).

    For ∇²L − rI = Σ (g gᵀ + (uᵀv − y) K), where g = (v, u) and K exchanges u and v, it is the
    determinant of a matrix plus one of rank 1.
    """
    network, stacks = objective.network, _stacks(objective.network, plane)
    rate = plane.lr * float(objective.covariance[0, 0])
    target = float(objective.solution[0, 0])
    rest = 1 - plane.lr * objective.weight_decay

    def factors(x: Array, y: Array) -> Array:
        u, product = _carried(stacks, x, y)
        v = _carried(_transposed(stacks), x, y)[0]
        error = rate * (product[0] - target)
        squares = np.sum(u**2, axis=0) + np.sum(v**2, axis=0)
        last = rest**2 - error**2 - rate * (rest * squares + 2 * error * product[0])
        if network.is_chain:
            return last[None]
        return np.stack([rest - error, rest + error, last])

    return factors


def _eigenvalues_below(objective: Objective, plane: Slice) -> Function:
    """1 − η times each eigenvalue of the Hessian, NaN where rounding hides it."""
    network, lr, decay = objective.network, plane.lr, objective.weight_decay
    compressed = _compressed_size(network) < network.parameters

    def below(x: Array, y: Array) -> Array:
        theta = np.ascontiguousarray(plane.starts(x, y).theta.T)
        if compressed:
            hessian = Curvature(objective, theta).matrix()
            values = lr * (np.linalg.eigvalsh(hessian).T + decay)
        else:
            values = lr * np.linalg.eigvalsh(objective.hessian(theta)).T
        rounding = len(values) * np.finfo(float).eps * np.abs(values).max(axis=0)
        return np.where(rounding <= ROUNDING, 1 - values, np.nan)

    return below


def _compressed_size(network: LinearNetwork) -> int:
    """Size of :meth:`Curvature.matrix`."""
    first, *_, last = network.sizes
    (rows, columns), *inner, (ends, feeds) = network.shapes
    seen = sum(min(m, last) * n + m * min(n, first) for m, n in inner)
    return rows * columns + seen + ends * feeds


def _balanced(objective: Objective, plane: Slice, extent: Extent) -> list[Array] | str:
    """The lines |w_i| = |w_j| in a plane of two weights of a scalar chain."""
    moved = [np.flatnonzero(direction) for direction in (plane.across, plane.up)]
    if not objective.network.is_chain or any(len(indices) != 1 for indices in moved):
        return "Balance is drawn in planes of two weights of a scalar chain."
    (i, j), segments = np.concatenate(moved), []
    for sign in (1.0, -1.0):
        # base_j + up_j y = ± (base_i + across_i x), with across_i and up_j ±1
        slope = sign * plane.across[i] * plane.up[j]
        height = (sign * plane.base[i] - plane.base[j]) * plane.up[j]
        ends = np.sort((np.array([extent.low, extent.high]) - height) * slope)
        left, right = max(extent.left, ends[0]), min(extent.right, ends[1])
        if left < right:
            x = np.array([left, right])
            y = np.clip(slope * x + height, extent.low, extent.high)
            segments.append(np.stack([x, y]))
    return segments


def _stacks(network: LinearNetwork, plane: Slice) -> list[Array]:
    """The layers of base, across and up, one above the other, (3, w_l, w_{l−1}) each."""
    return network.layers(np.stack([plane.base, plane.across, plane.up]))


def _transposed(stacks: list[Array]) -> list[Array]:
    return [stack.swapaxes(1, 2) for stack in reversed(stacks)]


def _carried(stacks: list[Array], x: Array, y: Array) -> list[Array]:
    """What one input of 1 becomes after each layer, (w_l, n), at coordinates (n,) and (n,)."""
    signal, signals = np.ones((1, len(x))), []
    for stack in stacks:
        _, rows, columns = stack.shape
        parts = (stack.reshape(3 * rows, columns) @ signal).reshape(3, rows, -1)
        signal = parts[0] + x * parts[1] + y * parts[2]
        signals.append(signal)
    return signals


def _squared_gradient(stacks: list[Array], x: Array, y: Array) -> Array:
    """‖∇_θ product‖², (n,): layer l contributes ‖W_L ⋯ W_{l+1}‖² ‖W_{l−1} ⋯ W_1‖²."""
    one = np.ones((1, len(x)))
    before = [one, *_carried(stacks, x, y)[:-1]]
    after = [one, *_carried(_transposed(stacks), x, y)[:-1]]
    pairs = zip(before, reversed(after), strict=True)
    return np.asarray(sum((b**2).sum(axis=0) * (a**2).sum(axis=0) for b, a in pairs))


def _odd_within(bounds: tuple[int, int], resolution: float) -> int:
    """The nearest odd number, so that grids have a line through their centre."""
    return int(np.clip(resolution, *bounds)) // 2 * 2 + 1

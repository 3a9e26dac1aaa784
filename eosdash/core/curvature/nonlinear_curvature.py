"""Hessian products of a non-linear network at many points, on blocks of directions.

The products of :class:`eosdash.core.networks.nonlinear.NonlinearLinearization`, arranged for speed:
what depends on the points alone is computed once, a layer's weights and biases act as one matrix
(W_l, b_l) on the signals with a row of ones below, the directions of a block lie side by side in
one matrix product where they meet the same matrix, and the points are taken in tiles whose
signals stay in the cache.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eosdash.core.networks.nonlinear import SINGLE, NonlinearObjective
from eosdash.core.types import Array

TILE_FLOATS = 40_000
"""About how many numbers in double precision the widest signals of a tile may hold, or twice as
many in single: several such arrays fit the second-level cache of a core."""


class _Layer(NamedTuple):
    """What the products need of a layer at N points.

    Attributes:
        weights: W_l, (N, w_l, w_{l-1}).
        fed: h_{l-1}, with a row of ones where there are biases, (N, w_{l-1} + 1, n); for the
            first layer, which every point feeds alike, without the first axis.
        error: δ_l, (N, w_l, n).
        slope: φ′(u_{l-1}), (N, w_{l-1}, n); None for the first layer.
        bend: (∂L/∂h_{l-1}) φ″(u_{l-1}), (N, w_{l-1}, n); None for the first and where φ″ = 0.
    """

    weights: Array
    fed: Array
    error: Array
    slope: Array | None
    bend: Array | None

    def single(self) -> "_Layer":
        """The same in single precision."""
        return _Layer(
            self.weights.astype(SINGLE),
            self.fed.astype(SINGLE),
            self.error.astype(SINGLE),
            None if self.slope is None else self.slope.astype(SINGLE),
            None if self.bend is None else self.bend.astype(SINGLE),
        )

    def at(self, which: slice | NDArray[np.bool_]) -> "_Layer":
        """The same at some of the points."""
        shared = self.slope is None
        return _Layer(
            self.weights[which],
            self.fed if shared else self.fed[which],
            self.error[which],
            None if self.slope is None else self.slope[which],
            None if self.bend is None else self.bend[which],
        )


class NonlinearCurvature:
    """∇²L without weight decay at the points (N, P) of a non-linear network.

    It acts on blocks (N, b, P) in which each layer is one matrix (W_l, b_l), row-major, in the
    precision of the points and the data.
    """

    def __init__(self, objective: NonlinearObjective, points: Array) -> None:
        at = objective.linearize(points)
        self.network, self.criterion = objective.network, objective.criterion
        self.samples, self.number = objective.samples, len(points)
        self.spread = at.spread
        self.layers = [
            _Layer(
                at.weights[l],
                _with_ones(at.inputs[l]) if self.network.biases else at.inputs[l],
                at.errors[l],
                at.slopes[l - 1] if l else None,
                at.bends[l - 1] if l and at.bends is not None else None,
            )
            for l in range(self.network.depth)
        ]

    def of(self, which: NDArray[np.bool_]) -> "NonlinearCurvature":
        """The same at some of the points."""
        some = object.__new__(NonlinearCurvature)
        some.network, some.criterion, some.samples = self.network, self.criterion, self.samples
        some.number = int(np.count_nonzero(which))
        some.spread = self.spread[which]
        some.layers = [layer.at(which) for layer in self.layers]
        return some

    def single(self) -> "NonlinearCurvature":
        """The same in single precision, from what was worked out in double."""
        made = object.__new__(NonlinearCurvature)
        vars(made).update(vars(self))
        made.spread = self.spread.astype(SINGLE)
        made.layers = [layer.single() for layer in self.layers]
        return made

    def random(self, count: int, turn: int = 0) -> Array:
        """Gaussian directions (N, ``count``, P), others at every turn."""
        rng = np.random.default_rng(turn)
        return rng.standard_normal((self.number, count, self.network.parameters))

    def matrix(self) -> Array:
        """∇²L without weight decay, (N, P, P), in the order of blocks."""
        size = self.network.parameters
        return self(np.tile(np.eye(size), (self.number, 1, 1)))

    def clean(self, block: Array) -> None:
        """All that there is."""

    def compress(self, direction: Array) -> Array:
        """(N, b, P) from the order of parameter vectors to that of blocks."""
        if not self.network.biases:
            return direction
        made = np.empty_like(direction)
        weights, shifts = self.network.layers(direction), self.network.shifts(direction)
        for part, layer, shift in zip(self._parts(made), weights, shifts, strict=True):
            part[..., :-1], part[..., -1] = layer, shift
        return made

    def expand(self, block: Array) -> Array:
        """The inverse of :meth:`compress`."""
        if not self.network.biases:
            return block
        parts = self._parts(block)
        return self.network.flat(
            [part[..., :-1] for part in parts], [part[..., -1] for part in parts]
        )

    def __call__(self, block: Array) -> Array:
        """∇²L·v for v (N, b, P)."""
        made = np.empty_like(block)
        widest = max(self.network.sizes[1:])
        room = TILE_FLOATS * 8 // block.itemsize
        tile = max(1, room // (block.shape[1] * widest * self.samples))
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            for begin in range(0, self.number, tile):
                some = slice(begin, begin + tile)
                layers = [layer.at(some) for layer in self.layers]
                tangents, blocks = self._parts(block[some]), self._parts(made[some])
                moved, changes = _forward(layers, tangents)
                derror = self.criterion.curve(self.spread[some, None], changes[-1])
                _backward(layers, tangents, moved, changes, derror, blocks)
        return made

    def _parts(self, flat: Array) -> list[Array]:
        """Views (N, b, w_l, w_{l-1} + 1)."""
        extra, ends = int(self.network.biases), self.network.offsets
        return [
            flat[..., start:stop].reshape(*flat.shape[:-1], rows, columns + extra)
            for start, stop, (rows, columns) in zip(
                ends, ends[1:], self.network.shapes, strict=False
            )
        ]


def _forward(layers: list[_Layer], tangents: list[Array]) -> tuple[list[Array], list[Array]]:
    """dh_l (t, b, w_l, n) of the hidden layers, and du_l of all."""
    moved: list[Array] = []
    changes: list[Array] = []
    for layer, tangent in zip(layers, tangents, strict=True):
        if layer.slope is not None:
            moved.append(changes[-1] * layer.slope[:, None])
        du = _stacked(tangent, layer.fed)
        if moved:
            du += layer.weights[:, None] @ moved[-1]
        changes.append(du)
    return moved, changes


def _backward(
    layers: list[_Layer],
    tangents: list[Array],
    moved: list[Array],
    changes: list[Array],
    derror: Array,
    blocks: list[Array],
) -> None:
    """Write the products into ``blocks`` (t, b, w_l, w_{l-1} + 1), from the last layer down."""
    for l in range(len(layers) - 1, -1, -1):
        layer, width = layers[l], layers[l].weights.shape[-1]
        blocks[l][...] = _stacked(derror, layer.fed.swapaxes(-1, -2))
        if layer.slope is None:
            return
        blocks[l][..., :width] += layer.error[:, None] @ moved[l - 1].swapaxes(-1, -2)
        carried = tangents[l][..., :width].swapaxes(-1, -2) @ layer.error[:, None]
        carried += layer.weights[:, None].swapaxes(-1, -2) @ derror
        carried *= layer.slope[:, None]
        if layer.bend is not None:
            changes[l - 1] *= layer.bend[:, None]
            carried += changes[l - 1]
        derror = carried


def _stacked(block: Array, right: Array) -> Array:
    """Products (t, b, w, m) of b matrices (t, b, w, k) with one (t, k, m) each, or (k, m) for all:
    side by side in one product."""
    number, count, rows, _ = block.shape
    if right.ndim == 2:
        return (block.reshape(number * count * rows, -1) @ right).reshape(number, count, rows, -1)
    return (block.reshape(number, count * rows, -1) @ right).reshape(number, count, rows, -1)


def _with_ones(signal: Array) -> Array:
    """(..., w, n) with a row of ones below, (..., w + 1, n)."""
    ones = np.ones((*signal.shape[:-2], 1, signal.shape[-1]), signal.dtype)
    return np.concatenate([signal, ones], axis=-2)

"""Hessian products on the directions that the Hessian sees.

A layer W_l between the first and the last enters the loss through A_l W_l C_l, with
A_l = W_L ⋯ W_{l+1} what follows it and C_l = W_{l-1} ⋯ W_1 what feeds it, and when another layer
changes too, through A_l W_l or W_l C_l. A direction V with A_l V = 0 and V C_l = 0 therefore has
no effect to second order: without weight decay the Hessian vanishes on it. All others are

    V = Q X + Y Rᵀ,   Qᵀ Y = 0,

with orthonormal columns Q (w_l, a) spanning the rows of A_l, a = min(w_l, d_out), and
R (w_{l-1}, c) spanning the columns of C_l, c = min(w_{l-1}, d_in). In wide layers the pair
X (a, w_{l-1}), Y (w_l, c) is far smaller than V, and inner products are the same.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise, starmap

import numpy as np
from numpy.typing import NDArray

from eosdash.core.networks.linear import Linearization, LinearNetwork, Objective
from eosdash.core.networks.protocols import Surface
from eosdash.core.types import Array


def unseen(network: LinearNetwork) -> int:
    """Number of independent directions on which the Hessian vanishes at every θ."""
    first, *_, last = network.sizes
    inner = network.shapes[1:-1]
    return sum(max(0, rows - last) * max(0, columns - first) for rows, columns in inner)


class PlainCurvature:
    """∇²L without weight decay at the points (N, P) of any loss, on blocks (N, b, P) as they are:
    for what has no faster way."""

    def __init__(self, objective: Surface, points: Array) -> None:
        self.objective, self.points = objective, points
        self._at = objective.linearize(points[:, None])

    def of(self, which: NDArray[np.bool_]) -> "PlainCurvature":
        """The same at some of the points."""
        return PlainCurvature(self.objective, self.points[which])

    def random(self, count: int, turn: int = 0) -> Array:
        """Gaussian directions (N, ``count``, P), others at every turn."""
        number, size = self.points.shape
        return np.random.default_rng(turn).standard_normal((number, count, size))

    def matrix(self) -> Array:
        """∇²L without weight decay, (N, P, P)."""
        number, size = self.points.shape
        return self(np.broadcast_to(np.eye(size), (number, size, size)))

    def clean(self, block: Array) -> None:
        """All that there is."""

    def compress(self, direction: Array) -> Array:
        """All that there is."""
        return direction

    def expand(self, compressed: Array) -> Array:
        """All that there is."""
        return compressed

    def __call__(self, block: Array) -> Array:
        """∇²L·v for v (N, b, P)."""
        return self._at.hessian_product(block) - self.objective.weight_decay * block


class Curvature:
    """∇²L without weight decay at the points (N, P) of a network with at least two layers.

    It acts on blocks (N, b, P′) of compressed directions: W_1, then X and Y of each layer
    between, then W_L, flattened.
    """

    def __init__(self, objective: Objective, points: Array) -> None:
        at = Linearization(objective, points[:, None])  # beside the axis of the block
        self.network, self.covariance = objective.network, objective.covariance
        self.weights, self.back = at.weights, at.back
        self.inputs = at.prefix[:-1]
        inner = range(1, at.depth - 1)
        self.left = [np.linalg.qr(after.mT)[0] for after in _suffixes(at.weights)]
        factors = [np.linalg.qr(before) for before in self.inputs[: at.depth - 2]]
        self.right = [factor.Q for factor in factors]
        self.fed = [factor.R for factor in factors]
        self.pulled = [q.mT @ self.back[l] for l, q in zip(inner, self.left, strict=True)]
        pairs = [
            ((q.shape[-1], right.shape[-2]), (q.shape[-2], right.shape[-1]))
            for q, right in zip(self.left, self.right, strict=True)
        ]
        ends = self.network.shapes[0], self.network.shapes[-1]
        shapes = [ends[0], *(shape for pair in pairs for shape in pair), ends[1]]
        stops = accumulate((rows * columns for rows, columns in shapes), initial=0)
        self.places = tuple(zip(starmap(slice, pairwise(stops)), shapes, strict=True))

    def matrix(self) -> Array:
        """∇²L without weight decay, (N, P′, P′); zero where Qᵀ Y ≠ 0."""
        size = self.places[-1][0].stop
        every = np.broadcast_to(np.eye(size), (len(self.weights[0]), size, size))
        return self(self.compress(self.expand(every)))

    def of(self, which: NDArray[np.bool_]) -> "Curvature":
        """The same at some of the points."""
        some = object.__new__(Curvature)
        for name, value in vars(self).items():
            of_points = isinstance(value, list)
            setattr(some, name, [array[which] for array in value] if of_points else value)
        return some

    def random(self, count: int, turn: int = 0) -> Array:
        """Compressed Gaussian directions (N, ``count``, P′), others at every turn."""
        number, size = len(self.weights[0]), self.network.parameters
        rng = np.random.default_rng(turn)
        return self.compress(rng.standard_normal((number, count, size)))

    def compress(self, direction: Array) -> Array:
        """(N, b, P) to (N, b, P′): the part that the Hessian sees."""
        first, *inner, last = self.network.layers(direction)
        parts = [first]
        for v, q, right in zip(inner, self.left, self.right, strict=True):
            x = q.mT @ v
            parts += [x, v @ right - q @ (x @ right)]
        return _flat([*parts, last])

    def clean(self, block: Array) -> None:
        """Keep the part of (N, b, P′) with Qᵀ Y = 0, outside of which products are not
        symmetric."""
        for y, q in zip(self._parts(block)[2:-1:2], self.left, strict=True):
            y -= q @ (q.mT @ y)

    def expand(self, compressed: Array) -> Array:
        """(N, b, P′) to (N, b, P): the inverse of :meth:`compress` on its image, where Qᵀ Y = 0;
        any other part of Y is dropped first."""
        first, *pairs, last = self._parts(compressed)
        layers = [first]
        for x, y, q, right in zip(pairs[::2], pairs[1::2], self.left, self.right, strict=True):
            outside = y - q @ (q.mT @ y)
            layers.append(q @ x + outside @ right.mT)
        return _flat([*layers, last])

    def __call__(self, block: Array) -> Array:
        """∇²L·v for compressed v (N, b, P′): :meth:`Linearization.hessian_product` rewritten for
        X and Y. Of the error carried back only Q Qᵀ reaches a layer, so Y drops out there."""
        first, *pairs, last = self._parts(block)
        xs, ys = pairs[::2], pairs[1::2]
        change = [first]  # of W_l ⋯ W_1
        for l, (x, y, q, fed) in enumerate(zip(xs, ys, self.left, self.fed, strict=True)):
            moved = self.weights[l + 1] @ change[l]
            moved += q @ stacked(x, self.inputs[l])
            moved += stacked(y, fed)
            change.append(moved)
        end = self.weights[-1] @ change[-1]
        end += stacked(last, self.inputs[-1])
        carried = (end.reshape(-1, len(self.covariance)) @ self.covariance).reshape(end.shape)
        made = np.empty_like(block)
        to_first, *to_pairs, to_last = self._parts(made)
        to_last[...] = stacked(carried, self.inputs[-1].mT)
        to_last += self.back[-1] @ change[-1].mT
        carried = self.weights[-1].mT @ carried
        carried += last.mT @ self.back[-1]
        for l in reversed(range(len(xs))):
            q, pulled = self.left[l], self.pulled[l]
            seen = q.mT @ carried
            to_pairs[2 * l][...] = stacked(seen, self.inputs[l].mT)
            to_pairs[2 * l] += pulled @ change[l].mT
            to_pairs[2 * l + 1][...] = stacked(carried - q @ seen, self.fed[l].mT)
            carried = self.weights[l + 1].mT @ carried
            carried += xs[l].mT @ pulled
        to_first[...] = carried
        return made

    def _parts(self, flat: Array) -> list[Array]:
        """Views of W_1, X, Y, …, W_L."""
        lead = flat.shape[:-1]
        return [flat[..., at].reshape(*lead, *shape) for at, shape in self.places]


def stacked(block: Array, right: Array) -> Array:
    """Products (N, b, w, m) of b matrices (N, b, w, k) with one (N, 1, k, m) each, side by side in
    one product."""
    number, count, rows, inner = block.shape
    product = block.reshape(number, count * rows, inner) @ right[:, 0]
    return product.reshape(number, count, rows, -1)


def _flat(parts: Iterable[Array]) -> Array:
    return np.concatenate([part.reshape(*part.shape[:-2], -1) for part in parts], axis=-1)


def _suffixes(weights: Sequence[Array]) -> list[Array]:
    """W_L ⋯ W_{l+1} for l = 2, …, L − 1."""
    products = list(accumulate(reversed(weights[2:]), lambda after, layer: after @ layer))
    return products[::-1]

"""Planes to map: what start, and what learning rate, each of their points stands for."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh

from eosdash.core.networks.linear import LinearNetwork, Objective
from eosdash.core.networks.nonlinear import Network
from eosdash.core.networks.protocols import Surface
from eosdash.core.types import Array

DENSE_EIGENVECTORS = 200
"""Up to this many parameters the whole Hessian is diagonalized for its top eigenvectors."""


class Extent(NamedTuple):
    """A rectangle in the coordinates of a plane."""

    left: float
    right: float
    low: float
    high: float

    def axes(self, resolution: int) -> tuple[Array, Array]:
        """Evenly spaced coordinates along both axes, ends included, (N,) each; exactly symmetric
        about the centre, so that a line a = −b through it is met by pixels."""
        return (
            _spaced(self.left, self.right, resolution),
            _spaced(self.low, self.high, resolution),
        )


def _spaced(low: float, high: float, number: int) -> Array:
    place = np.arange(number, dtype=float) - (number - 1) / 2
    return (low + high) / 2 + place * ((high - low) / (number - 1))


class Starts(NamedTuple):
    """Where gradient descent starts, θ (P, n), and its η, one for all or (n,)."""

    theta: Array
    lr: Array | float


class Plane(Protocol):
    """Two coordinates, and what they stand for."""

    def starts(self, x: Array, y: Array) -> Starts:
        """The starts at coordinates (n,) and (n,)."""


@dataclass(frozen=True)
class Slice:
    """An affine plane through parameter space, θ = base + x · across + y · up.

    Attributes:
        base: the point with coordinates (0, 0), (P,).
        across, up: orthonormal directions, (P,) each.
        lr: the learning rate of every start.
    """

    base: Array
    across: Array
    up: Array
    lr: float

    def starts(self, x: Array, y: Array) -> Starts:
        """The starts at coordinates (n,) and (n,)."""
        theta = self.base[:, None] + self.across[:, None] * x + self.up[:, None] * y
        return Starts(theta, self.lr)

    def coordinates(self, theta: Array) -> tuple[Array, Array]:
        """Coordinates of the orthogonal projections of θ (P, n), (n,) each."""
        away = theta - self.base[:, None]
        return self.across @ away, self.up @ away


@dataclass(frozen=True)
class TrainabilityPlane:
    """log10 of the learning rate across, log10 of the scale of the start up.

    Attributes:
        unit: the start at scale 1, (P,).
    """

    unit: Array

    def starts(self, x: Array, y: Array) -> Starts:
        """The starts at coordinates (n,) and (n,)."""
        return Starts(self.unit[:, None] * 10.0**y, 10.0**x)


def weight_slice(center: Array, first: int, second: int, lr: float) -> Slice:
    """The plane of two weights, which are its coordinates; the others as in ``center`` (P,)."""
    across, up = np.eye(len(center))[[first, second]]
    base = center.copy()
    base[[first, second]] = 0.0
    return Slice(base, across, up, lr)


def random_slice(center: Array, seed: int, lr: float) -> Slice:
    """A plane through ``center`` (P,), in directions that are uniform on the sphere."""
    first, second = np.random.default_rng(seed).standard_normal((2, len(center)))
    return spanned_slice(center, first, second, lr)


def spanned_slice(center: Array, first: Array, second: Array, lr: float) -> Slice:
    """The plane through ``center`` along two directions (P,), made orthonormal in turn.

    Raises:
        ValueError: if they span no plane.
    """
    across = first / (np.linalg.norm(first) or 1.0)
    up = second - (across @ second) * across
    up -= (across @ up) * across
    if not np.linalg.norm(first) or np.linalg.norm(up) <= 1e-9 * np.linalg.norm(second):
        raise ValueError("the two directions span no plane")
    return Slice(center, across, up / np.linalg.norm(up), lr)


def hessian_slice(objective: Surface, center: Array, lr: float) -> Slice:
    """The plane through ``center`` (P,) along the top two eigenvectors of the Hessian there.

    Raises:
        ValueError: if the Hessian vanishes there.
    """
    size = len(center)
    if size <= DENSE_EIGENVECTORS:
        vectors = np.linalg.eigh(_hessian(objective, center))[1][:, -2:]
    else:
        at = objective.linearize(center)
        hessian = LinearOperator((size, size), matvec=at.hessian_product, dtype=float)
        first = np.random.default_rng(0).standard_normal(size)
        if not np.any(at.hessian_product(first)):
            raise ValueError("the Hessian vanishes there")
        vectors = eigsh(hessian, 2, which="LA", v0=first)[1]
    if not np.any(objective.linearize(center).hessian_product(vectors[:, -1])):
        raise ValueError("the Hessian vanishes there")
    # The sign of an eigenvector is free: the largest entry is positive, on every machine.
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), [0, 1]])
    return spanned_slice(center, vectors[:, 1], vectors[:, 0], lr)


def _hessian(objective: Surface, center: Array) -> Array:
    """∇²L at a point (P,), (P, P). Column by column where samples would make it large at once."""
    if isinstance(objective, Objective):
        return objective.hessian(center)
    at = objective.linearize(center)
    return np.stack([at.hessian_product(direction) for direction in np.eye(len(center))])


def weight_name(network: Network, index: int) -> str:
    """How a weight is called: w₂ in a linear chain, otherwise W₂[1, 3] by row and column from 1,
    or b₂[1] for the bias of that row."""
    layer = int(np.searchsorted(network.offsets, index, side="right"))
    if isinstance(network, LinearNetwork) and network.is_chain:
        return f"w<sub>{layer}</sub>"
    rows, columns = network.shapes[layer - 1]
    place = index - network.offsets[layer - 1]
    if place >= rows * columns:
        return f"b<sub>{layer}</sub>[{place - rows * columns + 1}]"
    row, column = divmod(place, columns)
    return f"W<sub>{layer}</sub>[{row + 1}, {column + 1}]"

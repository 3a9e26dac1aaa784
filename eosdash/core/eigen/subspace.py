"""Orthonormal bases of many subspaces at once, with what symmetric operators make of them."""

from collections.abc import Callable
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from eosdash.core.types import Array, Indices

SPANNED = 1e-12
"""What is left of a direction, relative to the spectral norm, when it was already spanned."""

TRIALS = 4
"""Random directions that may turn out to be spanned as well before nothing is left."""

TINY = float(np.finfo(float).tiny)


class Operator(Protocol):
    """N symmetric operators on R^P."""

    def __call__(self, block: Array) -> Array:
        """Apply each to its b vectors: (N, b, P) to (N, b, P)."""

    def random(self, count: int, turn: int = 0) -> Array:
        """Random vectors (N, ``count``, P): others at every turn, the same whenever it is asked."""

    def clean(self, block: Array) -> None:
        """Keep of directions (N, b, P) what belongs to the space it acts on: rounding may leave
        it."""

    def of(self, which: NDArray[np.bool_]) -> Self:
        """Some of them."""


class Basis:
    """Orthonormal rows Q (n, m, P), their images H Q (n, m, P), and Q H Qᵀ (n, m, m)."""

    def __init__(self, operator: Operator, start: Array) -> None:
        number, block, size = start.shape
        self.operator, self.size, self._turns = operator, 0, 0
        self._rows = self._images = np.empty((number, 0, size))
        self.projected = np.empty((number, 0, 0))
        self.grow(start, block)

    @property
    def rows(self) -> Array:
        """Q."""
        return self._rows[:, : self.size]

    @property
    def images(self) -> Array:
        """H Q."""
        return self._images[:, : self.size]

    def residuals(self, theta: Array, coordinates: Array, targets: Indices) -> tuple[Array, Array]:
        """Residual vectors (n, t, P) of the target Ritz pairs and their norms (n, t)."""
        mixing = coordinates[:, :, targets].swapaxes(1, 2)
        residuals = mixing @ self.images
        residuals -= (theta[:, targets, None] * mixing) @ self.rows
        return residuals, lengths_of(residuals)

    def grow(self, block: Array, amount: int) -> None:
        """Add ``amount`` rows: the block, its image, the image of that, and so on."""
        goal = self.size + amount
        self._reserve(goal)
        norm = np.abs(self.projected).max(axis=(1, 2), initial=0.0)
        while self.size < goal:
            new = self._new(block[:, : goal - self.size], norm)
            images, coefficients = self._append(new)
            if self.size < goal:
                block = images - coefficients @ self.rows

    def _new(self, block: Array, norm: Array) -> Array:
        """The block made orthonormal, and random where, beside ‖H‖ ≈ ``norm`` (n,), it was already
        spanned: then the basis is an invariant subspace, and there may be more outside.

        Raises:
            numpy.linalg.LinAlgError: if the basis spans the whole space.
        """
        clean = self.operator.clean
        block, spanned = orthonormal(block, self.rows, SPANNED * norm, clean)
        for _ in range(TRIALS):
            if not spanned.any():
                return block
            self._turns += 1
            block[spanned] = self.operator.random(block.shape[1], self._turns)[spanned]
            block, spanned = orthonormal(block, self.rows, np.zeros(len(block)), clean)
        raise np.linalg.LinAlgError("no direction is left outside of the basis")

    def _append(self, block: Array) -> tuple[Array, Array]:
        """Add rows, and return their images (n, b, P) and those' coefficients (n, b, m)."""
        old, new = self.size, slice(self.size, self.size + block.shape[1])
        self._rows[:, new] = block
        self._images[:, new] = images = self.operator(block)
        self.size = new.stop
        coefficients = images @ self.rows.swapaxes(1, 2)
        projected = np.empty((len(block), self.size, self.size))
        projected[:, :old, :old] = self.projected
        projected[:, new] = coefficients
        projected[:, :, new] = coefficients.swapaxes(1, 2)
        self.projected = projected
        return images, coefficients

    def _reserve(self, goal: int) -> None:
        number, room, size = self._rows.shape
        if goal <= room:
            return
        for name, old in (("_rows", self.rows), ("_images", self.images)):
            larger = np.empty((number, 2 * goal, size))
            larger[:, : self.size] = old
            setattr(self, name, larger)

    def keep(self, which: NDArray[np.bool_]) -> None:
        """Go on with some of the operators."""
        self.operator = self.operator.of(which)
        self._rows, self._images = self.rows[which], self.images[which]
        self.projected = self.projected[which]

    def restrict(self, theta: Array, coordinates: Array, targets: Indices) -> None:
        """Go on with some of the Ritz vectors; their images need no products."""
        mixing = coordinates[:, :, targets].swapaxes(1, 2)
        self._rows, self._images = mixing @ self.rows, mixing @ self.images
        self.size = len(targets)
        self.projected = theta[:, targets, None] * np.eye(self.size)


def lengths_of(rows: Array) -> Array:
    """Norms (n, b) of rows (n, b, P)."""
    return np.sqrt(np.einsum("nbp,nbp->nb", rows, rows))


def orthonormal(
    block: Array, against: Array, spanned: Array, clean: Callable[[Array], None]
) -> tuple[Array, NDArray[np.bool_]]:
    """Rows (n, b, P) orthonormal and orthogonal to the orthonormal rows ``against`` (n, m, P).

    Directions that are already spanned, by ``against`` or by each other, come out as rows of
    zeros, which are pointed out, (n, b); so do rows no longer than ``spanned`` (n,). Gram–Schmidt
    as block operations, a second time where the first took so much away that rounding matters.
    """
    lengths = lengths_of(block)
    scale = np.where(lengths > spanned[:, None], 1 / np.maximum(lengths, TINY), 0.0)
    block = block * scale[:, :, None]
    across = against.swapaxes(1, 2)
    for _ in range(2):
        clean(block)
        overlap = block @ across
        block -= overlap @ against
        values, vectors = np.linalg.eigh(block @ block.swapaxes(1, 2))
        outside = values > 1e-14
        vectors *= np.where(outside, 1 / np.sqrt(np.maximum(values, 1e-14)), 0.0)[:, None, :]
        block = vectors.swapaxes(1, 2) @ block
        if values.min() > 1e-4 and np.abs(overlap).max(initial=0.0) < 1e-4:
            break
    return block, ~outside

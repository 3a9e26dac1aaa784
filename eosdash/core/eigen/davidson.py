"""Largest eigenvalues where nearly all is known already, by Davidson's method.

A Rayleigh–Ritz basis grows by corrections to the wanted Ritz vectors: their residuals r, divided
by λ_j − θ along an approximate eigenvector of eigenvalue λ_j, and by −θ along everything else
(E. R. Davidson, J. Comput. Phys. 17, 1975). A network's Hessian has a few large eigenvalues and
many near zero, so with approximations of the former this nearly solves (H − θ) t = −r, and one
product or two take the place of many. The approximate eigenvectors themselves cost no products
as long as their eigenvalues stay clear of those wanted.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eosdash.core.eigen.subspace import TINY, Operator
from eosdash.core.types import Array, Indices

MAX_ROWS = 40
"""Size at which a basis is cut down to its better half of Ritz vectors; more for many pairs."""

CLEAR = 0.06
"""How far below those wanted, relative to the largest, an eigenvalue must be predicted to be
left alone."""

DOUBT = 4.0
"""The same in units of the error of the predictions that could be checked."""

NEARBY, AHEAD = 0.06, 0.1
"""Where the next eigenvalue is as near to those wanted as the former, relative to the largest, its
error must be the latter, as a share of the distance, before it counts as being behind."""

MISLED = 0.05
"""How far off, relative to the largest, the prediction of an eigenvalue may be, and how large the
residual of its eigenvector, before nothing that was guessed is trusted."""

GUARD = 1e-4
"""The error at which the next eigenvalue after those wanted counts as known, where nothing is known
before: one that is nearly the same as a wanted one would else be missed all around."""

REACH = 4
"""Rows that come of a random direction: it and its images."""

NEAR = 0.01
"""Divisors of a correction are at least this, relative to the eigenvalue."""


class Known(NamedTuple):
    """Approximate eigenpairs of N operators: ``rows`` (N, m, P), orthonormal, and their
    ``levels`` (N, m), descending."""

    rows: Array
    levels: Array


class Solved(NamedTuple):
    """``values`` (N, k), descending, whether all of them are ``converged`` (N,), and m pairs
    ``known`` after that, the wanted ones first."""

    values: Array
    converged: NDArray[np.bool_]
    known: Known


def improved(
    operator: Operator, guess: Known, count: int, tolerance: float, steps: int, keep: bool = True
) -> Solved:
    """The ``count`` largest eigenvalues of N symmetric operators from m > ``count`` good guesses,
    in at most ``count`` + ``steps`` products; without ``keep``, pairs stay as they were.

    One is taken as converged when the second-order estimate of its error is at most ``tolerance``
    times the largest: Σ (s_j·r)²/(θ − λ_j) over the approximate eigenvectors s_j that have not
    joined the basis, and what else there is of r² over the distance to the lowest of them. Nothing
    is, where the eigenvalue of one that joined was not about as it was predicted.
    """
    return _solved(_Basis(operator, guess, count, count), tolerance, steps, keep)


def searched(
    operator: Operator, start: Array, count: int, tolerance: float, steps: int, probe: Array | None
) -> Solved:
    """The same from any orthonormal rows (N, m, P), with little faith in them: all join the basis,
    then random directions ``probe`` (N, 1, P) and a few images of theirs, and r² is divided by the
    distance to the next eigenvalue, which is followed until it is known to GUARD.
    """
    basis = _Basis(operator, Known(start, np.zeros(start.shape[:2])), count, start.shape[1])
    if probe is not None:
        for _ in range(REACH):
            basis.grow(probe)
            probe = basis.images[:, -1:]
    return _solved(basis, tolerance, steps, True)


def _solved(basis: "_Basis", tolerance: float, steps: int, keep: bool) -> Solved:
    known, number = basis.guess, len(basis.rows)
    rows, levels = (array.copy() for array in known) if keep else known
    values, converged = np.empty((number, basis.count)), np.zeros(number, dtype=bool)
    active = np.arange(number)
    for step in range(steps + 1):
        ritz = basis.ritz(tolerance)
        late = basis.late(ritz)
        done = (ritz.urgency <= 1).all(axis=1) & ~late
        lost = basis.misled(ritz)
        leaving = done | lost if step < steps else np.ones_like(done)
        if leaving.any():
            gone = active[leaving]
            values[gone] = ritz.theta[leaving, : basis.count]
            converged[gone] = (done & ~lost)[leaving]
            if keep:
                rows[gone], levels[gone] = basis.pairs(ritz, leaving)
            active = active[~leaving]
            if not active.size:
                break
            basis, ritz, late = basis.of(~leaving), ritz.of(~leaving), late[~leaving]
        room = max(MAX_ROWS, 4 * known.rows.shape[1])
        if basis.rows.shape[1] >= room:
            basis.restrict(ritz, room // 2)
        basis.grow(basis.next(ritz, late)[:, None])
    return Solved(values, converged, Known(rows, levels))


@dataclass(frozen=True)
class _Ritz:
    """Ritz pairs of n operators in a basis of j rows, and how good the t targets are.

    Attributes:
        theta: all Ritz values, descending, (n, j).
        mixing: their vectors as mixtures of the rows, (n, j, j).
        residuals: of the targets, (n, t, P).
        overlap: of those with the approximate eigenvectors, (n, t, m).
        urgency: how many times too large their errors are, (n, t).
    """

    theta: Array
    mixing: Array
    residuals: Array
    overlap: Array
    urgency: Array

    def of(self, which: NDArray[np.bool_]) -> "_Ritz":
        return _Ritz(*(array[which] for array in vars(self).values()))


class _Basis:
    """Orthonormal rows (n, j, P) and their images; at first the best of the guess.

    ``used`` (n,) says how many approximate eigenvectors have joined, best first.
    """

    def __init__(self, operator: Operator, guess: Known, count: int, used: int) -> None:
        self.operator, self.guess, self.count = operator, guess, count
        self.trusted = used < guess.rows.shape[1]
        self.used: Indices = np.full(len(guess.rows), used)
        self.rows = guess.rows[:, :used]
        self.images = operator(self.rows)
        self.projected = self.rows @ self.images.swapaxes(1, 2)

    def of(self, which: NDArray[np.bool_]) -> "_Basis":
        some = object.__new__(_Basis)
        some.operator = self.operator.of(which)
        some.count, some.trusted = self.count, self.trusted
        some.guess = Known(self.guess.rows[which], self.guess.levels[which])
        for name in ("used", "rows", "images", "projected"):
            setattr(some, name, getattr(self, name)[which])
        return some

    def ritz(self, tolerance: float) -> _Ritz:
        """Ritz pairs, of which the first are the targets: those wanted and, if the basis has it,
        the next, which must be known so well that it is not in front."""
        count, levels = min(self.count + 1, self.rows.shape[1]), self.guess.levels[:, None]
        theta, mixing = np.linalg.eigh(self.projected)
        theta, mixing = theta[:, ::-1].astype(float), mixing[:, :, ::-1].swapaxes(1, 2)
        wanted = mixing[:, :count]
        top = theta[:, :count, None].astype(self.rows.dtype)
        residuals = wanted @ self.images - (top * wanted) @ self.rows
        overlap = residuals @ self.guess.rows.swapaxes(1, 2)
        if not self.trusted:
            overlap *= 0.0
        apart = np.maximum(np.abs(theta[:, :count, None] - levels), np.abs(overlap))
        inside = overlap.astype(float) ** 2
        whole = np.einsum("nkp,nkp->nk", residuals, residuals).astype(float)
        rest = np.maximum(whole - inside.sum(axis=2), 0.0)
        beyond = levels[:, :, -1]
        if not self.trusted:
            beyond = theta[:, np.maximum(np.arange(1, count + 1), self.count)]
        bulk = np.maximum(theta[:, :count] - beyond, np.sqrt(rest))
        scale = np.abs(theta).max(axis=1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            errors = (np.where(inside > 0, inside / apart, 0.0).sum(axis=2) + rest / bulk) / scale
        allowed = np.full_like(errors, tolerance)
        if count > self.count:
            behind = theta[:, self.count - 1] - theta[:, self.count]
            size = np.maximum(scale[:, 0], TINY)
            most = np.inf if self.trusted else GUARD
            near = np.clip(AHEAD * behind / size, tolerance, most)
            allowed[:, -1] = np.where(behind < NEARBY * size, near, most)
        urgency = np.where(whole > 0, errors, 0.0) / allowed
        return _Ritz(theta, mixing, residuals, overlap, urgency)

    def late(self, ritz: _Ritz) -> NDArray[np.bool_]:
        """Whether the next approximate eigenvector may belong to one of the wanted values."""
        wanted, levels = ritz.theta[:, : self.count], self.guess.levels
        wrong = np.abs(wanted - levels[:, : self.count]).max(axis=1)
        margin = DOUBT * wrong + CLEAR * np.abs(wanted).max(axis=1)
        left = self.used < levels.shape[1]
        following = np.minimum(self.used, levels.shape[1] - 1)
        next_level = levels[np.arange(len(levels)), following]
        return left & (next_level > wanted[:, -1] - margin)

    def misled(self, ritz: _Ritz) -> NDArray[np.bool_]:
        """Whether approximate eigenvectors are none: one that joined belongs to another eigenvalue
        than that which was predicted, or leaves a large residual."""
        size = min(self.rows.shape[1], self.guess.levels.shape[1])
        off = np.abs(ritz.theta[:, :size] - self.guess.levels[:, :size])
        off[np.arange(size) >= self.used[:, None]] = 0.0
        rest = np.linalg.norm(ritz.residuals[:, : self.count], axis=2)
        far = np.maximum(off.max(axis=1), rest.max(axis=1))
        return np.asarray((far > MISLED * np.abs(ritz.theta).max(axis=1)) & self.trusted)

    def next(self, ritz: _Ritz, late: NDArray[np.bool_]) -> Array:
        """What to add, (n, P): an approximate eigenvector that is due, or else the correction to
        the most urgent of the targets."""
        each = np.arange(len(late))
        worst = np.argmax(ritz.urgency, axis=1)
        theta, overlap = ritz.theta[each, worst, None], ritz.overlap[each, worst]
        apart = theta - self.guess.levels
        least = NEAR * np.abs(theta)
        apart = np.copysign(np.maximum(np.abs(apart), least), apart)
        share = overlap * (theta / apart - 1.0)
        residual = ritz.residuals[each, worst]
        block = residual + (share[:, None].astype(residual.dtype) @ self.guess.rows)[:, 0]
        block[late] = self.guess.rows[late, self.used[late]]
        self.used[late] += 1
        return np.asarray(block)

    def restrict(self, ritz: _Ritz, size: int) -> None:
        """Go on with the best Ritz vectors; their images need no products."""
        best = ritz.mixing[:, :size]
        self.rows, self.images = best @ self.rows, best @ self.images
        diagonal = ritz.theta[:, None, :size] * np.eye(size)
        self.projected = diagonal.astype(self.rows.dtype)

    def grow(self, row: Array) -> None:
        """Add a row (n, 1, P), made orthonormal to those there are."""
        tiny = np.finfo(row.dtype).tiny
        for _ in range(2):  # of what is left after once, rounding may be a good part
            row = row / np.maximum(np.linalg.norm(row, axis=2, keepdims=True), tiny)
            row = row - (row @ self.rows.swapaxes(1, 2)) @ self.rows
        row /= np.maximum(np.linalg.norm(row, axis=2, keepdims=True), tiny)
        image, old = self.operator(row), self.projected
        self.rows = np.concatenate([self.rows, row], axis=1)
        self.images = np.concatenate([self.images, image], axis=1)
        self.projected = np.empty((len(old), self.rows.shape[1], self.rows.shape[1]), old.dtype)
        self.projected[:, :-1, :-1] = old
        self.projected[:, -1] = (image @ self.rows.swapaxes(1, 2))[:, 0]
        self.projected[:, :-1, -1] = self.projected[:, -1, :-1]

    def pairs(self, ritz: _Ritz, which: NDArray[np.bool_]) -> Known:
        """Approximate eigenpairs of some of the operators: the best Ritz pairs, as many as were
        used of the guess, and what the guess has beyond, orthogonal to them."""
        rows, levels = self.guess.rows[which], self.guess.levels[which]
        pairs = rows.shape[1]
        size = min(pairs, self.rows.shape[1])
        taken = np.arange(pairs) < self.used[which, None]
        better = taken[:, :size]
        rows[:, :size][better] = (ritz.mixing[which, :size] @ self.rows[which])[better]
        levels[:, :size][better] = ritz.theta[which, :size][better]
        overlap, unit = rows @ rows.swapaxes(1, 2), np.eye(pairs, dtype=rows.dtype)
        left, right = taken[:, :, None], taken[:, None]
        share = np.where(~left & right, overlap, 0.0)
        gram = np.where(left | right, unit, overlap - share @ overlap)
        return Known((inverse_root(gram) @ (unit - share)) @ rows, levels)


def orthonormal_rows(rows: Array) -> Array:
    """The nearest orthonormal rows (..., m, P) (Löwdin)."""
    return inverse_root(rows @ rows.swapaxes(-1, -2)) @ rows


def inverse_root(gram: Array) -> Array:
    """G^{-1/2} of positive definite matrices (..., m, m)."""
    values, vectors = np.linalg.eigh(gram)
    values = np.maximum(values, np.finfo(values.dtype).eps)
    return (vectors / np.sqrt(values)[..., None, :]) @ vectors.swapaxes(-1, -2)

"""Trajectories of gradient descent that walk side by side, and what is kept of their orbits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eosdash.core.descent.verdict import Seen
from eosdash.core.networks.kernels import Kernel
from eosdash.core.outcome import CODE, Outcome, Scale
from eosdash.core.types import Array

LONGEST_MOVE = 1e150
"""Squares of longer moves are no numbers."""

Rates = Array | float
"""η of n trajectories, (n,), or one for all."""


@dataclass(frozen=True)
class Ends:
    """How n trajectories ended.

    Attributes:
        outcome: index into :data:`eosdash.core.outcome.OUTCOMES`, (n,).
        steps: number of steps done, (n,).
        period: p of periodic ones, otherwise 0, (n,).
        critical_point: index into :data:`eosdash.core.descent.critical_points.CRITICAL_POINTS`,
        (n,).
        theta: the points reached, (P, n); huge or not finite where diverged.
        sharpness: S at minima, NaN elsewhere and where it was not found, (n,).
    """

    outcome: NDArray[np.uint8]
    steps: NDArray[np.int32]
    period: NDArray[np.int16]
    critical_point: NDArray[np.uint8]
    theta: Array
    sharpness: Array


class Tile:
    """Trajectories that walk side by side.

    Attributes:
        index: who they are, (n,).
        theta: where they are, (P, n), and ``before``, where they were at the last look.
        lr: their η, and ``ball``, ‖θ‖² beyond which they have diverged, (n,).
        strict: whether only stable minima are arrived at.
        watched: whether their orbits are kept in the last phase.
        loud: whether the gradient did not vanish at the last step, (n,).
        count: at how many steps since the last look it did not, (n,).
        settled: who has arrived, and walks along only until it pays to part, (n,).
        turned_down: who rests at no minimum: not asked again in this phase before moving on, (n,).
    """

    def __init__(
        self,
        scale: Scale,
        index: NDArray[np.intp],
        theta: Array,
        lr: Rates,
        ball: Array,
        strict: bool = False,
        watched: bool = False,
    ) -> None:
        self.scale, self.index, self.lr, self.ball = scale, index, lr, ball
        self.strict, self.watched = strict, watched
        self.theta = theta.copy()
        self.turned_down = np.zeros(index.size, dtype=bool)
        self._make_room()

    def _make_room(self) -> None:
        number = self.index.size
        self.quiet = quiet_move(self.scale, self.lr) ** 2
        self.before, self._move = np.empty_like(self.theta), np.empty_like(self.theta)
        self._spare, self._squares = np.empty(number), np.empty(number)
        self.loud = np.ones(number, dtype=bool)
        self.count = np.zeros(number, dtype=np.int8)
        self.settled = np.zeros(number, dtype=bool)

    def set_out(self) -> None:
        """After a look."""
        self.before[...] = self.theta
        self.count[:] = 0

    def step(self, kernel: Kernel) -> Array:
        """One step of gradient descent; the squared lengths of the moves, (n,)."""
        kernel(self.theta, self.lr, self._move, self._spare)
        self.theta -= self._move
        squares = squares_of(self._move, self._squares)
        self.count += np.greater(squares, self.quiet, out=self.loud)
        return squares

    def arrive(
        self, who: NDArray[np.intp], outcome: Outcome, steps: NDArray[np.int32], ends: Ends
    ) -> None:
        """Write down the outcome of some and the steps they needed."""
        index = self.index[who]
        ends.outcome[index] = CODE[outcome]
        ends.steps[index] = steps
        self.settled[who] = True

    def part(self, stays: NDArray[np.intp], ends: Ends) -> None:
        """Leave the settled where they are."""
        gone = np.flatnonzero(self.settled)
        ends.theta[:, self.index[gone]] = self.theta.take(gone, axis=1)
        self.index, self.ball = self.index[stays], self.ball[stays]
        self.lr = some_rates(self.lr, stays)
        self.theta = self.theta.take(stays, axis=1)
        self.turned_down = self.turned_down[stays]
        self._make_room()

    def some(self, which: NDArray[np.intp], theta: Array) -> "Tile":
        """Some of them, at θ (P, k)."""
        lr = some_rates(self.lr, which)
        return Tile(self.scale, self.index[which], theta, lr, self.ball[which])


class Record:
    """The orbits of a tile over so many steps, from where it is.

    Attributes:
        points: θ before each step, or its projection, (R, m, n).
        moves: squared lengths of the steps, (R, n).
        last: θ before the last step, (P, n).
    """

    def __init__(self, tile: Tile, steps: int, projection: Array | None) -> None:
        parameters, number = tile.theta.shape
        size = parameters if projection is None else projection.shape[1]
        self._projection, self._done = projection, 0
        self.points, self.moves = np.empty((steps, size, number)), np.empty((steps, number))
        self.last = tile.theta

    def step(self, tile: Tile, kernel: Kernel) -> Array:
        """A step of the tile; the squared lengths of the moves, (n,)."""
        theta, at, project = tile.theta, self._done, self._projection
        self.points[at] = theta if project is None else project.T @ theta
        self._done += 1
        if self._done == len(self.points):
            self.last = theta.copy()
        self.moves[at] = squares = tile.step(kernel)
        return squares

    def keep(self, stays: NDArray[np.intp]) -> None:
        """Forget those who part."""
        if stays.size < self.moves.shape[1]:
            self.points, self.moves, self.last = (
                array.take(stays, axis=-1) for array in (self.points, self.moves, self.last)
            )

    def seen(self, steps: int, tile: Tile) -> Seen:
        """What there is to judge runs of so many steps by."""
        lr = np.broadcast_to(tile.lr, tile.index.size)
        unrest = np.sqrt(self.moves, out=self.moves)
        unrest /= lr
        quiet = np.broadcast_to(tile.scale.quiet(lr), lr.size)
        return Seen(steps, self.points, unrest, quiet, self.last, tile.theta, lr)


def some_rates(lr: Rates, which: NDArray[np.intp] | slice) -> Rates:
    """η of some trajectories."""
    return lr[which] if isinstance(lr, np.ndarray) else lr


def quiet_move(scale: Scale, lr: Rates) -> Rates:
    """Length up to which a step counts as none."""
    return np.minimum(scale.quiet(lr) * lr, LONGEST_MOVE)


def squares_of(vectors: Array, made: Array | None = None) -> Array:
    """Squared lengths of the columns of (P, n), (n,)."""
    return np.asarray(np.einsum("pn,pn->n", vectors, vectors, out=made))

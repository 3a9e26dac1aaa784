"""Gradient descent from many starts at once, each to its own end.

The update is that of :func:`eosdash.core.gradient_descent.descend`, and so are the outcomes:
a start in a flock ends as it would alone. Where the lowest loss is not known, rest is a minimum
only if the loss curves down in no direction there, which is asked of all who rest at once.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from eosdash.core.kernels import Kernel, block_size, kernel_of, loss_of
from eosdash.core.minimum import lowest_known
from eosdash.core.network import Array
from eosdash.core.nonlinear import Loss, NonlinearObjective
from eosdash.core.outcome import (
    BALL,
    BLOCKS,
    GRADIENT_TOLERANCE,
    OUTCOMES,
    SHORTEST,
    TAIL,
    Outcome,
    block_of_step,
    drifts,
    find_periods,
    projection,
)
from eosdash.core.settled import curve_up

CODE = {outcome: code for code, outcome in enumerate(OUTCOMES)}

THREADS = 2

LOOK = 8
"""Steps between two looks at who has arrived."""

TILE_FLOATS = 65_536
"""Numbers in the θ of a tile: it fits the second-level cache of a core."""

CROWD = 0.2
"""Fraction of a tile that has arrived before the others close ranks."""

LONGEST_MOVE = 1e150
"""Squares of longer moves are no numbers."""


@dataclass(frozen=True)
class Ends:
    """How n trajectories ended.

    Attributes:
        outcome: index into :data:`eosdash.core.outcome.OUTCOMES`, (n,).
        steps: number of steps done, (n,).
        period: p of periodic ones, otherwise 0, (n,).
        theta: the points reached, (P, n); huge or not finite where diverged.
    """

    outcome: NDArray[np.uint8]
    steps: NDArray[np.int32]
    period: NDArray[np.int16]
    theta: Array


Rates = Array | float
"""η of n trajectories, (n,), or one for all."""

Mask = NDArray[np.bool_]


class Flock:
    """Starts of one network that descend together, with at most ``steps`` steps each."""

    def __init__(self, objective: Loss, steps: int) -> None:
        self.objective, self.steps = objective, steps
        self.kernel, self.loss = kernel_of(objective), loss_of(objective)
        lowest = lowest_known(objective)
        self.threshold = lowest.value + lowest.tolerance
        self.projection = projection(objective.network.parameters)
        self.blocks = block_of_step(steps)
        self.size = max(64, TILE_FLOATS // objective.network.parameters)

    def run(self, theta: Array, lr: Rates) -> Ends:
        """Descend from the columns of ``theta`` (P, n) with η = ``lr``, one for all or (n,).

        In phases that double in length: after each, those still under way close ranks, so that
        tiles stay full. The second half of the budget is the last phase, in which they are
        watched for periods and drifts.
        """
        number = theta.shape[1]
        ends = Ends(
            np.zeros(number, dtype=np.uint8),
            np.full(number, self.steps, dtype=np.int32),
            np.zeros(number, dtype=np.int16),
            np.empty_like(theta),
        )
        index, where = np.arange(number), theta
        with ThreadPoolExecutor(THREADS) as threads:
            for start, stop in phases(self.steps):
                size = self._share(len(index))
                parts = [slice(at, at + size) for at in range(0, len(index), size)]
                tiles = [
                    _Tile(index[part], where[:, part], _some(lr, index[part])) for part in parts
                ]
                walk = partial(self._walk, start=start, stop=stop, ends=ends)
                left = list(threads.map(walk, tiles))
                index = np.concatenate([tile.index for tile in left])
                if not index.size:
                    break
                where = np.concatenate([tile.theta for tile in left], axis=1)
        return ends

    def _share(self, number: int) -> int:
        """How many to a tile: costly steps keep all threads busy, even with few starts."""
        if not isinstance(self.objective, NonlinearObjective):
            return self.size
        return min(self.size, max(block_size(self.objective), -(-number // THREADS)))

    def at_minimum(self, theta: Array) -> Mask:
        """Whether the columns of θ (P, n), where gradients vanish, are minima, (n,)."""
        if isinstance(self.objective, NonlinearObjective):
            return curve_up(self.objective, theta)
        return np.asarray(self.loss(theta) <= self.threshold)

    def _walk(self, tile: "_Tile", start: int, stop: int, ends: Ends) -> "_Tile":
        """Walk a tile through a phase, write down who arrives, and keep the others."""
        with np.errstate(all="ignore"):
            witness = _Witness(self, tile) if stop == self.steps else None
            for done in range(start, stop, LOOK):
                count = min(LOOK, stop - done)
                tile.set_out()
                for step in range(done, done + count):
                    if witness:
                        witness.see_point(step, tile)
                    squares = tile.step(self.kernel)
                    if witness:
                        witness.see_move(step, squares)
                self._settle(tile, done, count, squares, ends)
                if witness and done + count == stop:
                    witness.judge(tile, squares, ends)
                if (
                    np.count_nonzero(tile.settled) > CROWD * tile.settled.size
                    or done + count == stop
                ):
                    stays = np.flatnonzero(~tile.settled)
                    if witness:
                        witness.keep(stays)
                    tile.part(stays, ends)
                if not tile.index.size:
                    break
        return tile

    def _settle(self, tile: "_Tile", done: int, count: int, squares: Array, ends: Ends) -> None:
        """Write down who has arrived in the last steps, and at which."""
        tile.turned_down &= squares <= tile.quiet
        quiet = np.flatnonzero((squares <= tile.quiet) & ~(tile.settled | tile.turned_down))
        if quiet.size:
            accepted = self.at_minimum(tile.theta.take(quiet, axis=1))
            there = quiet[accepted]
            if isinstance(self.objective, NonlinearObjective):
                tile.turned_down[quiet[~accepted]] = True
            tile.arrive(there, Outcome.MINIMUM, done + 1 + tile.count[there].astype(np.int32), ends)
        away = np.flatnonzero(~((_squares(tile.theta) <= BALL**2) | tile.settled))
        if away.size:
            steps = done + self._steps_inside(tile, away, count)
            tile.arrive(away, Outcome.DIVERGED, steps, ends)

    def _steps_inside(self, tile: "_Tile", who: NDArray[np.intp], count: int) -> NDArray[np.int32]:
        """How many of the last steps those who left the ball needed for it: walked again."""
        again = _Tile(who, tile.before.take(who, axis=1), _some(tile.lr, who))
        inside = np.ones(who.size, dtype=bool)
        needed = np.ones(who.size, dtype=np.int32)
        for _ in range(count - 1):
            again.step(self.kernel)
            inside &= _squares(again.theta) <= BALL**2
            needed += inside
        return needed


class _Tile:
    """Trajectories that walk side by side.

    Attributes:
        index: who they are, (n,).
        theta: where they are, (P, n), and ``before``, where they were at the last look.
        lr: their η.
        loud: whether the gradient did not vanish at the last step, (n,).
        count: at how many steps since the last look it did not, (n,).
        settled: who has arrived, and walks along only until it pays to part, (n,).
        turned_down: who rests at a saddle: not asked again in this phase before moving on, (n,).
    """

    def __init__(self, index: NDArray[np.intp], theta: Array, lr: Rates) -> None:
        self.index, self.lr = index, lr
        self.theta = theta.copy()
        self.turned_down = np.zeros(index.size, dtype=bool)
        self._make_room()

    def _make_room(self) -> None:
        number = self.index.size
        self.quiet = np.minimum(GRADIENT_TOLERANCE * self.lr, LONGEST_MOVE) ** 2
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
        squares = _squares(self._move, self._squares)
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
        self.index, self.lr = self.index[stays], _some(self.lr, stays)
        self.theta = self.theta.take(stays, axis=1)
        self.turned_down = self.turned_down[stays]
        self._make_room()


def _some(lr: Rates, which: NDArray[np.intp]) -> Rates:
    return lr[which] if isinstance(lr, np.ndarray) else lr


def phases(steps: int) -> Iterator[tuple[int, int]]:
    """Stretches of the budget, (start, stop), each twice as long, the last its second half."""
    start, length = 0, 2 * LOOK
    while start < steps // 2:
        stop = min(start + length, steps // 2)
        yield start, stop
        start, length = stop, 2 * length
    yield start, steps


class _Witness:
    """Watches a tile through the second half of the budget, to judge who has not arrived."""

    def __init__(self, flock: Flock, tile: _Tile) -> None:
        self.flock = flock
        self.energy = np.zeros((BLOCKS, tile.index.size))
        self.tail: list[tuple[NDArray[np.intp], Array]] = []

    def see_point(self, step: int, tile: _Tile) -> None:
        """Keep the point before one of the last steps."""
        if step >= self.flock.steps - TAIL:
            matrix = self.flock.projection
            seen = tile.theta.copy() if matrix is None else matrix.T @ tile.theta
            self.tail.append((tile.index, seen))

    def see_move(self, step: int, squares: Array) -> None:
        """Add the squared length of a move (n,) to the energy of its block."""
        self.energy[self.flock.blocks[step]] += squares

    def keep(self, stays: NDArray[np.intp]) -> None:
        """Forget those who part."""
        self.energy = self.energy[:, stays]

    def judge(self, tile: _Tile, squares: Array, ends: Ends) -> None:
        """Name those left when the budget is spent, with ``squares`` (n,) of their last move."""
        flock, stays = self.flock, np.flatnonzero(~tile.settled)
        index, lr = tile.index[stays], _some(tile.lr, stays)
        still = squares[stays] <= _some(tile.quiet, stays)
        tails = np.stack([seen[:, np.searchsorted(who, index)] for who, seen in self.tail])
        period = find_periods(tails)
        sizes = np.bincount(flock.blocks[flock.blocks >= 0], minlength=BLOCKS)
        moving = np.ones(index.size, dtype=bool)
        if flock.steps >= SHORTEST:
            moving = drifts(self.energy[:, stays] / sizes[:, None] / lr**2)
        outcome = np.where(moving, CODE[Outcome.UNDECIDED], CODE[Outcome.BOUNDED])
        outcome[period > 0] = CODE[Outcome.PERIODIC]
        outcome[still] = CODE[Outcome.SADDLE]  # a minimum would have settled
        ends.outcome[index] = outcome
        ends.period[index] = np.where(outcome == CODE[Outcome.PERIODIC], period, 0)
        tile.settled[:] = True


def _squares(vectors: Array, made: Array | None = None) -> Array:
    """Squared lengths of the columns of (P, n), (n,)."""
    return np.asarray(np.einsum("pn,pn->n", vectors, vectors, out=made))

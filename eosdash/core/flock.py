"""Gradient descent from many starts at once, each to its own end.

The update is that of :func:`eosdash.core.gradient_descent.descend`, and so are the outcomes:
a start in a flock ends as it would alone.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from eosdash.core.kernels import kernel_of, loss_of
from eosdash.core.minimum import global_minimum
from eosdash.core.network import Array, Objective
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

CODE = {outcome: code for code, outcome in enumerate(OUTCOMES)}

THREADS = 2

LOOK = 8
"""Steps between two looks at who has arrived. They are kept, so that the step is exact."""

TILE_FLOATS = 65_536
"""Numbers in the θ of a tile: the last steps of a tile fit the second-level cache of a core."""

CROWD = 0.2
"""Fraction of a tile that has arrived before the others close ranks."""


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


@dataclass
class _Tile:
    """Trajectories under way: who they are, where they are, and their η, all along n."""

    index: NDArray[np.intp]
    theta: Array
    lr: Rates

    def of(self, which: NDArray[np.intp] | slice) -> "_Tile":
        return _Tile(self.index[which], self.theta[:, which], _some(self.lr, which))


def _some(lr: Rates, which: NDArray[np.intp] | slice) -> Rates:
    return lr[which] if isinstance(lr, np.ndarray) else lr


class Flock:
    """Starts of one network that descend together, with at most ``steps`` steps each."""

    def __init__(self, objective: Objective, steps: int) -> None:
        self.objective, self.steps = objective, steps
        self.kernel, self.loss = kernel_of(objective), loss_of(objective)
        lowest = global_minimum(objective)
        self.threshold = lowest.value + lowest.tolerance
        self.projection = projection(objective.network.parameters)
        self.blocks = block_of_step(steps)
        self.size = max(64, TILE_FLOATS // objective.network.parameters)
        self._local = threading.local()

    def run(self, theta: Array, lr: Array | float) -> Ends:
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
            np.array(theta),
        )
        going = _Tile(np.arange(number), theta, lr)
        with ThreadPoolExecutor(THREADS) as threads:
            for start, stop in phases(self.steps):
                tiles = [going.of(slice(at, at + self.size)) for at in range(0, number, self.size)]
                walk = partial(self._walk, start=start, stop=stop, ends=ends)
                left = list(threads.map(walk, tiles))
                if not (number := sum(tile.index.size for tile in left)):
                    break
                going = _Tile(
                    np.concatenate([tile.index for tile in left]),
                    np.concatenate([tile.theta for tile in left], axis=1),
                    np.concatenate([tile.lr for tile in left])
                    if isinstance(lr, np.ndarray)
                    else lr,
                )
        return ends

    def _room(self) -> Array:
        """Memory for the steps of a tile, one piece a thread: new pages cost more than steps."""
        if not hasattr(self._local, "room"):
            numbers = (LOOK + 2) * self.objective.network.parameters * self.size
            self._local.room = np.empty(numbers)
        return self._local.room

    def low(self, theta: Array) -> NDArray[np.bool_]:
        """Whether the loss at the columns of θ (P, n) is at the global minimum, (n,)."""
        return np.asarray(self.loss(theta) <= self.threshold)

    def _walk(self, tile: _Tile, start: int, stop: int, ends: Ends) -> _Tile:
        """Walk a tile through a phase, write down who arrives, and give back the others."""
        with np.errstate(all="ignore"):
            witness = _Witness(self, tile.index) if stop == self.steps else None
            steps = _Steps(tile, self._room())
            for done in range(start, stop, LOOK):
                count = min(LOOK, stop - done)
                for k in range(count):
                    self.kernel(steps.points[k], steps.lr, steps.move)
                    np.subtract(steps.points[k], steps.move, out=steps.points[k + 1])
                    squares = _squares(steps.move)
                    steps.notice(squares)
                    if witness:
                        witness.see(done + k, steps, k, squares)
                self._settle(steps, done, count, ends)
                if witness and done + count == stop:
                    witness.judge(steps, count, squares, ends)
                steps.go_on(count, witness)
                if not steps.index.size:
                    break
        return steps.left()

    def _settle(self, steps: "_Steps", done: int, count: int, ends: Ends) -> None:
        """Write down who has arrived in the last steps, and at which."""
        quiet = np.flatnonzero(~(steps.loud | steps.settled))
        if quiet.size:
            at = steps.count[quiet].astype(np.intp)
            low = self.low(steps.at(at, quiet))
            there = np.flatnonzero(low)
            self._write(steps, quiet[there], at[there], Outcome.MINIMUM, done, ends)
            # Where the loss was still too high at first, it may have come down since.
            late = quiet[~low]
            late = late[self.low(steps.at(count - 1, late))]
            for k in range(count if late.size else 0):
                low = self.low(steps.at(k, late))
                self._write(
                    steps,
                    late[low],
                    np.full(low.sum(), k, dtype=np.intp),
                    Outcome.MINIMUM,
                    done,
                    ends,
                )
                late = late[~low]
        away = np.flatnonzero(~(_squares(steps.points[count]) <= BALL**2) & ~steps.settled)
        if away.size:
            path = np.take(steps.points[1 : count + 1], away, axis=2)
            at = (~(_squares(path) <= BALL**2)).argmax(axis=0)
            self._write(steps, away, at, Outcome.DIVERGED, done, ends)

    @staticmethod
    def _write(
        steps: "_Steps",
        who: NDArray[np.intp],
        at: NDArray[np.intp],
        outcome: Outcome,
        done: int,
        ends: Ends,
    ) -> None:
        """Write down an outcome at the ``at``-th of the last steps."""
        index = steps.index[who]
        ends.outcome[index] = CODE[outcome]
        ends.steps[index] = at + (done + 1)
        ends.theta[:, index] = steps.at(at + 1, who)
        steps.settled[who] = True


class _Steps:
    """The last few steps of a tile.

    Attributes:
        points: (LOOK + 1, P, n); the first is where the tile stands.
        move: the last one, (P, n).
        loud: whether the gradient has not vanished yet, (n,).
        count: how often it had not, (n,).
        settled: who has arrived and walks along only until it pays to part, (n,).
    """

    def __init__(self, tile: _Tile, room: Array) -> None:
        self._room = room
        self._hold(tile)

    def _hold(self, tile: _Tile) -> None:
        size, number = tile.theta.shape
        self.index, self.lr = tile.index, tile.lr
        self.quiet = (GRADIENT_TOLERANCE * tile.lr) ** 2
        whole = self._room[: (LOOK + 2) * size * number].reshape(LOOK + 2, size, number)
        self.points, self.move = whole[:-1], whole[-1]
        self.points[0] = tile.theta
        self.loud = np.ones(number, dtype=bool)
        self.count = np.zeros(number, dtype=np.int8)
        self.settled = np.zeros(number, dtype=bool)

    def at(self, k: NDArray[np.intp] | int, who: NDArray[np.intp]) -> Array:
        """The points of some before the ``k``-th step, (P, m)."""
        _, size, number = self.points.shape
        row = np.arange(size)[:, None] * number
        return self.points.reshape(-1).take(k * (size * number) + who + row)

    def notice(self, squares: Array) -> None:
        """Take in the squared lengths of a move, (n,)."""
        self.loud &= ~(squares <= self.quiet)
        self.count += self.loud

    def go_on(self, count: int, witness: "_Witness | None") -> None:
        """Stand where the last steps led; the settled leave if they are many."""
        self.points[0] = self.points[count]
        self.loud[:] = True
        self.count[:] = 0
        if np.count_nonzero(self.settled) <= CROWD * self.settled.size:
            return
        if witness:
            witness.energy = witness.energy[:, ~self.settled]
        self._hold(self.left())

    def left(self) -> _Tile:
        """Those who have not settled, where they stand."""
        stays = np.flatnonzero(~self.settled)
        return _Tile(self.index, self.points[0], self.lr).of(stays)


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

    def __init__(self, flock: Flock, index: NDArray[np.intp]) -> None:
        self.flock = flock
        self.energy = np.zeros((BLOCKS, index.size))
        self.tail: list[tuple[NDArray[np.intp], Array]] = []

    def see(self, step: int, steps: _Steps, k: int, squares: Array) -> None:
        """Add a step to the energy of its block, and its point to the tail."""
        self.energy[self.flock.blocks[step]] += squares
        if step >= self.flock.steps - TAIL:
            matrix, theta = self.flock.projection, steps.points[k]
            self.tail.append((steps.index, theta.copy() if matrix is None else matrix.T @ theta))

    def judge(self, steps: _Steps, count: int, squares: Array, ends: Ends) -> None:
        """Name those left when the budget is spent, ``count`` steps after the last look, with
        the ``squares`` (n,) of their last move."""
        flock, stays = self.flock, np.flatnonzero(~steps.settled)
        index, lr = steps.index[stays], _some(steps.lr, stays)
        still = squares[stays] <= _some(steps.quiet, stays)
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
        ends.theta[:, index] = steps.points[count][:, stays]
        steps.settled[:] = True


def _squares(vectors: Array) -> Array:
    """Squared lengths over the axis before the last: (..., P, n) to (..., n)."""
    return np.asarray(np.einsum("...pn,...pn->...n", vectors, vectors))

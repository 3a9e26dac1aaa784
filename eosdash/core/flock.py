"""Gradient descent from many starts at once, each to its own end.

The update is that of :func:`eosdash.core.gradient_descent.descend`, and so are the outcomes:
a start in a flock ends as it would alone.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from eosdash.core.kernels import kernel_of
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
"""Steps between two looks at who has arrived. Whoever has, walks these steps again one by one,
so that the step is exact."""

TILE_FLOATS = 65_536
"""Numbers in the θ of a tile: a few such arrays fit the second-level cache of a core."""


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


@dataclass
class _Tile:
    """Trajectories under way: who they are, where they are, and their η, all along n."""

    index: NDArray[np.intp]
    theta: Array
    lr: Array

    def of(self, which: NDArray[np.bool_] | slice) -> "_Tile":
        return _Tile(self.index[which], self.theta[:, which], self.lr[which])


class Flock:
    """Starts of one network that descend together, with at most ``steps`` steps each."""

    def __init__(self, objective: Objective, steps: int) -> None:
        self.objective, self.steps = objective, steps
        self.kernel = kernel_of(objective)
        lowest = global_minimum(objective)
        self.threshold = lowest.value + lowest.tolerance
        self.projection = projection(objective.network.parameters)
        self.blocks = block_of_step(steps)
        self.size = max(64, TILE_FLOATS // objective.network.parameters)

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
        rates = np.broadcast_to(np.asarray(lr, dtype=float), (number,))
        going = _Tile(np.arange(number), theta, rates)
        for start, stop in phases(self.steps):
            tiles = [
                going.of(slice(at, at + self.size)) for at in range(0, going.index.size, self.size)
            ]
            if not tiles:
                break
            with ThreadPoolExecutor(THREADS) as threads:
                walk = partial(self._walk, start=start, stop=stop, ends=ends)
                left = list(threads.map(walk, tiles))
            going = _Tile(
                np.concatenate([tile.index for tile in left]),
                np.concatenate([tile.theta for tile in left], axis=1),
                np.concatenate([tile.lr for tile in left]),
            )
        return ends

    def low(self, theta: Array) -> NDArray[np.bool_]:
        """Whether the loss at the columns of θ (P, n) is at the global minimum, (n,)."""
        return np.asarray(self.objective.loss(np.ascontiguousarray(theta.T)) <= self.threshold)

    def _walk(self, tile: _Tile, start: int, stop: int, ends: Ends) -> _Tile:
        """Walk a tile through a phase, write down who arrives, and give back the others."""
        with np.errstate(all="ignore"):
            witness = _Witness(self, tile.index) if stop == self.steps else None
            tile.theta = tile.theta.copy()
            for done in range(start, stop, LOOK):
                count = min(LOOK, stop - done)
                before = tile.theta.copy()
                last, move = self._steps(tile, done, count, witness)
                still = _squares(move) <= (GRADIENT_TOLERANCE * tile.lr) ** 2
                arrived = still | ~(_squares(tile.theta) <= BALL**2)
                if arrived.any():
                    stays = ~arrived
                    stays[arrived] = ~self._settle(tile, before, arrived, done, count, ends)
                    tile, last, still = tile.of(stays), last[:, stays], still[stays]
                    if witness:
                        witness.energy = witness.energy[:, stays]
                if not tile.index.size:
                    break
            if witness and tile.index.size:
                witness.judge(tile, last, still, ends)
        return tile

    def _steps(
        self, tile: _Tile, done: int, count: int, witness: "_Witness | None"
    ) -> tuple[Array, Array]:
        """Take some steps; the points before the last of them, and the last move."""
        for step in range(done, done + count):
            move = self.kernel(tile.theta, tile.lr)
            if witness:
                witness.see(step, tile, move)
            last = tile.theta
            tile.theta = last - move
        return last, move

    def _settle(
        self,
        tile: _Tile,
        before: Array,
        arrived: NDArray[np.bool_],
        done: int,
        count: int,
        ends: Ends,
    ) -> NDArray[np.bool_]:
        """Walk the last steps again, one by one, for those who seem to have arrived; write down
        the ends of those who have, and say who they are."""
        theta, lr, index = before[:, arrived], tile.lr[arrived], tile.index[arrived]
        settled = np.zeros(index.size, dtype=bool)
        for step in range(done, done + count):
            move = self.kernel(theta, lr)
            still = _squares(move) <= (GRADIENT_TOLERANCE * lr) ** 2
            if still.any():
                still[still] = self.low(theta[:, still])
            theta = theta - move
            left = ~(_squares(theta) <= BALL**2)
            for who, outcome in ((still, Outcome.MINIMUM), (left & ~still, Outcome.DIVERGED)):
                new = who & ~settled
                if new.any():
                    ends.outcome[index[new]] = CODE[outcome]
                    ends.steps[index[new]] = step + 1
                    ends.theta[:, index[new]] = theta[:, new]
                    settled |= new
        return settled


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

    def see(self, step: int, tile: _Tile, move: Array) -> None:
        """Add a step to the energy of its block, and its point to the tail."""
        self.energy[self.flock.blocks[step]] += _squares(move)
        if step >= self.flock.steps - TAIL:
            matrix = self.flock.projection
            self.tail.append((tile.index, tile.theta if matrix is None else matrix.T @ tile.theta))

    def judge(self, tile: _Tile, last: Array, still: NDArray[np.bool_], ends: Ends) -> None:
        """Name those left when the budget is spent; ``last`` is where they stood before the
        last step, and ``still`` whether the gradient vanished there."""
        flock, index = self.flock, tile.index
        tails = np.stack([seen[:, np.searchsorted(who, index)] for who, seen in self.tail])
        period = find_periods(tails)
        sizes = np.bincount(flock.blocks[flock.blocks >= 0], minlength=BLOCKS)
        moving = np.ones(index.size, dtype=bool)
        if flock.steps >= SHORTEST:
            moving = drifts(self.energy / sizes[:, None] / tile.lr**2)
        outcome = np.where(moving, CODE[Outcome.UNDECIDED], CODE[Outcome.BOUNDED])
        outcome[period > 0] = CODE[Outcome.PERIODIC]
        outcome[still] = np.where(flock.low(last), CODE[Outcome.MINIMUM], CODE[Outcome.SADDLE])[
            still
        ]
        ends.outcome[index] = outcome
        ends.period[index] = np.where(outcome == CODE[Outcome.PERIODIC], period, 0)
        ends.theta[:, index] = tile.theta


def _squares(vectors: Array) -> Array:
    """Squared lengths of the columns of (P, n), (n,)."""
    return np.asarray(np.einsum("pn,pn->n", vectors, vectors))

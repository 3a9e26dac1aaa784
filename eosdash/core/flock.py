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

from eosdash.core.critical_points import (
    KIND,
    STABLE,
    CriticalPoint,
    CriticalPoints,
    is_minimum,
)
from eosdash.core.kernels import Kernel, block_size, kernel_of, loss_of
from eosdash.core.network import Array
from eosdash.core.nonlinear import Loss, NonlinearObjective
from eosdash.core.optimizers import GRADIENT_DESCENT
from eosdash.core.outcome import CODE, Outcome, scale_of, watched_from
from eosdash.core.recurrence import TAIL, projection
from eosdash.core.verdict import Seen, crawl, judge

THREADS = 2

LOOK = 8
"""Steps between two looks at who has arrived."""

TILE_FLOATS = 65_536
"""Numbers in the θ of a tile: it fits the second-level cache of a core."""

CROWD = 0.2
"""Fraction of a tile that has arrived before the others close ranks."""

LONGEST_MOVE = 1e150
"""Squares of longer moves are no numbers."""

SEEN_FLOATS = 4_000_000
"""Numbers in the orbits that are looked at together when the budget is spent."""


@dataclass(frozen=True)
class Ends:
    """How n trajectories ended.

    Attributes:
        outcome: index into :data:`eosdash.core.outcome.OUTCOMES`, (n,).
        steps: number of steps done, (n,).
        period: p of periodic ones, otherwise 0, (n,).
        critical_point: index into :data:`eosdash.core.critical_points.CRITICAL_POINTS`, (n,).
        theta: the points reached, (P, n); huge or not finite where diverged.
        sharpness: S at minima, NaN elsewhere and where it was not found, (n,).
    """

    outcome: NDArray[np.uint8]
    steps: NDArray[np.int32]
    period: NDArray[np.int16]
    critical_point: NDArray[np.uint8]
    theta: Array
    sharpness: Array


Rates = Array | float
"""η of n trajectories, (n,), or one for all."""

Mask = NDArray[np.bool_]


class Flock:
    """Starts of one network that descend together, with at most ``steps`` steps each."""

    def __init__(self, objective: Loss, steps: int) -> None:
        self.objective, self.steps = objective, steps
        self.kernel, self.loss = kernel_of(objective), loss_of(objective)
        self.critical, self.scale = CriticalPoints(objective), scale_of(objective)
        self.projection = projection(objective.network.parameters)
        self.watched_from = watched_from(steps, TAIL)
        self.size = max(64, TILE_FLOATS // objective.network.parameters)

    def run(self, theta: Array, lr: Rates) -> Ends:
        """Descend from the columns of ``theta`` (P, n) with η = ``lr``, one for all or (n,).

        Whether the minima reached are stable is asked of all at once. Hardly ever one is not:
        who passed one by walks again, and is asked at every minimum.
        """
        ends = self._descend(theta, lr, strict=False)
        there = np.flatnonzero(is_minimum(ends.critical_point) & np.isnan(ends.sharpness))
        kinds = ends.critical_point[there]
        ends.sharpness[there] = self.critical.sharpness(ends.theta[:, there], kinds)
        left = there[ends.sharpness[there] > STABLE * 2 / _some(lr, there)]
        if left.size:
            again = self._descend(theta[:, left], _some(lr, left), strict=True)
            for name, array in vars(again).items():
                getattr(ends, name)[..., left] = array
        return ends

    def _descend(self, theta: Array, lr: Rates, strict: bool) -> Ends:
        """In phases that double in length: after each, those still under way close ranks, so that
        tiles stay full. Who has not arrived when the budget is spent walks the last phase again,
        and is looked at on the way. If ``strict``, only stable minima are arrived at."""
        number = theta.shape[1]
        ends = Ends(
            np.zeros(number, dtype=np.uint8),
            np.full(number, self.steps, dtype=np.int32),
            np.zeros(number, dtype=np.int16),
            np.zeros(number, dtype=np.uint8),
            np.empty_like(theta),
            np.full(number, np.nan),
        )
        index, where, ball = np.arange(number), theta, self.scale.ball(theta) ** 2
        with ThreadPoolExecutor(THREADS) as threads:
            for start, stop in phases(self.steps, self.watched_from):
                size = self._share(len(index))
                parts = [slice(at, at + size) for at in range(0, len(index), size)]
                tiles = [
                    _Tile(
                        self,
                        index[part],
                        where[:, part],
                        _some(lr, index[part]),
                        ball[part],
                        strict,
                    )
                    for part in parts
                ]
                walk = partial(self._walk, start=start, stop=stop, ends=ends)
                left = list(threads.map(walk, tiles))
                index = np.concatenate([tile.index for tile in left])
                if not index.size:
                    break
                where = np.concatenate([tile.theta for tile in left], axis=1)
                ball = np.concatenate([tile.ball for tile in left])
        return ends

    def _share(self, number: int) -> int:
        """How many to a tile: costly steps keep all threads busy, even with few starts."""
        if not isinstance(self.objective, NonlinearObjective):
            return self.size
        return min(self.size, max(block_size(self.objective), -(-number // THREADS)))

    def _walk(self, tile: "_Tile", start: int, stop: int, ends: Ends) -> "_Tile":
        """Walk a tile through a phase, write down who arrives, and keep the others."""
        judged = stop == self.steps
        first = (tile.index, tile.theta.copy()) if judged else (tile.index, tile.theta)
        with np.errstate(all="ignore"):
            for done in range(start, stop, LOOK):
                count = min(LOOK, stop - done)
                tile.set_out()
                for _ in range(count):
                    squares = tile.step(self.kernel)
                self._settle(tile, done, count, squares, ends)
                last = done + count == stop
                if np.count_nonzero(tile.settled) > CROWD * tile.settled.size or last:
                    tile.part(np.flatnonzero(~tile.settled), ends)
                if not tile.index.size:
                    break
            if judged and tile.index.size:
                self._judge(tile, self._unclear(tile, ends), *first, ends)
        return tile

    def _unclear(self, tile: "_Tile", ends: Ends) -> NDArray[np.intp]:
        """Who of those left has to be looked at; the others crawl on, and are undecided."""
        ends.outcome[tile.index] = CODE[Outcome.UNDECIDED]
        ends.theta[:, tile.index] = tile.theta
        moves, further = np.empty_like(tile.theta), np.empty_like(tile.theta)
        spare = np.empty(tile.index.size)
        self.kernel(tile.theta, tile.lr, moves, spare)
        self.kernel(tile.theta - moves, tile.lr, further, spare)
        return np.flatnonzero(~crawl(moves, further, np.sqrt(tile.quiet)))

    def _settle(self, tile: "_Tile", done: int, count: int, squares: Array, ends: Ends) -> None:
        """Write down who has arrived in the last steps, and at which."""
        tile.turned_down &= squares <= tile.quiet
        quiet = np.flatnonzero((squares <= tile.quiet) & ~(tile.settled | tile.turned_down))
        if quiet.size:
            accepted = self._minima(tile, quiet, squares[quiet] == 0, ends)
            there = quiet[accepted]
            tile.turned_down[quiet[~accepted]] = not self.critical.by_loss
            tile.arrive(there, Outcome.MINIMUM, done + 1 + tile.count[there].astype(np.int32), ends)
        away = np.flatnonzero(~((_squares(tile.theta) <= tile.ball) | tile.settled))
        if away.size:
            steps = done + self._steps_inside(tile, away, count)
            tile.arrive(away, Outcome.DIVERGED, steps, ends)

    def _minima(self, tile: "_Tile", quiet: NDArray[np.intp], fixed: Mask, ends: Ends) -> Mask:
        """Which of those whose gradient vanishes are at a minimum that is stable, or stay there as
        they are ``fixed``; kind and sharpness of these are written down."""
        theta, lr = tile.theta.take(quiet, axis=1), _some(tile.lr, quiet)
        kind = self.critical.kinds(theta, self.loss(theta))
        accepted = is_minimum(kind)
        if tile.strict:
            there = np.flatnonzero(accepted)
            sharpness = self.critical.sharpness(theta[:, there], kind[there])
            unstable = there[sharpness > STABLE * 2 / _some(lr, there)]
            kind[unstable] = KIND[CriticalPoint.UNSTABLE]
            accepted[unstable] = fixed[unstable]
        ends.critical_point[tile.index[quiet[accepted]]] = kind[accepted]
        return accepted

    def _judge(
        self,
        tile: "_Tile",
        unclear: NDArray[np.intp],
        before: NDArray[np.intp],
        origin: Array,
        ends: Ends,
    ) -> None:
        """Name those of a tile who are ``unclear`` when the budget is spent: from ``origin``
        (P, n), where those of index ``before`` (n,) began the last phase, they walk it again."""
        parameters, steps = len(origin), self.steps - self.watched_from
        seen = parameters if self.projection is None else self.projection.shape[1]
        batch = max(1, SEEN_FLOATS // (steps * (seen + 1)))
        for begin in range(0, unclear.size, batch):
            some = unclear[begin : begin + batch]
            index, lr = tile.index[some], _some(tile.lr, some)
            again = _Tile(
                self, index, origin[:, np.searchsorted(before, index)], lr, tile.ball[some]
            )
            looked = self._look(again, steps, seen)
            verdict = judge(self.critical, GRADIENT_DESCENT, looked)
            ends.outcome[index], ends.period[index] = verdict.outcome, verdict.period
            ends.critical_point[index] = verdict.kind

    def _look(self, tile: "_Tile", steps: int, size: int) -> Seen:
        """Walk a tile and keep what it sees."""
        number = tile.index.size
        orbits, unrest = np.empty((steps, size, number)), np.empty((steps, number))
        for step in range(steps):
            last = tile.theta.copy()
            orbits[step] = last if self.projection is None else self.projection.T @ last
            unrest[step] = tile.step(self.kernel)
        lr = np.broadcast_to(tile.lr, number)
        np.sqrt(unrest, out=unrest)
        unrest /= lr
        quiet = np.broadcast_to(self.scale.quiet(lr), number)
        return Seen(self.steps, orbits, unrest, quiet, last, tile.theta, lr)

    def _steps_inside(self, tile: "_Tile", who: NDArray[np.intp], count: int) -> NDArray[np.int32]:
        """How many of the last steps those who left the ball needed for it: walked again."""
        again = _Tile(self, who, tile.before.take(who, axis=1), _some(tile.lr, who), tile.ball[who])
        inside = np.ones(who.size, dtype=bool)
        needed = np.ones(who.size, dtype=np.int32)
        for _ in range(count - 1):
            again.step(self.kernel)
            inside &= _squares(again.theta) <= again.ball
            needed += inside
        return needed


class _Tile:
    """Trajectories that walk side by side.

    Attributes:
        index: who they are, (n,).
        theta: where they are, (P, n), and ``before``, where they were at the last look.
        lr: their η, and ``ball``, ‖θ‖² beyond which they have diverged, (n,).
        strict: whether only stable minima are arrived at.
        loud: whether the gradient did not vanish at the last step, (n,).
        count: at how many steps since the last look it did not, (n,).
        settled: who has arrived, and walks along only until it pays to part, (n,).
        turned_down: who rests at no minimum: not asked again in this phase before moving on, (n,).
    """

    def __init__(
        self,
        flock: Flock,
        index: NDArray[np.intp],
        theta: Array,
        lr: Rates,
        ball: Array,
        strict: bool = False,
    ) -> None:
        self.scale, self.index, self.lr, self.ball = flock.scale, index, lr, ball
        self.strict = strict
        self.theta = theta.copy()
        self.turned_down = np.zeros(index.size, dtype=bool)
        self._make_room()

    def _make_room(self) -> None:
        number = self.index.size
        self.quiet = np.minimum(self.scale.quiet(self.lr) * self.lr, LONGEST_MOVE) ** 2
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
        self.index, self.lr, self.ball = self.index[stays], _some(self.lr, stays), self.ball[stays]
        self.theta = self.theta.take(stays, axis=1)
        self.turned_down = self.turned_down[stays]
        self._make_room()


def _some(lr: Rates, which: NDArray[np.intp]) -> Rates:
    return lr[which] if isinstance(lr, np.ndarray) else lr


def phases(steps: int, last: int) -> Iterator[tuple[int, int]]:
    """Stretches (start, stop) of the budget, each twice as long, up to the one from ``last`` on."""
    start, length = 0, 2 * LOOK
    while start < last:
        stop = min(start + length, last)
        yield start, stop
        start, length = stop, 2 * length
    yield start, steps


def _squares(vectors: Array, made: Array | None = None) -> Array:
    """Squared lengths of the columns of (P, n), (n,)."""
    return np.asarray(np.einsum("pn,pn->n", vectors, vectors, out=made))

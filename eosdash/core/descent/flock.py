"""Gradient descent from many starts at once, each to its own end.

The update is that of :func:`eosdash.core.descent.gradient_descent.descend`, and so are the
outcomes: a start in a flock ends as it would alone.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray

from eosdash.core.descent.critical_points import (
    KIND,
    STABLE,
    CriticalPoint,
    CriticalPoints,
    is_minimum,
)
from eosdash.core.descent.optimizers import GRADIENT_DESCENT
from eosdash.core.descent.recurrence import PROJECTED, TAIL, projection
from eosdash.core.descent.tile import Ends, Rates, Record, Tile, quiet_move, some_rates, squares_of
from eosdash.core.descent.verdict import crawl, judge
from eosdash.core.networks.kernels import block_size, kernel_of, loss_of
from eosdash.core.networks.nonlinear import Loss, NonlinearObjective
from eosdash.core.outcome import CODE, Outcome, scale_of, watched_from
from eosdash.core.types import Array, Indices, Mask

THREADS = 2

LOOK = 8
"""Steps between two looks at who has arrived."""

TILE_FLOATS = 65_536
"""Numbers in the θ of a tile: it fits the second-level cache of a core."""

CROWD = 0.2
"""Fraction of a tile that has arrived before the others close ranks."""

SEEN_FLOATS = 4_000_000
"""Numbers in the orbits that are looked at together when the budget is spent."""

Part = Indices | slice


class Flock:
    """Starts of one network that descend together, with at most ``steps`` steps each."""

    def __init__(self, objective: Loss, steps: int) -> None:
        self.objective, self.steps = objective, steps
        self.kernel, self.loss = kernel_of(objective), loss_of(objective)
        self.critical, self.scale = CriticalPoints(objective), scale_of(objective)
        self.projection = projection(objective.network.parameters)
        self.watched_from = watched_from(steps, TAIL)
        self.size = max(64, TILE_FLOATS // objective.network.parameters)
        seen = 1 + min(objective.network.parameters, PROJECTED)
        self.room = max(1, SEEN_FLOATS // ((steps - self.watched_from) * seen))

    def run(self, theta: Array, lr: Rates) -> Ends:
        """Descend from the columns of ``theta`` (P, n) with η = ``lr``, one for all or (n,).

        Whether the minima reached are stable is asked of all at once. Hardly ever one is not:
        who passed one by walks again, and is asked at every minimum.
        """
        ends = self._descend(theta, lr, strict=False)
        there = np.flatnonzero(is_minimum(ends.critical_point) & np.isnan(ends.sharpness))
        kinds = ends.critical_point[there]
        ends.sharpness[there] = self.critical.sharpness(ends.theta.take(there, axis=1), kinds)
        left = there[ends.sharpness[there] > STABLE * 2 / some_rates(lr, there)]
        if left.size:
            again = self._descend(theta[:, left], some_rates(lr, left), strict=True)
            for name, array in vars(again).items():
                getattr(ends, name)[..., left] = array
        return ends

    def _descend(self, theta: Array, lr: Rates, strict: bool) -> Ends:
        """In phases that double in length: after each, those still under way close ranks, so that
        tiles stay full. Of those who do not crawl, orbits are kept in the last phase; who was not
        watched and is unclear when the budget is spent walks it again. If ``strict``, only stable
        minima are arrived at."""
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
                tile = partial(self._tile, index, where, some_rates(lr, index), ball, strict)
                walk = partial(self._walk, tile, start=start, stop=stop, ends=ends)
                parts = self._parts(where, some_rates(lr, index), start)
                left = list(threads.map(walk, parts))
                index = np.concatenate([tile.index for tile in left])
                if not index.size:
                    break
                where = np.concatenate([tile.theta for tile in left], axis=1)
                ball = np.concatenate([tile.ball for tile in left])
        return ends

    def _parts(self, theta: Array, lr: Rates, start: int) -> Iterator[tuple[Part, bool]]:
        """Who make a tile in the phase from ``start`` on, and whether their orbits are kept: those
        of the last phase who do not look as if they crawled on."""
        number = theta.shape[1]
        size = self._share(number)
        if start == 0 or start < self.watched_from:
            yield from ((part, False) for part in _slices(number, size))
            return
        crawls = np.zeros(number, dtype=bool)
        for part in _slices(number, self.size):
            crawls[part] = self._crawls(theta[:, part], some_rates(lr, part))
        if np.count_nonzero(crawls) <= CROWD * number:
            crawls[:] = False  # they are not worth a tile of their own
        for watched, length in ((False, size), (True, min(size, self.room))):
            who = np.flatnonzero(crawls != watched)
            yield from ((who[part], watched) for part in _slices(who.size, length))

    def _share(self, number: int) -> int:
        """How many to a tile: costly steps keep all threads busy, even with few starts."""
        if not isinstance(self.objective, NonlinearObjective):
            return self.size
        return min(self.size, max(block_size(self.objective), -(-number // THREADS)))

    def _tile(
        self,
        index: Indices,
        theta: Array,
        lr: Rates,
        ball: Array,
        strict: bool,
        part: Part,
        watched: bool,
    ) -> Tile:
        """Some of those under way."""
        return Tile(
            *(self.scale, index[part], theta[:, part], some_rates(lr, part), ball[part]),
            *(strict, watched),
        )

    def _walk(
        self,
        tile_of: Callable[[Part, bool], Tile],
        part: tuple[Part, bool],
        start: int,
        stop: int,
        ends: Ends,
    ) -> Tile:
        """Walk a tile through a phase, write down who arrives, and keep the others. A tile is made
        when its turn comes, since all of them would be a copy of the map."""
        tile = tile_of(*part)
        judged = stop == self.steps
        first = (tile.index, tile.theta.copy() if judged and not tile.watched else tile.theta)
        record = Record(tile, stop - start, self.projection) if tile.watched else None
        step = partial(record.step, tile) if record else tile.step
        with np.errstate(all="ignore"):
            for done in range(start, stop, LOOK):
                count = min(LOOK, stop - done)
                tile.set_out()
                for _ in range(count):
                    squares = step(self.kernel)
                self._settle(tile, done, count, squares, ends)
                last = done + count == stop
                if np.count_nonzero(tile.settled) > CROWD * tile.settled.size or last:
                    stays = np.flatnonzero(~tile.settled)
                    tile.part(stays, ends)
                    if record and not last:
                        record.keep(stays)
                if not tile.index.size:
                    break
            if judged and tile.index.size:
                ends.outcome[tile.index] = CODE[Outcome.UNDECIDED]
                ends.theta[:, tile.index] = tile.theta
                unclear = np.flatnonzero(~self._crawls(tile.theta, tile.lr))
                if record:
                    record.keep(stays[unclear])
                    self._judge(tile.some(unclear, tile.theta[:, unclear]), record, ends)
                else:
                    self._walk_again(tile, unclear, *first, ends)
        return tile

    def _crawls(self, theta: Array, lr: Rates) -> Mask:
        """Who at θ (P, n) need not be looked at: they crawl on, and are undecided."""
        moves, further = np.empty_like(theta), np.empty_like(theta)
        spare = np.empty(theta.shape[1])
        with np.errstate(all="ignore"):
            self.kernel(theta, lr, moves, spare)
            self.kernel(theta - moves, lr, further, spare)
            return crawl(moves, further, quiet_move(self.scale, lr))

    def _settle(self, tile: Tile, done: int, count: int, squares: Array, ends: Ends) -> None:
        """Write down who has arrived in the last steps, and at which."""
        tile.turned_down &= squares <= tile.quiet
        quiet = np.flatnonzero((squares <= tile.quiet) & ~(tile.settled | tile.turned_down))
        if quiet.size:
            accepted = self._minima(tile, quiet, squares[quiet] == 0, ends)
            there = quiet[accepted]
            tile.turned_down[quiet[~accepted]] = not self.critical.by_loss
            tile.arrive(there, Outcome.MINIMUM, done + 1 + tile.count[there].astype(np.int32), ends)
        away = np.flatnonzero(~((squares_of(tile.theta) <= tile.ball) | tile.settled))
        if away.size:
            steps = done + self._steps_inside(tile, away, count)
            tile.arrive(away, Outcome.DIVERGED, steps, ends)

    def _minima(self, tile: Tile, quiet: Indices, fixed: Mask, ends: Ends) -> Mask:
        """Which of those whose gradient vanishes are at a minimum that is stable, or stay there as
        they are ``fixed``; kind and sharpness of these are written down."""
        theta, lr = tile.theta.take(quiet, axis=1), some_rates(tile.lr, quiet)
        kind = self.critical.kinds(theta, self.loss(theta))
        accepted = is_minimum(kind)
        if tile.strict:
            there = np.flatnonzero(accepted)
            sharpness = self.critical.sharpness(theta[:, there], kind[there])
            unstable = there[sharpness > STABLE * 2 / some_rates(lr, there)]
            kind[unstable] = KIND[CriticalPoint.UNSTABLE]
            accepted[unstable] = fixed[unstable]
        ends.critical_point[tile.index[quiet[accepted]]] = kind[accepted]
        return accepted

    def _walk_again(
        self, tile: Tile, unclear: Indices, before: Indices, origin: Array, ends: Ends
    ) -> None:
        """Look at those of a tile who are ``unclear`` when the budget is spent: from ``origin``
        (P, n), where those of index ``before`` (n,) began the last phase, they walk it again."""
        for begin in range(0, unclear.size, self.room):
            some = unclear[begin : begin + self.room]
            again = tile.some(some, origin[:, np.searchsorted(before, tile.index[some])])
            record = Record(again, self.steps - self.watched_from, self.projection)
            for _ in range(self.watched_from, self.steps):
                record.step(again, self.kernel)
            self._judge(again, record, ends)

    def _judge(self, tile: Tile, record: Record, ends: Ends) -> None:
        """Name those of a tile by their orbits in the last phase."""
        if tile.index.size:
            verdict = judge(self.critical, GRADIENT_DESCENT, record.seen(self.steps, tile))
            ends.outcome[tile.index], ends.period[tile.index] = verdict.outcome, verdict.period
            ends.critical_point[tile.index] = verdict.kind

    def _steps_inside(self, tile: Tile, who: Indices, count: int) -> NDArray[np.int32]:
        """How many of the last steps those who left the ball needed for it: walked again."""
        again = tile.some(who, tile.before.take(who, axis=1))
        inside = np.ones(who.size, dtype=bool)
        needed = np.ones(who.size, dtype=np.int32)
        for _ in range(count - 1):
            again.step(self.kernel)
            inside &= squares_of(again.theta) <= again.ball
            needed += inside
        return needed


def _slices(number: int, size: int) -> Iterator[slice]:
    return (slice(at, at + size) for at in range(0, number, size))


def phases(steps: int, last: int) -> Iterator[tuple[int, int]]:
    """Stretches (start, stop) of the budget, each twice as long, up to the one from ``last`` on."""
    start, length = 0, 2 * LOOK
    while start < last:
        stop = min(start + length, last)
        yield start, stop
        start, length = stop, 2 * length
    yield start, steps

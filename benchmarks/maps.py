"""Maps of basins, against a plain NumPy loop, JAX, and a compiled kernel as the practical limit."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import jax
import numba
import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Row
from benchmarks.training import timed
from eosdash.core.descent.flock import Flock
from eosdash.core.maps.basin import map_basin
from eosdash.core.maps.slices import Extent, Slice, random_slice, weight_slice
from eosdash.core.networks.linear import Objective
from eosdash.core.networks.tasks import scalar_objective, whitened_objective
from eosdash.core.outcome import BALL, CODE, GRADIENT_TOLERANCE, Outcome
from eosdash.core.types import Array

jax.config.update("jax_enable_x64", True)

Codes = NDArray[np.uint8]

REPETITIONS = 5
MINIMUM, DIVERGED = CODE[Outcome.MINIMUM], CODE[Outcome.DIVERGED]
OPEN = 255
"""What has neither reached a minimum nor diverged, which baselines tell no further apart."""


class Case(NamedTuple):
    """A map. Up to a fraction ``chaotic`` of its pixels may differ: where neighbouring starts
    have different fates, the order of a sum decides."""

    name: str
    objective: Objective
    plane: Slice
    extent: Extent
    resolution: int
    steps: int
    chaotic: float = 0.0


CHAIN = Case(
    "basin 512² × 500 steps, L = 2 chain, η = 0.5",
    scalar_objective((1, 1, 1), 1.0),
    weight_slice(np.zeros(2), 0, 1, 0.5),
    Extent(-2.5, 2.5, -2.5, 2.5),
    512,
    500,
)
_DEEP = whitened_objective((2, 4, 4, 2), (1.0, 0.5))
DEEP = Case(
    "basin slice 128² × 300 steps, L = 3, w = 4, 2 × 2 whitened, η = 0.5",
    _DEEP,
    random_slice(0.5 * np.random.default_rng(0).standard_normal(32), 0, 0.5),
    Extent(-4.0, 4.0, -4.0, 4.0),
    128,
    300,
    5e-4,
)


def run() -> Iterator[Row]:
    """Time all of a case by turns, the best of each; answers first.

    Raises:
        AssertionError: if outcomes do not agree.
    """
    starts = _starts(CHAIN)
    rate, steps = CHAIN.plane.lr, CHAIN.steps
    yield from _against(
        CHAIN,
        starts,
        [
            ("plain NumPy loop", lambda: by_numpy(starts, rate, steps), 30, False),
            ("JAX, jit and vmap", lambda: by_jax(CHAIN.objective, starts, rate, steps), 2, False),
            ("compiled kernel, early exit", lambda: by_kernel(starts, rate, steps), 3, True),
        ],
    )
    starts = _starts(DEEP)
    yield from _against(
        DEEP,
        starts,
        [
            (
                "JAX, jit and vmap",
                lambda: by_jax(DEEP.objective, starts, DEEP.plane.lr, DEEP.steps),
                5,
                False,
            )
        ],
    )
    seconds = min(timed(lambda: list(_whole(CHAIN)))[0] for _ in range(REPETITIONS))
    yield Row(
        "the same chain, level by level, with sharpness, loss and end points",
        "–", f"{1e3 * seconds:.0f} ms", "–", "–", None,
    )  # fmt: skip


def _whole(case: Case) -> Iterator[object]:
    return map_basin(case.objective, case.plane, case.extent, case.resolution, case.steps)


def _starts(case: Case) -> Array:
    x, y = case.extent.axes(case.resolution)
    columns, rows = np.meshgrid(x, y)
    return case.plane.starts(columns.ravel(), rows.ravel()).theta


Baseline = tuple[str, Callable[[], Codes], float, bool]


def _against(case: Case, starts: Array, baselines: list[Baseline]) -> Iterator[Row]:
    def ours() -> Codes:
        return Flock(case.objective, case.steps).run(starts, case.plane.lr).outcome

    found = ours()
    found[(found != MINIMUM) & (found != DIVERGED)] = OPEN
    for name, work, _, _ in baselines:  # compiles on the way
        different = np.count_nonzero(work() != found)
        if different > case.chaotic * found.size:
            raise AssertionError(f"{case.name}: {different} outcomes differ from the {name}")
    best = dict.fromkeys(["", *(name for name, *_ in baselines)], np.inf)
    for _ in range(REPETITIONS):
        best[""] = min(best[""], timed(ours)[0])
        for name, work, _, _ in baselines:
            best[name] = min(best[name], timed(work)[0])
    for name, _, target, limit in baselines:
        ratio = best[""] / best[name] if limit else best[name] / best[""]
        yield Row(
            f"{case.name}: {name}",
            f"{1e3 * best[name]:.0f} ms",
            f"{1e3 * best['']:.0f} ms",
            f"{ratio:.1f}× its time" if limit else f"{ratio:.1f}×",
            f"≤ {target}× its time" if limit else f"≥ {target}×",
            ratio <= target if limit else ratio >= target,
        )


def by_numpy(starts: Array, rate: float, steps: int) -> Codes:
    """The two-weight chain as it is written down first: all pixels to the end, the fate and the
    step of each noted when it is seen."""
    a, b = starts.copy()
    codes, ends = np.full(a.size, OPEN, dtype=np.uint8), np.full(a.size, steps)
    with np.errstate(all="ignore"):
        for step in range(steps):
            error = a * b - 1.0
            slope_a, slope_b = error * b, error * a
            open_ = codes == OPEN
            still = slope_a**2 + slope_b**2 <= GRADIENT_TOLERANCE**2
            a, b = a - rate * slope_a, b - rate * slope_b
            arrived = open_ & still & (error**2 < 1e-6)
            away = open_ & ~(a**2 + b**2 <= BALL**2)
            codes[arrived], codes[away] = MINIMUM, DIVERGED
            ends[arrived | away] = step + 1
    return codes


def _named(gradient: Array, theta: Array) -> Codes:
    """Outcomes from the last gradients and points, (P, n) each. A loss above the minimum with a
    vanishing gradient is a saddle, at 0 for the networks here."""
    with np.errstate(all="ignore"):
        still = np.sqrt((gradient**2).sum(axis=0)) <= GRADIENT_TOLERANCE
        away = ~((theta**2).sum(axis=0) <= BALL**2)
        saddle = (theta**2).sum(axis=0) < 1e-3
    return np.select([away, still & ~saddle], [DIVERGED, MINIMUM], OPEN).astype(np.uint8)


def by_jax(objective: Objective, starts: Array, rate: float, steps: int) -> Codes:
    """Any network, all pixels to the end."""
    theta, gradient = _jax_program(objective, steps)(starts.T, rate)
    return _named(np.asarray(gradient).T, np.asarray(theta).T)


_PROGRAMS: dict[tuple[int, int], Callable[..., tuple[jax.Array, jax.Array]]] = {}


def _jax_program(objective: Objective, steps: int) -> Callable[..., tuple[jax.Array, jax.Array]]:
    network, target = objective.network, objective.solution

    def loss(theta: jax.Array) -> jax.Array:
        product = jax.numpy.eye(network.sizes[0])
        for begin, end, shape in zip(
            network.offsets, network.offsets[1:], network.shapes, strict=False
        ):
            product = theta[begin:end].reshape(shape) @ product
        return 0.5 * jax.numpy.sum((product - target) ** 2)

    slope = jax.grad(loss)

    def descend(theta: jax.Array, rate: float) -> tuple[jax.Array, jax.Array]:
        last = jax.lax.fori_loop(0, steps, lambda _, point: point - rate * slope(point), theta)
        return last, slope(last)

    def program(starts: Array, rate: float) -> tuple[jax.Array, jax.Array]:
        return jax.block_until_ready(compiled(starts, rate))

    compiled = jax.jit(jax.vmap(descend, in_axes=(0, None)))
    return _PROGRAMS.setdefault((id(objective), steps), program)


def by_kernel(starts: Array, rate: float, steps: int) -> Codes:
    """The two-weight chain, each pixel to its own end, compiled, on all cores."""
    return _kernel(starts[0], starts[1], rate, steps)


@numba.njit(parallel=True)
def _kernel(first: Array, second: Array, rate: float, steps: int) -> Codes:
    codes = np.full(first.size, OPEN, np.uint8)
    ends = np.empty(first.size, np.int32)
    for i in numba.prange(first.size):
        a, b = first[i], second[i]
        for step in range(steps):
            error = a * b - 1.0
            slope_a, slope_b = error * b, error * a
            squares = slope_a * slope_a + slope_b * slope_b
            a, b = a - rate * slope_a, b - rate * slope_b
            if squares <= GRADIENT_TOLERANCE**2 and error * error < 1e-6:
                codes[i], ends[i] = MINIMUM, step + 1
                break
            if not a * a + b * b <= BALL**2:
                codes[i], ends[i] = DIVERGED, step + 1
                break
    return codes

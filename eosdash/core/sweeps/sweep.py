"""Many learning rates and many starts: what becomes of each."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eosdash.core.curvature.settled import point_sharpness
from eosdash.core.curvature.spectrum import DENSE_LIMIT
from eosdash.core.descent.flock import Flock
from eosdash.core.maps.basin import BATCH_FLOATS
from eosdash.core.networks.kernels import kernel_of
from eosdash.core.networks.linear import Objective
from eosdash.core.networks.nonlinear import Loss, Network
from eosdash.core.outcome import CODE, OUTCOMES, Outcome
from eosdash.core.types import Array


class Fates(NamedTuple):
    """Fates of N starts at each of c learning rates.

    Attributes:
        counts: how many of each outcome, (c, 6), in the order of
            :data:`eosdash.core.outcome.OUTCOMES`.
        grad_norm: ‖∇L‖ at the point reached, (c, N); infinite where diverged.
        sharpness: λ_max at the point reached, (c, N); NaN where diverged, and, in networks of more
            than fifty parameters, where it did not converge.
    """

    counts: NDArray[np.intp]
    grad_norm: Array
    sharpness: Array


def fates(objective: Loss, starts: Array, rates: Array, steps: int) -> Fates:
    """Run gradient descent from the columns of ``starts`` (P, N) at each of ``rates`` (c,)."""
    size, number = starts.shape
    flock = Flock(objective, steps)
    parts = []
    batch = max(1, BATCH_FLOATS // (size * number))
    for begin in range(0, len(rates), batch):
        some = rates[begin : begin + batch]
        parts.append(_fates(objective, flock, np.tile(starts, len(some)), np.repeat(some, number)))
    counts, grad_norm, sharpness = (np.concatenate(part) for part in zip(*parts, strict=True))
    shape = (len(rates), number)
    codes = counts.reshape(shape)
    return Fates(
        np.stack(
            [np.count_nonzero(codes == code, axis=1) for code in range(len(OUTCOMES))], axis=1
        ),
        grad_norm.reshape(shape),
        sharpness.reshape(shape),
    )


def _fates(
    objective: Loss, flock: Flock, starts: Array, rates: Array
) -> tuple[NDArray[np.uint8], Array, Array]:
    ends = flock.run(starts, rates)
    stays = np.flatnonzero(ends.outcome != CODE[Outcome.DIVERGED])
    grad_norm = np.full(len(rates), np.inf)
    if stays.size:
        with np.errstate(over="ignore"):
            grad_norm[stays] = np.linalg.norm(_gradients(objective, ends.theta[:, stays]), axis=0)
    sharpness = np.full(len(rates), np.nan)
    there = ends.outcome == CODE[Outcome.MINIMUM]
    sharpness[there] = flock.critical.sharpness(ends.theta[:, there], ends.critical_point[there])
    others = np.flatnonzero(~there & (ends.outcome != CODE[Outcome.DIVERGED]))
    if objective.network.parameters <= DENSE_LIMIT and others.size:
        sharpness[others] = point_sharpness(objective, ends.theta[:, others])
    return ends.outcome, grad_norm, sharpness


def _gradients(objective: Loss, theta: Array) -> Array:
    """∇L at the columns of θ (P, n), (P, n)."""
    if isinstance(objective, Objective):
        return objective.gradient(np.ascontiguousarray(theta.T)).T
    made = np.empty_like(theta)
    kernel_of(objective)(theta, 1.0, made, made)
    return made


def in_ball(network: Network, radius: float, number: int, seed: int) -> Array:
    """Starts (P, N), uniform in the ball of ``radius`` about the origin."""
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((network.parameters, number))
    lengths = radius * rng.random(number) ** (1 / network.parameters)
    return directions * (lengths / np.linalg.norm(directions, axis=0))

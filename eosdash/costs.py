"""What is estimated to cost how much, in seconds of one core if nothing is decided early: fits to
measurements, good to a factor of two."""

from typing import NamedTuple

from eosdash.core.curvature.curvature import unseen
from eosdash.core.curvature.settled import rest_seconds
from eosdash.core.curvature.spectrum import SINGLE_LIMIT
from eosdash.core.networks.kernels import step_seconds
from eosdash.core.networks.nonlinear import Loss, NonlinearObjective
from eosdash.core.theory.statements import DETERMINANT_LIMIT

COUNTED = 33
"""Learning rates at which the theory counts convergence."""


def run_seconds(
    objective: Loss, steps: int, eigenvalues: int = 1, lambda_min: bool = False
) -> float:
    """A run, with that many eigenvalues at every step."""
    weights, others = objective.network.parameters, eigenvalues - 1
    if not isinstance(objective, NonlinearObjective):
        seen = weights - unseen(objective.network)
        share = 1.0 if lambda_min else 0.6
        return steps * (5e-5 + 4e-6 * seen * share * (1 + 0.1 * others))
    gradient = step_seconds(objective)
    # Hessian products: of small networks more, which are formed in full or lie near the edge.
    products = 12 * gradient + 13 * min(gradient, 5e-5)
    if objective.samples * weights > SINGLE_LIMIT:  # λ_max alone takes single precision
        products *= 8 if lambda_min else 1
    elif not lambda_min:
        products *= 0.6
    return steps * (1e-4 + products * (1 + 0.15 * others))


class TheorySeconds(NamedTuple):
    """What a random point and a random start cost."""

    point: float
    start: float


def theory_seconds(objective: Loss, steps: int) -> TheorySeconds:
    """A minimizer near a random point, and a determinant where one is taken; and ``steps`` steps
    from a start at every learning rate."""
    weights = objective.network.parameters
    determinant = 1e-9 * weights**3 if weights <= DETERMINANT_LIMIT else 0.0
    start = steps * COUNTED * step_seconds(objective)
    return TheorySeconds(1e-5 + 5e-7 * weights + determinant, start)


def map_seconds(objective: Loss, resolution: int, steps: int) -> float:
    """A map of ``resolution`` pixels a side."""
    return resolution**2 * (steps * step_seconds(objective) + rest_seconds(objective))


class SweepSeconds(NamedTuple):
    """What the orbits of a sweep cost, and each random start over all its columns."""

    orbits: float
    each: float


def sweep_seconds(
    objective: Loss, columns: int, steps: int, visits: int | None, sharpness: bool = False
) -> SweepSeconds:
    """A sweep whose largest network is that of ``objective``.

    Args:
        visits: points of every orbit that are shown; None for depths and widths, of which there
            are no orbits but a unit each.
        sharpness: whether the sharpness of those points is.
    """
    each = columns * (steps * step_seconds(objective) + rest_seconds(objective))
    if visits is None:
        return SweepSeconds(columns * rest_seconds(objective), each)
    product, one = _orbit_seconds(objective)
    orbits = steps * (columns * product + 4e-4)
    if sharpness:
        orbits += columns * min(visits, steps) * one
    return SweepSeconds(orbits, each)


def _orbit_seconds(objective: Loss) -> tuple[float, float]:
    """A gradient and a Hessian product of an orbit, and its sharpness."""
    weights = objective.network.parameters
    if isinstance(objective, NonlinearObjective):
        return 3 * step_seconds(objective), rest_seconds(objective)
    return 3e-8 * weights, 2e-5 + 1e-5 * weights

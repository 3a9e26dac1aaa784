"""The spectrum of the Hessian at one step of a run."""

from collections.abc import Iterator

import numpy as np

from eosdash.core.curvature.density import SpectralDensity, spectral_density
from eosdash.core.maps.basin import Progress
from eosdash.core.types import Array
from eosdash.explaining.records import (
    Conclusion,
    Costs,
    Intro,
    Part,
    Point,
    Records,
    Subject,
    costs_of,
    edges,
    point_at,
    rows_in,
    since,
)
from eosdash.params import ExplainParams

PROBES, LANCZOS_STEPS = 10, 80
FEW_PROBES, FEW_STEPS = 6, 60
"""Where a Hessian product takes longer than ``SLOW``."""

SLOW = 1e-3

EXACT_PARAMETERS = 1_000
"""Up to this many the whole Hessian is diagonalized, if its products are cheap."""

EXACT_SECONDS = 2.0

ZERO = 1e-6
"""An eigenvalue this small, relative to the spectral norm, is counted as zero."""

NOTE = (
    "[[Density of the eigenvalues]] of the Hessian by stochastic Lanczos quadrature (Ghorbani et "
    "al. 2019, arXiv:1901.10159), broadened by a Gaussian; the band is one standard error over the "
    "random probes."
)


def settings_of(params: ExplainParams) -> tuple[int, int]:
    """Random probes, and steps of Lanczos from each."""
    if costs_of(params).product > SLOW:
        return FEW_PROBES, FEW_STEPS
    return PROBES, LANCZOS_STEPS


def is_exact(params: ExplainParams) -> bool:
    """Whether all eigenvalues are computed as well."""
    weights = params.network.parameters
    return weights <= EXACT_PARAMETERS and weights * costs_of(params).product <= EXACT_SECONDS


def spectrum(subject: Subject) -> Records:
    """The spectrum at the step ``at``: ``grid`` (G,) with its ``density`` and
    ``density_error``; the largest eigenvalues ``top`` (k,); and of small networks all
    ``eigenvalues`` (P,), descending."""
    params, objective, start = subject
    probes, steps = settings_of(params)
    point = Point(0, start)
    yield Intro(
        (NOTE, f"{probes} probes, {min(steps, len(start))} steps each."),
        {"at": params.at, "probes": probes, "exact": is_exact(params)},
    )
    for found in point_at(subject):
        if isinstance(found, Progress):
            yield found
        else:
            point = found
    seen = spectral_density(objective, point.theta, probes, steps, top=params.eigenvalues)
    yield Part(
        {
            "grid": seen.grid,
            "density": seen.density,
            "density_error": seen.density_error,
            "top": seen.top,
        }
    )
    values = None
    if is_exact(params) and seen.finite:
        for part in _eigenvalues(subject, point.theta, costs_of(params)):
            if isinstance(part, Progress):
                yield part
            else:
                yield Part({"eigenvalues": part})
                values = part
    yield _conclusion(params, point, seen, values)


def _eigenvalues(subject: Subject, theta: Array, costs: Costs) -> Iterator[Progress | Array]:
    """Signs of life, and last all eigenvalues at θ, descending."""
    size, length = len(theta), rows_in(costs.product)
    at = subject.objective.linearize(theta[None])
    rows = []
    for first in range(0, size, length):
        rows.append(at.hessian_product(np.eye(size)[first : first + length]))
        yield Progress(min(size, first + length), size)
    hessian = np.concatenate(rows)
    yield np.asarray(np.linalg.eigvalsh(0.5 * (hessian + hessian.T))[::-1], dtype=float)


def _conclusion(
    params: ExplainParams, point: Point, seen: SpectralDensity, values: Array | None
) -> Conclusion:
    where = since(params, point)
    if not seen.finite:
        return Conclusion(f"The Hessian at {where} is not finite.")
    words = f"At {where}: largest eigenvalue {edges(params, float(seen.top[0]), point.step)}"
    if len(seen.top) > 1:
        words += f", next {seen.top[1]:.4g}"
    numbers = {"step": point.step, "top_converged": seen.top_converged, "width": seen.width}
    if values is None:
        return Conclusion(f"{words}. Broadened by {seen.width:.2g}.", numbers)
    largest = np.abs(values).max()
    small = int(np.sum(np.abs(values) <= ZERO * largest))
    negative = int(np.sum(values < -ZERO * largest))
    numbers |= {"zero": small, "negative": negative}
    return Conclusion(
        f"{words}. Of {len(values)} eigenvalues {negative} are negative and {small} are zero to "
        "a part in 10⁶ of the largest.",
        numbers,
    )

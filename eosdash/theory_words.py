"""What was found of the theory's statements, in words; see :mod:`eosdash.claims` for what they
claim."""

import numpy as np

from eosdash.core.maps.boundary import wilson
from eosdash.params import NetworkParams
from eosdash.shares import percent
from eosdash.theory import ManifoldResult, NonsingularResult, RayResult, StableResult

NOT_HERE = "not on this network"
"""Where there is nothing to check."""

UNBOUNDED = "the stable minimizers are not bounded"


def stable_words(params: NetworkParams, found: StableResult) -> tuple[str, str]:
    """What was found of the stable minimizers, in short and in full."""
    critical = found.critical_lr
    ratio = f"η = {params.lr:.4g}"
    if critical.value < float("inf"):
        ratio += f" = {params.lr / critical.value:.3g} η_C"
    if found.empty:
        doubt = "" if found.certain else " (η_C is numerical)"
        # With weight decay there may be others, such as the origin.
        which = "global minimizer" if params.weight_decay else "minimizer"
        short = f"{ratio}: no {which} is stable{doubt}"
        return short, short
    if found.bound is not None:
        bound = found.bound
        seen = f"every |wᵢ| of a stable minimizer lies between {bound.smallest:.3g} and"
        short = f"{ratio}: {seen} {bound.largest:.3g}"
        return short, f"{short} (the bound: {bound.lower:.3g} to {bound.upper:.3g}, dashed)"
    if found.ray is not None:
        return f"{ratio}: {UNBOUNDED}", f"{ratio}: {UNBOUNDED}; {_ray_words(found.ray)}"
    short = f"{ratio}: some minimizers are stable, those with S ≤ 2/η = {2 / params.lr:.4g}"
    if found.radius is not None:
        return short, f"{short}; all minimizers have ‖θ‖ ≤ {found.radius:.4g}"
    if found.products is None or not found.products.after.size:
        return short, short
    most = max(found.products.after.max(), found.products.before.max())
    return short, f"{short}; products of layers from either end have norm {most:.3g} at most"


def _ray_words(ray: RayResult) -> str:
    """What was seen along a ray."""
    change = float(np.ptp(ray.sharpness))
    return (
        f"layer {ray.layer} grows to {ray.norm[-1]:,.0f}, while S = {ray.sharpness[0]:.4g} changes "
        f"by {change:.1g} and the loss by {np.abs(ray.loss).max():.1g}"
    )


def manifold_words(found: ManifoldResult) -> str:
    """What was found of the rank of J."""
    if found.rank is None:
        reason = found.missing["minimizers"]
        return NOT_HERE if reason == found.missing["dimension"] else reason.removesuffix(".")
    number = len(found.rank)
    failed = f", {found.failed} random points did not reach one" if found.failed else ""
    if found.dimension is not None:
        full = int((found.rank == found.expected_rank).sum())
        rank = f"rank J = {found.expected_rank} at {full} of {number} sampled minimizers"
        return f"{rank}{failed}; dimension of M: {found.dimension}"
    ranks = sorted({int(rank) for rank in found.rank} | {int(found.least_rank or 0)})
    few = f", {found.least_rank} at one that uses as few units as can be" if ranks[1:] else ""
    which = " and ".join(map(str, ranks)) if len(ranks) < 3 else f"{ranks[0]} to {ranks[-1]}"
    return f"rank J = {which} at {number} sampled minimizers{few}{failed}"


def nonsingular_words(params: NetworkParams, found: NonsingularResult) -> str:
    """What was found of det(I − η∇²L)."""
    if found.log_det is None:
        return found.missing["log_det"].removesuffix(".")
    number = len(found.log_det)
    what = f"log|det(I − η∇²L)| at {number} random θ with η = {params.lr:.4g}"
    if not found.vanishing:
        return f"{what}: none at −∞, the smallest {found.smallest:.3g}".replace("-", "−")
    how_many = "all" if found.vanishing == number else f"{found.vanishing}"
    return f"{what}: {how_many} at −∞, as far as rounding tells"


def measure_zero_words(converged: int, undecided: int, total: int, steps: int) -> str:
    """How many starts converged past η_C in so many steps, and at most what share does; and what
    it would be at most if those did that are undecided."""
    most, if_all = (percent(float(wilson(n, total)[1])) for n in (converged, converged + undecided))
    open_ = f"; {undecided:,} are undecided, and with them it is at most {if_all}"
    return (
        f"{converged:,} of {total:,} starts past η_C converged within {steps:,} steps; at most "
        f"{most} do, with [[95 % confidence]]{open_ if undecided else ''}"
    )

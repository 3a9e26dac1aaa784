"""The theory of large learning rates in numbers, for the network of a parameter set.

Each function takes the keyword parameters of :class:`eosdash.params.NetworkParams` beside its
own. What does not exist for a network is None, and ``missing`` says why, in plain words. A network
that is not linear is refused: none of it is about those.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from eosdash.assumptions import Setting
from eosdash.claims import Verdict, verdicts, why_not
from eosdash.core.maps import folds
from eosdash.core.maps.folds import Mesh
from eosdash.core.networks.linear import Objective
from eosdash.core.theory import bounded, statements
from eosdash.core.theory.stable_minima import Hyperbola, Surface, hyperbola, surface, weight_bound
from eosdash.core.types import Array
from eosdash.fields import ParameterError, remembered
from eosdash.params import NetworkParams, TheoryParams, TrainParams
from eosdash.reasons import (
    why_no_determinant,
    why_no_plane,
    why_no_radius,
    why_no_ray,
    why_not_drawn,
)
from eosdash.reference import known_critical_lr
from eosdash.runs import linear_objective_of
from eosdash.setting import setting_of
from eosdash.theory_results import (
    CriticalResult,
    ManifoldResult,
    NonsingularResult,
    PlaneResult,
    RayResult,
    StableResult,
)

__all__ = [
    "CriticalResult",
    "ManifoldResult",
    "NonsingularResult",
    "PlaneResult",
    "RayResult",
    "StableResult",
    "assumptions",
    "critical_lr",
    "manifold",
    "nonsingular",
    "stable",
]

STARTS = 5
"""Minimizations of S over M behind a numerical η_C."""

MOST_POINTS = 10_000

FAR = np.concatenate([[0.0], np.geomspace(0.1, 1e4, 41)])
"""How far an unbounded direction is followed."""

ROUNDED = 1 + 1e-12
"""At η = η_C exactly rounding must not turn the flattest minimizers away."""


def critical_lr(**params: Any) -> CriticalResult:
    """η_C by a formula where there is one, otherwise by minimizing S over M from several starts.

    Raises:
        eosdash.ParameterError: naming the parameter, what is wrong and what is allowed.
    """
    return _critical(NetworkParams.make(**params))


def assumptions(claim: str, **params: Any) -> list[Verdict]:
    """The assumptions of a claim of :data:`eosdash.claims.CLAIMS`, and whether they hold here; the
    first of all is that the network is linear.

    Args:
        claim: its name.
        **params: see :class:`eosdash.params.TrainParams`: optimizer, batches and changes of the
            learning rate are asked of too.

    Raises:
        KeyError: if there is no such claim.
        eosdash.ParameterError: naming the parameter, what is wrong and what is allowed.
    """
    return verdicts(claim, setting_of(TrainParams.make(**params), claim))


def nonsingular(*, points: int = 200, **params: Any) -> NonsingularResult:
    """Evidence that G is non-singular: its determinant at random θ, and two weights in full.

    Args:
        points: number n of random θ, Gaussian with the scale, scaling and seed of the start.
        **params: see :class:`eosdash.params.NetworkParams`.

    Raises:
        eosdash.ParameterError: naming the parameter, what is wrong and what is allowed.
    """
    parsed = TheoryParams.make(points=_checked(points), **params)
    setting = setting_of(parsed)
    objective = setting.objective
    missing: dict[str, str] = {}
    log_det: Array | None = None
    if reason := why_no_determinant(objective):
        missing |= dict.fromkeys(("log_det", "smallest", "vanishing"), reason)
    else:
        theta = _random(parsed, objective, parsed.points)
        log_det = statements.log_determinants(objective, parsed.lr, theta)
    plane: PlaneResult | None = None
    if reason := why_no_plane(objective, parsed.lr):
        missing["plane"] = reason
    else:
        plane = _plane(folds.plane_map(objective, parsed.lr))
    return NonsingularResult(
        log_det=log_det,
        smallest=None if log_det is None else float(log_det.min()),
        vanishing=None if log_det is None else int(np.sum(np.isneginf(log_det))),
        plane=plane,
        assumptions=verdicts("nonsingular", setting),
        missing=missing,
    )


def manifold(*, points: int = 50, **params: Any) -> ManifoldResult:
    """Evidence that M is a manifold: the rank of J at minimizers near random θ.

    Args:
        points: number of random θ, Gaussian with the scale, scaling and seed of the start.
        **params: see :class:`eosdash.params.NetworkParams`.

    Raises:
        eosdash.ParameterError: naming the parameter, what is wrong and what is allowed.
    """
    parsed = TheoryParams.make(points=_checked(points), **params)
    setting = setting_of(parsed)
    objective = setting.objective
    missing: dict[str, str] = {}
    dimension: int | None = None
    if reason := why_not("manifold", setting):
        missing["dimension"] = reason
    else:
        dimension = objective.network.parameters - setting.outputs
    curve, sheet = _drawn(setting, missing)
    expected: int | None = setting.outputs
    sampled: dict[str, Any] = dict.fromkeys(
        ("minimizers", "failed", "residual", "rank", "ratio", "sharpness", "least_rank")
    )
    if reason := why_not("exact", setting):
        missing |= dict.fromkeys(("minimizers", "least_rank"), reason)
        if objective.weight_decay:
            missing["expected_rank"], expected = reason, None
    else:
        sampled = _ranks(objective, _random(parsed, objective, parsed.points))
    return ManifoldResult(
        dimension=dimension,
        expected_rank=expected,
        hyperbola=curve,
        surface=sheet,
        assumptions=verdicts("manifold", setting),
        missing=missing,
        **sampled,
    )


def _ranks(objective: Objective, theta: Array) -> dict[str, Any]:
    """Minimizers near θ (n, P), with the singular values of J there."""
    found = statements.projected(objective, theta)
    values = statements.jacobian_singular_values(objective, found.theta)
    largest = values.max(axis=1, initial=0.0)  # of inputs that are all zero J has no rows
    smallest = values.min(axis=1, initial=np.inf)
    with np.errstate(invalid="ignore"):
        ratio = np.where(largest > 0, smallest / largest, 0.0)
    fewest = bounded.flattest_minimizer(objective)[None]
    least = statements.ranks(statements.jacobian_singular_values(objective, fewest))
    return {
        "minimizers": found.theta,
        "failed": found.failed,
        "residual": found.residual,
        "rank": statements.ranks(values),
        "ratio": ratio,
        # Without residual the Hessian is Jᵀ J.
        "sharpness": largest**2,
        "least_rank": int(least[0]),
    }


def stable(**params: Any) -> StableResult:
    """The stable minimizers: whether there are any, and where.

    Raises:
        eosdash.ParameterError: naming the parameter, what is wrong and what is allowed.
    """
    parsed = NetworkParams.make(**params)
    setting, critical = setting_of(parsed), _critical(parsed)
    objective = setting.objective
    missing: dict[str, str] = {}
    empty = parsed.lr > critical.value * ROUNDED
    bounds = _bounds(setting, missing)
    curve, sheet = _drawn(setting, missing)
    drawn = curve or sheet
    if drawn is None:
        depth = objective.network.depth
        missing["stable"] = (
            why_not_drawn(setting) or f"Minimizers are drawn for depth 2 and 3, not {depth}."
        )
    return StableResult(
        critical_lr=critical,
        empty=empty,
        certain=critical.closed_form or not (empty or parsed.weight_decay),
        hyperbola=curve,
        surface=sheet,
        stable=None if drawn is None else drawn.sharpness <= 2 / parsed.lr * ROUNDED,
        assumptions=verdicts("stable", setting),
        missing=missing,
        **bounds,
    )


def _bounds(setting: Setting, missing: dict[str, str]) -> dict[str, Any]:
    """What bounds the stable minimizers, or the direction in which nothing does; the reasons for
    what there is not go to ``missing``."""
    objective, lr = setting.objective, setting.lr
    found: dict[str, tuple[str, Callable[[], Any]]] = {
        "bound": (why_not_drawn(setting), lambda: weight_bound(objective, lr)),
        "products": (why_not("products", setting), lambda: bounded.product_bound(objective, lr)),
        "radius": (why_no_radius(setting), lambda: bounded.decayed_radius(objective)),
        "ray": (why_no_ray(setting), lambda: _ray(objective)),
    }
    missing |= {name: reason for name, (reason, _) in found.items() if reason}
    return {name: None if reason else compute() for name, (reason, compute) in found.items()}


def _ray(objective: Objective) -> RayResult | None:
    """What changes along an unbounded direction, and what does not."""
    ray = bounded.unbounded_ray(objective)
    if ray is None:
        return None
    theta = ray.theta + FAR[:, None] * ray.direction
    loss = objective.loss(theta)
    norms = [bounded.products(objective, point) for point in theta]
    moved = objective.network.layers(theta)[ray.layer - 1]
    return RayResult(
        layer=ray.layer,
        unread=ray.unread,
        theta=ray.theta,
        direction=ray.direction,
        far=FAR,
        loss=loss - loss[0],
        sharpness=_sharpness(objective, theta),
        norm=np.linalg.norm(moved, 2, axis=(1, 2)),
        product=np.array([max(0.0, *np.concatenate(each), 0.0) for each in norms]),
    )


def _sharpness(objective: Objective, theta: Array) -> Array:
    """S at minimizers θ (n, P), (n,): from J where there is no residual."""
    if statements.target_rank(objective) <= min(objective.network.sizes):
        return np.asarray(
            statements.jacobian_singular_values(objective, theta).max(axis=1, initial=0.0) ** 2
        )
    return np.asarray(np.linalg.eigvalsh(objective.hessian(theta))[:, -1])


@remembered
def _critical(params: NetworkParams) -> CriticalResult:
    single = known_critical_lr(params)
    if single.closed_form or not np.isfinite(single.value):
        return CriticalResult(single.value, single.closed_form, 2 / single.value, None, 0)
    if params.weight_decay:
        # All minimizers that weight decay leaves are equally sharp, as far as they were found.
        sharpness = 2 / single.value
        return CriticalResult(single.value, False, sharpness, (sharpness, sharpness), 1)
    least = statements.least_sharpness(linear_objective_of(params), STARTS)
    spread = float(least.found.min()), float(least.found.max())
    return CriticalResult(2 / least.best, False, least.best, spread, len(least.found))


def _plane(step: folds.PlaneMap) -> PlaneResult:
    lines = folds.mesh(folds.reach(step))
    fold = folds.fold(step)
    return PlaneResult(
        mesh=lines,
        image=Mesh(*(folds.image(step, family) for family in lines)),
        fold=fold,
        caustic=[step(curve) for curve in fold],
        preimages=folds.count_preimages(step),
    )


def _drawn(setting: Setting, missing: dict[str, str]) -> tuple[Hyperbola | None, Surface | None]:
    """M where it can be drawn; the reasons go to ``missing``."""
    objective, depth, reason = setting.objective, setting.depth, why_not_drawn(setting)
    missing["hyperbola"] = reason or f"The hyperbola ab = y belongs to depth 2, not {depth}."
    missing["surface"] = reason or f"The surface abc = y belongs to depth 3, not {depth}."
    if not reason and depth == 2:
        del missing["hyperbola"]
        return hyperbola(objective, setting.lr), None
    if not reason and depth == 3:
        del missing["surface"]
        return None, surface(objective, setting.lr)
    return None, None


def _random(params: NetworkParams, objective: Objective, number: int) -> Array:
    return statements.random_points(
        objective.network, params.init_scale, params.seed, number, params.init_scaling == "fan_in"
    )


def _checked(points: int) -> int:
    if not isinstance(points, int) or not 1 <= points <= MOST_POINTS:
        allowed = f"a whole number from 1 to {MOST_POINTS}"
        raise ParameterError("points", "it is no number of points", allowed)
    return points

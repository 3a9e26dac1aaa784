"""The theory of large learning rates in numbers, for the network of a parameter set.

Each function takes the keyword parameters of :class:`eosdash.params.NetworkParams` beside its
own. What does not exist for a network is None, and ``missing`` says why, in plain words. A network
that is not linear is refused: none of it is about those.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eosdash.core import folds, statements
from eosdash.core.folds import Mesh, PreimageGrid
from eosdash.core.network import Array, Objective
from eosdash.core.stable_minima import (
    Hyperbola,
    Surface,
    WeightBound,
    hyperbola,
    surface,
    weight_bound,
)
from eosdash.fields import ParameterError
from eosdash.params import NetworkParams, TheoryParams
from eosdash.reasons import (
    seen_rank,
    why_no_chain,
    why_no_determinant,
    why_no_manifold,
    why_no_plane,
    why_residual,
)
from eosdash.reference import known_critical_lr
from eosdash.runs import linear_objective_of

STARTS = 5
"""Minimizations of S over M behind a numerical η_C."""

MOST_POINTS = 10_000

ROUNDED = 1 + 1e-12
"""At η = η_C exactly rounding must not turn the flattest minimizers away."""


@dataclass(frozen=True)
class CriticalResult:
    """η_C, above which no global minimizer is stable.

    Attributes:
        value: η_C = 2 / min S; infinite if M holds points of zero sharpness.
        closed_form: True for a formula. Otherwise a minimization: S may be smaller elsewhere on
            M, and the value is a lower estimate of η_C.
        sharpness: the least S over M, or the least that was found.
        spread: the least and the largest S that the minimizations ended with; None for a
            formula.
        starts: how many minimizations there were; 0 for a formula.
    """

    value: float
    closed_form: bool
    sharpness: float
    spread: tuple[float, float] | None
    starts: int


@dataclass(frozen=True)
class PlaneResult:
    """A step G of gradient descent on two weights, as a map of the plane of (a, b).

    Attributes:
        mesh: lines of constant a and of constant b, (K, 2, m) each.
        image: where G takes them, in the same order.
        fold: where det DG = 0, one or two closed curves (2, m).
        caustic: where G takes the fold, in the same order.
        preimages: how many points G takes to each point of a grid.
    """

    mesh: Mesh
    image: Mesh
    fold: list[Array]
    caustic: list[Array]
    preimages: PreimageGrid


@dataclass(frozen=True)
class NonsingularResult:
    """Whether G is singular anywhere it was looked at.

    Attributes:
        log_det: log|det DG| = log|det(I − η∇²L)| at random θ, (n,); None for large networks.
        smallest: the smallest of them.
        vanishing: at how many of them the determinant is zero. With one layer the Hessian is
            constant, and where 1/η is one of its eigenvalues, these are all.
        plane: the map of two weights, for sizes (1, 1, 1).
        missing: for every part that is None the reason.
    """

    log_det: Array | None
    smallest: float | None
    vanishing: int | None
    plane: PlaneResult | None
    missing: dict[str, str]


@dataclass(frozen=True)
class ManifoldResult:
    """The global minimizers M as a manifold, and the rank that makes them one.

    The Jacobian J is that of the outputs on the data, d_out · rank Σ numbers.

    Attributes:
        dimension: of M, the parameters less d_out · rank Σ.
        expected_rank: d_out · rank Σ, which is d_in · d_out unless inputs are linearly dependent.
        minimizers: random θ projected to M, (n, P), those where that succeeded.
        failed: the number of random θ where it did not.
        residual: ‖(W_L ⋯ W_1 − P*) F‖ at each minimizer, (n,), F Fᵀ = Σ.
        rank: numerical rank of J there, (n,).
        ratio: smallest to largest singular value of J there, (n,).
        sharpness: S there, (n,).
        hyperbola: M for a scalar chain of depth 2, with S.
        surface: M for a scalar chain of depth 3, with S.
        missing: for every part that is None the reason; of the sampled parts, which are None
            together, under ``minimizers``.
    """

    dimension: int | None
    expected_rank: int | None
    minimizers: Array | None
    failed: int | None
    residual: Array | None
    rank: NDArray[np.intp] | None
    ratio: Array | None
    sharpness: Array | None
    hyperbola: Hyperbola | None
    surface: Surface | None
    missing: dict[str, str]


@dataclass(frozen=True)
class StableResult:
    """The stable minimizers M_η = {θ ∈ M : S ≤ 2/η}.

    Attributes:
        critical_lr: η_C, and whether by a formula.
        empty: whether M_η is empty, η > η_C.
        certain: False where ``empty`` rests on an estimate: it says True by a numerical η_C,
            which may be too low, or minimizers were searched for under weight decay.
        bound: bounds on every |w_i| over M_η, for a scalar chain.
        hyperbola: M for a scalar chain of depth 2, with S.
        surface: M for a scalar chain of depth 3, with S.
        stable: whether S ≤ 2/η along the hyperbola, (2, n), or on the surface, (4, n, n).
        missing: for every part that is None the reason.
    """

    critical_lr: CriticalResult
    empty: bool
    certain: bool
    bound: WeightBound | None
    hyperbola: Hyperbola | None
    surface: Surface | None
    stable: NDArray[np.bool_] | None
    missing: dict[str, str]


def critical_lr(**params: Any) -> CriticalResult:
    """η_C by a formula where there is one, otherwise by minimizing S over M from several starts.

    Raises:
        eosdash.ParameterError: naming the parameter, what is wrong and what is allowed.
    """
    return _critical(NetworkParams.make(**params))


def nonsingular(*, points: int = 200, **params: Any) -> NonsingularResult:
    """Evidence that G is non-singular: its determinant at random θ, and two weights in full.

    Args:
        points: number n of random θ, Gaussian with the scale, scaling and seed of the start.
        **params: see :class:`eosdash.params.NetworkParams`.

    Raises:
        eosdash.ParameterError: naming the parameter, what is wrong and what is allowed.
    """
    parsed = TheoryParams.make(points=_checked(points), **params)
    theta_count = parsed.points
    objective = linear_objective_of(parsed)
    missing: dict[str, str] = {}
    log_det: Array | None = None
    if reason := why_no_determinant(objective):
        missing |= dict.fromkeys(("log_det", "smallest", "vanishing"), reason)
    else:
        theta = _random(parsed, objective, theta_count)
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
    number = parsed.points
    objective = linear_objective_of(parsed)
    missing: dict[str, str] = {}
    expected = objective.network.sizes[-1] * seen_rank(objective)
    dimension: int | None = None
    if reason := why_no_manifold(objective):
        missing["dimension"] = reason
    else:
        dimension = objective.network.parameters - expected
    curve, sheet = _drawn(objective, parsed.lr, missing)
    sampled: dict[str, Any] = dict.fromkeys(
        ("minimizers", "failed", "residual", "rank", "ratio", "sharpness")
    )
    if reason := why_residual(objective):
        missing["minimizers"] = reason
        if objective.weight_decay:
            missing["expected_rank"] = reason
    else:
        found = statements.projected(objective, _random(parsed, objective, number))
        values = statements.jacobian_singular_values(objective, found.theta)
        largest = values.max(axis=1, initial=0.0)  # of inputs that are all zero J has no rows
        smallest = values.min(axis=1, initial=np.inf)
        with np.errstate(invalid="ignore"):
            ratio = np.where(largest > 0, smallest / largest, 0.0)
        sampled = {
            "minimizers": found.theta,
            "failed": found.failed,
            "residual": found.residual,
            "rank": statements.ranks(values),
            "ratio": ratio,
            # Without residual the Hessian is Jᵀ J.
            "sharpness": largest**2,
        }
    return ManifoldResult(
        dimension=dimension,
        expected_rank=None if "expected_rank" in missing else expected,
        hyperbola=curve,
        surface=sheet,
        missing=missing,
        **sampled,
    )


def stable(**params: Any) -> StableResult:
    """The stable minimizers: whether there are any, and where.

    Raises:
        eosdash.ParameterError: naming the parameter, what is wrong and what is allowed.
    """
    parsed = NetworkParams.make(**params)
    objective, critical = linear_objective_of(parsed), _critical(parsed)
    missing: dict[str, str] = {}
    empty = parsed.lr > critical.value * ROUNDED
    bound: WeightBound | None = None
    if reason := why_no_chain(objective):
        missing["bound"] = reason
    else:
        bound = weight_bound(objective, parsed.lr)
    curve, sheet = _drawn(objective, parsed.lr, missing)
    drawn = curve or sheet
    if drawn is None:
        depth = objective.network.depth
        missing["stable"] = (
            why_no_chain(objective) or f"Minimizers are drawn for depth 2 and 3, not {depth}."
        )
    return StableResult(
        critical_lr=critical,
        empty=empty,
        certain=critical.closed_form or not (empty or parsed.weight_decay),
        bound=bound,
        hyperbola=curve,
        surface=sheet,
        stable=None if drawn is None else drawn.sharpness <= 2 / parsed.lr * ROUNDED,
        missing=missing,
    )


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


def _drawn(
    objective: Objective, lr: float, missing: dict[str, str]
) -> tuple[Hyperbola | None, Surface | None]:
    """M where it can be drawn; the reasons go to ``missing``."""
    depth, reason = objective.network.depth, why_no_chain(objective)
    missing["hyperbola"] = reason or f"The hyperbola ab = y belongs to depth 2, not {depth}."
    missing["surface"] = reason or f"The surface abc = y belongs to depth 3, not {depth}."
    if not reason and depth == 2:
        del missing["hyperbola"]
        return hyperbola(objective, lr), None
    if not reason and depth == 3:
        del missing["surface"]
        return None, surface(objective, lr)
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

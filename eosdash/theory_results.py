"""What the functions of :mod:`eosdash.theory` find."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eosdash.claims import Verdict
from eosdash.core.maps.folds import Mesh, PreimageGrid
from eosdash.core.theory.bounded import ProductBound
from eosdash.core.theory.stable_minima import Hyperbola, Surface, WeightBound
from eosdash.core.types import Array


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
        vanishing: at how many of them the determinant is zero up to rounding.
        plane: the map of two weights, for sizes (1, 1, 1).
        assumptions: those of the statement, and whether they hold.
        missing: for every part that is None the reason.
    """

    log_det: Array | None
    smallest: float | None
    vanishing: int | None
    plane: PlaneResult | None
    assumptions: list[Verdict]
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
        least_rank: rank of J at a minimizer that uses as few units as can be, where it is lost if
            it is lost anywhere.
        hyperbola: M for a scalar chain of depth 2, with S.
        surface: M for a scalar chain of depth 3, with S.
        assumptions: those of the statement, and whether they hold.
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
    least_rank: int | None
    hyperbola: Hyperbola | None
    surface: Surface | None
    assumptions: list[Verdict]
    missing: dict[str, str]


@dataclass(frozen=True)
class RayResult:
    """Minimizers θ + N δ of one sharpness: along them the stable minimizers are unbounded.

    Attributes:
        layer: that moves, counted from 1.
        unread: whether it is free along inputs that never occur, instead of in directions that
            neither end of the network sees.
        theta: θ, (P,).
        direction: δ, (P,).
        far: N, (n,).
        loss: by how much the loss is above the lowest that it is, (n,).
        sharpness: S, (n,).
        norm: of the layer that moves, (n,).
        product: the largest norm of a product of layers from either end, less one layer or more,
            (n,).
    """

    layer: int
    unread: bool
    theta: Array
    direction: Array
    far: Array
    loss: Array
    sharpness: Array
    norm: Array
    product: Array


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
        products: bounds on the products of layers from either end, over M_η.
        radius: a bound on ‖θ‖ over all minimizers, with weight decay.
        ray: along which M_η is unbounded.
        assumptions: those of the statement, and whether they hold.
        missing: for every part that is None the reason.
    """

    critical_lr: CriticalResult
    empty: bool
    certain: bool
    bound: WeightBound | None
    hyperbola: Hyperbola | None
    surface: Surface | None
    stable: NDArray[np.bool_] | None
    products: ProductBound | None
    radius: float | None
    ray: RayResult | None
    assumptions: list[Verdict]
    missing: dict[str, str]

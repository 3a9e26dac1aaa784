"""Numbers behind the theory of large learning rates, for any linear network.

The statements are those of Crăciun and Ghoshdastidar (arXiv:2402.13108): the map G of gradient
descent is non-singular, and the global minimizers M are a manifold; with the least sharpness on
it, which decides whether any of them is stable.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from eosdash.core.networks.linear import LinearNetwork, Objective
from eosdash.core.theory.critical import EFFORT, Gauges, critical_lr
from eosdash.core.types import Array

DETERMINANT_LIMIT = 300
"""Up to this many parameters the determinant of I − η∇²L is computed."""

BATCH_FLOATS = 2_000_000
"""Bounds the numbers held at once for Hessians, or for products along the layers."""

TINY = float(np.finfo(float).tiny)

NEGLIGIBLE = 1e-12
"""Singular values of F and P* F beyond this ratio to the largest count as zero."""

SPREAD_OF_GAUGES = 0.4
"""Standard deviation of the entries by which a random gauge differs from the identity."""

PROJECTION_STEPS = 60
RESIDUAL = 1e-12
"""A projection has converged when the residual is this small beside that of the zero map."""

ROUNDINGS, LARGEST_RESIDUAL = 16, 1e-8
"""How many units of rounding of the product may be left, and at most what share."""

RANK = 1e-7
"""Singular values of J beyond this ratio to the largest are lost in rounding of J Jᵀ."""


class LeastSharpness(NamedTuple):
    """Minimizations of S over the global minimizers from several starts.

    Attributes:
        best: the smallest S found, an upper estimate of min S.
        found: where each of the minimizations ended, the first from balanced weights, (n,).
    """

    best: float
    found: Array


class Projections(NamedTuple):
    """Minimizers found from random points.

    Attributes:
        theta: the minimizers, (n, P).
        residual: ‖(W_L ⋯ W_1 − P*) F‖ at each of them, (n,).
        failed: from how many points none was found.
    """

    theta: Array
    residual: Array
    failed: int


def least_sharpness(objective: Objective, starts: int, seed: int = 0) -> LeastSharpness:
    """min S over M for L ≥ 2 and no weight decay, from balanced weights and from random gauges.

    The search is that of :func:`eosdash.core.theory.critical.critical_lr`, whose value is the
    first; the others, one at least, share between them as much work as it may take.
    """
    first = critical_lr(objective).value
    left, values, right = np.linalg.svd(objective.solution @ objective.factor)
    if not values[0]:
        return LeastSharpness(0.0, np.zeros(1))
    directions = target_rank(objective)
    rank = min(*objective.network.sizes, directions)
    problem = Gauges(objective, left[:, :rank], values[:rank], right[:rank].T)
    rng, found = np.random.default_rng(seed), [2 / first]
    others = max(1, min(starts - 1, EFFORT // (3 * problem.outputs**3)))
    for _ in range(others):
        bent = rng.standard_normal((objective.network.depth - 1, rank, rank))
        point = (np.eye(rank) + SPREAD_OF_GAUGES * bent).ravel()
        effort = {"maxfun": max(3, EFFORT // (problem.outputs**3 * others))}
        for power in (10.0, 100.0, 1000.0):
            args, method = (power,), "L-BFGS-B"
            point = minimize(problem, point, args, method, jac=True, options=effort).x
        if rank == directions:
            found.append(problem.sharpness(point))
            continue
        effort = {"maxfev": max(20, EFFORT // (problem.parameters**3 * others))}
        end = minimize(problem.full_sharpness, point, method="Powell", options=effort)
        found.append(float(end.fun))
    return LeastSharpness(min(found), np.array(found))


def random_points(
    network: LinearNetwork, scale: float, seed: int, number: int, fan_in: bool = False
) -> Array:
    """Gaussian θ, (n, P): the first is the start of the same seed, and the others follow it."""
    theta = np.random.default_rng(seed).standard_normal((number, network.parameters)) * scale
    if fan_in:
        layers = network.layers(theta)
        return network.flat([layer / np.sqrt(layer.shape[-1]) for layer in layers])
    return theta


def log_determinants(objective: Objective, lr: float, theta: Array) -> Array:
    """log|det DG| = log|det(I − η∇²L)| at θ (n, P), (n,); −∞ where it vanishes.

    It counts as zero where rounding does not tell it from zero: where an eigenvalue of DG is
    smaller than P units of rounding of the largest, or of 1.
    """
    size = objective.network.parameters
    batch = max(1, BATCH_FLOATS // size**2)
    parts = [
        1 - lr * np.linalg.eigvalsh(objective.hessian(theta[at : at + batch]))
        for at in range(0, max(1, len(theta)), batch)
    ]
    factors = np.abs(np.concatenate(parts))
    rounding = size * np.finfo(float).eps * np.maximum(1.0, factors.max(axis=1, initial=0.0))
    factors[factors <= rounding[:, None]] = 0.0
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(factors).sum(axis=1))


def is_singular_everywhere(objective: Objective, lr: float) -> bool | None:
    """Whether det DG(θ) = det(I − η∇²L(θ)) is zero for all θ, so that G is singular.

    With one layer the Hessian Σ + rI is constant, and 1/η has to be one of its eigenvalues. With
    more, det DG is a polynomial in θ; at θ = 0, for L ≥ 3, it is (1 − ηr)^P. It vanishes only
    where ηr = 1 and the Hessian without weight decay is singular for all θ, which it is if it
    is at random ones. None if the determinant is too large to look.
    """
    if objective.network.depth == 1:
        values = lr * (np.linalg.eigvalsh(objective.covariance) + objective.weight_decay)
        rounding = len(values) * np.finfo(float).eps * max(1.0, values.max())
        return bool(np.abs(1 - values).min() <= rounding)
    if abs(1 - lr * objective.weight_decay) > 4 * np.finfo(float).eps:
        return False
    if objective.network.parameters > DETERMINANT_LIMIT:
        return None
    theta = random_points(objective.network, 1.0, 0, 3)
    return bool(np.isneginf(log_determinants(objective, lr, theta)).all())


def seen_directions(objective: Objective) -> Array:
    """F without the directions in which there are no data, (d_in, rank Σ), up to a rotation."""
    left, values, _ = np.linalg.svd(objective.factor)
    seen = values > NEGLIGIBLE * values[0]
    return np.asarray(left[:, seen] * values[seen])


def target_rank(objective: Objective) -> int:
    """Rank of P* F: how many directions there are to learn."""
    values = np.linalg.svd(objective.solution @ objective.factor, compute_uv=False)
    return int(np.sum(values > NEGLIGIBLE * values[0]))


def projected(objective: Objective, theta: Array) -> Projections:
    """Minimizers without residual near the points θ (n, P): the rows that were found.

    Gauss–Newton steps of least norm, δ = −Jᵀ (J Jᵀ)⁻¹ r, no longer than θ and a balanced
    minimizer together, halved up to where the residual r falls. Only J Jᵀ is held, as large as
    the end-to-end map has entries.
    """
    batch = _batch(objective)
    parts = [
        _projected(objective, theta[at : at + batch].copy())
        for at in range(0, max(1, len(theta)), batch)
    ]
    ends, residuals = (np.concatenate(part) for part in zip(*parts, strict=True))
    on_it = residuals <= _tolerance(objective, ends)
    return Projections(ends[on_it], residuals[on_it], int(np.sum(~on_it)))


def _tolerance(objective: Objective, theta: Array) -> Array:
    """Residuals that count as none at θ (n, P), (n,): a share of that of the zero map, or what
    rounding leaves of a product of large layers, as long as that is small beside it."""
    zero = _size(objective)
    sizes = [np.linalg.norm(layer, 2, axis=(1, 2)) for layer in objective.network.layers(theta)]
    rounding = np.linalg.norm(objective.factor, 2) * np.multiply.reduce(sizes)
    rounding = ROUNDINGS * np.finfo(float).eps * rounding
    return np.maximum(RESIDUAL * zero, np.minimum(rounding, LARGEST_RESIDUAL * zero))


def _size(objective: Objective) -> float:
    """Residual of the zero map, or of the identity where there is nothing to learn."""
    zero = float(np.linalg.norm(objective.solution @ objective.factor))
    return zero or float(np.linalg.norm(objective.factor))


def _projected(objective: Objective, theta: Array) -> tuple[Array, Array]:
    """The points reached and their residuals."""
    inputs = seen_directions(objective)
    tolerance = RESIDUAL * _size(objective)
    # About the norm of a balanced minimizer. Beside 0, where J vanishes, steps are far too long.
    depth = objective.network.depth
    usual = math.sqrt(depth) * float(np.linalg.norm(objective.solution)) ** (1 / depth)
    size = np.ones(len(theta))
    left = (objective.product(theta) - objective.solution) @ inputs
    norm = np.linalg.norm(left, axis=(1, 2))
    active = np.flatnonzero(norm > 0.1 * tolerance)
    for _ in range(PROJECTION_STEPS):
        if not len(active):
            break
        point, error = theta[active], left[active]
        after, before = _around(objective.network, inputs, point)
        gram = _gram(after, before)
        # A trace of the identity keeps singular points, such as θ = 0, from ending everything.
        ridge = 1e-15 * np.trace(gram, axis1=1, axis2=2) + TINY
        gram += ridge[:, None, None] * np.eye(gram.shape[-1])
        flat = error.reshape(len(active), -1, 1)
        weights = np.linalg.solve(gram, flat).reshape(error.shape)
        step = objective.network.flat(
            [
                np.swapaxes(a, -1, -2) @ weights @ np.swapaxes(c, -1, -2)
                for a, c in zip(after, before, strict=True)
            ]
        )
        length, most = np.linalg.norm(step, axis=1), np.linalg.norm(point, axis=1) + usual
        step *= np.minimum(1.0, most / np.maximum(length, TINY))[:, None]
        moved = point - size[active, None] * step
        error = (objective.product(moved) - objective.solution) @ inputs
        reached = np.linalg.norm(error, axis=(1, 2))
        better = reached < norm[active]
        taken = active[better]
        theta[taken], left[taken], norm[taken] = moved[better], error[better], reached[better]
        size[taken] = np.minimum(1.0, 2 * size[taken])
        size[active[~better]] *= 0.5
        active = active[norm[active] > 0.1 * tolerance]
        # At the level of rounding no step is better.
        active = active[size[active] > 1e-6]
    return theta, norm


def jacobian_singular_values(objective: Objective, theta: Array) -> Array:
    """Singular values of the Jacobian of W_L ⋯ W_1 F at θ (n, P), descending.

    (n, d_out · rank Σ): the Jacobian has a row for every entry of the end-to-end map that the
    data see. From J Jᵀ, so those below about 1e-8 of the largest are lost in rounding.
    """
    inputs = seen_directions(objective)
    batch = _batch(objective)
    parts = [
        np.linalg.eigvalsh(_gram(*_around(objective.network, inputs, theta[at : at + batch])))
        for at in range(0, max(1, len(theta)), batch)
    ]
    return np.sqrt(np.maximum(np.concatenate(parts)[:, ::-1], 0.0))


def ranks(singular_values: Array) -> NDArray[np.intp]:
    """Numerical ranks from singular values (n, m), descending, (n,)."""
    return np.sum(singular_values > RANK * singular_values[:, :1], axis=1)


def _batch(objective: Objective) -> int:
    """How many points to hold at once with their products along the layers and J Jᵀ."""
    outputs = objective.network.sizes[0] * objective.network.sizes[-1]
    return max(1, BATCH_FLOATS // (4 * (objective.network.parameters + outputs**2)))


def _around(network: LinearNetwork, inputs: Array, theta: Array) -> tuple[list[Array], list[Array]]:
    """A_l = W_L ⋯ W_{l+1} and C_l = W_{l−1} ⋯ W_1 F of every layer, for θ (n, P)."""
    weights = network.layers(theta)
    before = [np.broadcast_to(inputs, (len(theta), *inputs.shape))]
    for layer in weights[:-1]:
        before.append(layer @ before[-1])
    last = network.sizes[-1]
    after = [np.broadcast_to(np.eye(last), (len(theta), last, last))]
    for layer in reversed(weights[1:]):
        after.append(after[-1] @ layer)
    return after[::-1], before


def _gram(after: list[Array], before: list[Array]) -> Array:
    """J Jᵀ = Σ_l (A_l A_lᵀ) ⊗ (C_lᵀ C_l), (n, m, m)."""
    size = after[0].shape[-2] * before[0].shape[-1]
    total = np.zeros((len(after[0]), size, size))
    for a, c in zip(after, before, strict=True):
        outer, inner = a @ a.swapaxes(-1, -2), c.swapaxes(-1, -2) @ c
        product = outer[:, :, None, :, None] * inner[:, None, :, None, :]
        total += product.reshape(total.shape)
    return total

"""The lowest loss that a network can reach: what tells a global minimum."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq, minimize

from eosdash.core.networks.initialization import balanced, gaussian
from eosdash.core.networks.linear import Objective
from eosdash.core.networks.nonlinear import NonlinearObjective
from eosdash.core.networks.protocols import Surface
from eosdash.core.outcome import GRADIENT_TOLERANCE
from eosdash.core.types import Array

RELATIVE = 1e-12
"""How close to the lowest loss, relative to what there is to be learned, counts as there."""


FOUND = 1e-7
"""The same where the lowest loss was found by numerical optimization."""


class Lowest(NamedTuple):
    """Global minimum of the loss.

    Attributes:
        value: the minimum.
        tolerance: how far above it a loss with vanishing gradient still is at the minimum.
        closed_form: False where the value was found by numerical optimization.
    """

    value: float
    tolerance: float
    closed_form: bool


UNKNOWN = Lowest(float("-inf"), 0.0, False)
"""Nothing is known of the lowest loss."""


def lowest_loss(objective: Surface) -> Lowest:
    """The global minimum of a linear network's loss. Of any other without weight decay it is zero,
    which squared loss and cross-entropy cannot fall below, whether or not it is reached."""
    if isinstance(objective, Objective):
        return global_minimum(objective)
    if isinstance(objective, NonlinearObjective) and not objective.weight_decay:
        squares = objective.loss_name == "squared"
        scale = 0.5 * float(np.mean(np.sum(objective.outputs**2, axis=0))) if squares else 1.0
        return Lowest(0.0, RELATIVE * scale, False)
    return UNKNOWN


def global_minimum(objective: Objective) -> Lowest:
    """Smallest value of the loss over all θ.

    Without weight decay: the error of the best approximation of P*F of the rank that the
    narrowest layer allows (Eckart and Young 1936). With weight decay r and Σ = I the singular
    directions decouple, and each takes the s ≥ 0 that minimizes ½(s − σ)² + ½ r L s^{2/L},
    since the smallest Σ‖W_l‖² for a given product is L Σ s^{2/L}. One layer is ridge
    regression. Otherwise numerically.
    """
    target = objective.solution @ objective.factor
    values = np.linalg.svd(target, compute_uv=False)
    directions = min(objective.network.sizes)
    decay, depth = objective.weight_decay, objective.network.depth
    scale = 0.5 * float(np.sum(values**2))
    if decay == 0 and not scale:
        # The gradient g of ½‖PF‖² has ⟨θ, g⟩ = L‖PF‖²: where it vanishes, so does the loss.
        return Lowest(objective.floor, float("inf"), True)
    if decay == 0:
        return _exact(objective.floor + 0.5 * float(np.sum(values[directions:] ** 2)), scale)
    # Where the curvature is no more than r, a gradient within tolerance is this far up at most.
    scale += GRADIENT_TOLERANCE**2 / (2 * decay) / RELATIVE
    if depth == 1:
        return _exact(float(objective.loss(ridge(objective).ravel())), scale)
    if objective.is_whitened:
        learned = [decayed_singular_value(value, decay, depth) for value in values[:directions]]
        kept = np.zeros_like(values)
        kept[:directions] = learned
        penalty = decay * depth * kept ** (2 / depth)
        return _exact(0.5 * float(np.sum((kept - values) ** 2 + penalty)), scale)
    small = replace(objective, network=objective.network.narrowed())
    value = float(small.loss(decayed_minimizer(small)))
    return Lowest(value, FOUND * (value + scale), False)


def _exact(value: float, scale: float) -> Lowest:
    return Lowest(value, RELATIVE * scale + 8 * float(np.finfo(float).eps) * abs(value), True)


def ridge(objective: Objective) -> Array:
    """The single layer (d_out, d_in) that minimizes ½‖(W − P*)F‖² + ½ r ‖W‖²."""
    covariance = objective.covariance
    penalized = covariance + objective.weight_decay * np.eye(len(covariance))
    return np.asarray(np.linalg.solve(penalized, covariance @ objective.solution.T).T, dtype=float)


def decayed_singular_value(target: float, decay: float, depth: int) -> float:
    """The s ≥ 0 that minimizes ½(s − σ)² + ½ r L s^{2/L} for σ = ``target``.

    A stationary point solves s − σ + r s^{2/L − 1} = 0, convex in s for L ≥ 2; its larger root
    is the local minimum, to be compared with s = 0.
    """

    def slope(s: float) -> float:
        return float(s - target + decay * s ** (2 / depth - 1))

    def value(s: float) -> float:
        return float(0.5 * (s - target) ** 2 + 0.5 * decay * depth * s ** (2 / depth))

    turn = (decay * (1 - 2 / depth)) ** (depth / (2 * depth - 2)) if depth > 2 else 0.0
    if depth == 2:
        return max(target - decay, 0.0)
    if not turn:  # so little weight decay that it rounds to none
        return target
    if target <= turn or slope(turn) >= 0:
        return 0.0
    root = float(brentq(slope, turn, target, xtol=1e-15))
    return root if value(root) < value(0.0) else 0.0


def decayed_minimizer(objective: Objective) -> Array:
    """The best point (P,) that L-BFGS finds from several starts, for a loss with weight decay."""
    network = objective.network
    scale = float(np.linalg.norm(objective.solution, 2)) ** (1 / network.depth) + 0.1
    starts = [balanced(objective, scale), balanced(objective, 0.5 * scale)]
    starts += [gaussian(network, scale, seed, fan_in=True) for seed in range(2)]
    ends = [
        minimize(
            lambda theta: (float(objective.loss(theta)), objective.gradient(theta)),
            start,
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 500, "gtol": 1e-10, "ftol": 1e-15},
        ).x
        for start in starts
    ]
    return min([*ends, np.zeros(network.parameters)], key=objective.loss)

"""What of the theory and of its pictures exists for a network, and why the rest does not.

Each function gives the reason, or an empty text where there is none.
"""

from eosdash.core import statements
from eosdash.core.network import Objective
from eosdash.core.nonlinear import NonlinearObjective
from eosdash.core.statements import DETERMINANT_LIMIT

SMALLEST_TARGET = 1e-30
"""Scalar chains with a smaller |y| are not drawn."""


FOLD_LIMIT, FOLD_EFFORT = 32, 25_000
"""The fold of a network that is not linear is drawn up to so many parameters, and up to so many
parameters × samples × units: a Hessian at every point of a grid then takes about a second."""

NOT_LINEAR = {
    "minimizers": "Of a network that is not linear no form of the minimizers is known.",
    "region": "The exact region of convergence is known for linear networks only.",
    "balanced": "Balance is conserved by linear networks.",
}
"""Why what is known of linear networks is not drawn over a map of any other."""


def why_no_fold(objective: NonlinearObjective) -> str:
    """Why the fold of a network that is not linear is not drawn."""
    network, samples = objective.network, objective.samples
    if network.depth > 1 and network.phi.bend is None:
        return "The Hessian jumps where a unit is switched on or off, and the fold is no curve."
    size = network.parameters
    if size > FOLD_LIMIT or size * samples * sum(network.sizes[1:]) > FOLD_EFFORT:
        return (
            f"A Hessian at every point is too costly for {size} parameters and {samples} samples."
        )
    return ""


def seen_rank(objective: Objective) -> int:
    """Rank of Σ."""
    return statements.seen_directions(objective).shape[1]


def why_no_determinant(objective: Objective) -> str:
    """Why det(I − η∇²L) is not computed."""
    size = objective.network.parameters
    if size > DETERMINANT_LIMIT:
        return (
            f"A determinant of size {size} at every point is too costly: "
            f"at most {DETERMINANT_LIMIT} parameters."
        )
    return ""


def why_no_plane(objective: Objective, lr: float) -> str:
    """Why a step is no map of the plane of two weights that can be drawn."""
    if objective.network.sizes != (1, 1, 1):
        return "Only two weights, a scalar chain of depth 2, make a map of the plane."
    if not objective.covariance[0, 0]:
        return "The data are zero, and gradient descent does nothing."
    if lr * objective.weight_decay >= 1:
        return "Weight decay alone overshoots: the map is drawn for η r < 1."
    return ""


def why_residual(objective: Objective) -> str:
    """Why the minimizers are not those without residual, or not known as such."""
    if objective.weight_decay:
        return "With weight decay the minimizers are not the solutions of W_L ⋯ W_1 = P*."
    if min(objective.network.sizes) < statements.target_rank(objective):
        return (
            "The narrowest layer cannot pass on all directions of the target: "
            "a residual stays at every minimizer."
        )
    return ""


def why_no_manifold(objective: Objective) -> str:
    """Why the condition on ranks fails: a target of full rank, and layers as wide as that.

    Then every A_l or every C_l F has full rank on M, and already the last or the first layer
    moves the outputs in any direction.
    """
    if reason := why_residual(objective):
        return reason
    if objective.network.depth == 1:
        return ""
    if statements.target_rank(objective) < min(objective.network.sizes[-1], seen_rank(objective)):
        if objective.network.is_chain:
            return "For y = 0 the minimizers cross themselves and are no manifold."
        return (
            "The target has not full rank: J may lose rank on the minimizers, which may then "
            "cross themselves."
        )
    return ""


def why_no_chain(objective: Objective) -> str:
    """Why the minimizers are not those of a scalar chain with y ≠ 0."""
    if not objective.network.is_chain:
        return "Weights are bounded one by one, and minimizers drawn, for scalar chains only."
    if objective.weight_decay:
        return "With weight decay the minimizers are not the solutions of w_L ⋯ w_1 = y."
    if not objective.covariance[0, 0]:
        return "The data are zero, and every θ is a minimizer."
    target = abs(objective.solution[0, 0])
    if not target:
        return "For y = 0 the minimizers cross themselves and are no manifold."
    if target < SMALLEST_TARGET:
        return f"For |y| below {SMALLEST_TARGET:g} rounding does not tell y from 0."
    return ""

"""What of the pictures of the theory is not computed or drawn, and why not.

Each function gives the reason, or an empty text where there is none. What is claimed, and what it
assumes, is in :mod:`eosdash.claims`.
"""

from eosdash.assumptions import Setting
from eosdash.claims import why_not
from eosdash.core.networks.linear import Objective
from eosdash.core.networks.nonlinear import NonlinearObjective
from eosdash.core.theory.statements import DETERMINANT_LIMIT

SMALLEST_TARGET = 1e-30
"""Scalar chains with a smaller |y| are not drawn."""


FOLD_LIMIT, FOLD_EFFORT = 32, 25_000
"""The fold of a network that is not linear is drawn up to so many parameters, and up to so many
parameters × samples × units: a Hessian at every point of a grid then takes about a second."""


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


def why_not_drawn(setting: Setting) -> str:
    """Why the minimizers are not those of a scalar chain with y ≠ 0, which are drawn."""
    if reason := why_not("chain", setting):
        return reason
    if abs(setting.objective.solution[0, 0]) < SMALLEST_TARGET:
        return f"For |y| below {SMALLEST_TARGET:g} rounding does not tell y from 0."
    return ""


def why_no_radius(setting: Setting) -> str:
    """Why there is no bound on all minimizers at once."""
    return "" if setting.decay else "Without weight decay nothing bounds all minimizers."


def why_no_ray(setting: Setting) -> str:
    """Why no direction is shown in which the stable minimizers are unbounded."""
    if not why_not("stable", setting):
        return "The stable minimizers are bounded."
    narrow = min(setting.sizes) < setting.target_rank
    if narrow and setting.objective.network.parameters > DETERMINANT_LIMIT:
        return (
            "With a residual the sharpness is that of the whole Hessian, computed for at most "
            f"{DETERMINANT_LIMIT} parameters."
        )
    return ""

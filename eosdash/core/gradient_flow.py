"""Where gradient flow would end: by a root for scalar chains, by integration for all networks."""

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.optimize import minimize

from eosdash.core.network import Array, Objective
from eosdash.core.nonlinear import Loss

NEWTON_STEPS = 60

FLOW_TIME = 200.0
"""Time for which the flow is followed; where it has not arrived then, L-BFGS goes the rest."""

NEAR = 1e-4
"""‖∇L‖ at which the flow is as good as there."""

FLOW_LIMIT = 500
"""Up to this many parameters the stiff flow is integrated, with its whole Jacobian."""


def gradient_flow_solution(theta: Array, target: float) -> Array:
    """w_i² at the minimizer that gradient flow reaches from ``theta`` (..., L), shape (..., L);
    NaN where it ends at a saddle instead.

    Gradient flow of ½ Σ (w_L⋯w_1 − y)² moves all w_i² at the same rate, whatever the mean square
    Σ of the inputs, so every difference w_i² − w_j² is conserved, and the end is the one
    t > −min w_i² with Π(w_i² + t) = y² (Kreisler et al. 2023, arXiv:2305.13064). With
    s = w_min² + t, d_i = w_i² − w_min² and x = log s the equation log Π(d_i + eˣ) = 2 log|y| is
    convex and increasing, so Newton descends to its root from x = (2/L) log|y|.
    """
    squares = theta**2
    excess = squares - squares.min(axis=-1, keepdims=True)
    goal = 2 * np.log(abs(target))
    x = np.full(theta.shape[:-1], goal / theta.shape[-1])
    for _ in range(NEWTON_STEPS):
        s = np.exp(x)[..., None]
        value = np.log(excess + s).sum(axis=-1) - goal
        step = value / (s / (excess + s)).sum(axis=-1)
        x = x - step
        if np.abs(step).max() < 1e-14:
            break
    return np.where(_ends_at_saddle(theta, target), np.nan, excess + np.exp(x)[..., None])


def _ends_at_saddle(theta: Array, target: float) -> NDArray[np.bool_]:
    """Whether several weights reach zero together, (..., 1): the smallest in modulus are equal,
    and are zero or have to change the sign of the product."""
    modulus = np.abs(theta)
    least = modulus.min(axis=-1, keepdims=True)
    several = (modulus == least).sum(axis=-1, keepdims=True) > 1
    turns = np.sign(theta).prod(axis=-1, keepdims=True) * np.sign(target) < 0
    return np.asarray(several & (turns | (least == 0)))


def gradient_flow_sharpness(theta: Array, target: float, variance: float = 1.0) -> Array:
    """Sharpness of the gradient-flow solution, Σ y² (1/w_1² + … + 1/w_L²), shape (...).

    Args:
        theta: starts, (..., L).
        target: y.
        variance: Σ, the mean square of the inputs.

    Raises:
        ValueError: if the target is 0, where the minimizers are no smooth manifold.
    """
    if target == 0:
        raise ValueError("the gradient-flow solution needs a target other than 0")
    with np.errstate(all="ignore"):  # targets near the smallest number
        sharpness = (target**2 / gradient_flow_solution(theta, target)).sum(axis=-1)
    return np.asarray(variance * sharpness)


def flow_minimizer(objective: Loss, theta: Array) -> Array:
    """The stationary point that gradient flow reaches from θ (P,), (P,): integrated until the
    gradient is small, then polished with L-BFGS, which moves it no further than that allows.
    Beyond 500 parameters, and where the network is not linear, so that a flow rarely arrives in any
    affordable time, a low point that L-BFGS reaches without the flow in at most 500 steps."""

    def near(_: float, point: Array) -> float:
        return float(np.linalg.norm(objective.gradient(point))) - NEAR

    near.terminal = True  # type: ignore[attr-defined]
    if isinstance(objective, Objective) and len(theta) <= FLOW_LIMIT:
        theta = solve_ivp(
            lambda _, point: -objective.gradient(point),
            (0.0, FLOW_TIME), theta, method="LSODA", rtol=1e-5, atol=1e-8, events=near,
            jac=lambda _, point: -objective.hessian(point),
        ).y[:, -1]  # fmt: skip
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(
            minimize(
                lambda point: (float(objective.loss(point)), objective.gradient(point)),
                theta, jac=True, method="L-BFGS-B",
                options={"gtol": 1e-12, "ftol": 1e-16, "maxiter": 500},
            ).x
        )  # fmt: skip

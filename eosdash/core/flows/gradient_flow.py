"""Where gradient flow would end: by a root for scalar chains, by integration for all networks."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import LSODA
from scipy.optimize import minimize

from eosdash.core.networks.linear import Objective
from eosdash.core.networks.nonlinear import Loss
from eosdash.core.types import Array

NEWTON_STEPS = 60

FLOW_TIME, FLOW_STEPS, FLOW_TOLERANCE = 1e12, 5_000, 1e-12
"""How long the flow is followed, in how many steps at most, and the relative error of each."""

NEAR = 1e-6
"""Distance from its end, in lengths of the start, at which the flow is as good as there."""

ROUGHLY_FLAT, FLAT = 1e-4, 1e-10
"""Relative curvatures that count as zero near a stationary point, and there."""

ROUNDING = 1e-12
"""Relative distances that count as zero."""

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


class LowPoint(NamedTuple):
    """A stationary point below a start.

    Attributes:
        theta: the point, (P,).
        flowed: whether gradient flow from the start ends there; otherwise L-BFGS does.
    """

    theta: Array
    flowed: bool


def flow_minimizer(objective: Loss, theta: Array) -> LowPoint:
    """Where gradient flow from θ (P,) ends, to about 1e-8 of ‖θ‖.

    The flow is integrated until Newton's method is sure of its end. Beyond 500 parameters, where
    the network is not linear, so that a flow rarely arrives in any affordable time, and where a
    linear one has not arrived in 5,000 steps, as with minimizers of curvature zero, it is a low
    point that L-BFGS reaches from θ without the flow in at most 500 steps.
    """
    if isinstance(objective, Objective) and len(theta) <= FLOW_LIMIT:
        end = _flowed(objective, theta)
        if end is not None:
            return LowPoint(end, True)
    with np.errstate(over="ignore", invalid="ignore"):
        found = minimize(
            lambda point: (float(objective.loss(point)), objective.gradient(point)),
            theta, jac=True, method="L-BFGS-B",
            options={"gtol": 1e-12, "ftol": 1e-16, "maxiter": 500},
        )  # fmt: skip
    return LowPoint(np.asarray(found.x), False)


def _flowed(objective: Objective, theta: Array) -> Array | None:
    """The end of the flow from θ (P,), or None if it is not certain within the steps allowed."""
    scale = float(np.linalg.norm(theta)) or 1.0
    solver = LSODA(
        lambda _, point: -objective.gradient(point), 0.0, theta, FLOW_TIME,
        rtol=FLOW_TOLERANCE, atol=0.01 * FLOW_TOLERANCE * scale,
        jac=lambda _, point: -objective.hessian(point),
    )  # fmt: skip
    due = 0
    for step in range(FLOW_STEPS):
        running = solver.status == "running"
        near = np.linalg.norm(objective.gradient(solver.y)) <= NEAR * scale
        if (near and step >= due) or not running:
            end = _end_near(objective, solver.y, scale)
            if end is not None or not running:
                return end
            due = step + max(step // 4, 20)  # each look costs a whole spectrum
        solver.step()
    return None


def _end_near(objective: Objective, theta: Array, scale: float) -> Array | None:
    """The stationary point beside θ (P,) that the flow is about to reach, or None.

    Newton's steps have no part along directions of curvature zero, and neither has the flow so
    near, up to terms of second order in the distance, which therefore has to be small. Off the
    point those directions look curved by as much as the distance; once there, all that is curved
    counts, and shows whether the flow is done along it. What has moved along a direction of
    negative curvature will leave instead.
    """
    for flat, nearest in ((ROUGHLY_FLAT, NEAR), (FLAT, 1e-3 * NEAR), (FLAT, 1e-6 * NEAR)):
        values, vectors = np.linalg.eigh(objective.hessian(theta))
        curved = np.abs(values) > flat * np.abs(values).max(initial=0.0)
        move = vectors.T @ objective.gradient(theta)
        move[curved] /= values[curved]
        move[~curved] = 0.0
        leaving = float(np.linalg.norm(move[values < 0]))
        if np.linalg.norm(move) > nearest * scale or leaving > ROUNDING * scale:
            return None
        theta = theta - vectors @ move
    return theta

"""Where gradient flow would end from each point of a run: scalar chains."""

import numpy as np
from numpy.typing import NDArray

from eosdash.core.network import Array

NEWTON_STEPS = 60


def gradient_flow_solution(theta: Array, target: float) -> Array:
    """w_i² at the minimizer that gradient flow reaches from ``theta`` (..., L), shape (..., L);
    NaN where it ends at a saddle instead.

    Gradient flow of ½(w_L⋯w_1 − y)² moves all w_i² at the same rate, so every difference
    w_i² − w_j² is conserved, and the end is the one t > −min w_i² with Π(w_i² + t) = y²
    (Kreisler et al. 2023, arXiv:2305.13064). With s = w_min² + t and x = log s the equation
    Σ log(d_i + eˣ) = 2 log|y| is convex and increasing, so Newton descends to its root from
    x = (2/L) log|y|.
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


def gradient_flow_sharpness(theta: Array, target: float) -> Array:
    """Sharpness of the gradient-flow solution, S = y² Σ 1/w_i², shape (...).

    Raises:
        ValueError: if the target is 0, where the minimizers are no smooth manifold.
    """
    if target == 0:
        raise ValueError("the gradient-flow solution needs a target other than 0")
    with np.errstate(all="ignore"):  # targets near the smallest number
        sharpness = (target**2 / gradient_flow_solution(theta, target)).sum(axis=-1)
    return np.asarray(sharpness)

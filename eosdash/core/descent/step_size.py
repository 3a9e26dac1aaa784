"""A learning rate that suits a network: within what its start and its flat minimizers bear."""

import numpy as np

from eosdash.core.networks.linear import Objective
from eosdash.core.networks.nonlinear import Loss, NonlinearObjective
from eosdash.core.types import Array

PRODUCTS = 12
"""Hessian products behind an estimate of the sharpness, which is within a few percent then."""

MOST_SAMPLES = 200
"""Samples that the estimate looks at, evenly spaced among all."""

OF_LINEAR = 15 / 16
"""Share of 2/S that a linear network is given: close below η_C, where the edge shows."""

SHARES = {"squared": 0.4, "cross_entropy": 0.2}
"""Share of 2/S(θ₀) that any other is given, by its loss. Its sharpness rises from a flat start: at
0.5 and 0.4 some networks of the tasks here diverge."""

LARGEST_LINEAR = 2.0
LARGEST = {"squared": 1.0, "cross_entropy": 0.5}
"""Largest learning rates: a start that is flat says nothing of where gradient descent goes."""

SMALLEST = 1e-9
"""Smallest one, where the start is so sharp that double precision ends."""


def suited_lr(objective: Loss, theta: Array) -> float:
    """A learning rate for gradient descent from θ (P,): it stays bounded, and the loss falls."""
    with np.errstate(all="ignore"):  # a start may be beyond double precision
        sharpness = top_curvature(objective, theta)
    if isinstance(objective, Objective):
        share, largest = OF_LINEAR, LARGEST_LINEAR
        sharpness = max(sharpness, balanced_sharpness(objective))
    else:
        share, largest = SHARES[objective.loss_name], LARGEST[objective.loss_name]
    bearable = 2 * share / sharpness if sharpness > 0 else largest
    return float(min(max(bearable, SMALLEST), largest))


def top_curvature(objective: Loss, theta: Array) -> float:
    """λ_max(∇²L) at θ (P,) from below, by a few steps of Lanczos' method; infinite where it
    overflows."""
    if isinstance(objective, NonlinearObjective) and objective.samples > MOST_SAMPLES:
        spaced = np.linspace(0, objective.samples - 1, MOST_SAMPLES)
        objective = objective.batch(spaced.astype(np.intp))
    product = objective.linearize(theta).hessian_product
    steps = min(PRODUCTS, theta.size)
    basis, images = np.zeros((2, steps, theta.size))
    vector = np.random.default_rng(0).standard_normal(theta.size)
    for step in range(steps):
        for _ in range(2):  # once leaves rounding errors
            vector = vector - basis[:step].T @ (basis[:step] @ vector)
        length = np.linalg.norm(vector)
        if not length > 0:  # the rest of the basis, and of its images, is zero
            break
        basis[step] = vector / length
        vector = images[step] = product(basis[step])
    projected = basis @ images.T
    if not np.isfinite(projected).all():
        return float("inf")
    return float(np.linalg.eigvalsh((projected + projected.T) / 2)[-1])


def balanced_sharpness(objective: Objective) -> float:
    """L λ (‖P* F‖₂ / √λ)^{2 − 2/L} + r with λ = λ_max(Σ): on whitened data, where λ = 1, the least
    S over the minimizers (:func:`eosdash.core.theory.critical.critical_lr`); elsewhere an estimate,
    for which the leading directions of inputs and outputs count alone."""
    depth, decay = objective.network.depth, objective.weight_decay
    root = float(np.linalg.norm(objective.factor, 2))
    if not root:
        return decay
    gain = float(np.linalg.norm(objective.solution @ objective.factor, 2)) / root
    return depth * root**2 * gain ** (2 - 2 / depth) + decay

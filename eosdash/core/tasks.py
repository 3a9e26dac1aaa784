"""What a linear network is asked to learn, as the :class:`Objective` it minimizes.

Each task reduces its data to (P*, F, floor): the least-squares map, a factor of Σ = F Fᵀ
and the loss that is left over. Nothing after that depends on the number of samples.
"""

import numpy as np
from scipy.stats import ortho_group

from eosdash.core.network import Array, LinearNetwork, Objective


def scalar_objective(sizes: tuple[int, ...], target: float, weight_decay: float = 0.0) -> Objective:
    """½ (W_L ⋯ W_1 − y)² + ½ r ‖θ‖² with one input x = 1 and one output."""
    return Objective(
        LinearNetwork(sizes), np.array([[target]]), np.eye(1), weight_decay=weight_decay
    )


def whitened_objective(
    sizes: tuple[int, ...],
    singular_values: tuple[float, ...],
    rotate: bool = False,
    data_seed: int = 0,
    weight_decay: float = 0.0,
) -> Objective:
    """½ ‖W_L ⋯ W_1 − T‖²_F + ½ r ‖θ‖² with Σ = I.

    Args:
        singular_values: of T (d_out, d_in), at most min(d_in, d_out) of them; the rest are 0.
        rotate: T = U diag(σ) Vᵀ with Haar-distributed U, V drawn from ``data_seed``,
            otherwise T = diag(σ).
    """
    d_in, d_out = sizes[0], sizes[-1]
    teacher = np.zeros((d_out, d_in))
    np.fill_diagonal(teacher, np.pad(singular_values, (0, min(d_in, d_out) - len(singular_values))))
    if rotate:
        rng = np.random.default_rng(data_seed)
        teacher = _rotation(d_out, rng) @ teacher @ _rotation(d_in, rng).T
    return Objective(LinearNetwork(sizes), teacher, np.eye(d_in), weight_decay=weight_decay)


def regression_objective(
    sizes: tuple[int, ...],
    samples: int = 100,
    noise: float = 0.0,
    condition: float = 1.0,
    data_seed: int = 0,
    weight_decay: float = 0.0,
) -> Objective:
    """Least squares on n Gaussian inputs x ~ N(0, C) and outputs A x + noise · N(0, I).

    C is diagonal with eigenvalues spaced evenly on a log scale from 1 down to 1/``condition``;
    the entries of A are N(0, 1/d_in). Drawn from ``numpy.random.default_rng(data_seed)`` in
    the order X, A, noise.
    """
    d_in, d_out = sizes[0], sizes[-1]
    rng = np.random.default_rng(data_seed)
    spread = np.sqrt(np.geomspace(1.0, 1.0 / condition, d_in))
    inputs = spread[:, None] * rng.standard_normal((d_in, samples))
    teacher = rng.standard_normal((d_out, d_in)) / np.sqrt(d_in)
    outputs = teacher @ inputs
    if noise:
        outputs = outputs + noise * rng.standard_normal(outputs.shape)
    left, values, _ = np.linalg.svd(inputs / np.sqrt(samples), full_matrices=False)
    solution = (outputs / np.sqrt(samples)) @ np.linalg.pinv(inputs / np.sqrt(samples))
    residual = outputs - solution @ inputs if noise or samples < d_in else np.zeros(1)
    factor = np.zeros((d_in, d_in))
    factor[:, : len(values)] = left * values
    return Objective(
        LinearNetwork(sizes),
        solution,
        factor,
        floor=float(np.sum(residual**2) / (2 * samples)),
        weight_decay=weight_decay,
    )


def _rotation(size: int, rng: np.random.Generator) -> Array:
    """A Haar-distributed orthogonal matrix; scipy's sampler starts at size 2."""
    if size == 1:
        return np.eye(1)
    return np.asarray(ortho_group.rvs(size, random_state=rng))

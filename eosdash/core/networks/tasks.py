"""What a network is asked to learn, as the loss it minimizes.

For a linear network each task reduces its data to (P*, F, floor): the least-squares map, a factor
of Σ = F Fᵀ and the loss that is left over. Nothing after that depends on the number of samples.
"""

import numpy as np
from scipy.stats import ortho_group

from eosdash.core.networks.data import Samples
from eosdash.core.networks.linear import LinearNetwork, Objective
from eosdash.core.networks.nonlinear import NonlinearNetwork, NonlinearObjective
from eosdash.core.types import Array

NOTHING = 1e-13
"""A slope below this, relative to the outputs over the inputs, is none."""

ROUNDING = 1e-24
"""A squared error below this, relative to the outputs', is none."""


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
    teacher = teacher_of(sizes[0], sizes[-1], singular_values, rotate, data_seed)
    return Objective(LinearNetwork(sizes), teacher, np.eye(sizes[0]), weight_decay=weight_decay)


def teacher_of(
    d_in: int, d_out: int, singular_values: tuple[float, ...], rotate: bool, data_seed: int
) -> Array:
    """The matrix T (d_out, d_in) with these singular values."""
    teacher = np.zeros((d_out, d_in))
    np.fill_diagonal(teacher, np.pad(singular_values, (0, min(d_in, d_out) - len(singular_values))))
    if rotate:
        rng = np.random.default_rng(data_seed)
        teacher = _rotation(d_out, rng) @ teacher @ _rotation(d_in, rng).T
    return teacher


def regression_samples(
    d_in: int,
    d_out: int,
    samples: int = 100,
    noise: float = 0.0,
    condition: float = 1.0,
    data_seed: int = 0,
) -> Samples:
    """n Gaussian inputs x ~ N(0, C) and outputs A x + noise · N(0, I).

    C is diagonal with eigenvalues spaced evenly on a log scale from 1 down to 1/``condition``;
    the entries of A are N(0, 1/d_in). Drawn from ``numpy.random.default_rng(data_seed)`` in
    the order X, A, noise.
    """
    rng = np.random.default_rng(data_seed)
    spread = np.sqrt(np.geomspace(1.0, 1.0 / condition, d_in))
    inputs = spread[:, None] * rng.standard_normal((d_in, samples))
    teacher = rng.standard_normal((d_out, d_in)) / np.sqrt(d_in)
    outputs = teacher @ inputs
    if noise:
        outputs = outputs + noise * rng.standard_normal(outputs.shape)
    return Samples(inputs, outputs)


def regression_objective(
    sizes: tuple[int, ...],
    samples: int = 100,
    noise: float = 0.0,
    condition: float = 1.0,
    data_seed: int = 0,
    weight_decay: float = 0.0,
) -> Objective:
    """Least squares on :func:`regression_samples`."""
    data = regression_samples(sizes[0], sizes[-1], samples, noise, condition, data_seed)
    return least_squares_objective(sizes, data, weight_decay)


def least_squares_objective(
    sizes: tuple[int, ...], data: Samples, weight_decay: float = 0.0
) -> Objective:
    """1/(2n) Σ ‖W_L ⋯ W_1 x_i − y_i‖² + ½ r ‖θ‖² on samples."""
    inputs, outputs = data.inputs, data.outputs
    d_in, samples = inputs.shape
    left, values, _ = np.linalg.svd(inputs / np.sqrt(samples), full_matrices=False)
    solution = (outputs / np.sqrt(samples)) @ np.linalg.pinv(inputs / np.sqrt(samples))
    explained = np.abs(solution) * np.linalg.norm(inputs)
    solution[explained <= NOTHING * np.linalg.norm(outputs)] = 0.0
    residual = outputs - solution @ inputs
    floor = float(np.sum(residual**2) / (2 * samples))
    if floor <= ROUNDING * float(np.sum(outputs**2) / (2 * samples)):
        floor = 0.0  # the map is exact
    factor = np.zeros((d_in, d_in))
    factor[:, : len(values)] = left * values
    return Objective(LinearNetwork(sizes), solution, factor, floor, weight_decay)


def samples_objective(
    network: NonlinearNetwork, data: Samples, loss_name: str = "squared", weight_decay: float = 0.0
) -> NonlinearObjective:
    """Squared loss or cross-entropy, a mean over the samples."""
    return NonlinearObjective(network, data.inputs, data.outputs, loss_name, weight_decay)


def map_samples(target: Array) -> Samples:
    """d samples x_i = √d e_i and y_i = T x_i, of which squared loss is ½‖W − T‖²_F for linear maps:
    the data of a whitened task, or of one number, for a network that is not linear."""
    inputs = np.sqrt(target.shape[1]) * np.eye(target.shape[1])
    return Samples(inputs, target @ inputs)


def _rotation(size: int, rng: np.random.Generator) -> Array:
    """A Haar-distributed orthogonal matrix; scipy's sampler starts at size 2."""
    if size == 1:
        return np.eye(1)
    return np.asarray(ortho_group.rvs(size, random_state=rng))

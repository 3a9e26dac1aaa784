"""Where gradient descent on a non-linear network starts, and whether that start is special."""

import numpy as np

from eosdash.core.network import Array
from eosdash.core.nonlinear import NonlinearNetwork, NonlinearObjective


def scaled_gaussian(network: NonlinearNetwork, scale: float, seed: int) -> Array:
    """Weights ``scale`` · N(0, 1/fan-in) and biases of zero, (P,).

    Drawn as W_1, …, W_L in turn, row-major, from ``numpy.random.default_rng(seed)``, as a linear
    network's are.
    """
    rng = np.random.default_rng(seed)
    return network.flat(
        [rng.standard_normal(shape) * scale / np.sqrt(shape[1]) for shape in network.shapes]
    )


def scaled_uniform(network: NonlinearNetwork, scale: float, seed: int) -> Array:
    """Weights and biases ``scale`` · U(−1, 1)/√fan-in, (P,): with ``scale`` 1 what PyTorch's
    linear layers start from.

    Drawn as W_1, b_1, W_2, … in turn, weights row-major, from ``numpy.random.default_rng(seed)``.
    """
    rng = np.random.default_rng(seed)
    layers, shifts = [], []
    for rows, columns in network.shapes:
        bound = scale / np.sqrt(columns)
        layers.append(rng.uniform(-bound, bound, (rows, columns)))
        if network.biases:
            shifts.append(rng.uniform(-bound, bound, rows))
    return network.flat(layers, shifts)


def is_mirrored(objective: NonlinearObjective, theta: Array) -> bool:
    """Whether the loss is the same with all biases negated, and θ (P,) is where that leaves it.

    So it is for an odd φ and squared loss when with every sample (x, y) there is (−x, −y), as with
    Chebyshev polynomials of odd degree. Biases that start at zero then stay there, and no
    eigenvector of the Hessian mixes weights with biases: a trajectory with a symmetry, for which
    :class:`eosdash.core.spectrum.SpectrumTracker` is to be told ``generic=False``.
    """
    network = objective.network
    if not (network.biases and network.phi.odd and objective.loss_name == "squared"):
        return False
    if any(shift.any() for shift in network.shifts(theta)):
        return False
    samples = np.concatenate([objective.inputs, objective.outputs]).round(9) + 0.0
    return bool(np.array_equal(_sorted(samples), _sorted(0.0 - samples)))


def _sorted(columns: Array) -> Array:
    return columns[:, np.lexsort(columns)]

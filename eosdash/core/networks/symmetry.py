"""Symmetries of a trajectory, which hide eigenvectors from each other."""

import numpy as np

from eosdash.core.networks.nonlinear import NonlinearObjective
from eosdash.core.types import Array


def is_mirrored(objective: NonlinearObjective, theta: Array) -> bool:
    """Whether the loss is the same with all biases negated, and θ (P,) is where that leaves it.

    So it is for an odd φ and squared loss when with every sample (x, y) there is (−x, −y), as with
    Chebyshev polynomials of odd degree. Biases that start at zero then stay there, and no
    eigenvector of the Hessian mixes weights with biases: a trajectory with a symmetry, for which
    :class:`eosdash.core.curvature.spectrum.SpectrumTracker` is to be told ``generic=False``.
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

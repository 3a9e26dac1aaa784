"""Where gradient descent starts: flat parameter vectors (P,)."""

from itertools import pairwise

import numpy as np

from eosdash.core.networks.linear import Objective
from eosdash.core.networks.nonlinear import Network, NonlinearNetwork
from eosdash.core.types import Array


def gaussian(network: Network, scale: float, seed: int, fan_in: bool = False) -> Array:
    """Independent weights ``scale`` · N(0, 1), or · N(0, 1/fan-in) with ``fan_in``; biases of zero.

    Drawn as W_1, …, W_L in turn, row-major, from ``numpy.random.default_rng(seed)``.
    """
    rng = np.random.default_rng(seed)
    layers = [rng.standard_normal(shape) * scale for shape in network.shapes]
    if fan_in:
        layers = [layer / np.sqrt(layer.shape[1]) for layer in layers]
    return network.flat(layers)


def uniform(network: Network, scale: float, seed: int) -> Array:
    """Weights and biases ``scale`` · U(−1, 1)/√fan-in: with ``scale`` 1 what PyTorch's linear
    layers start from.

    Drawn as W_1, b_1, W_2, … in turn, weights row-major, from ``numpy.random.default_rng(seed)``.
    """
    rng = np.random.default_rng(seed)
    biases = isinstance(network, NonlinearNetwork) and network.biases
    parts = []
    for rows, columns in network.shapes:
        bound = scale / np.sqrt(columns)
        parts.append(rng.uniform(-bound, bound, rows * columns))
        if biases:
            parts.append(rng.uniform(-bound, bound, rows))
    return np.concatenate(parts)


def aligned(objective: Objective, gains: Array) -> Array:
    """A balanced start, W_{l+1}ᵀ W_{l+1} = W_l W_lᵀ, aligned with the target.

    With P* = U S Vᵀ, W_1 takes the i-th column of V to hidden unit i, the layers between pass
    it on, and W_L takes it to the i-th column of U, every layer with gain ``gains[i]``, for as
    many directions as the narrowest layer lets through. On whitened data gradient flow then
    keeps the directions apart (Saxe, McClelland and Ganguli 2014, arXiv:1312.6120).
    """
    network = objective.network
    left, _, right = np.linalg.svd(objective.solution, full_matrices=False)
    gain = np.zeros(max(network.sizes))
    passed = min(*network.sizes, len(gains))
    gain[:passed] = gains[:passed]
    sizes = (len(right), *network.sizes[1:-1], len(right))
    layers = [np.eye(rows, columns) * gain[:columns] for columns, rows in pairwise(sizes)]
    layers[0] = layers[0] @ right
    layers[-1] = left @ layers[-1]
    return network.flat(layers)


def balanced(objective: Objective, scale: float) -> Array:
    """The aligned start with the same gain in every direction. A scalar chain starts with all
    |w_l| = ``scale`` and a product of the sign of y."""
    return aligned(objective, np.full(min(objective.network.sizes), scale))


def explicit(network: Network, weights: tuple[float, ...]) -> Array:
    """The given weights, W_1 row-major (and its biases) … W_L.

    Raises:
        ValueError: if there are not exactly ``network.parameters`` of them.
    """
    if len(weights) != network.parameters:
        raise ValueError(f"expected {network.parameters} weights, got {len(weights)}")
    return np.array(weights, dtype=float)

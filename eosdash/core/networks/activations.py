"""Activation functions φ of non-linear networks, with their first two derivatives.

In single precision as well as in double: the answer has the precision of the argument.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import expit, ndtr

from eosdash.core.types import Array

FAR = 40.0
"""The Gaussian density is zero in double precision from here on."""


class Activation(NamedTuple):
    """An activation function, elementwise.

    Attributes:
        value: φ(u).
        slope: from u and h = φ(u), which saves work, to φ′(u).
        bend: from u, h and φ′(u) to φ″(u); None where φ″ is zero everywhere (ReLU: everywhere but
            at its kink, where φ′(0) = 0 is taken, as PyTorch does).
        odd: whether φ(−u) = −φ(u).
    """

    value: Callable[[Array], Array]
    slope: Callable[[Array, Array], Array]
    bend: Callable[[Array, Array, Array], Array] | None
    odd: bool = False


def _density(u: Array) -> Array:
    near = np.clip(u, -FAR, FAR)
    return np.asarray(np.exp(-0.5 * near * near) / math.sqrt(2 * math.pi))


def _gelu_bend(u: Array, _h: Array, _slope: Array) -> Array:
    near = np.clip(u, -FAR, FAR)  # beyond, u² might overflow
    return _density(u) * (2 - near * near)


ACTIVATIONS = {
    "tanh": Activation(
        np.tanh,
        lambda _u, h: 1 - h * h,
        lambda _u, h, slope: -2 * h * slope,
        odd=True,
    ),
    "relu": Activation(lambda u: np.maximum(u, 0.0), lambda u, _h: (u > 0).astype(u.dtype), None),
    # u Φ(u), not the approximation by tanh (Hendrycks and Gimpel 2016, arXiv:1606.08415).
    "gelu": Activation(
        lambda u: u * ndtr(u),
        lambda u, _h: ndtr(u) + np.clip(u, -FAR, FAR) * _density(u),
        _gelu_bend,
    ),
    # log(1 + eᵘ)
    "softplus": Activation(
        lambda u: np.logaddexp(0.0, u),
        lambda u, _h: expit(u),
        lambda u, _h, slope: slope * expit(-u),
    ),
    "linear": Activation(lambda u: u, lambda u, _h: np.ones_like(u), None, odd=True),
}

"""What a network's outputs are judged by: squared loss and cross-entropy, with derivatives.

Outputs z and targets y have shape (..., d_out, n), one column a sample; every loss is a mean over
the n samples.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from eosdash.core.types import Array


class Criterion(NamedTuple):
    """A loss as a function of the outputs.

    Attributes:
        value: from z and y to the loss, (...).
        slope: from z and y to its gradient in z, (..., d_out, n).
        spread: what its second derivative in z is made of, (..., d_out or 1, n or 1).
        curve: from that and a change dz to the change of the slope, (..., d_out, n).
    """

    value: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], Array]
    spread: Callable[[Array], Array]
    curve: Callable[[Array, Array], Array]


def _squared_value(z: Array, y: Array) -> Array:
    error = z - y
    return np.asarray(np.einsum("...cn,...cn->...", error, error) / (2 * z.shape[-1]))


def _squared_slope(z: Array, y: Array) -> Array:
    return (z - y) / z.shape[-1]


def _squared_spread(z: Array) -> Array:
    return np.full((*z.shape[:-2], 1, 1), 1 / z.shape[-1], z.dtype)


def _entropy_value(z: Array, y: Array) -> Array:
    """log(1 + Σ_{j≠y} exp(z_j − z_y)): as precise for a loss near zero as for any other."""
    ahead = np.where(y > 0, -np.inf, z - np.sum(y * z, axis=-2, keepdims=True))
    most = ahead.max(axis=-2, keepdims=True)
    others = most[..., 0, :] + np.log(np.exp(ahead - most).sum(axis=-2))
    return np.asarray(np.logaddexp(0.0, others).mean(axis=-1))


def softmax(z: Array) -> Array:
    """Probabilities (..., c, n) of the classes from their logits."""
    raised = np.exp(z - z.max(axis=-2, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-2, keepdims=True))


def _entropy_slope(z: Array, y: Array) -> Array:
    """softmax(z) − y, with the right class as minus the sum of the others, not as p − 1."""
    wrong = softmax(z) * (1 - y)
    return (wrong - y * wrong.sum(axis=-2, keepdims=True)) / z.shape[-1]


def _entropy_curve(chances: Array, dz: Array) -> Array:
    """(diag(p) − p pᵀ) dz, which does not see what all logits gain: that of the likeliest class is
    taken off first, since p (1 − p) is lost where p rounds to 1."""
    shape = np.broadcast_shapes(chances.shape, dz.shape)
    likeliest = np.broadcast_to(chances, shape).argmax(axis=-2, keepdims=True)
    moved = chances * (dz - np.take_along_axis(np.broadcast_to(dz, shape), likeliest, axis=-2))
    moved -= chances * moved.sum(axis=-2, keepdims=True)
    moved /= dz.shape[-1]
    return moved


def _logistic_value(z: Array, y: Array) -> Array:
    return np.asarray(np.logaddexp(0.0, (1 - 2 * y) * z).mean(axis=(-2, -1)))


def _logistic_slope(z: Array, y: Array) -> Array:
    sign = 1 - 2 * y
    return sign * expit(sign * z) / z.shape[-1]


def _logistic_spread(z: Array) -> Array:
    return expit(z) * expit(-z) / z.shape[-1]


SQUARED = Criterion(_squared_value, _squared_slope, _squared_spread, np.multiply)
"""1/(2n) Σ ‖z − y‖²."""

CROSS_ENTROPY = Criterion(_entropy_value, _entropy_slope, softmax, _entropy_curve)
"""−1/n Σ log softmax(z)_y, for one-hot y."""

LOGISTIC = Criterion(_logistic_value, _logistic_slope, _logistic_spread, np.multiply)
"""The same for two classes from one logit z, that of class 1: cross-entropy of (0, z)."""

CRITERIA = ("squared", "cross_entropy")


def criterion_of(name: str, outputs: int) -> Criterion:
    """The criterion of that name for so many outputs.

    Raises:
        ValueError: if there is none.
    """
    if name not in CRITERIA:
        raise ValueError(f"no loss is called {name!r}; there are {', '.join(CRITERIA)}")
    if name == "squared":
        return SQUARED
    return LOGISTIC if outputs == 1 else CROSS_ENTROPY

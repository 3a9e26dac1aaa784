"""The parameter plane of the two-weight chain, L(a, b) = ½ Σ (ab − y)²: what can be drawn of it.

Σ is the mean square of the inputs.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eosdash.core.descent.optimizers import GRADIENT_DESCENT, Optimizer
from eosdash.core.networks.linear import Objective
from eosdash.core.types import Array

RESOLUTION = 61
CURVE = 241

FURTHEST = 1e300
"""Largest a² + b² that the plane is drawn for."""


class Plane(NamedTuple):
    """What stands behind a path in the plane of (a, b) = (W_1, W_2).

    Attributes:
        axis: coordinates of the grid along either axis, (N,).
        log_loss: log10 of the loss, rows over b, columns over a, (N, N); bounded below.
        minimizers: branches of the hyperbola ab = y, each (2, M); none with weight decay.
        sharpness: S along each branch, (M,).
        stable: for each branch which of its points the steps are stable at, (M,).
    """

    axis: Array
    log_loss: Array
    minimizers: list[Array]
    sharpness: list[Array]
    stable: list[NDArray[np.bool_]]


def two_weight_plane(
    objective: Objective, lr: float, optimizer: Optimizer = GRADIENT_DESCENT
) -> Plane:
    """The plane of a two-weight chain at learning rate ``lr``.

    On the hyperbola S = Σ (a² + b²), so its stable part is the arc Σ (a² + b²) ≤ 2/η (Crăciun
    and Ghoshdastidar, arXiv:2402.13108), with momentum up to what the optimizer has in its place.
    """
    target, variance = float(objective.solution[0, 0]), float(objective.covariance[0, 0])
    edge = optimizer.threshold(lr)
    reach = min(edge / variance, FURTHEST) if variance else 0.0
    extent = max(2.5 * np.sqrt(abs(target)), 1.1 * np.sqrt(reach), 1.0)
    axis = np.linspace(-extent, extent, RESOLUTION)
    a, b = np.meshgrid(axis, axis)
    loss = objective.loss(np.stack([a, b], axis=-1))
    minimizers = []
    least = abs(target) / extent  # vanishes for a target that is almost 0
    if least and not objective.weight_decay:
        for side in (1.0, -1.0):
            first = side * np.geomspace(least, extent, CURVE)
            minimizers.append(np.stack([first, target / first]))
    sharpness = [variance * (branch**2).sum(axis=0) for branch in minimizers]
    log_loss = np.log10(np.maximum(loss, 1e-4))
    return Plane(axis, log_loss, minimizers, sharpness, [each <= edge for each in sharpness])

"""The parameter plane of the two-weight chain, L(a, b) = ½(ab − y)²: what can be drawn of it."""

from typing import NamedTuple

import numpy as np

from eosdash.core.network import Array, Objective

RESOLUTION = 61
CURVE = 241

FURTHEST = 1e300
"""Largest 2/η that the plane is drawn for."""


class Plane(NamedTuple):
    """What stands behind a path in the plane of (a, b) = (W_1, W_2).

    Attributes:
        axis: coordinates of the grid along either axis, (N,).
        log_loss: log10 of the loss, rows over b, columns over a, (N, N); bounded below.
        minimizers: branches of the hyperbola ab = y, each (2, M); none with weight decay.
        stable: for each branch which of its points have S ≤ 2/η, (M,).
    """

    axis: Array
    log_loss: Array
    minimizers: list[Array]
    stable: list[Array]


def two_weight_plane(objective: Objective, lr: float) -> Plane:
    """The plane of a two-weight chain at learning rate ``lr``.

    On the hyperbola S = a² + b², so its stable part is the arc a² + b² ≤ 2/η (Crăciun and
    Ghoshdastidar, arXiv:2402.13108).
    """
    target = float(objective.solution[0, 0])
    reach = min(2 / lr, FURTHEST)
    extent = max(2.5 * np.sqrt(abs(target)), 1.1 * np.sqrt(reach), 1.0)
    axis = np.linspace(-extent, extent, RESOLUTION)
    a, b = np.meshgrid(axis, axis)
    loss = objective.loss(np.stack([a, b], axis=-1))
    minimizers, stable = [], []
    least = abs(target) / extent  # vanishes for a target that is almost 0
    if least and not objective.weight_decay:
        for side in (1.0, -1.0):
            first = side * np.geomspace(least, extent, CURVE)
            branch = np.stack([first, target / first])
            minimizers.append(branch)
            stable.append((branch**2).sum(axis=0) <= 2 / lr)
    return Plane(axis, np.log10(np.maximum(loss, 1e-4)), minimizers, stable)

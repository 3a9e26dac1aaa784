"""What is measured at every point of a run."""

from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from eosdash.core.curvature.spectrum import SpectrumTracker
from eosdash.core.descent.gradient_descent import Stretch
from eosdash.core.flows.gradient_flow import gradient_flow_sharpness
from eosdash.core.networks.linear import Objective
from eosdash.core.networks.protocols import Surface
from eosdash.core.types import Array

PATH_LIMIT = 12
"""Up to this many parameters the weights themselves are kept at every step."""


@dataclass(frozen=True)
class Measurements:
    """Arrays over consecutive steps, one row a step; row 0 belongs to ``step``.

    Attributes:
        step: the first step; step 0 is the start.
        lr: η in force, (T,).
        loss: L(θ), (T,).
        sharpness: λ_max(∇²L(θ)), (T,).
        eigenvalues: the k largest eigenvalues of the Hessian, descending, (T, k).
        lambda_min: the smallest eigenvalue, (T,); None where it was not asked for.
        converged: whether the eigenvalues hold to 1e-6 relative to the spectral norm, of a large
            non-linear network without λ_min to 1e-5, (T,).
        grad_norm: ‖∇L(θ)‖₂ of the full loss, (T,).
        balance: largest over l of ‖W_{l+1}ᵀ W_{l+1} − W_l W_lᵀ‖_F, (T,); 0 for one layer, None
            for a network that is not linear.
        singular_values: of the product W_L ⋯ W_1, descending, (T, min(d_in, d_out)); None for a
            network that is not linear.
        gfs_sharpness: sharpness of the gradient-flow solution of a scalar chain with y ≠ 0 and
            no weight decay, (T,); elsewhere None.
        path: θ itself, (T, P), of networks with at most 12 parameters; elsewhere None.
    """

    step: int
    lr: Array
    loss: Array
    sharpness: Array
    eigenvalues: Array
    lambda_min: Array | None
    converged: NDArray[np.bool_]
    grad_norm: Array
    balance: Array | None
    singular_values: Array | None
    gfs_sharpness: Array | None
    path: Array | None

    def columns(self) -> dict[str, NDArray[np.generic]]:
        """The arrays that there are, by name."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in named.items() if isinstance(value, np.ndarray)}


class Measure:
    """Measures the stretches of one run, in order.

    Args:
        objective: the loss.
        eigenvalues: k, how many of the largest eigenvalues of the Hessian.
        generic: see :class:`eosdash.core.curvature.spectrum.SpectrumTracker`.
        lowest: whether to measure λ_min, which takes several times the Hessian products of λ_max,
            because eigenvalues at the lower end lie closer together.
    """

    def __init__(
        self,
        objective: Surface,
        eigenvalues: int = 1,
        generic: bool = True,
        lowest: bool = False,
    ) -> None:
        self.objective, self.lowest = objective, lowest
        self._spectrum = SpectrumTracker(objective, eigenvalues, generic, lowest)

    def __call__(self, stretch: Stretch) -> Measurements:
        """Everything in :class:`Measurements` at the points of ``stretch``."""
        path = stretch.path
        linear = self.objective if isinstance(self.objective, Objective) else None
        extremes = self._spectrum(path)
        return Measurements(
            step=stretch.step,
            lr=stretch.lr,
            loss=stretch.loss,
            sharpness=extremes.top[:, 0],
            eigenvalues=extremes.top,
            lambda_min=extremes.lowest if self.lowest else None,
            converged=extremes.converged,
            grad_norm=stretch.grad_norm,
            balance=imbalance(linear, path) if linear else None,
            singular_values=singular_values(linear, path) if linear else None,
            gfs_sharpness=_flow_sharpness(linear, path) if linear else None,
            path=path if path.shape[1] <= PATH_LIMIT else None,
        )


def _flow_sharpness(objective: Objective, path: Array) -> Array | None:
    target = float(objective.solution.flat[0])
    if not objective.network.is_chain or objective.weight_decay or not target:
        return None
    return gradient_flow_sharpness(path, target, float(objective.covariance[0, 0]))


def singular_values(objective: Objective, path: Array) -> Array:
    """Singular values of W_L ⋯ W_1 at θ (..., P), descending, (..., min(d_in, d_out))."""
    return np.asarray(np.linalg.svd(objective.product(path), compute_uv=False), dtype=float)


def imbalance(objective: Objective, path: Array) -> Array:
    """Largest ‖W_{l+1}ᵀ W_{l+1} − W_l W_lᵀ‖_F over neighbouring layers at θ (..., P), (...).

    Gradient flow conserves each of these matrices (Arora, Cohen and Hazan 2018,
    arXiv:1802.06509); gradient descent shrinks or changes them by terms of order η².
    """
    layers = objective.network.layers(path)
    worst = np.zeros(path.shape[:-1])
    for before, after in pairwise(layers):
        difference = after.swapaxes(-1, -2) @ after - before @ before.swapaxes(-1, -2)
        worst = np.maximum(worst, np.linalg.norm(difference, axis=(-2, -1)))
    return worst

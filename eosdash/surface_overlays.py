"""What can be drawn over a slice of any loss: its level lines, and the fold of gradient descent.

Of a network that is not linear nothing here has a closed form: the loss is worked out at every
point of a grid, and so is the Hessian.
"""

import numpy as np

from eosdash.core.curvature.settled import whole_spectrum
from eosdash.core.maps.slices import Extent, Slice
from eosdash.core.networks.kernels import loss_of
from eosdash.core.networks.nonlinear import NonlinearObjective
from eosdash.core.types import Array
from eosdash.level_lines import Function, zero_lines
from eosdash.reasons import why_no_fold

LOSS_RESOLUTION = 25, 97
LOSS_SECONDS, UNIT_SECONDS = 0.5, 2e-8
"""Time to spend on the loss, and what a unit takes for a sample, as far as resolutions allow."""

FOLD_RESOLUTION = 35
ROUNDING = 1e-3
"""An eigenvalue of ηH that rounding may change by more than this is not compared with 1."""


def loss_on_grid(
    objective: NonlinearObjective, plane: Slice, extent: Extent
) -> tuple[Array, Array, Array]:
    """Coordinates (N,) and (N,), and the loss there, rows along y, (N, N); where it overflows, as
    large as anywhere else."""
    units = objective.samples * sum(objective.network.sizes[1:])
    affordable = (LOSS_SECONDS / (UNIT_SECONDS * units)) ** 0.5
    x, y = extent.axes(int(np.clip(affordable, *LOSS_RESOLUTION)) // 2 * 2 + 1)
    columns, rows = np.meshgrid(x, y)
    theta = plane.starts(columns.ravel(), rows.ravel()).theta
    loss = loss_of(objective)(theta).reshape(columns.shape)
    known = np.isfinite(loss)
    return x, y, np.where(known, loss, loss.max(initial=0.0, where=known))


def fold_lines(objective: NonlinearObjective, plane: Slice, extent: Extent) -> list[Array] | str:
    """Where an eigenvalue of η∇²L is 1, curves (2, m); or why that is not drawn."""
    return why_no_fold(objective) or zero_lines(
        _eigenvalues_below(objective, plane), extent, FOLD_RESOLUTION, costly=True
    )


def _eigenvalues_below(objective: NonlinearObjective, plane: Slice) -> Function:
    """1 − η times each eigenvalue of the Hessian, NaN where rounding hides it."""

    def below(x: Array, y: Array) -> Array:
        values = plane.lr * whole_spectrum(objective, plane.starts(x, y).theta).T
        rounding = len(values) * np.finfo(float).eps * np.abs(values).max(axis=0)
        return np.where(rounding <= ROUNDING, 1 - values, np.nan)

    return below

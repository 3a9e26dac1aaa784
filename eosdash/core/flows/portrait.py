"""Self-stabilization: the oscillation along the top eigenvector against the excess sharpness.

Damian, Nichani and Lee 2023 (arXiv:2209.15594): about a reference point with top eigenvector u
of the Hessian, the displacement x along u and the excess y of the sharpness over 2/η move as

    x ← −(1 + η y) x,      y ← y + η (α − ½ β x²),

with α = −∇L·∇S, the progressive sharpening, and β = ‖∇S‖², both of what is orthogonal to u: the
displacement grows while y > 0, and its square pulls the sharpness down again. Fixed, up to the
sign of x, are y = 0 and |x| = √(2α/β). For small η the steps go around it on closed curves

    ½ y² + ¼ β x² − α log|x| = const        (from x′ = x y, y′ = α − ½ β x²).

Here the reference is the smooth path c_t of :mod:`eosdash.core.flows.smoothing`, the average of
three steps; in the paper it is the path of gradient descent projected to S ≤ 2/η and ∇L·u = 0. So

    x_t = u_t · (θ_t − c_t),    y_t = S(c_t) − 2/η_t,

u_t the top eigenvector at c_t, with a sign that goes on along the path. x_t is exact for an
oscillation of steady size; growth by a factor 1 + ε per step makes it 1 + ε²/4 times too large. Two
eigenvalues near 2/η at once, between which u may turn, are beyond the two-dimensional picture:
``gap`` shows where.
"""

from typing import NamedTuple

import numpy as np

from eosdash.core.curvature.eigenpairs import TopEigenpairs, curvature_slopes
from eosdash.core.flows.smoothing import Smoother
from eosdash.core.networks.protocols import Surface
from eosdash.core.types import Array


class Portrait(NamedTuple):
    """Phase portrait of a part of a run; row 0 belongs to ``step``; T rows.

    Attributes:
        step: index of the first row.
        displacement: x_t, in the units of θ, (T,). Its sign alternates.
        excess: y_t, (T,).
        alpha: −∇L·∇S at c_t, orthogonal to u, (T,). With third derivatives by differences.
        beta: ‖∇S‖² at c_t, orthogonal to u, (T,).
        gap: λ_1 − λ_2 at c_t, (T,); infinite for one parameter.
    """

    step: int
    displacement: Array
    excess: Array
    alpha: Array
    beta: Array
    gap: Array

    @property
    def balance(self) -> Array:
        """√(2α/β), the size of oscillation that holds the sharpness, (T,); NaN where α < 0: then
        the sharpness falls by itself."""
        with np.errstate(all="ignore"):
            return np.sqrt(2 * self.alpha / self.beta)


class PortraitTracker:
    """The portrait of one run, stretch after stretch; each answer ends a step before its stretch.

    A row costs two eigenvectors from a warm start, two Hessian products and a gradient.
    """

    def __init__(self, surface: Surface) -> None:
        self.surface = surface
        self._pairs = TopEigenpairs(surface, 2)
        self._smoother = Smoother()
        self._rates = np.empty(0)

    def __call__(self, step: int, path: Array, rates: Array) -> Portrait:
        """The portrait as far as ``path`` (T, P), from ``step`` on, with η ``rates`` (T,), goes."""
        part = self._smoother(step, path)
        known = np.concatenate([self._rates, rates])
        self._rates = known[-2:]
        values, vectors, _ = self._pairs(part.centre)
        with np.errstate(all="ignore"):
            top = vectors[:, 0]
            alpha, beta = self._constants(part.centre, top)
            gap = values[:, 0] - values[:, 1] if values.shape[1] > 1 else np.inf + 0 * alpha
            return Portrait(
                part.step,
                np.einsum("tp,tp->t", top, part.displacement),
                values[:, 0] - 2 / known[1 : len(part.centre) + 1],
                alpha,
                beta,
                gap,
            )

    def _constants(self, centre: Array, top: Array) -> tuple[Array, Array]:
        slope = curvature_slopes(self.surface, centre, top[:, None])[:, 0, 0]
        slope = slope - np.einsum("tp,tp->t", slope, top)[:, None] * top
        gradient = self.surface.gradient(centre)
        alpha = -np.einsum("tp,tp->t", slope, gradient)
        return alpha, np.einsum("tp,tp->t", slope, slope)


class Prediction(NamedTuple):
    """The two-dimensional dynamics over N steps: x_t and y_t, (N + 1,)."""

    displacement: Array
    excess: Array


def predict(
    displacement: float, excess: float, lr: float, alpha: float, beta: float, steps: int
) -> Prediction:
    """The two-dimensional dynamics from (x, y) with constants α, β; overflow gives infinities."""
    x, y = np.empty(steps + 1), np.empty(steps + 1)
    x[0], y[0] = displacement, excess
    with np.errstate(all="ignore"):
        for t in range(steps):
            x[t + 1] = -(1 + lr * y[t]) * x[t]
            y[t + 1] = y[t] + lr * (alpha - 0.5 * beta * x[t] ** 2)
    return Prediction(x, y)


def energy(displacement: Array, excess: Array, alpha: float, beta: float) -> Array:
    """½ y² + ¼ β x² − α log|x|, which the dynamics conserves for small η."""
    with np.errstate(all="ignore"):
        logarithm = np.log(np.abs(displacement))
        return np.asarray(0.5 * excess**2 + 0.25 * beta * displacement**2 - alpha * logarithm)

"""How a step of gradient descent sees the loss along its own direction.

Ahn, Zhang and Sra 2022 (arXiv:2204.01050) put the question of stability without the Hessian:

    relative progress            RP = (L(θ − η∇L) − L(θ)) / (η ‖∇L‖²),
    directional smoothness       D = ⟨∇L(θ) − ∇L(θ − η∇L), η∇L⟩ / ‖η∇L‖².

For steps that follow −∇L, RP = −1 + η ∫₀¹ s D(s) ds, with D(s) the same for a step of sη (by the
fundamental theorem of calculus), so RP = −1 + ½ η D where the loss is quadratic along the step.
The loss falls for RP < 0; at the edge of stability RP is about 0 and D about 2/η.

Both come from what a run has computed anyway: θ, L and η of consecutive steps. Differences of
numbers that are nearly the same lose digits; where what is left is not good to about a part in a
thousand, the answer is NaN.
"""

from typing import NamedTuple

import numpy as np

from eosdash.core.types import Array

EPSILON = float(np.finfo(float).eps)
TRUSTED = 1e-3
"""Largest relative share of rounding that an answer may have, by a rough bound."""


class Directional(NamedTuple):
    """Per step; row 0 belongs to ``step``; T rows, NaN where rounding leaves too little.

    Attributes:
        step: index of the first row.
        relative_progress: RP, (T,).
        smoothness: D, (T,), in the units of the sharpness.
        share: |u·∇L|² / ‖∇L‖², the part of the gradient along the top eigenvector, (T,); None
            without eigenvectors.
    """

    step: int
    relative_progress: Array
    smoothness: Array
    share: Array | None


def step_gradients(path: Array, rates: Array) -> Array:
    """∇L(θ_t) = (θ_t − θ_{t+1})/η_t from points (T + 1, P) and rates (T,), (T, P).

    Of plain gradient descent alone; with an error of about 1e-16 ‖θ‖/η in each.
    """
    return np.asarray((path[:-1] - path[1:]) / rates[:, None])


def gradient_share(gradients: Array, vectors: Array) -> Array:
    """|u·g|²/‖g‖² for g and unit vectors u (T, P), between 0 and 1, (T,); NaN for g = 0."""
    with np.errstate(all="ignore"):
        along = np.einsum("tp,tp->t", gradients, vectors)
        return np.asarray(along**2 / np.einsum("tp,tp->t", gradients, gradients))


def relative_progress(loss: Array, grad_norm: Array, rates: Array) -> Array:
    """RP (T,), from the losses (T + 1,), ‖∇L‖ (T,) and η (T,) of T steps."""
    with np.errstate(all="ignore"):
        change = np.diff(loss)
        scale = rates * grad_norm**2
        lost = EPSILON * np.maximum(np.abs(loss[1:]), np.abs(loss[:-1]))
        return np.where(lost <= TRUSTED * scale, change / scale, np.nan)


def directional_smoothness(gradients: Array, rates: Array) -> Array:
    """D (T,), from the gradients (T + 1, P) and η (T,) of T steps of gradient descent."""
    first, second = gradients[:-1], gradients[1:]
    with np.errstate(all="ignore"):
        square = np.einsum("tp,tp->t", first, first)
        change = square - np.einsum("tp,tp->t", second, first)
        return np.asarray(change / (rates * square))


class DirectionalTracker:
    """All of it for one run of plain gradient descent, stretch after stretch.

    D needs θ of two more steps, so each answer ends two steps before its stretch does.
    """

    def __init__(self) -> None:
        self._held: tuple[Array, Array, Array, Array | None] | None = None
        self._step = 0

    def __call__(
        self, step: int, path: Array, loss: Array, rates: Array, vectors: Array | None = None
    ) -> Directional:
        """As far as the stretch goes.

        Args:
            step: of the first row; continues the call before.
            path, loss, rates: θ (T, P), L (T,) and η (T,).
            vectors: unit top eigenvectors at θ, (T, P), in every call or in none.
        """
        if self._held is None:
            self._step = step
        else:
            old, old_loss, old_rates, old_vectors = self._held
            path, loss = np.concatenate([old, path]), np.concatenate([old_loss, loss])
            rates = np.concatenate([old_rates, rates])
            if vectors is not None and old_vectors is not None:
                vectors = np.concatenate([old_vectors, vectors])
        kept = None if vectors is None else vectors[-2:].copy()
        self._held = path[-2:].copy(), loss[-2:].copy(), rates[-2:].copy(), kept
        begin, count = self._step, max(0, len(path) - 2)
        self._step += count
        return _measured(begin, count, path, loss, rates, vectors)


def _measured(
    step: int, count: int, path: Array, loss: Array, rates: Array, vectors: Array | None
) -> Directional:
    if not count:
        empty = np.empty(0)
        return Directional(step, empty, empty, None if vectors is None else empty)
    now = rates[:count]
    with np.errstate(all="ignore"):
        gradients = step_gradients(path, rates[: count + 1])
        grad_norm = np.linalg.norm(gradients, axis=1)
        size = np.linalg.norm(path[: count + 2], axis=1).max()
        error = 2 * EPSILON * size / rates[: count + 1]
        usable = (error <= TRUSTED * grad_norm)[:count]
        progress = relative_progress(loss[: count + 1], grad_norm[:count], now)
        smooth = directional_smoothness(gradients, now)
        share = None if vectors is None else gradient_share(gradients[:count], vectors[:count])
    return Directional(
        step,
        np.where(usable, progress, np.nan),
        np.where(usable, smooth, np.nan),
        None if share is None else np.where(usable, share, np.nan),
    )

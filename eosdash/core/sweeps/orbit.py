"""Orbits of gradient descent: what they keep visiting, and how fast neighbours part."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from eosdash.core.networks.protocols import Surface
from eosdash.core.outcome import Scale
from eosdash.core.types import Array

Advance = Callable[[Array, Array], tuple[Array, Array]]
"""One step of a map and of its derivative: points (n, P) and tangents (n, P) to the next."""

Observe = Callable[[Array], Array]
"""From points (n, P) to a number each, (n,)."""

CURVE = 401


class Orbits(NamedTuple):
    """Orbits of n trajectories after their transient.

    Attributes:
        visits: the observed values at the last steps, (V, n); NaN where diverged.
        exponent: the largest Lyapunov exponent, nats a step, (n,); NaN where diverged. It is
            zero where the orbit converges to a manifold of minimizers, along which neighbours
            neither part nor meet.
    """

    visits: Array
    exponent: Array


def descent(objective: Surface, lr: Array | float) -> Advance:
    """Gradient descent with η = ``lr``, (n,) or one for all: θ − η∇L, and v − η∇²L v."""
    rate = np.asarray(lr, dtype=float)[..., None]

    def advance(point: Array, tangent: Array) -> tuple[Array, Array]:
        at = objective.linearize(point)
        return point - rate * at.gradient, tangent - rate * at.hessian_product(tangent)

    return advance


def follow(
    advance: Advance, point: Array, observe: Observe, steps: int, visits: int, seed: int = 0
) -> Orbits:
    """Follow orbits from ``point`` (n, P) for ``steps``: the first half is the transient, over the
    second the growth of a tangent is averaged, and at the last ``visits`` steps the orbit is
    observed (Benettin et al. 1980, Meccanica 15, 9, for one exponent)."""
    tangent = np.random.default_rng(seed).standard_normal(point.shape)
    growth, seen = np.zeros(len(point)), []
    ball = Scale(1.0, 0.0).ball(point.T)
    with np.errstate(all="ignore"):
        for step in range(steps):
            if step >= steps - visits:
                inside = np.linalg.norm(point, axis=1) <= ball
                values = observe(np.where(inside[:, None], point, 0.0))
                seen.append(np.where(inside, values, np.nan))
            point, tangent = advance(point, tangent)
            length = np.linalg.norm(tangent, axis=1)
            if step >= steps // 2:
                growth += np.log(length)
            # What a superstable point has shrunk to nothing has no direction to go on with.
            tangent = np.where(length[:, None] > 0, tangent / length[:, None], tangent)
        bounded = np.linalg.norm(point, axis=1) <= ball
        exponent = np.where(bounded, growth / max(1, steps - steps // 2), np.nan)
        values = np.where(bounded, np.array(seen), np.nan)
    return Orbits(values, exponent)


class Cobweb(NamedTuple):
    """The balanced one-dimensional reduction of a scalar chain, w ← f(w).

    Attributes:
        w: a grid, (M,).
        once, twice: f(w) and f(f(w)) there, (M,).
        path: w at steps 0, 1, …; it stops when it has left the grid far behind.
        fixed: the minimizer |y|^{1/L}.
        slope: f′ there, 1 − η L |y|^{2 − 2/L}: past −1, at η_C, it is no longer stable.
    """

    w: Array
    once: Array
    twice: Array
    path: Array
    fixed: float
    slope: float


def cobweb(depth: int, target: float, lr: float, start: float, steps: int) -> Cobweb:
    """Gradient descent of a scalar chain whose weights all have modulus w and whose product has
    the sign of y: f(w) = w − η (w^L − |y|) w^{L−1}, the same for all weights."""
    size = abs(target)
    fixed = size ** (1 / depth)

    def step(w: Array) -> Array:
        return w - lr * (w**depth - size) * w ** (depth - 1)

    reach = 1.9 * max(fixed, abs(start) / 1.5, 0.5)
    w = np.linspace(-0.25 * reach, reach, CURVE)
    path = [float(start)]
    with np.errstate(all="ignore"):
        once = step(w)
        twice = step(once)
        while len(path) <= steps and abs(path[-1]) <= 4 * reach:
            path.append(float(step(np.array(path[-1]))))
    slope = 1 - lr * depth * size ** (2 - 2 / depth)
    return Cobweb(w, once, twice, np.array(path), fixed, slope)

"""The density of the Hessian's eigenvalues at one θ, by stochastic Lanczos quadrature.

For a random probe v with E[v vᵀ] = I/P, the measure Σ_i (v·q_i)² δ(λ − λ_i) has the spectral
density (1/P) Σ_i δ(λ − λ_i) as its mean. m steps of Lanczos from v give the Gauss quadrature of
that measure: nodes θ_j, the eigenvalues of the tridiagonal matrix, with weights the squares of the
first entries of its eigenvectors, exact for polynomials up to degree 2m − 1 (Ubaru, Chen and Saad
2017, SIAM J. Matrix Anal. Appl. 38). Averaged over probes and broadened by a Gaussian this is the
density of Ghorbani, Krishnan and Xiao 2019 (arXiv:1901.10159).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from eosdash.core.curvature.eigenpairs import TopEigenpairs
from eosdash.core.networks.protocols import Surface
from eosdash.core.types import Array

RELATIVE_WIDTH = 0.01
"""Default standard deviation of the Gaussians, as a part of the spectrum's extent."""

ROOM = 5.0
"""Standard deviations that the grid goes on beyond the nodes."""

BREAKDOWN = 1e-10
"""A residual this small relative to the extent of the spectrum ends the Lanczos iteration."""


@dataclass(frozen=True)
class SpectralDensity:
    """An estimate of the density of eigenvalues, with what it was made with.

    Attributes:
        grid: eigenvalues where the density is given, ascending, (G,).
        density: per unit of eigenvalue; its integral is 1, (G,).
        density_error: standard error of the mean over the probes, (G,). It says nothing of the
            broadening, nor of the m steps. NaN for a single probe.
        cumulative: share of eigenvalues up to the grid point, broadened too, (G,).
        cumulative_error: its standard error, (G,).
        nodes, weights: of the quadrature, one row a probe; each row of weights sums to 1, (n, m).
        top: the k largest eigenvalues, descending, from their own iteration, (k,).
        top_converged: whether those hold to 1e-6 relative to the spectral norm.
        probes, steps: n and m; m is at most the number of parameters.
        width: standard deviation of the Gaussians, in units of the eigenvalues.
        seed: of the probes.
        finite: False where the Hessian is not finite; then all numbers are NaN.
    """

    grid: Array
    density: Array
    density_error: Array
    cumulative: Array
    cumulative_error: Array
    nodes: Array
    weights: Array
    top: Array
    top_converged: bool
    probes: int
    steps: int
    width: float
    seed: int
    finite: bool

    def moment(self, degree: int) -> tuple[float, float]:
        """Estimate of (1/P) tr H^degree and its standard error; unbiased for degrees below 2m."""
        each = np.sum(self.weights * self.nodes**degree, axis=1)
        return float(each.mean()), float(_error(each[:, None])[0])


def spectral_density(
    surface: Surface,
    theta: Array,
    probes: int = 10,
    steps: int = 80,
    width: float | None = None,
    points: int = 512,
    top: int = 5,
    seed: int = 0,
) -> SpectralDensity:
    """Density of the eigenvalues of ∇²L(θ) at θ (P,).

    Args:
        surface: the loss.
        probes: n random unit vectors, Gaussian, from ``numpy.random.default_rng(seed)``.
        steps: m of Lanczos, with full orthogonalization; n m Hessian products in all.
        width: standard deviation of the Gaussians; without, 1 % of the extent of the nodes.
        points: of the grid.
        top: how many of the largest eigenvalues to find besides.

    The weight of one probe of a single eigenvalue is spread like χ²/P: an outlier comes out with
    an area of 1/P ± √(2/n)/P.

    Raises:
        ValueError: for counts below 1 or a width that is not positive.
    """
    if min(probes, steps, points, top) < 1 or (width is not None and width <= 0):
        raise ValueError("probes, steps, points, top and width are positive")
    with np.errstate(all="ignore"):
        nodes, weights = _quadrature(surface, theta, probes, min(steps, len(theta)), seed)
        finite = bool(np.isfinite(nodes).all())
        low, high = (float(nodes.min()), float(nodes.max())) if finite else (0.0, 1.0)
        extent = high - low or abs(high) or 1.0
        spread = width or RELATIVE_WIDTH * extent
        grid = np.linspace(low - ROOM * spread, high + ROOM * spread, points)
        each, below = _broadened(grid, nodes, weights, spread)
        values, _, converged = TopEigenpairs(surface, top)(theta[None])
    return SpectralDensity(
        grid=grid,
        density=each.mean(axis=0),
        density_error=_error(each),
        cumulative=below.mean(axis=0),
        cumulative_error=_error(below),
        nodes=nodes,
        weights=weights,
        top=values[0],
        top_converged=bool(converged[0]),
        probes=probes,
        steps=nodes.shape[1],
        width=spread,
        seed=seed,
        finite=finite,
    )


def _broadened(grid: Array, nodes: Array, weights: Array, width: float) -> tuple[Array, Array]:
    """Density and cumulative distribution of each probe on the grid, (n, G)."""
    each, below = np.empty((len(nodes), len(grid))), np.empty((len(nodes), len(grid)))
    for probe, (places, parts) in enumerate(zip(nodes, weights, strict=True)):
        away = (grid[:, None] - places) / width
        each[probe] = np.exp(-0.5 * away**2) @ parts / (np.sqrt(2 * np.pi) * width)
        below[probe] = ndtr(away) @ parts
    return each, below


def _error(each: Array) -> Array:
    """Standard error of the mean of rows (n, G); NaN for one row."""
    if len(each) < 2:
        return np.full(each.shape[1], np.nan)
    return np.asarray(each.std(axis=0, ddof=1) / np.sqrt(len(each)))


def _quadrature(
    surface: Surface, theta: Array, probes: int, steps: int, seed: int
) -> tuple[Array, Array]:
    """Nodes and weights (n, m), all probes at once."""
    at = surface.linearize(theta)
    rows = np.random.default_rng(seed).standard_normal((probes, len(theta)))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    diagonal, beside = np.zeros((probes, steps)), np.zeros((probes, steps))
    basis = np.zeros((probes, steps, len(theta)))
    alive = np.ones(probes, dtype=bool)
    for m in range(steps):
        basis[:, m] = rows
        images = at.hessian_product(rows)
        diagonal[:, m] = np.einsum("np,np->n", images, rows)
        residual = images
        for _ in range(2):  # the second time takes what rounding left
            known = basis[:, : m + 1]
            overlap = np.einsum("nmp,np->nm", known, residual)
            residual = residual - np.einsum("nm,nmp->np", overlap, known)
        length = np.linalg.norm(residual, axis=1)
        alive = alive & _goes_on(length, diagonal[:, : m + 1], beside[:, : m + 1])
        beside[:, m] = np.where(alive, length, 0.0)
        rows = np.where(alive[:, None], residual / np.where(alive, length, 1.0)[:, None], 0.0)
    return _gauss(diagonal, beside[:, :-1])


def _goes_on(length: Array, diagonal: Array, beside: Array) -> NDArray[np.bool_]:
    """Whether the Krylov space still grows; once it does not, its quadrature is exact, and what
    follows are zeros with weight zero."""
    extent = np.maximum(np.abs(diagonal).max(axis=1), np.abs(beside).max(axis=1))
    return np.asarray(length > BREAKDOWN * extent)


def _gauss(diagonal: Array, beside: Array) -> tuple[Array, Array]:
    """Eigenvalues of tridiagonal matrices and squares of their eigenvectors' first entries."""
    probes, steps = diagonal.shape
    if not (np.isfinite(diagonal).all() and np.isfinite(beside).all()):
        return np.full((probes, steps), np.nan), np.full((probes, steps), np.nan)
    matrix = np.zeros((probes, steps, steps))
    here, next_ = np.arange(steps), np.arange(steps - 1)
    matrix[:, here, here] = diagonal
    matrix[:, next_, next_ + 1] = matrix[:, next_ + 1, next_] = beside
    values, vectors = np.linalg.eigh(matrix)
    return values, vectors[:, 0] ** 2

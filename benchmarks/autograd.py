"""The usual way to follow the sharpness: PyTorch autograd and ARPACK.

Gradient descent in double precision; at every step a Hessian-vector product by differentiating
the gradient, handed to :func:`scipy.sparse.linalg.eigsh`: plainly, as most would, or tuned, which
starts from the last eigenvector and stops as soon as the eigenvalue is good to 1e-6.
"""

import math

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import Tensor

from eosdash.core.networks.linear import LinearNetwork
from eosdash.core.types import Array

TOLERANCE = 1e-4
"""Residual at which ARPACK stops, relative to the eigenvalue. The error of the eigenvalue is of
its square, so this is about the loosest that keeps all steps within 1e-6."""

DENSE = 16
"""Up to this many parameters it is quicker to form the Hessian."""


def sharpness_curve(
    network: LinearNetwork,
    theta: Array,
    inputs: Array,
    outputs: Array,
    lr: float,
    steps: int,
    tuned: bool,
) -> Array:
    """λ_max of the Hessian at each of ``steps`` points of gradient descent, (steps,).

    Args:
        theta: start, (P,).
        inputs: X (d_in, n), one column a sample.
        outputs: Y (d_out, n).
    """
    torch.set_num_threads(1)
    parameters = [torch.tensor(w, requires_grad=True) for w in network.layers(theta)]
    x, y = torch.tensor(inputs), torch.tensor(outputs)
    vector = np.random.default_rng(0).standard_normal(len(theta))
    curve = np.empty(steps)
    for step in range(steps):
        loss = _loss(parameters, x, y)
        gradient = torch.autograd.grad(loss, parameters, create_graph=True)
        curve[step], vector = largest(gradient, parameters, vector, tuned)
        with torch.no_grad():
            for weight, slope in zip(parameters, gradient, strict=True):
                weight -= lr * slope
    return curve


def _loss(parameters: list[Tensor], x: Tensor, y: Tensor) -> Tensor:
    for weight in parameters:
        x = weight @ x
    return (x - y).square().sum() / (2 * y.shape[1])


def largest(
    gradient: tuple[Tensor, ...], parameters: list[Tensor], vector: Array, tuned: bool
) -> tuple[float, Array]:
    def product(flat: Array) -> Array:
        parts = torch.tensor(flat.reshape(-1)).split([weight.numel() for weight in parameters])
        tangents = [part.view_as(w) for part, w in zip(parts, parameters, strict=True)]
        images = torch.autograd.grad(gradient, parameters, tangents, retain_graph=True)
        return torch.cat([image.reshape(-1) for image in images]).numpy()

    size = math.prod(vector.shape)
    if size <= DENSE:
        hessian = np.stack([product(row) for row in np.eye(size)])
        return np.linalg.eigvalsh(hessian)[-1], vector
    operator = LinearOperator((size, size), matvec=product, dtype=np.float64)
    options = {"v0": vector, "tol": TOLERANCE} if tuned else {}
    values, vectors = eigsh(operator, k=1, which="LA", **options)
    return values[0], vectors[:, 0]

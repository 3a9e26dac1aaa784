"""What non-linear networks are asked to learn: small data sets, made or kept here.

Inputs have shape (d_in, n), one column a sample; whatever is random is drawn from
``numpy.random.default_rng(seed)``.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eosdash.core.types import Array

DIGITS = Path(__file__).parents[2] / "data" / "digits.npz"

DIGITS_COUNT = 1797


@dataclass(frozen=True, eq=False)
class Samples:
    """A data set.

    Attributes:
        inputs: X (d_in, n).
        outputs: Y (d_out, n); of classes, one-hot columns, for squared loss or cross-entropy.
        labels: classes 0, 1, … (n,); None in regression.
    """

    inputs: Array
    outputs: Array
    labels: NDArray[np.intp] | None = None

    def sizes(self, hidden: tuple[int, ...]) -> tuple[int, ...]:
        """Sizes of a network with these hidden layers that takes X to Y."""
        return (len(self.inputs), *hidden, len(self.outputs))

    def with_one_output(self) -> "Samples":
        """The same two classes as 0 and 1, (1, n), for a network with a single logit.

        Raises:
            ValueError: if there are not two classes.
        """
        if self.labels is None or len(self.outputs) != 2:
            raise ValueError("one output tells two classes apart, and these samples have others")
        return Samples(self.inputs, self.labels[None].astype(float), self.labels)


def chebyshev(degree: int = 6, samples: int = 20) -> Samples:
    """y = T_k(x), the Chebyshev polynomial cos(k arccos x), at n points evenly spaced from −1 to
    1 (Cohen et al. 2021, arXiv:2103.00065, Appendix D).

    Raises:
        ValueError: for a negative degree or fewer than two points.
    """
    if degree < 0:
        raise ValueError(f"the degree is 0 or more, not {degree}")
    _at_least(samples, 2)
    x = np.linspace(-1.0, 1.0, samples)
    y = np.asarray(np.polynomial.chebyshev.chebval(x, [0.0] * degree + [1.0]), dtype=float)
    return Samples(x[None], y[None])


def toy_regression(samples: int = 100, seed: int = 0) -> Samples:
    """y = sin(x₀ x₁) + ½ x₂² + 0.3 cos x₃ for x ~ N(0, I₄).

    Raises:
        ValueError: without samples.
    """
    _at_least(samples, 1)
    x = np.random.default_rng(seed).standard_normal((4, samples))
    return Samples(x, (np.sin(x[0] * x[1]) + 0.5 * x[2] ** 2 + 0.3 * np.cos(x[3]))[None])


def spirals(samples: int = 100, noise: float = 0.02, seed: int = 0, turns: float = 1.0) -> Samples:
    """Two classes on two arms that wind around the origin ``turns`` times, out to radius 1.

    Points lie evenly along each arm, plus noise · N(0, I₂). Of an odd number class 0 has one more.

    Raises:
        ValueError: for fewer than two samples.
    """
    arms: list[Array] = []
    for number in _halves(samples):
        radius = (np.arange(number) + 1) / number
        angle = 2 * np.pi * turns * radius + np.pi * len(arms)
        arms.append(radius * np.array([np.cos(angle), np.sin(angle)]))
    return _two_classes(arms, noise, seed)


def moons(samples: int = 100, noise: float = 0.1, seed: int = 0) -> Samples:
    """Two classes on two half circles of radius 1 that reach into each other.

    Points lie evenly along each, plus noise · N(0, I₂). Of an odd number class 0 has one more.

    Raises:
        ValueError: for fewer than two samples.
    """
    upper, lower = (np.linspace(0, np.pi, number) for number in _halves(samples))
    arcs = [
        np.array([np.cos(upper) - 0.5, np.sin(upper) - 0.25]),
        np.array([0.5 - np.cos(lower), 0.25 - np.sin(lower)]),
    ]
    return _two_classes(arcs, noise, seed)


def digits(samples: int = 500, seed: int = 0) -> Samples:
    """Handwritten digits, 8 × 8 pixels scaled to [0, 1], in ten classes.

    n of 1,797 images drawn at random, as many of each class as of any other, as far as they go.
    Pixels are in rows from the top, (64, n).

    Data: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine
    Learning Repository, 1998, doi:10.24432/C50P49, licensed under CC BY 4.0.

    Raises:
        ValueError: for fewer than one image, or more than there are.
    """
    _at_least(samples, 1)
    if samples > DIGITS_COUNT:
        raise ValueError(f"there are {DIGITS_COUNT} images, not {samples}")
    images, labels = _all_digits()
    order = np.random.default_rng(seed).permutation(DIGITS_COUNT)
    place = np.empty(DIGITS_COUNT, dtype=np.intp)  # how many of its class come before an image
    for digit in range(10):
        of_class = order[labels[order] == digit]
        place[of_class] = np.arange(len(of_class))
    chosen = order[np.argsort(place[order], kind="stable")][:samples]
    inputs = np.ascontiguousarray(images[chosen].T / 16.0)
    return Samples(inputs, one_hot(labels[chosen], 10), labels[chosen])


def table(rows: tuple[tuple[float, ...], ...], classes: int | None = None) -> Samples:
    """Rows of numbers, the last of each the output, or, of so many ``classes``, its class.

    Columns are standardized to mean 0 and variance 1; one that does not vary, to 0.
    """
    numbers = np.array(rows, dtype=float).T
    inputs = _standardized(numbers[:-1])
    if classes is None:
        return Samples(inputs, _standardized(numbers[-1:]))
    labels = numbers[-1].astype(np.intp)
    return Samples(inputs, one_hot(labels, classes), labels)


def _standardized(rows: Array) -> Array:
    centred = rows - rows.mean(axis=1, keepdims=True)
    centred[np.ptp(rows, axis=1) == 0] = 0.0  # not what rounding of the mean leaves
    spread = centred.std(axis=1, keepdims=True)
    return np.asarray(centred / np.where(spread > 0, spread, 1.0))


def one_hot(labels: NDArray[np.intp], classes: int) -> Array:
    """Columns (classes, n) of zeros with a one at the label (n,)."""
    return np.ascontiguousarray(np.eye(classes)[labels].T)


@lru_cache(maxsize=1)
def _all_digits() -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    with np.load(DIGITS) as file:
        return file["images"], file["labels"].astype(np.intp)


def _two_classes(curves: list[Array], noise: float, seed: int) -> Samples:
    labels = np.repeat([0, 1], [curve.shape[1] for curve in curves])
    points = np.concatenate(curves, axis=1)
    points = points + noise * np.random.default_rng(seed).standard_normal(points.shape)
    return Samples(points, one_hot(labels, 2), labels)


def _halves(samples: int) -> tuple[int, int]:
    _at_least(samples, 2)
    return (samples + 1) // 2, samples // 2


def _at_least(samples: int, fewest: int) -> None:
    if samples < fewest:
        raise ValueError(f"at least {fewest} samples are needed, not {samples}")

"""A network, its data and its start: the part of a parameter set that all pages share."""

from itertools import pairwise
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from eosdash.fields import (
    LearningRate,
    Numbers,
    ParameterError,
    ParameterSet,
    Widths,
    parameter,
    split,
)

MOST_HIDDEN = 11
MAX_WEIGHT = 1e3
"""Largest modulus of an explicit initial weight."""

_MATRIX = {"task": ("whitened", "regression")}
_WHITENED = {"task": ("whitened",)}
_REGRESSION = {"task": ("regression",)}


class NetworkParams(ParameterSet):
    """A network, its data, its start and its learning rate: what every page shares."""

    kind: ClassVar[str] = "network"

    task: Literal["scalar", "whitened", "regression"] = parameter(
        "scalar",
        "Task",
        "What the network learns: one number y; a matrix with chosen singular values, on "
        "whitened inputs; or a noisy linear regression.",
        group="network",
    )
    depth: int = parameter(
        4, "Depth", "Number of weight matrices.", symbol="L", group="network", ge=1, le=12
    )
    width: int = parameter(
        1, "Width", "Units in each hidden layer.", symbol="w", group="network", ge=1, le=64
    )
    hidden: Widths | None = parameter(
        None,
        "Hidden widths",
        "Width of each hidden layer in turn, instead of one width for all.",
        group="network",
        allowed="at most 11 whole numbers from 1 to 64, comma-separated",
        max_length=MOST_HIDDEN,
    )
    activation: Literal["linear"] = parameter(
        "linear", "Activation", "What stands between the layers: nothing.", group="network"
    )
    d_in: int = parameter(
        2, "Inputs", "Input dimension.", group="data", symbol="d_in", when=_MATRIX, ge=1, le=16
    )
    d_out: int = parameter(
        2, "Outputs", "Output dimension.", group="data", symbol="d_out", when=_MATRIX, ge=1, le=16
    )
    target: float = parameter(
        1.0,
        "Target",
        "The number that the product of all weights should become.",
        symbol="y",
        group="data",
        when={"task": ("scalar",)},
        ge=-100,
        le=100,
        allow_inf_nan=False,
    )
    singular_values: Numbers = parameter(
        (1.0, 0.5),
        "Singular values",
        "Singular values of the target matrix, 0 to 100; those not given are zero.",
        symbol="σ",
        group="data",
        when=_WHITENED,
        allowed="1 to 16 numbers from 0 to 100, comma-separated",
        min_length=1,
        max_length=16,
    )
    rotate: bool = parameter(
        False,
        "Rotate",
        "Turn the target by seeded random rotations instead of leaving it diagonal.",
        group="data",
        when=_WHITENED,
    )
    samples: int = parameter(
        100,
        "Samples",
        "Number of data points; the cost of a step does not depend on it.",
        symbol="n",
        group="data",
        when=_REGRESSION,
        ge=1,
        le=100_000,
    )
    noise: float = parameter(
        0.0,
        "Noise",
        "Standard deviation of the noise on the outputs.",
        group="data",
        when=_REGRESSION,
        ge=0,
        le=10,
        allow_inf_nan=False,
    )
    condition: float = parameter(
        1.0,
        "Condition number",
        "Largest over smallest eigenvalue of the covariance that the inputs are drawn from.",
        symbol="κ",
        group="data",
        log=True,
        when=_REGRESSION,
        ge=1,
        le=1e4,
        allow_inf_nan=False,
    )
    data_seed: int = parameter(
        0,
        "Data seed",
        "Seed of the rotations or of the data.",
        group="data",
        when=_MATRIX,
        ge=0,
        le=2**32 - 1,
    )
    lr: LearningRate = parameter(
        0.469,
        "Learning rate",
        "Step size of gradient descent.",
        symbol="η",
        group="step",
        log=True,
    )
    weight_decay: float = parameter(
        0.0,
        "Weight decay",
        "Adds ½ r ‖θ‖² to the loss.",
        symbol="r",
        group="step",
        ge=0,
        le=10,
        allow_inf_nan=False,
    )
    init: Literal["gaussian", "balanced", "weights"] = parameter(
        "gaussian",
        "Initialization",
        "Independent Gaussian entries; a balanced start aligned with the target; or explicit "
        "weights.",
        group="start",
    )
    init_scale: float = parameter(
        1.0,
        "Scale",
        "Standard deviation of the entries; or the singular value that every layer of a "
        "balanced start has in each direction of the target.",
        symbol="s",
        group="start",
        log=True,
        when={"init": ("gaussian", "balanced")},
        ge=0,
        le=100,
        allow_inf_nan=False,
    )
    init_scaling: Literal["none", "fan_in"] = parameter(
        "none",
        "Scaling",
        "Whether the entries of a Gaussian start are divided by √fan-in.",
        group="start",
        when={"init": ("gaussian",)},
    )
    seed: int = parameter(
        0,
        "Seed",
        "Seed of the Gaussian start.",
        group="start",
        when={"init": ("gaussian",)},
        ge=0,
        le=2**32 - 1,
    )
    weights: Numbers = parameter(
        (),
        "Weights",
        "All initial weights: W_1 row by row, then W_2, …, W_L.",
        symbol="θ₀",
        group="start",
        when={"init": ("weights",)},
        allowed=f"one number from {-MAX_WEIGHT:g} to {MAX_WEIGHT:g} a weight, comma-separated",
    )

    @model_validator(mode="before")
    @classmethod
    def _implied(cls, data: Any) -> Any:
        """Given hidden widths imply the depth, and given weights that they are the start."""
        if not isinstance(data, dict):
            return data
        data = {name: value for name, value in data.items() if value is not None}
        if data.get("hidden") == "":
            del data["hidden"]
        if "weights" in data:
            data.setdefault("init", "weights")
        widths = split(data.get("hidden"))
        if isinstance(widths, list | tuple) and len(widths) <= MOST_HIDDEN:
            data.setdefault("depth", len(widths) + 1)
        return data

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.hidden is not None and len(self.hidden) != self.depth - 1:
            raise ParameterError(
                "hidden",
                f"{len(self.hidden)} widths do not fit depth {self.depth}",
                f"{self.depth - 1} widths, one fewer than the depth",
            )
        if self.task == "whitened":
            self._check_singular_values()
        if self.init == "weights":
            self._check_weights()
        return self

    def _check_singular_values(self) -> None:
        most = min(self.d_in, self.d_out)
        if len(self.singular_values) > most:
            raise ParameterError(
                "singular_values",
                f"{len(self.singular_values)} do not fit a {self.d_out} × {self.d_in} matrix",
                f"at most {most}",
            )
        if not all(0 <= value <= 100 for value in self.singular_values):
            raise ParameterError("singular_values", "one is out of range", "numbers from 0 to 100")

    def _check_weights(self) -> None:
        expected = sum(rows * columns for columns, rows in pairwise(self.sizes))
        if len(self.weights) != expected:
            raise ParameterError(
                "weights",
                f"{len(self.weights)} weights do not fit this network",
                f"exactly {expected} numbers, comma-separated",
            )
        if any(abs(value) > MAX_WEIGHT for value in self.weights):
            raise ParameterError(
                "weights", "one is out of range", f"numbers from {-MAX_WEIGHT:g} to {MAX_WEIGHT:g}"
            )

    @property
    def sizes(self) -> tuple[int, ...]:
        """(d_in, w_1, …, w_{L-1}, d_out)."""
        ends = (1, 1) if self.task == "scalar" else (self.d_in, self.d_out)
        inner = self.hidden if self.hidden is not None else (self.width,) * (self.depth - 1)
        return (ends[0], *inner, ends[1])

    def canonical(self) -> dict[str, Any]:
        """The fields that matter; widths and singular values in one way of writing them."""
        values = super().canonical()
        inner = self.sizes[1:-1]
        if len(set(inner)) == 1:
            values |= {"width": inner[0], "hidden": None}
        unused = {"hidden"} if values["hidden"] is None else {"width"}
        if not inner:
            unused = {"width", "hidden"}
        if "singular_values" in values:
            values["singular_values"] = tuple(sorted(self.singular_values, reverse=True))
        return {name: value for name, value in values.items() if name not in unused}

"""A network, its data and its start: the part of a parameter set that all pages share."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from eosdash.core.descent.optimizers import GRADIENT_DESCENT, Optimizer
from eosdash.core.networks.linear import LinearNetwork
from eosdash.core.networks.nonlinear import NonlinearNetwork
from eosdash.fields import LearningRate, Numbers, ParameterError, Way, Widths, parameter, split
from eosdash.params.fitting import digits, lr_for, scale_for, scaling_for
from eosdash.params.task import CLASSES, MOST_IMAGES, TaskParams
from eosdash.problem import objective_of, start_of

MOST_HIDDEN = 11
MAX_WEIGHT = 1e3
"""Largest modulus of an explicit initial weight."""

MOST_WRITTEN = 700
"""Weights that a link has room for, of ten characters at most."""

MOST_SAMPLES = 2000
"""Data points of a network that is not linear."""

NONLINEAR = ("tanh", "relu", "gelu", "softplus")
_NONLINEAR = {"activation": NONLINEAR}


class NetworkParams(TaskParams):
    """A network, its data, its start and its learning rate: what every page shares."""

    kind: ClassVar[str] = "network"
    fitted: ClassVar[tuple[str, ...]] = ("init_scaling", "init_scale", "lr")

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
    activation: Literal["linear", "tanh", "relu", "gelu", "softplus"] = parameter(
        "linear",
        "Activation",
        "What stands between the layers: nothing, or a function of each unit. The theorems, η_C "
        "and all closed forms are about linear networks.",
        symbol="φ",
        group="network",
    )
    biases: bool = parameter(
        True, "Biases", "Whether units have biases.", group="network", when=_NONLINEAR
    )
    loss: Literal["squared", "cross_entropy"] = parameter(
        "squared",
        "Loss",
        "Squared distance to the outputs, classes as unit vectors; or cross-entropy with logits.",
        group="network",
        when=_NONLINEAR | {"task": (*CLASSES, "csv")},
    )
    lr: LearningRate = parameter(
        0.469,
        "Learning rate",
        "Step size of gradient descent. Left out, 15/16 of η_C, or of 2/S at the start if that is "
        "less; where the network is not linear, 0.4 of 2/S at the start, at most 1, and half of "
        "that for cross-entropy.",
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
    init: Literal["gaussian", "uniform", "balanced", "weights"] = parameter(
        "gaussian",
        "Initialization",
        "Independent Gaussian weights; uniform ones, biases included, within ± scale/√fan-in; a "
        "balanced start aligned with the target, of linear networks; or explicit weights.",
        group="start",
    )
    init_scale: float = parameter(
        1.0,
        "Scale",
        "Standard deviation of the weights; of a uniform start, its bound times √fan-in; of a "
        "balanced start, the singular value that every layer has in each direction of the target. "
        "Left out, 1, and 1.41 for Gaussian starts of ReLU and GELU with fan-in scaling.",
        symbol="s",
        group="start",
        log=True,
        when={"init": ("gaussian", "uniform", "balanced")},
        ge=0,
        le=100,
        allow_inf_nan=False,
    )
    init_scaling: Literal["none", "fan_in"] = parameter(
        "none",
        "Scaling",
        "Whether the entries of a Gaussian start are divided by √fan-in. Left out, they are, but "
        "in a chain of single weights, where it makes no difference.",
        group="start",
        when={"init": ("gaussian",)},
    )
    seed: int = parameter(
        0,
        "Seed",
        "Seed of the start.",
        group="start",
        when={"init": ("gaussian", "uniform")},
        ge=0,
        le=2**32 - 1,
    )
    weights: Numbers = parameter(
        (),
        "Weights",
        "All initial weights: W_1 row by row, its biases if there are any, then W_2, …, W_L.",
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
                Way({"hidden": None, "width": max(self.hidden, default=1)}),
                Way({"depth": len(self.hidden) + 1}),
            )
        if self.task == "whitened":
            self._check_singular_values()
        if self.task == "csv":
            self._check_data(self.has_classes)
        if self.task == "digits" and self.samples > MOST_IMAGES:
            allowed, way = f"1 to {MOST_IMAGES}", Way({"samples": MOST_IMAGES})
            raise ParameterError("samples", "there are not so many images", allowed, way)
        if self.task in ("chebyshev", "spirals", "moons") and self.samples < 2:
            way = Way({"samples": 2})
            raise ParameterError("samples", "one point is too few", "2 or more", way)
        if not self.is_linear and self.sample_count > MOST_SAMPLES:
            raise ParameterError(
                "samples",
                "too many for a network that is not linear",
                f"up to {MOST_SAMPLES:,}, or the activation linear",
                Way({"samples": MOST_SAMPLES}),
            )
        if self.init == "balanced" and not self.is_linear:
            raise ParameterError(
                "init", "only linear networks have a balanced start", "gaussian, uniform, weights",
                Way({"init": "gaussian"}),
            )  # fmt: skip
        if self.init == "weights":
            self._check_weights()
        self._widths_in_one_way()
        return self

    def _widths_in_one_way(self) -> None:
        """One width where all are the same, none where there is no hidden layer."""
        inner = self.sizes[1:-1]
        if len(set(inner)) == 1:
            self.idle("hidden")
            self.__dict__["width"] = inner[0]
        elif inner:
            self.idle("width")
        else:
            self.idle("width", "hidden")

    @model_validator(mode="after")
    def _fit(self) -> Self:
        """What is not given of η and of the start suits the rest, as a number from here on."""
        left_out = [name for name in self.fitted if name not in self.model_fields_set]
        for name in left_out:
            if self.applies(name) or name == self.cursor:
                self.__dict__[name] = self._fitting(name)
        return self

    def _fitting(self, name: str) -> Any:
        if name == "init_scaling":
            return scaling_for(self)
        if name == "init_scale":
            return scale_for(self)
        suited = lr_for(self._described())
        return digits(suited * min(1.0, self.rule.threshold(1.0) / 2))

    def _described(self, **others: Any) -> "NetworkParams":
        """The network alone, whatever its learning rate: so is remembered what suits it."""
        described = {name: getattr(self, name) for name in NetworkParams.model_fields}
        return NetworkParams(**described | {"lr": 1.0} | others)

    def fitting(self) -> dict[str, Any]:
        """What the fitted fields are in this set unless they are given."""
        bare = self.model_copy()
        made = {}
        for name in self.fitted:
            if self.applies(name) or name == self.cursor:
                made[name] = bare.__dict__[name] = bare._fitting(name)
        return made

    def _check_weights(self) -> None:
        expected = self.network.parameters
        if len(self.weights) != expected:
            raise ParameterError(
                "weights",
                f"{len(self.weights)} do not fit this network"
                if self.weights
                else "there are none",
                f"exactly {expected} numbers, comma-separated",
                *self._starts(expected),
            )
        if any(abs(value) > MAX_WEIGHT for value in self.weights):
            raise ParameterError(
                "weights", "one is out of range", f"numbers from {-MAX_WEIGHT:g} to {MAX_WEIGHT:g}"
            )

    def _starts(self, expected: int) -> Iterator[Way]:
        """Ways to a start: where no weights are given yet, those of a Gaussian start, if a link can
        hold so many; or that start itself."""
        if not self.weights and expected <= MOST_WRITTEN:
            yield Way({"weights": ()}, "the weights of the Gaussian start", written_start)
        yield Way({"init": "gaussian", "weights": None})

    @property
    def is_linear(self) -> bool:
        """Whether nothing stands between the layers: then the theory is about this network."""
        return self.activation == "linear"

    @property
    def has_classes(self) -> bool:
        """Whether the outputs are classes."""
        return self.task in CLASSES or (self.task == "csv" and self.has_logits)

    @property
    def has_logits(self) -> bool:
        """Whether the loss is cross-entropy."""
        return self.applies("loss") and self.loss == "cross_entropy"

    @property
    def rule(self) -> Optimizer:
        """How steps are made: gradient descent, where nothing else can be chosen."""
        return GRADIENT_DESCENT

    @property
    def sample_count(self) -> int:
        """Number of data points that a network that is not linear is trained on."""
        counts = {"scalar": 1, "whitened": self.d_in, "csv": len(self.data)}
        return counts.get(self.task, self.samples)

    @property
    def sizes(self) -> tuple[int, ...]:
        """(d_in, w_1, …, w_{L-1}, d_out)."""
        inputs, outputs = self._ends(self.has_classes)
        inner = self.hidden if self.hidden is not None else (self.width,) * (self.depth - 1)
        return (inputs, *inner, outputs)

    @property
    def network(self) -> LinearNetwork | NonlinearNetwork:
        """Its shape."""
        if self.is_linear:
            return LinearNetwork(self.sizes)
        return NonlinearNetwork(self.sizes, self.activation, self.biases)

    def canonical(self) -> dict[str, Any]:
        """The fields that matter; one width for all, or each."""
        unused = {"hidden"} if self.hidden is None else {"width"}
        if self.depth == 1:
            unused = {"width", "hidden"}
        values = super().canonical().items()
        return {name: value for name, value in values if name not in unused}


def written_start(values: Mapping[str, Any]) -> dict[str, Any]:
    """The weights of the Gaussian start that the fields of a set describe."""
    given = {name: value for name, value in values.items() if name in NetworkParams.model_fields}
    params = NetworkParams.make(**given | {"init": "gaussian", "weights": None})
    start = start_of(params, objective_of(params)).clip(-MAX_WEIGHT, MAX_WEIGHT)
    return {"weights": tuple(map(digits, start.tolist()))}
